import fc from 'fast-check';
import { partitionOf } from './partition.js';

describe('partitionOf', () => {
  it('gives a partition of the deployment, the same one every time', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.integer({ min: 1, max: 64 }),
        (namespace, workflowId, partitions) => {
          const partition = partitionOf(namespace, workflowId, partitions);
          expect(partition).toBeGreaterThanOrEqual(0);
          expect(partition).toBeLessThan(partitions);
          expect(partitionOf(namespace, workflowId, partitions)).toBe(partition);
        },
      ),
    );
  });

  it('never changes for what is stored: known values', () => {
    expect(partitionOf('default', 'order-17', 4)).toBe(PARTITIONS_OF_ORDER_17[0]);
    expect(partitionOf('default', 'order-17', 64)).toBe(PARTITIONS_OF_ORDER_17[1]);
    expect(partitionOf('default', 'ö/日本', 16)).toBe(PARTITIONS_OF_ORDER_17[2]);
  });

  it('spreads ids evenly', () => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 8_000; i++) {
      const partition = partitionOf('default', `workflow-${i}`, 4);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });
});

const PARTITIONS_OF_ORDER_17 = [1, 57, 10] as const;
