import { Command } from 'ioredis';
import { Keyspace } from './keys.js';

const SLOTS = 16_384;

/** How many partitions each primary has when slots are spread evenly: the least and the most. */
function spread(partitions: number, primaries: number): [least: number, most: number] {
  const keys = new Keyspace(partitions);
  const counts = Array<number>(primaries).fill(0);
  for (let partition = 0; partition < partitions; partition++) {
    const slot = new Command('EXISTS', [keys.partition(partition).timers]).getSlot();
    const primary = Math.floor((slot * primaries) / SLOTS);
    counts[primary] = (counts[primary] ?? 0) + 1;
  }
  return [Math.min(...counts), Math.max(...counts)];
}

describe('the partitions of a deployment on a cluster', () => {
  it.each([
    [4, 3, 1, 2],
    [8, 3, 2, 4],
    [16, 3, 4, 6],
    [64, 3, 21, 22],
    [16, 5, 1, 4],
    [64, 9, 4, 10],
  ])(
    'are spread, %i of them, over %i primaries as the documentation says',
    (partitions, primaries, ...expected) => {
      expect(spread(partitions, primaries)).toEqual(expected);
    },
  );
});
