import { Engine, takePermits } from '@tidewheel/engine';
import { WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry } from '@tidewheel/store';
import { startTestRedis, waitUntil } from '@tidewheel/testing';
import type { TestRedis } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { Slots, TaskReader } from './index.js';
import type { PolledStream, Poller } from './index.js';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };
const NAMESPACE = 'default';

interface Done {
  readonly value: string;
  readonly atMicros: number;
}

/** Takes tasks off their stream as starting them would, and notes the server's time of it. */
class CountingPoller implements Poller {
  readonly slots: Slots;
  readonly streams: readonly PolledStream[];
  readonly ratedQueue: { readonly namespace: string; readonly taskQueue: string };

  constructor(
    private readonly engine: Engine,
    taskQueue: string,
    private readonly done: Done[],
    slots: number,
  ) {
    const { keys } = engine.context;
    this.slots = new Slots(slots);
    this.ratedQueue = { namespace: NAMESPACE, taskQueue };
    this.streams = Array.from({ length: keys.partitions }, (_, partition) => ({
      partition,
      key: keys.taskStream(partition, 'activity', NAMESPACE, taskQueue),
    }));
  }

  deliver(stream: PolledStream, entries: readonly RawStreamEntry[]): void {
    void this.start(stream, entries);
  }

  private async start({ key }: PolledStream, entries: readonly RawStreamEntry[]): Promise<void> {
    // Like starting it: of two deliveries, which a reconnection may bring, one counts.
    const transaction = this.engine.context.redis.multi().time();
    for (const [id] of entries) transaction.xack(key, WORKERS_GROUP, id).xdel(key, id);
    const replies = await transaction.exec();
    const [seconds, micros] = (replies?.[0]?.[1] ?? []) as unknown as string[];
    const atMicros = Number(seconds) * 1e6 + Number(micros);
    for (const [i, [, fields]] of entries.entries()) {
      if (replies?.[1 + i * 2]?.[1] === 1) this.done.push({ value: fields?.[1] ?? '', atMicros });
    }
    for (let i = 0; i < entries.length; i++) this.slots.release();
  }
}

describe.each([1, 4])('pollers of a queue with a dispatch rate, with %i partition(s)', (partitions) => {
  let redis: TestRedis;
  let engine: Engine;
  let engines: Engine[] = [];
  let pollers: CountingPoller[] = [];
  let done: Done[] = [];
  let taskQueue: string;

  beforeAll(async () => {
    redis = await startTestRedis();
    engine = await Engine.open({ connection: { url: redis.url }, partitions });
  });

  beforeEach(() => {
    engines = [];
    pollers = [];
    done = [];
    taskQueue = `queue ${randomUUID()}`;
  });

  afterEach(async () => {
    await stopPollers();
  });

  afterAll(async () => {
    await engine.close();
    await redis.stop();
  });

  const readerOf = (own: Engine | undefined): TaskReader => TaskReader.of(own as Engine, silent);

  const setRate = (requestsPerSecond: number, burst?: number) =>
    engine.updateTaskQueueConfig({
      namespace: NAMESPACE,
      taskQueue,
      taskQueueType: 'activity',
      updateQueueRateLimit: { rateLimit: { requestsPerSecond, burst } },
    });

  /** As many pollers as there would be worker processes. */
  async function startPollers(count: number, slots = 100): Promise<void> {
    for (let i = 0; i < count; i++) {
      const own = await Engine.open({ connection: { url: redis.url }, identity: `w${i}-${randomUUID()}` });
      const poller = new CountingPoller(own, taskQueue, done, slots);
      engines.push(own);
      pollers.push(poller);
      await readerOf(own).add(poller);
    }
  }

  /** Stops them as worker processes do: what they have read is done first. */
  async function stopPollers(): Promise<void> {
    await Promise.all(pollers.map((poller, i) => readerOf(engines[i]).remove(poller)));
    await Promise.all(pollers.map(({ slots }) => slots.whenUnused()));
    await Promise.all(engines.map((one) => one.close()));
    engines = [];
    pollers = [];
  }

  const streamKey = (i: number): string =>
    engine.context.keys.taskStream(i % partitions, 'activity', NAMESPACE, taskQueue);

  async function put(count: number, from = 0): Promise<void> {
    const pipeline = engine.context.redis.pipeline();
    for (let i = from; i < from + count; i++) pipeline.xadd(streamKey(i), '*', 'a', `task ${i}`);
    await pipeline.exec();
  }

  const whenDone = (count: number): Promise<unknown> =>
    waitUntil(() => done.length >= count, { what: `${count} tasks to be done`, timeoutMs: 90_000 });

  /** Each task came once, and nothing is left anywhere. */
  async function expectAllDoneOnce(count: number): Promise<void> {
    const names = done.map(({ value }) => value).sort();
    expect(names).toEqual(Array.from({ length: count }, (_, i) => `task ${i}`).sort());
    for (let i = 0; i < partitions; i++) {
      expect(await engine.context.redis.xlen(streamKey(i))).toBe(0);
      const pending = await engine.context.redis.xpending(streamKey(i), WORKERS_GROUP);
      expect(pending[0]).toBe(0);
    }
  }

  const counts = () =>
    pollers.map((poller, i) => readerOf(engines[i]).throttling(poller)).filter((one) => one !== undefined);

  it('do every task once and none faster than the rate allows, with an order of magnitude more offered', async () => {
    const rate = 100;
    await setRate(rate, 10);
    await startPollers(8);
    const [seconds, micros] = await engine.context.redis.time();
    const startMicros = Number(seconds) * 1e6 + Number(micros);
    await put(300);
    await whenDone(300);
    await expectAllDoneOnce(300);
    // A permit is had before the task is started, so what was started by a time is bounded by what was granted.
    for (const [i, { atMicros }] of done.sort((a, b) => a.atMicros - b.atMicros).entries()) {
      expect(i + 1).toBeLessThanOrEqual(10 + (rate * (atMicros - startMicros)) / 1e6 + 1e-6);
    }
    const granted = counts().reduce((sum, one) => sum + one.granted, 0);
    expect(granted).toBeGreaterThanOrEqual(300);
    expect(counts().reduce((sum, one) => sum + one.denied, 0)).toBeGreaterThan(0);
  });

  it('do as much as they have slots for, and wait for permits no longer than there are none', async () => {
    await setRate(50_000, 1_000);
    await startPollers(2, 3);
    await put(500);
    await whenDone(500);
    await expectAllDoneOnce(500);
  });

  it('hold no permits while there is nothing to do', async () => {
    await setRate(1_000, 40);
    await startPollers(4);
    await put(100);
    await whenDone(100);
    const queue = { namespace: NAMESPACE, taskQueue };
    // Whoever waited has found out that the queue is empty, and what it held is back. Asking takes what is there: asked
    // again sooner than all of it has grown back, there would never be so many.
    await waitUntil(async () => (await takePermits(engine.context, queue, 40))?.granted === 40, {
      what: 'all permits to be there',
      pollMs: 200,
    });
    await expectAllDoneOnce(100);
  });

  it('share a slow rate, however many they are', async () => {
    await setRate(4);
    await startPollers(12);
    await put(9);
    await whenDone(9);
    await expectAllDoneOnce(9);
  });

  it('go on at once when a rate is raised or removed', async () => {
    await setRate(0.0001);
    await startPollers(3);
    await put(40);
    await whenDone(1);
    await setRate(5_000);
    await whenDone(40);
    await setRate(0);
    await waitUntil(
      () =>
        engines.every(
          ({ context }) => context.rateLimits.isLimited({ namespace: NAMESPACE, taskQueue }) === true,
        ),
      {
        what: 'all to know that nothing may pass',
      },
    );
    await put(40, 40);
    await waitUntil(() => counts().every(({ denied }) => denied > 0), { what: 'all to have been denied' });
    expect(done).toHaveLength(40);
    await engine.updateTaskQueueConfig({
      namespace: NAMESPACE,
      taskQueue,
      taskQueueType: 'activity',
      updateQueueRateLimit: {},
    });
    await whenDone(80);
    await expectAllDoneOnce(80);
  });

  it('leave nothing behind when they stop in the middle of a backlog', async () => {
    await setRate(200, 5);
    await startPollers(4);
    await put(200);
    await whenDone(20);
    await stopPollers();
    const doneBefore = done.length;
    let waiting = 0;
    for (let i = 0; i < partitions; i++) waiting += await engine.context.redis.xlen(streamKey(i));
    expect(doneBefore + waiting).toBe(200);
    await setRate(100_000);
    await startPollers(2);
    await whenDone(200);
    await expectAllDoneOnce(200);
  });
});
