import { Engine } from '@tidewheel/engine';
import { primariesOf } from '@tidewheel/store';
import type { RawStreamEntry } from '@tidewheel/store';
import { startTestStore, waitUntil } from '@tidewheel/testing';
import type { TestStore } from '@tidewheel/testing';
import { Slots, TaskReader } from './index.js';
import type { PolledStream, Poller, TaskRoom } from './index.js';

const PARTITIONS = 4;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** Room that a test sets. */
class Room implements TaskRoom {
  free = 0;
  private reserved = 0;
  private listener: () => void = () => undefined;

  grow(count: number): void {
    this.free += count;
    this.listener();
  }

  readable(): number {
    return Math.max(0, this.free - this.reserved);
  }

  reserve(count: number): void {
    this.reserved += count;
  }

  settle(count: number): void {
    this.reserved -= count;
  }

  onFreed(listener: () => void): void {
    this.listener = listener;
  }
}

describe('the task reader', () => {
  let redis: TestStore;
  let engine: Engine;
  let reader: TaskReader;
  let queues = 0;

  beforeAll(async () => {
    redis = await startTestStore();
    engine = await Engine.open({ connection: { url: redis.url }, partitions: PARTITIONS });
    reader = TaskReader.of(engine, silent);
  });

  afterAll(async () => {
    await engine.close();
    await redis.stop();
  });

  function newStreams(): PolledStream[] {
    const name = `queue ${(queues += 1)}`;
    return Array.from({ length: PARTITIONS }, (_, partition) => ({
      partition,
      key: engine.context.keys.taskStream(partition, 'activity', 'default', name),
    }));
  }

  const put = (stream: PolledStream | undefined, value: string) =>
    engine.context.redis.xadd(stream?.key ?? '', '*', 'a', value);

  /** Takes as many entries as there is room for; notes what came beyond that. */
  function newPoller(streams: readonly PolledStream[], returnsSurplus = true) {
    const room = new Room();
    const taken: string[] = [];
    const surplus: string[] = [];
    const poller: Poller = {
      streams,
      slots: room,
      returnsSurplus,
      deliver(_, entries: readonly RawStreamEntry[]) {
        for (const [, fields] of entries) {
          if (room.free > 0) {
            room.free--;
            taken.push(fields?.[1] ?? '');
          } else surplus.push(fields?.[1] ?? '');
        }
      },
    };
    return { poller, room, taken, surplus };
  }

  /** Lets entries come to one stream after the other, each when the one before was taken, with room for one at a time. */
  async function expectTurns(
    streams: readonly PolledStream[],
    { room, taken }: Pick<ReturnType<typeof newPoller>, 'room' | 'taken'>,
  ): Promise<void> {
    for (let round = 0; round < 3 * PARTITIONS; round++) {
      room.grow(1);
      await put(streams[round % PARTITIONS], `${round}`);
      await waitUntil(() => taken.length === round + 1, { what: `entry ${round}` });
    }
    expect(taken).toEqual(Array.from({ length: 3 * PARTITIONS }, (_, i) => `${i}`));
  }

  it('reads nothing that there is no room for, from a backlog in all streams', async () => {
    const streams = newStreams();
    const { poller, room, taken, surplus } = newPoller(streams);
    await reader.add(poller);
    await Promise.all(streams.flatMap((stream, i) => [put(stream, `${i}a`), put(stream, `${i}b`)]));
    for (let count = 1; count <= 2 * PARTITIONS; count++) {
      room.grow(1);
      await waitUntil(() => taken.length === count, { what: `entry ${count}` });
    }
    expect([...new Set(taken)]).toHaveLength(2 * PARTITIONS);
    expect(surplus).toEqual([]);
    await reader.remove(poller);
  });

  it('waits for all streams at once with room for a single task', async () => {
    const streams = newStreams();
    const reading = newPoller(streams);
    await reader.add(reading.poller);
    await expectTurns(streams, reading);
    await reader.remove(reading.poller);
  });

  it.each([true, false])(
    'waits for all streams with room for a single task while it reads them for others (returns surplus: %p)',
    async (returnsSurplus) => {
      const idle = newPoller(newStreams());
      await reader.add(idle.poller);
      idle.room.grow(100);
      const streams = newStreams();
      const reading = newPoller(streams, returnsSurplus);
      await reader.add(reading.poller);
      await expectTurns(streams, reading);
      await reader.remove(reading.poller);
      await reader.remove(idle.poller);
    },
  );

  it('reads for one that gets room while it waits for others', async () => {
    const idle = newPoller(newStreams());
    await reader.add(idle.poller);
    idle.room.grow(10);
    const streams = newStreams();
    const { poller, room, taken } = newPoller(streams);
    await reader.add(poller);
    for (let round = 1; round <= 20; round++) {
      room.grow(1);
      await put(streams[0], `${round}`);
      await waitUntil(() => taken.length === round, { what: `entry ${round}` });
    }
    await Promise.all([reader.remove(idle.poller), reader.remove(poller)]);
  });

  it('goes on with one connection when its last poller is replaced by another', async () => {
    const clients = async (): Promise<number> => {
      const lists = await Promise.all(
        primariesOf(engine.context.redis).map((server) => server.client('LIST')),
      );
      return lists
        .flatMap((list) => String(list).split('\n'))
        .filter((line) => line.includes('name=tidewheel:tasks:')).length;
    };
    // On a cluster there is one for each partition.
    const expected = engine.context.connections.spanPartitions ? 1 : PARTITIONS;
    const streams = newStreams();
    for (let round = 0; round < 5; round++) {
      const first = newPoller(streams);
      await reader.add(first.poller);
      first.room.grow(1);
      const second = newPoller(streams);
      await Promise.all([reader.remove(first.poller), reader.add(second.poller)]);
      second.room.grow(1);
      await put(streams[0], `${round}`);
      await waitUntil(() => [...first.taken, ...second.taken].length === 1, { what: 'the entry' });
      await waitUntil(async () => (await clients()) === expected, {
        what: 'as few connections as there can be',
      });
      await reader.remove(second.poller);
    }
    await waitUntil(async () => (await clients()) === 0, { what: 'no connection' });
  });

  it('leaves half of the slots of a worker to tasks that come without a poll', async () => {
    const streams = newStreams().slice(0, 1);
    const slots = new Slots(10);
    let delivered = 0;
    const poller: Poller = { streams, slots, deliver: (_, entries) => (delivered += entries.length) };
    await Promise.all(Array.from({ length: 20 }, (_, i) => put(streams[0], `${i}`)));
    expect(slots.readable(1)).toBe(5);
    await reader.add(poller);
    await waitUntil(() => delivered === 10, { what: 'all slots to be used' });
    expect(slots.inUse).toBe(10);
    await reader.remove(poller);
  });
});
