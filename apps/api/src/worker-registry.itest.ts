import { forgetWorkers, recordWorkers } from '@tidewheel/engine';
import type { WorkerHeartbeat } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import { NativeConnection } from '@tidewheel/worker';
import { isDeepStrictEqual } from 'node:util';
import type { HttpClient } from './http-client.fixture.js';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

const NAMESPACE = '/api/v1/namespaces/default';
const NOW_MS = Date.parse('2026-11-25T12:00:00Z');

let api: RunningApi;
let http: HttpClient;
let connection: NativeConnection;

function heartbeat(workerInstanceKey: string, types: readonly string[]): WorkerHeartbeat {
  const counts = { processed: 20, failed: 2, lastIntervalProcessed: 5, lastIntervalFailed: 1 };
  return {
    workerInstanceKey,
    workerIdentity: `${workerInstanceKey}@host`,
    taskQueue: 'a queue/with more',
    hostInfo: { hostName: 'host', processId: '17', cpuUsage: 0.5, memoryUsage: 0.25 },
    sdkName: 'an-sdk',
    sdkVersion: '1.2.3',
    deploymentVersion: { deploymentName: 'shop', buildId: 'b1' },
    status: 'RUNNING',
    startTimeMs: NOW_MS,
    heartbeatTimeMs: NOW_MS + 10_000,
    elapsedSinceLastHeartbeatMs: 10_000,
    kinds: {
      activity: {
        slots: { used: 3, available: 7, supplierKind: 'Fixed', ...counts },
        pollers: { current: 1, lastSuccessfulPollTimeMs: NOW_MS + 9_000, autoscaling: false },
        types,
      },
    },
  };
}

beforeAll(async () => {
  api = await startRunningApi();
  http = api.http;
  connection = await NativeConnection.connect({ url: api.redisUrl });
  const workers = [heartbeat('worker/1', ['charge', 'ship']), heartbeat('worker/2', ['charge'])];
  await recordWorkers(connection.engine.context, 'default', workers, { validMs: 600_000 });
});
afterAll(async () => {
  await connection.close();
  await api.stop();
});

const query = (text: string): string => `query=${encodeURIComponent(text)}`;

describe('workers over HTTP', () => {
  it('are listed page by page, counted and described', async () => {
    const first = await http.get(`${NAMESPACE}/workers?pageSize=1`);
    expect(first.json).toMatchObject({ workers: [{ workerInstanceKey: 'worker/1' }] });
    const { nextPageToken } = first.json as { nextPageToken: string };
    const second = await http.get(`${NAMESPACE}/workers?pageSize=10&pageToken=${nextPageToken}`);
    expect(second.json).toMatchObject({ workers: [{ workerInstanceKey: 'worker/2' }] });
    expect(second.json).not.toHaveProperty('nextPageToken');
    expect((await http.get(`${NAMESPACE}/worker-count`)).json).toEqual({ count: 2 });
    const one = query(`WorkerInstanceKey = 'worker/2' AND BuildId = 'b1'`);
    expect((await http.get(`${NAMESPACE}/worker-count?${one}`)).json).toEqual({ count: 1 });
    expect((await http.get(`${NAMESPACE}/workers?${one}`)).json).toMatchObject({
      workers: [{ workerInstanceKey: 'worker/2' }],
    });

    const described = await http.get(`${NAMESPACE}/workers/describe/worker%2F1`);
    expect(described.json).toEqual({
      workerInstanceKey: 'worker/1',
      workerIdentity: 'worker/1@host',
      namespace: 'default',
      taskQueue: 'a queue/with more',
      status: 'RUNNING',
      hostInfo: { hostName: 'host', processId: '17', currentHostCpuUsage: 0.5, currentHostMemUsage: 0.25 },
      sdkName: 'an-sdk',
      sdkVersion: '1.2.3',
      deploymentVersion: { deploymentName: 'shop', buildId: 'b1' },
      startTime: '2026-11-25T12:00:00.000Z',
      heartbeatTime: '2026-11-25T12:00:10.000Z',
      elapsedSinceLastHeartbeat: '10s',
      timeLag: expect.stringMatching(/^\d+(\.\d+)?s$/) as string,
      kinds: ['activity'],
      activityTypes: ['charge', 'ship'],
      activityTaskSlotsInfo: {
        currentAvailableSlots: 7,
        currentUsedSlots: 3,
        slotSupplierKind: 'Fixed',
        totalProcessedTasks: 20,
        totalFailedTasks: 2,
        lastIntervalProcessedTasks: 5,
        lastIntervalFailureTasks: 1,
      },
      activityPollerInfo: {
        currentPollers: 1,
        lastSuccessfulPollTime: '2026-11-25T12:00:09.000Z',
        isAutoscaling: false,
      },
    });
  });

  it('are shown by their task queue with what some of them lack', async () => {
    const queue = `${NAMESPACE}/task-queues/a%20queue%2Fwith%20more`;
    expect((await http.get(queue)).json).toMatchObject({
      activity: {
        registrationMismatches: [
          {
            type: 'ship',
            registeredCount: 1,
            lackingCount: 1,
            lacking: [{ workerInstanceKey: 'worker/2', workerIdentity: 'worker/2@host' }],
          },
        ],
      },
      workflow: { registrationMismatches: [] },
    });
  });
});

describe('the scaling of a task queue over HTTP', () => {
  const path = `${NAMESPACE}/task-queues/a%20queue%2Fwith%20more/scaling`;

  it('tells what there is to do and how many workers that wants', async () => {
    expect((await http.get(path)).json).toEqual({
      namespace: 'default',
      taskQueue: 'a queue/with more',
      desired: 1,
      workflow: {
        backlog: 0,
        oldestMs: 0,
        inFlight: 0,
        pollers: 0,
        slots: 0,
        desired: 0,
        versions: [],
        registrationMismatches: 0,
      },
      activity: {
        backlog: 0,
        oldestMs: 0,
        inFlight: 6,
        pollers: 2,
        slots: 20,
        desired: 1,
        versions: [{ deploymentName: 'shop', buildId: 'b1', backlog: 0, pollers: 2, inFlight: 6, slots: 20 }],
        registrationMismatches: 1,
      },
    });
    const targets = 'targetTasksPerWorker=1.5&minWorkers=2&maxWorkers=3';
    expect((await http.get(`${path}?${targets}`)).json).toMatchObject({
      desired: 3,
      workflow: { desired: 2 },
      activity: { desired: 3 },
    });
    const unused = await http.get(`${NAMESPACE}/task-queues/nobody-ever-used-it/scaling`);
    expect(unused.json).toMatchObject({ desired: 0, activity: { pollers: 0 } });
  });

  it('is shown as metrics, too', async () => {
    const { text } = await http.get('/metrics');
    const labels = 'namespace="default",task_queue="a queue/with more",kind="activity"';
    const metric = (name: string): string | undefined =>
      text.split('\n').find((line) => line.startsWith(`tidewheel_${name}{${labels}}`));
    expect(metric('approximate_backlog_count')).toMatch(/ 0$/);
    expect(metric('task_queue_in_flight')).toMatch(/ 6$/);
    expect(metric('task_queue_pollers')).toMatch(/ 2$/);
    expect(metric('task_queue_slots')).toMatch(/ 20$/);
    expect(metric('approximate_backlog_age_seconds')).toMatch(/ 0$/);
    expect(metric('task_queue_desired_workers')).toMatch(/ 1$/);
    expect(metric('task_queue_registration_mismatches')).toMatch(/ 1$/);
  });
});

describe('the metrics of a task queue', () => {
  it('go on when its workers have gone, and tell what waits for them', async () => {
    const labels = 'namespace="default",task_queue="left",kind="workflow"';
    const read = async (): Promise<(string | undefined)[]> => {
      const lines = (await http.get('/metrics')).text.split('\n');
      return ['task_queue_pollers', 'approximate_backlog_count'].map((name) =>
        lines.find((line) => line.startsWith(`tidewheel_${name}{${labels}}`))?.replace(/.* /, ''),
      );
    };
    /** Metrics are some seconds old. */
    const tell = (...expected: string[]): Promise<true> =>
      waitUntil(async () => isDeepStrictEqual(await read(), expected), {
        what: `pollers and backlog to be ${expected.join(' and ')}`,
        pollMs: 500,
      });
    const { context } = connection.engine;
    const { kinds, ...worker } = heartbeat('worker/3', ['order']);
    const left = { ...worker, taskQueue: 'left', kinds: { workflow: kinds.activity } };
    await recordWorkers(context, 'default', [left], { validMs: 600_000 });
    await tell('1', '0');
    await forgetWorkers(context, 'default', ['worker/3']);
    await http.post(`${NAMESPACE}/workflows/waits`, { workflowType: 'order', taskQueue: 'left' });
    await tell('0', '1');
  });
});

describe('unsound questions about workers', () => {
  it.each([
    [`workers?${query('Name = 1')}`, 'query'],
    [`workers?${query(`TaskQueue = 'a' OR TaskQueue = 'b'`)}`, 'query'],
    [`worker-count?${query(`Status = 'asleep'`)}`, 'query'],
    ['workers?pageSize=0', 'pageSize'],
    ['workers?pageSize=1001', 'pageSize'],
    ['workers?pageToken=%00', 'pageToken'],
    ['workers?filter=x', 'filter'],
    ['workers/describe/%00', 'workerInstanceKey'],
    [`workers/describe/${'k'.repeat(1_001)}`, 'workerInstanceKey'],
    ['task-queues/%0A/scaling', 'taskQueue'],
    ['task-queues/q/scaling?targetTasksPerWorker=0', 'targetTasksPerWorker'],
    ['task-queues/q/scaling?targetTasksPerWorker=-1', 'targetTasksPerWorker'],
    ['task-queues/q/scaling?targetTasksPerWorker=NaN', 'targetTasksPerWorker'],
    ['task-queues/q/scaling?targetTasksPerWorker=1e3', 'targetTasksPerWorker'],
    ['task-queues/q/scaling?minWorkers=1.5', 'minWorkers'],
    ['task-queues/q/scaling?minWorkers=5&maxWorkers=4', 'minWorkers'],
    ['task-queues/q/scaling?maxWorkers=many', 'maxWorkers'],
  ])('are refused: %s', async (path, field) => {
    const answer = await http.get(`${NAMESPACE}/${path}`);
    expect(answer).toMatchObject({ status: 400, problem: { code: 'INVALID_ARGUMENT', field } });
  });

  it('are told what is not there', async () => {
    const worker = await http.get(`${NAMESPACE}/workers/describe/nobody`);
    expect(worker).toMatchObject({ status: 404, problem: { code: 'WORKER_NOT_FOUND' } });
    for (const path of ['workers', 'worker-count', 'workers/describe/x', 'task-queues/q/scaling']) {
      const answer = await http.get(`/api/v1/namespaces/unknown/${path}`);
      expect(answer).toMatchObject({ status: 404, problem: { code: 'NAMESPACE_NOT_FOUND' } });
    }
  });
});
