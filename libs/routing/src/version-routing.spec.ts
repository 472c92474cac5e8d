import fc from 'fast-check';
import { parseRoute, pinnedRoute, queueOfRoute, sharedStreamName, unpinnedRoute } from './task-route.js';
import {
  abandonedStreams,
  chooseTarget,
  rampPosition,
  streamsOfVersion,
  versionOfStream,
} from './version-routing.js';
import type { QueueRouting } from './version-routing.js';

const V1 = { deploymentName: 'orders', buildId: '1' };
const V2 = { deploymentName: 'orders', buildId: '2' };
const version = fc.constantFrom(undefined, V1, V2);
const routing: fc.Arbitrary<QueueRouting> = fc.record({
  current: version,
  ramping: fc.option(fc.record({ version, percentage: fc.double({ min: 0, max: 100, noNaN: true }) }), {
    nil: undefined,
  }),
});

describe('chooseTarget', () => {
  it('gives a task to a version whose workers read the stream that it stands on', () => {
    fc.assert(
      fc.property(routing, fc.string(), (table, workflowId) => {
        const target = chooseTarget(table, workflowId);
        expect(chooseTarget(table, workflowId)).toEqual(target);
        if (target.version) expect(streamsOfVersion(table, target.version)).toContain(target.stream);
        else expect(target.stream).toBe('unversioned');
      }),
    );
  });

  it('leaves no shared stream without readers, unless it is moved', () => {
    fc.assert(
      fc.property(routing, (table) => {
        const read = [V1, V2].flatMap((one) => streamsOfVersion(table, one));
        for (const stream of ['current', 'ramping'] as const) {
          expect(read.includes(stream) || abandonedStreams(table).includes(stream)).toBe(true);
        }
      }),
    );
  });

  it('gives a ramp its share, and everybody in a smaller ramp to a larger one', () => {
    const count = (percentage: number): number =>
      Array.from({ length: 10_000 }, (_, i) => rampPosition(`order-${i}`)).filter((at) => at < percentage)
        .length;
    for (const percentage of [1, 10, 50, 90]) {
      expect(Math.abs(count(percentage) - percentage * 100)).toBeLessThan(200);
    }
    expect(count(0)).toBe(0);
    expect(count(100)).toBe(10_000);
  });
});

describe('versionOfStream', () => {
  it('names the version that a task was put there for', () => {
    fc.assert(
      fc.property(routing, fc.string(), (table, workflowId) => {
        const target = chooseTarget(table, workflowId);
        expect(versionOfStream(table, sharedStreamName('queue', target.stream))).toEqual(target.version);
      }),
    );
  });

  it('names the version that executions are pinned to, and the current one for what a ramp has left', () => {
    expect(versionOfStream({ current: V2 }, pinnedRoute('queue', V1))).toEqual(V1);
    expect(versionOfStream({ current: V2 }, sharedStreamName('queue', 'ramping'))).toEqual(V2);
  });
});

describe('parseRoute', () => {
  it('reads what was written', () => {
    expect(parseRoute('orders')).toEqual({ taskQueue: 'orders', kind: 'unversioned' });
    expect(parseRoute(unpinnedRoute('orders'))).toEqual({ taskQueue: 'orders', kind: 'unpinned' });
    expect(parseRoute(pinnedRoute('orders', V1))).toEqual({
      taskQueue: 'orders',
      kind: 'pinned',
      version: V1,
    });
    expect(queueOfRoute(pinnedRoute('orders', V1))).toBe('orders');
  });

  it('keeps the streams of a queue apart, whatever deployments and builds are called', () => {
    const awkward = { deploymentName: 'current', buildId: 'ramping' };
    const names = [
      ...(['unversioned', 'current', 'ramping'] as const).map((one) => sharedStreamName('orders', one)),
      pinnedRoute('orders', awkward),
      pinnedRoute('orders', V1),
    ];
    expect(new Set(names).size).toBe(names.length);
  });
});
