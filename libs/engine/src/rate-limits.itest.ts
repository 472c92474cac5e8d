import { InvalidArgumentError, NamespaceNotFoundError } from '@tidewheel/core';
import { Engine, returnPermits, takePermits } from '@tidewheel/engine';
import type { UpdateTaskQueueConfigRequest } from '@tidewheel/engine';
import * as model from '@tidewheel/routing';
import type { DispatchRate, PermitBucket } from '@tidewheel/routing';
import { waitUntil } from '@tidewheel/testing';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { activity, describeEngine, finish, NAMESPACE } from './test-deployment.fixture.js';
import type { TestDeployment } from './test-deployment.fixture.js';

type Update = NonNullable<UpdateTaskQueueConfigRequest['updateQueueRateLimit']>;

describeEngine('dispatch rates', (deployment) => {
  const context = () => deployment().context;
  const newQueue = () => ({ namespace: NAMESPACE, taskQueue: `rated ${randomUUID()}` });
  type Queue = ReturnType<typeof newQueue>;

  const keyOf = ({ namespace, taskQueue }: Queue): string =>
    context().keys.rateLimit('activity', namespace, taskQueue);

  const update = (queue: Queue, updateQueueRateLimit: Update, more: object = {}) =>
    deployment().engine.updateTaskQueueConfig({
      ...queue,
      taskQueueType: 'activity',
      updateQueueRateLimit,
      ...more,
    });

  const setRate = (queue: Queue, requestsPerSecond: number, burst?: number) =>
    update(queue, { rateLimit: { requestsPerSecond, burst } });

  const say = (
    queue: Queue,
    maxTasksPerSecond: number,
    identity = 'w',
    by: TestDeployment['context'] = context(),
  ) => by.workerRates.say(by, { ...queue, maxTasksPerSecond, identity });

  const effective = async ({ namespace, taskQueue }: Queue) =>
    (await deployment().engine.describeTaskQueue(namespace, taskQueue)).activity.rates.effectiveRateLimit;

  /** The worker that asked for a rate is gone for as long as it is remembered. */
  const lapse = async (queue: Queue): Promise<void> => {
    await context().redis.hset(keyOf(queue), 'wx', 1);
  };

  /** The bucket as it is stored. */
  async function bucketOf(queue: Queue): Promise<PermitBucket> {
    const [tokens, at, turn] = await context().redis.hmget(keyOf(queue), 'n', 'u', 'q');
    return { tokens: Number(tokens), atMicros: Number(at), turnMicros: Number(turn) };
  }

  /** Takes permits, and holds what the script did against the arithmetic at the time that it reports. */
  async function checkedTake(queue: Queue, rate: DispatchRate, want: number) {
    const before = await bucketOf(queue);
    const permits = await takePermits(context(), queue, want);
    if (!permits) throw new Error('the queue has no rate');
    const expected = model.takePermits(before, rate, want, permits.stampMicros);
    expect(permits).toMatchObject({
      granted: expected.granted,
      waitMs: Math.ceil(expected.waitMicros / 1_000),
    });
    const after = await bucketOf(queue);
    expect(after.tokens).toBeCloseTo(expected.bucket.tokens, 9);
    expect(after).toMatchObject({ atMicros: permits.stampMicros, turnMicros: expected.bucket.turnMicros });
    return permits;
  }

  it('are kept by the script as the arithmetic has it', async () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 30 })), {
      maxLength: 20,
    });
    const rates = fc.record({
      perSecond: fc.oneof(fc.double({ min: 0.01, max: 20_000, noNaN: true }), fc.constantFrom(0.1, 1, 200)),
      burst: fc.option(fc.double({ min: 1, max: 500, noNaN: true }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(rates, steps, async (rate, asks) => {
        const queue = newQueue();
        await setRate(queue, rate.perSecond, rate.burst);
        for (const [want, returned] of asks) {
          const permits = await checkedTake(queue, rate, want);
          const back = Math.min(returned, permits.granted);
          if (back > 0) {
            const before = await bucketOf(queue);
            expect(await returnPermits(context(), queue, permits, back)).toBe(back);
            const after = await bucketOf(queue);
            const expected = model.returnPermits(before, rate, back, after.atMicros);
            expect(after.tokens).toBeCloseTo(expected.tokens, 9);
            expect(after.turnMicros).toBe(0);
          }
        }
        await update(queue, {});
      }),
      { numRuns: 30 },
    );
  });

  it('hold over several processes: never more than the burst and what came since, by the server’s clock', async () => {
    const queue = newQueue();
    const rate = { perSecond: 2_000, burst: 20 };
    await setRate(queue, rate.perSecond, rate.burst);
    const engines = await Promise.all(
      Array.from({ length: 4 }, () => Engine.open({ connection: { url: deployment().store.url } })),
    );
    try {
      const grants = await Promise.all(
        engines.flatMap(({ context: own }) =>
          [1, 2].map(async () => {
            const mine: { at: number; granted: number }[] = [];
            for (let i = 0; i < 60; i++) {
              const permits = await takePermits(own, queue, 1 + (i % 7));
              if (permits) mine.push({ at: permits.stampMicros, granted: permits.granted });
            }
            return mine;
          }),
        ),
      );
      const all = grants.flat().sort((a, b) => a.at - b.at);
      expect(all).toHaveLength(480);
      expect(new Set(all.map(({ at }) => at)).size).toBe(480);
      for (const [i, { at: from }] of all.entries()) {
        let used = 0;
        for (const { at, granted } of all.slice(i)) {
          used += granted;
          expect(used).toBeLessThanOrEqual(rate.burst + (rate.perSecond * (at - from)) / 1e6 + 1e-6);
        }
      }
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
    await update(queue, {});
  });

  it('take permits of one grant back once, though the call be sent again', async () => {
    const queue = newQueue();
    await setRate(queue, 0.001, 50);
    await context().redis.hset(keyOf(queue), 'n', 50);
    const permits = await takePermits(context(), queue, 30);
    expect(permits).toMatchObject({ granted: 30 });
    if (!permits) return;
    expect(await returnPermits(context(), queue, permits, 10)).toBe(10);
    expect(await returnPermits(context(), queue, permits, 10)).toBe(0);
    expect(await takePermits(context(), queue, 50)).toMatchObject({ granted: 30 });
    await update(queue, {});
  });

  it('come from the API before a worker, from a worker before the system', async () => {
    const queue = newQueue();
    expect(await effective(queue)).toEqual({
      requestsPerSecond: 100_000,
      burst: undefined,
      source: 'SYSTEM',
    });
    expect(await takePermits(context(), queue, 5)).toBeUndefined();
    await say(queue, 7);
    expect(await effective(queue)).toEqual({ requestsPerSecond: 7, burst: 7, source: 'WORKER' });
    const set = await update(
      queue,
      { rateLimit: { requestsPerSecond: 0.5 }, reason: 'too fast' },
      { identity: 'me' },
    );
    expect(set).toEqual({
      queueRateLimit: {
        requestsPerSecond: 0.5,
        burst: undefined,
        reason: 'too fast',
        updateIdentity: 'me',
        updateTimeMs: expect.any(Number) as number,
      },
      effectiveRateLimit: { requestsPerSecond: 0.5, burst: 1, source: 'API' },
    });
    await say(queue, 9, 'other');
    expect((await effective(queue)).source).toBe('API');
    expect((await update(queue, {})).effectiveRateLimit).toEqual({
      requestsPerSecond: 9,
      burst: 9,
      source: 'WORKER',
    });
    await lapse(queue);
    expect((await effective(queue)).source).toBe('SYSTEM');
    expect(await takePermits(context(), queue, 5)).toBeUndefined();
  });

  it('are those of the worker that began last, and lapse with the last one', async () => {
    const queue = newQueue();
    const other = await Engine.open({ connection: { url: deployment().store.url } });
    try {
      await say(queue, 5);
      await say(queue, 8, 'other', other.context);
      expect((await effective(queue)).requestsPerSecond).toBe(8);
      // Saying the same again, as every worker does from time to time, changes nothing.
      const { workerRates } = context();
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
      await say(queue, 5);
      jest.restoreAllMocks();
      expect((await effective(queue)).requestsPerSecond).toBe(8);
      expect(await context().redis.pttl(keyOf(queue))).toBeGreaterThan(0);
      workerRates.forget(context(), queue);
      await say(queue, 5);
      expect((await effective(queue)).requestsPerSecond).toBe(5);
    } finally {
      await other.close();
    }
  });

  it('begin with one permit, and a change carries over one at most', async () => {
    const queue = newQueue();
    await setRate(queue, 0.001, 100);
    expect(await takePermits(context(), queue, 10)).toMatchObject({ granted: 1 });
    await context().redis.hset(keyOf(queue), 'n', 60);
    await setRate(queue, 0.001, 90);
    expect(await takePermits(context(), queue, 10)).toMatchObject({ granted: 1 });
    // Setting what is set already is no change.
    await context().redis.hset(keyOf(queue), 'n', 60);
    await setRate(queue, 0.001, 90);
    expect(await takePermits(context(), queue, 10)).toMatchObject({ granted: 10 });
    await update(queue, {});
  });

  it('of zero let nothing through', async () => {
    const queue = newQueue();
    await setRate(queue, 0);
    expect(await takePermits(context(), queue, 1)).toMatchObject({ granted: 0, waitMs: 86_400_000 });
    await update(queue, {});
    expect(await context().redis.exists(keyOf(queue))).toBe(0);
  });

  it('become known to other processes that have to do with the queue', async () => {
    const queue = newQueue();
    const other = await Engine.open({ connection: { url: deployment().store.url } });
    const changes: boolean[] = [];
    try {
      const { rateLimits } = other.context;
      const end = await rateLimits.watch(queue, (limited) => changes.push(limited));
      expect(rateLimits.isLimited(queue)).toBe(false);
      await setRate(queue, 3);
      await waitUntil(() => rateLimits.isLimited(queue), { what: 'the rate to be known' });
      await setRate(queue, 4);
      await waitUntil(() => changes.length === 2, { what: 'the change to be known' });
      await setRate(queue, 100_000);
      await waitUntil(() => rateLimits.isLimited(queue) === false, { what: 'the end to be known' });
      expect(changes).toEqual([true, true, false]);
      end();
    } finally {
      await other.close();
    }
    await update(queue, {});
  });

  it('keep activities of the queue from being started eagerly', async () => {
    const run = await deployment().start();
    const queue = { namespace: run.namespace, taskQueue: run.taskQueue };
    await setRate(queue, 5);
    const options = { startsEagerly: () => true };
    const { activities } = await run.decide([activity('a')], options);
    expect(activities).toEqual([]);
    expect(await context().redis.xlen(run.stream('activity'))).toBe(1);
    await update(queue, {});
    await run.signal();
    const after = await run.decide([activity('b')], options);
    expect(after.activities.map(({ activityId }) => activityId)).toEqual(['b']);
    await run.signal();
    await run.decide([finish()]);
  });

  it('are per namespace and name, whatever characters the name has', async () => {
    const names = ['q', 'q:a', 'a:q', '{0}:q', 'a b', 'Grüße', '*', ':'];
    for (const [i, taskQueue] of names.entries()) await setRate({ namespace: NAMESPACE, taskQueue }, i + 1);
    for (const [i, taskQueue] of names.entries()) {
      expect((await effective({ namespace: NAMESPACE, taskQueue })).requestsPerSecond).toBe(i + 1);
    }
    for (const taskQueue of names) await update({ namespace: NAMESPACE, taskQueue }, {});
  });

  it.each([
    ['taskQueue', { taskQueue: '' }],
    ['taskQueue', { taskQueue: 'x'.repeat(1_001) }],
    ['taskQueue', { taskQueue: 'a\nb' }],
    ['identity', { identity: '' }],
    ['taskQueueType', { taskQueueType: 'workflow' as const }],
    ...[-1, NaN, Infinity, -Infinity].map(
      (requestsPerSecond) =>
        [
          'updateQueueRateLimit.rateLimit.requestsPerSecond',
          { updateQueueRateLimit: { rateLimit: { requestsPerSecond } } },
        ] as const,
    ),
    ...[0, 0.9, NaN, Infinity].map(
      (burst) =>
        [
          'updateQueueRateLimit.rateLimit.burst',
          { updateQueueRateLimit: { rateLimit: { requestsPerSecond: 1, burst } } },
        ] as const,
    ),
    ['updateQueueRateLimit.reason', { updateQueueRateLimit: { reason: 'x'.repeat(1_001) } }],
  ] as const)('that are not sound are refused, naming %s', async (field, request) => {
    const queue = newQueue();
    const refused = update(queue, { rateLimit: { requestsPerSecond: 1 } }, request);
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toMatchObject({ field });
    expect(await context().redis.exists(keyOf(queue))).toBe(0);
  });

  it('of a namespace that does not exist are refused', async () => {
    const queue = { ...newQueue(), namespace: 'nowhere' };
    await expect(setRate(queue, 1)).rejects.toThrow(NamespaceNotFoundError);
    await expect(say({ ...newQueue(), taskQueue: 'a\u0000' }, 1)).rejects.toMatchObject({
      field: 'taskQueue',
    });
    await expect(say(newQueue(), NaN)).rejects.toMatchObject({ field: 'maxTasksPerSecond' });
  });
});
