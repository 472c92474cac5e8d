import { DEFAULTS } from '@tidewheel/core';
import { NativeConnection } from '@tidewheel/worker';
import { waitUntil } from '@tidewheel/testing';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

const BASE = '/api/v1/namespaces/default';
const HOST = {
  hostInfo: { hostName: 'box', processId: '17' },
  sdkName: 'tidewheel-python',
  sdkVersion: '0.1',
};

interface WorkerJson {
  readonly workerInstanceKey: string;
  readonly kinds: readonly string[];
  readonly startTime: string;
}

interface Registered {
  readonly workerToken: string;
  readonly workerInstanceKey: string;
}

jest.setTimeout(100_000);

describe.each([1, 4])('workers over REST in the registry, with %i partition(s)', (partitions) => {
  let apis: RunningApi[];
  let connection: NativeConnection;
  let taskQueue: string;
  let count = 0;

  beforeAll(async () => {
    const first = await startRunningApi({ TIDEWHEEL_PARTITIONS: String(partitions) });
    const settings = { TIDEWHEEL_PARTITIONS: String(partitions), REDIS_URL: first.redisUrl };
    apis = [first, await startRunningApi(settings)];
    connection = await NativeConnection.connect({ url: first.redisUrl });
  });
  beforeEach(() => {
    taskQueue = `seen-${++count}`;
  });
  afterAll(async () => {
    await connection.close();
    for (const api of [...apis].reverse()) await api.stop();
  });

  const post = (by: number, route: string, body: object, signal?: AbortSignal) =>
    apis[by]!.http.post(`${BASE}/${route}`, body, signal && { signal });

  async function register(by: number, more: object = {}): Promise<Registered> {
    const worker = { identity: '17@box', taskQueue, activityTypes: ['charge', 'ship'], ...more };
    const { status, json, text } = await post(by, 'workers', worker);
    if (status !== 200) throw new Error(text);
    return json as Registered;
  }

  async function workers(by = 0): Promise<WorkerJson[]> {
    const query = encodeURIComponent(`TaskQueue = '${taskQueue}'`);
    const { json } = await apis[by]!.http.get(`${BASE}/workers?query=${query}`);
    return (json as { workers: WorkerJson[] }).workers;
  }

  const untilSeen = (most: number): Promise<boolean> =>
    waitUntil(async () => (await workers()).length === most, { what: `${most} workers`, timeoutMs: 30_000 });

  it('are there when they have registered, with what they said', async () => {
    const { workerInstanceKey } = await register(0, { ...HOST, workflowTypes: ['order'] });
    await untilSeen(1);
    const { json } = await apis[1]!.http.get(`${BASE}/workers/describe/${workerInstanceKey}`);
    expect(json).toMatchObject({
      workerInstanceKey,
      workerIdentity: '17@box',
      taskQueue,
      transport: 'REST',
      status: 'RUNNING',
      ...HOST,
      kinds: ['workflow', 'activity'],
      workflowTypes: ['order'],
      activityTypes: ['charge', 'ship'],
    });
    for (const unknown of ['activityTaskSlotsInfo', 'activityPollerInfo', 'currentStickyCacheSize']) {
      expect(json).not.toHaveProperty(unknown);
    }
    const ofTransport = encodeURIComponent(`TaskQueue = '${taskQueue}' AND Transport = 'REST'`);
    const counted = await apis[0]!.http.get(`${BASE}/worker-count?query=${ofTransport}`);
    expect(counted.json).toEqual({ count: 1 });
  });

  it('are one entry, whichever processes they poll', async () => {
    const { workerToken, workerInstanceKey } = await register(0);
    await untilSeen(1);
    const [before] = await workers();
    const polls = [0, 1, 1, 0].map((by) => post(by, 'activity-poll', { workerToken, wait: '2s' }));
    // A worker that comes to the other process after the polls is noted with them or later.
    await register(1, { identity: '18@box' });
    await untilSeen(2);
    expect((await Promise.all(polls)).map(({ json }) => json)).toEqual([{}, {}, {}, {}]);
    const [after] = (await workers(1)).filter((one) => one.workerInstanceKey === workerInstanceKey);
    expect([after?.kinds, after?.startTime]).toEqual([['activity'], before?.startTime]);
  });

  it('are reported when they have registered different types', async () => {
    await register(0);
    await untilSeen(1);
    const { workerInstanceKey } = await register(1, { identity: 'lacks-ship', activityTypes: ['charge'] });
    await untilSeen(2);
    const { json } = await apis[0]!.http.get(`${BASE}/task-queues/${taskQueue}`);
    const lacking = [{ workerInstanceKey, workerIdentity: 'lacks-ship' }];
    expect(json).toMatchObject({
      activity: {
        registrationMismatches: [{ type: 'ship', registeredCount: 1, lackingCount: 1, lacking }],
      },
    });
    const scaling = await apis[0]!.http.get(`${BASE}/task-queues/${taskQueue}/scaling`);
    expect(scaling.json).toMatchObject({ activity: { pollers: 2, slots: 0, registrationMismatches: 1 } });
  });

  it('go at once when they stop, though another process still has a poll of them', async () => {
    const { workerToken, workerInstanceKey } = await register(0);
    await untilSeen(1);
    const gone = new AbortController();
    const poll = post(1, 'activity-poll', { workerToken, wait: '30s' }, gone.signal).catch(() => undefined);
    await post(1, 'activity-poll', { workerToken, wait: '0s' });
    expect((await post(0, 'workers/shutdown', { workerToken })).json).toEqual({ returned: 0 });
    expect(await workers()).toEqual([]);
    await register(1, { identity: '18@box' });
    await untilSeen(1);
    const described = await apis[0]!.http.get(`${BASE}/workers/describe/${workerInstanceKey}`);
    expect(described).toMatchObject({ status: 404, problem: { code: 'WORKER_NOT_FOUND' } });
    gone.abort();
    await poll;
  });

  it('are forgotten when they have not polled for three minutes', async () => {
    const { workerInstanceKey } = await register(0);
    await untilSeen(1);
    const { redis, keys } = connection.engine.context;
    const { expiries } = keys.workers('default');
    const leftMs = Number(await redis.zscore(expiries, workerInstanceKey)) - Date.now();
    expect(leftMs).toBeLessThanOrEqual(DEFAULTS.remoteWorkerKeptMs);
    expect(leftMs).toBeGreaterThan(DEFAULTS.workerHeartbeatMs * DEFAULTS.workerHeartbeatsMissed);
    await redis.zadd(expiries, 1, workerInstanceKey);
    expect(await workers()).toEqual([]);
  });

  it.each([
    [{ hostInfo: { hostName: '' } }, 'hostInfo.hostName'],
    [{ hostInfo: { hostName: 7 } }, 'hostInfo.hostName'],
    [{ hostInfo: { processId: 'a\nb' } }, 'hostInfo.processId'],
    [{ hostInfo: { processId: 17 } }, 'hostInfo.processId'],
    [{ hostInfo: { pid: '17' } }, 'hostInfo.pid'],
    [{ hostInfo: 'box' }, 'hostInfo'],
    [{ sdkName: 'x'.repeat(1_001) }, 'sdkName'],
    [{ sdkVersion: null }, 'sdkVersion'],
    [{ identity: '' }, 'identity'],
    [{ slots: 3 }, 'slots'],
  ])('are refused when they say what is not sound: %j', async (more, field) => {
    const worker = { identity: '17@box', taskQueue, activityTypes: ['charge'], ...more };
    const answer = await post(0, 'workers', worker);
    expect(answer).toMatchObject({ status: 400, problem: { code: 'INVALID_ARGUMENT', field } });
  });
});
