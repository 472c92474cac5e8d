import { DEFAULTS, InvalidArgumentError, WorkerNotFoundError } from '@tidewheel/core';
import { forgetSeenWorkers, forgetWorkers, recordSeenWorkers, recordWorkers } from '@tidewheel/engine';
import type { WorkerHeartbeat, WorkerKind } from '@tidewheel/engine';
import { sharedStreamName } from '@tidewheel/routing';
import { openStream, WORKERS_GROUP } from '@tidewheel/store';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { describeEngine, NAMESPACE } from '../test-deployment.fixture.js';

const SLOTS = {
  supplierKind: 'Fixed',
  processed: 0,
  failed: 0,
  lastIntervalProcessed: 0,
  lastIntervalFailed: 0,
};

function kind(used: number, available: number, types?: readonly string[]): WorkerKind {
  return { slots: { ...SLOTS, used, available }, pollers: { current: 1, autoscaling: false }, types };
}

function heartbeat(taskQueue: string, more: Partial<WorkerHeartbeat> = {}): WorkerHeartbeat {
  const nowMs = Date.now();
  return {
    workerInstanceKey: randomUUID(),
    workerIdentity: '1@host',
    taskQueue,
    hostInfo: { hostName: 'host', processId: '1' },
    sdkName: 'sdk',
    sdkVersion: '1.0.0',
    status: 'RUNNING',
    startTimeMs: nowMs,
    heartbeatTimeMs: nowMs,
    elapsedSinceLastHeartbeatMs: 0,
    kinds: { activity: kind(0, 10, ['charge']) },
    ...more,
  };
}

describeEngine('the registry of workers', (deployment) => {
  const record = (beats: readonly WorkerHeartbeat[], options = {}, namespace = NAMESPACE): Promise<void> =>
    recordWorkers(deployment().context, namespace, beats, options);
  const scale = async (queue: string) =>
    (await deployment().engine.scaleTaskQueue(NAMESPACE, queue)).activity;
  const newQueue = (): string => `workers of ${randomUUID()}`;
  const list = (query: string, more = {}) =>
    deployment().engine.listWorkers({ namespace: NAMESPACE, query, ...more });

  it('knows a worker from its first heartbeat until it ends', async () => {
    const queue = newQueue();
    const worker = heartbeat(queue, {
      kinds: { workflow: kind(1, 4, ['order']), activity: kind(2, 8, ['charge', 'ship']) },
      stickyCache: { size: 3, hits: 30, misses: 1, evictions: 2 },
      deploymentVersion: { deploymentName: 'shop', buildId: '1.0' },
    });
    const { engine, context } = deployment();
    await record([worker]);
    const described = await engine.describeWorker(NAMESPACE, worker.workerInstanceKey);
    expect(described).toMatchObject({ ...JSON.parse(JSON.stringify(worker)), namespace: NAMESPACE });
    expect(described.timeLagMs).toBeGreaterThanOrEqual(0);
    expect((await list(`TaskQueue = '${queue}'`)).workers).toMatchObject([{ taskQueue: queue }]);
    expect(await engine.scaleTaskQueue(NAMESPACE, queue)).toMatchObject({
      workflow: { inFlight: 1, slots: 5, pollers: 1 },
      activity: {
        inFlight: 2,
        slots: 10,
        pollers: 1,
        versions: [{ deploymentName: 'shop', buildId: '1.0' }],
      },
    });

    await record([
      { ...worker, status: 'SHUTTING_DOWN', kinds: { activity: kind(1, 9, ['charge', 'ship']) } },
    ]);
    expect(await engine.scaleTaskQueue(NAMESPACE, queue)).toMatchObject({
      workflow: { inFlight: 0, slots: 0, pollers: 0, versions: [] },
      activity: { inFlight: 1, slots: 10, pollers: 1 },
    });

    await forgetWorkers(context, NAMESPACE, [worker.workerInstanceKey]);
    await forgetWorkers(context, NAMESPACE, [worker.workerInstanceKey]);
    await expect(engine.describeWorker(NAMESPACE, worker.workerInstanceKey)).rejects.toThrow(
      WorkerNotFoundError,
    );
    expect(await scale(queue)).toMatchObject({ inFlight: 0, slots: 0, pollers: 0, versions: [] });
    expect((await list(`TaskQueue = '${queue}'`)).workers).toEqual([]);
  });

  it('keeps sums in step with any order of heartbeats, moves, ends and repetitions', async () => {
    const [first, second] = [newQueue(), newQueue()];
    const workers = Array.from({ length: 5 }, () => heartbeat(first));
    await record(workers);
    await record(workers);
    await record(
      workers.map((worker, i) => ({ ...worker, kinds: { activity: kind(i, 10 - i, ['charge']) } })),
    );
    expect(await scale(first)).toMatchObject({ inFlight: 10, slots: 50, pollers: 5 });
    await record([{ ...workers[4]!, taskQueue: second, kinds: { activity: kind(4, 6, ['charge']) } }]);
    expect(await scale(first)).toMatchObject({ inFlight: 6, slots: 40, pollers: 4 });
    expect(await scale(second)).toMatchObject({ inFlight: 4, slots: 10, pollers: 1 });
    expect((await list(`TaskQueue = '${first}'`)).workers).toHaveLength(4);
    const keys = workers.map(({ workerInstanceKey }) => workerInstanceKey);
    await forgetWorkers(deployment().context, NAMESPACE, keys.slice(0, 2));
    expect(await scale(first)).toMatchObject({ inFlight: 5, slots: 20, pollers: 2 });
    await forgetWorkers(deployment().context, NAMESPACE, keys);
    expect(await scale(first)).toMatchObject({ inFlight: 0, slots: 0, pollers: 0 });
    expect(await scale(second)).toMatchObject({ inFlight: 0, slots: 0, pollers: 0 });
  });

  it('forgets a worker that is not heard of any more, with what it had in hand', async () => {
    const queue = newQueue();
    const [dying, living] = [heartbeat(queue, { kinds: { activity: kind(7, 3) } }), heartbeat(queue)];
    await record([living]);
    await record([dying], { validMs: 1 });
    const { engine } = deployment();
    await waitUntil(async () => (await scale(queue)).pollers === 1, { what: 'the worker to expire' });
    expect(await scale(queue)).toMatchObject({ inFlight: 0, slots: 10 });
    await expect(engine.describeWorker(NAMESPACE, dying.workerInstanceKey)).rejects.toThrow(
      WorkerNotFoundError,
    );
    expect(await engine.countWorkers({ namespace: NAMESPACE, query: `TaskQueue = '${queue}'` })).toBe(1);
  });

  it('lets a worker speak for itself, and others for it only while it does not', async () => {
    const queue = newQueue();
    const seen = heartbeat(queue, { sdkName: 'seen', kinds: { activity: {} } });
    const itself = { ...seen, sdkName: 'itself', kinds: { activity: kind(3, 7) } };
    const see = () => recordSeenWorkers(deployment().context, NAMESPACE, [seen]);
    expect(await see()).toEqual(new Set());
    expect(await scale(queue)).toMatchObject({ pollers: 1, slots: 0, inFlight: 0 });
    await record([itself]);
    expect(await see()).toEqual(new Set([seen.workerInstanceKey]));
    expect(await scale(queue)).toMatchObject({ pollers: 1, slots: 10, inFlight: 3 });
    const described = await deployment().engine.describeWorker(NAMESPACE, seen.workerInstanceKey);
    expect(described.sdkName).toBe('itself');
  });

  it('puts together what several servers see of a worker', async () => {
    const { context, engine } = deployment();
    const queue = newQueue();
    const types = ['charge', 'ship'];
    const seen = heartbeat(queue, { kinds: { activity: { types } }, startTimeMs: 2_000 });
    const elsewhere = { ...seen, kinds: { workflow: {} }, startTimeMs: 1_000 };
    for (const one of [seen, elsewhere, seen, elsewhere]) await recordSeenWorkers(context, NAMESPACE, [one]);
    const { kinds, startTimeMs } = await engine.describeWorker(NAMESPACE, seen.workerInstanceKey);
    // The first to see it says since when it has been there; types are told by the one that knows them.
    expect([Object.keys(kinds).sort(), startTimeMs]).toEqual([['activity', 'workflow'], 2_000]);
    expect(await engine.scaleTaskQueue(NAMESPACE, queue)).toMatchObject({
      workflow: { pollers: 1, slots: 0 },
      activity: { pollers: 1, slots: 0 },
    });
    expect((await list(`TaskQueue = '${queue}'`)).workers).toHaveLength(1);
    await record([heartbeat(queue, { kinds: { activity: kind(0, 1, ['charge']) } })]);
    expect(await engine.scaleTaskQueue(NAMESPACE, queue)).toMatchObject({
      activity: { pollers: 2, registrationMismatches: 1 },
    });
    await forgetSeenWorkers(context, NAMESPACE, [seen.workerInstanceKey]);
    expect(await engine.scaleTaskQueue(NAMESPACE, queue)).toMatchObject({
      workflow: { pollers: 0 },
      activity: { pollers: 1, registrationMismatches: 0 },
    });
  });

  it('does not believe servers that still see a worker that has gone', async () => {
    const { context, engine } = deployment();
    const queue = newQueue();
    const seen = heartbeat(queue, { kinds: { activity: {} } });
    const see = () => recordSeenWorkers(context, NAMESPACE, [seen]);
    await see();
    await forgetSeenWorkers(context, NAMESPACE, [seen.workerInstanceKey]);
    expect(await see()).toEqual(new Set([seen.workerInstanceKey]));
    await expect(engine.describeWorker(NAMESPACE, seen.workerInstanceKey)).rejects.toThrow(
      WorkerNotFoundError,
    );
    expect((await list(`TaskQueue = '${queue}'`)).workers).toEqual([]);
    expect(await scale(queue)).toMatchObject({ pollers: 0 });
    // What is remembered of it expires like everything else.
    const { records, expiries } = context.keys.workers(NAMESPACE);
    const untilMs = Number(await context.redis.zscore(expiries, seen.workerInstanceKey));
    expect(untilMs - seen.heartbeatTimeMs).toBeGreaterThanOrEqual(DEFAULTS.remoteWorkerKeptMs);
    await context.redis.zadd(expiries, 1, seen.workerInstanceKey);
    expect(await list('')).toBeDefined();
    expect(await context.redis.hexists(records, `l${seen.workerInstanceKey}`)).toBe(0);
    expect(await see()).toEqual(new Set());
    expect(await scale(queue)).toMatchObject({ pollers: 1 });
  });

  it('leaves out what it cannot note of workers that servers see', async () => {
    const { context, engine } = deployment();
    const queue = newQueue();
    const long = Array.from({ length: 1_000 }, (_, i) => `${i}`.padEnd(1_000, 'x'));
    const [sound, large, unsound] = [
      heartbeat(queue, { kinds: { activity: { types: ['charge'] } } }),
      heartbeat(queue, { kinds: { activity: { types: long } } }),
      heartbeat(queue, { workerIdentity: 'a\nb' }),
    ];
    expect(await recordSeenWorkers(context, NAMESPACE, [unsound, large, sound])).toEqual(new Set());
    expect((await list(`TaskQueue = '${queue}'`)).workers).toHaveLength(2);
    const { kinds } = await engine.describeWorker(NAMESPACE, large.workerInstanceKey);
    expect(kinds).toEqual({ activity: {} });
  });

  it('lists by queue and key, page by page, and filters', async () => {
    const { engine } = deployment();
    const namespace = `workers-${randomUUID()}`;
    await engine.createNamespace({ name: namespace });
    const queues = ['b', 'a', 'a/b', 'ü 日'];
    const all = queues.flatMap((queue) =>
      Array.from({ length: 7 }, (_, i) =>
        heartbeat(queue, {
          workerInstanceKey: `key ${i}`.concat(queue),
          sdkName: i < 3 ? 'ours' : 'theirs',
          startTimeMs: Date.parse('2026-01-01T00:00:00Z') + i * 1_000,
          status: i === 6 ? 'SHUTTING_DOWN' : 'RUNNING',
        }),
      ),
    );
    await record(all, {}, namespace);
    const keys: string[] = [];
    let pages = 0;
    for (let pageToken: string | undefined; ; pages++) {
      const page = await engine.listWorkers({ namespace, pageSize: 5, pageToken });
      keys.push(...page.workers.map(({ workerInstanceKey }) => workerInstanceKey));
      if (!page.nextPageToken) break;
      pageToken = page.nextPageToken;
    }
    expect(pages).toBe(5);
    const expected = [...queues]
      .sort()
      .flatMap((queue) => Array.from({ length: 7 }, (_, i) => `key ${i}${queue}`));
    expect(keys).toEqual(expected);

    const count = (query: string): Promise<number> => engine.countWorkers({ namespace, query });
    expect(await count('')).toBe(28);
    expect(await count(`TaskQueue = 'a'`)).toBe(7);
    expect(await count(`TaskQueue = 'a' AND SdkName = 'ours'`)).toBe(3);
    expect(await count(`TaskQueue IN ('a', 'b') AND SdkName STARTS_WITH 'the'`)).toBe(8);
    expect(await count(`Status = 'ShuttingDown'`)).toBe(4);
    expect(await count(`Status != 'WORKER_STATUS_RUNNING' AND TaskQueue = 'ü 日'`)).toBe(1);
    expect(await count(`StartTime > '2026-01-01T00:00:04Z'`)).toBe(8);
    expect(await count(`TaskQueue = 'a' AND TaskQueue = 'b'`)).toBe(0);
    const rare = await engine.listWorkers({ namespace, query: `WorkerInstanceKey = 'key 6b'`, pageSize: 1 });
    expect(rare.workers).toHaveLength(1);
  });

  it('refuses what is not sound, and notes nothing of it', async () => {
    const queue = newQueue();
    const { engine } = deployment();
    const sound = heartbeat(queue);
    const unsound: [string, WorkerHeartbeat][] = [
      ['workerHeartbeat.workerInstanceKey', heartbeat(queue, { workerInstanceKey: '' })],
      ['workerHeartbeat.taskQueue', heartbeat('a\nb')],
      ['workerHeartbeat.taskQueue', heartbeat('q'.repeat(1_001))],
      [
        'workerHeartbeat.deploymentVersion.buildId',
        heartbeat(queue, { deploymentVersion: { deploymentName: 'd', buildId: '\t' } }),
      ],
      ['workerHeartbeat.kinds.activity.slots.used', heartbeat(queue, { kinds: { activity: kind(-1, 1) } })],
      [
        'workerHeartbeat.kinds.activity.slots.available',
        heartbeat(queue, { kinds: { activity: kind(1, Number.NaN) } }),
      ],
      ['workerHeartbeat.kinds.workflow.types', heartbeat(queue, { kinds: { workflow: kind(1, 1, ['']) } })],
      ['workerHeartbeat', heartbeat(queue, { sdkName: 'x'.repeat(300_000) })],
    ];
    for (const [field, beat] of unsound) {
      const refusal = await record([sound, beat]).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(InvalidArgumentError);
      expect(refusal).toMatchObject({ field });
    }
    expect(await scale(queue)).toMatchObject({ pollers: 0 });
    for (const query of [
      'x',
      `Name = 'a'`,
      `TaskQueue`,
      `TaskQueue > 'a'`,
      `TaskQueue = a`,
      `TaskQueue = 'a' OR TaskQueue = 'b'`,
      `TaskQueue IN ()`,
      `TaskQueue IN ('a'`,
      `Status = 'Sleeping'`,
      `StartTime = 'yesterday'`,
      `StartTime STARTS_WITH '2026'`,
    ]) {
      await expect(list(query)).rejects.toMatchObject({ field: 'query' });
    }
    for (const pageSize of [0, -1, 1.5, 1_001])
      await expect(list('', { pageSize })).rejects.toMatchObject({ field: 'pageSize' });
    for (const pageToken of ['x', '%', Buffer.from('a').toString('base64url'), 'A'.repeat(5_000)]) {
      await expect(list('', { pageToken })).rejects.toMatchObject({ field: 'pageToken' });
    }
    await expect(engine.listWorkers({ namespace: 'unknown' })).rejects.toMatchObject({
      code: 'NAMESPACE_NOT_FOUND',
    });
    for (const [field, targets] of [
      ['targetTasksPerWorker', { targetTasksPerWorker: 0 }],
      ['targetTasksPerWorker', { targetTasksPerWorker: Number.NaN }],
      ['minWorkers', { minWorkers: -1 }],
      ['maxWorkers', { maxWorkers: 1.5 }],
      ['minWorkers', { minWorkers: 3, maxWorkers: 2 }],
    ] as const) {
      await expect(engine.scaleTaskQueue(NAMESPACE, queue, targets)).rejects.toMatchObject({ field });
    }
  });

  it('leaves nothing behind that does not expire by itself', async () => {
    await record([heartbeat(newQueue())]);
    const { redis, keys } = deployment().context;
    const { records, expiries, index } = keys.workers(NAMESPACE);
    for (const key of [records, expiries, index]) {
      expect(await redis.pttl(key)).toBeGreaterThan(DEFAULTS.workerHeartbeatMs);
    }
  });

  it('takes as many workers at once as a process may hold', async () => {
    const queues = Array.from({ length: 450 }, () => newQueue());
    await record(queues.map((queue) => heartbeat(queue)));
    for (const queue of [queues[0]!, queues[449]!]) expect(await scale(queue)).toMatchObject({ pollers: 1 });
  });
});

describeEngine('registrations that differ', (deployment) => {
  const describeKind = async (queue: string) =>
    (await deployment().engine.describeTaskQueue(NAMESPACE, queue)).activity.registrationMismatches;
  const mismatches = async (queue: string) =>
    (await deployment().engine.scaleTaskQueue(NAMESPACE, queue)).activity.registrationMismatches;

  it('are told with the workers that lack a type, logged once per change, and no fault between versions', async () => {
    const queue = `queue of ${randomUUID()}`;
    const { context } = deployment();
    const warnings: unknown[] = [];
    const logger = { ...context.logger, warn: (fields: unknown) => void warnings.push(fields) };
    const record = (...beats: WorkerHeartbeat[]): Promise<void> =>
      recordWorkers({ ...context, logger }, NAMESPACE, beats);
    const old = heartbeat(queue, { kinds: { activity: kind(0, 10, ['charge', 'ship']) } });
    const same = heartbeat(queue, { kinds: { activity: kind(0, 10, ['ship', 'charge']) } });
    const silent = heartbeat(queue, { kinds: { activity: kind(0, 10) } });
    await record(old, same, silent);
    expect([await mismatches(queue), await describeKind(queue), warnings]).toEqual([0, [], []]);

    const renewed = heartbeat(queue, { kinds: { activity: kind(0, 10, ['charge', 'refund']) } });
    await record(renewed);
    expect(await mismatches(queue)).toBe(1);
    const lackRefund = [old, same].map(({ workerInstanceKey }) => workerInstanceKey).sort();
    const told = await describeKind(queue);
    expect(told).toMatchObject([
      { type: 'refund', registeredCount: 1, lackingCount: 2 },
      {
        type: 'ship',
        registeredCount: 2,
        lackingCount: 1,
        lacking: [{ workerInstanceKey: renewed.workerInstanceKey, workerIdentity: '1@host' }],
      },
    ]);
    expect(told[0]!.lacking.map(({ workerInstanceKey }) => workerInstanceKey).sort()).toEqual(lackRefund);
    expect(warnings).toMatchObject([{ taskQueue: queue, kind: 'activity', mismatches: told }]);

    // Neither the next heartbeats nor a second worker with the same code are a change.
    await record({ ...renewed, kinds: { activity: kind(4, 6, ['charge', 'refund']) } }, old, same);
    await record(heartbeat(queue, { kinds: { activity: kind(0, 10, ['refund', 'charge']) } }));
    expect(warnings).toHaveLength(1);

    const next = heartbeat(queue, {
      kinds: { activity: kind(0, 10, ['everything']) },
      deploymentVersion: { deploymentName: 'shop', buildId: '2' },
    });
    await record(next);
    expect([await mismatches(queue), warnings.length]).toEqual([1, 1]);

    const keys = [old, same].map(({ workerInstanceKey }) => workerInstanceKey);
    await forgetWorkers(context, NAMESPACE, keys);
    expect([await mismatches(queue), await describeKind(queue)]).toEqual([0, []]);
  });
});

describeEngine('task queues that are polled', (deployment) => {
  it('are listed once each, over partitions, kinds and versions, without sticky ones', async () => {
    const { engine, context } = deployment();
    const { keys, run } = context;
    const name = `polled: ${randomUUID()}`;
    const last = keys.partitions - 1;
    const streams = [
      keys.taskStream(0, 'workflow', NAMESPACE, sharedStreamName(`${name}/versions`, 'current')),
      keys.taskStream(0, 'workflow', NAMESPACE, name),
      keys.taskStream(0, 'activity', NAMESPACE, name),
      keys.taskStream(last, 'activity', NAMESPACE, `${name}/last`),
      keys.taskStream(last, 'activity', 'other', name),
      keys.stickyStream(last, NAMESPACE, `${name}/sticky`),
    ];
    for (const [i, streamKey] of streams.entries()) {
      const streamsKey = keys.partition(i < 3 ? 0 : last).streams;
      await openStream(run, { streamKey, streamsKey, group: WORKERS_GROUP, consumer: 'test' });
    }
    const listed = (await engine.listPolledTaskQueues()).filter(({ taskQueue }) =>
      taskQueue.startsWith(name),
    );
    expect(listed).toHaveLength(4);
    expect(listed).toEqual(
      expect.arrayContaining([
        { namespace: NAMESPACE, taskQueue: name },
        { namespace: NAMESPACE, taskQueue: `${name}/versions` },
        { namespace: NAMESPACE, taskQueue: `${name}/last` },
        { namespace: 'other', taskQueue: name },
      ]),
    );
  });
});

describeEngine('scaling', (deployment) => {
  it('counts what waits over all partitions, and what is being run, with a guard for it', async () => {
    const { engine, context } = deployment();
    const taskQueue = `scaled ${randomUUID()}`;
    for (let i = 0; i < 6; i++) await deployment().start({ taskQueue });
    const waiting = await engine.scaleTaskQueue(NAMESPACE, taskQueue);
    expect(waiting.workflow).toMatchObject({ backlog: 6, inFlight: 0, pollers: 0, slots: 0, desired: 1 });
    expect(waiting.activity).toMatchObject({ backlog: 0, oldestMs: 0, desired: 0 });
    expect(waiting.desired).toBe(1);
    const worker = heartbeat(taskQueue, { kinds: { workflow: kind(2, 0), activity: kind(9, 1) } });
    await recordWorkers(context, NAMESPACE, [worker]);
    const scale = (targets = {}) => engine.scaleTaskQueue(NAMESPACE, taskQueue, targets);
    // Two slots a worker: six wait, two are run.
    expect(await scale()).toMatchObject({ desired: 4, workflow: { desired: 4 }, activity: { desired: 1 } });
    expect((await scale({ targetTasksPerWorker: 100 })).workflow.desired).toBe(1);
    expect((await scale({ targetTasksPerWorker: 0.5, maxWorkers: 10 })).workflow.desired).toBe(10);
    expect((await scale({ minWorkers: 7 })).desired).toBe(7);

    // Workers that give out slots as their host can bear have no number of them: a hundred are assumed.
    const elastic = { ...SLOTS, used: 150, supplierKind: 'ResourceBased' };
    await recordWorkers(context, NAMESPACE, [{ ...worker, kinds: { activity: { slots: elastic } } }]);
    expect((await scale()).activity).toMatchObject({ inFlight: 150, slots: 0, desired: 2 });
  });
});
