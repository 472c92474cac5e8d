import { DEFAULTS } from '@tidewheel/core';
import type { WorkerInfo } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { stickyTaskQueue } from '../convert/task-queue.js';
import { api } from '../proto.js';
import { NAMESPACE, refusal, TestDeployment } from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

const HEADERS = { 'client-name': 'temporal-go', 'client-version': '1.29.0' };
const { WORKER_VERSIONING_MODE_VERSIONED: VERSIONED } = api.enums.v1.WorkerVersioningMode;

describe.each([1, 4])('official workers that only poll, with %i partition(s)', (partitions) => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;
  let other: WorkerGateway;
  let taskQueue: string;
  let gone: AbortController;
  const polls: Promise<unknown>[] = [];

  beforeAll(async () => {
    deployment = await TestDeployment.start({ partitions, duties: false });
    gateway = await deployment.open('api-1');
    other = await deployment.open('api-2');
  });
  beforeEach(() => {
    taskQueue = `queue of ${randomUUID()}`;
    gone = new AbortController();
  });
  afterEach(async () => {
    gone.abort();
    await Promise.all(polls.splice(0));
  });
  afterAll(() => deployment.stop());

  function poll(by: WorkerGateway, kind: 'Workflow' | 'Activity', more: object = {}): void {
    const request = { namespace: NAMESPACE, taskQueue: { name: taskQueue }, identity: '7@host', ...more };
    const options = { signal: gone.signal, headers: HEADERS };
    polls.push(by.call(`Poll${kind}TaskQueue`, request, options));
  }

  const workers = async (): Promise<readonly WorkerInfo[]> =>
    (await gateway.engine.listWorkers({ namespace: NAMESPACE, query: `TaskQueue = '${taskQueue}'` })).workers;

  function until(what: string, test: (found: readonly WorkerInfo[]) => boolean): Promise<WorkerInfo> {
    return waitUntil(
      async () => {
        const found = await workers();
        return test(found) && (found[0] ?? ({} as WorkerInfo));
      },
      { what, timeoutMs: 30_000 },
    );
  }

  it('are one entry, whichever processes they poll, with what their polls tell', async () => {
    poll(gateway, 'Workflow');
    poll(gateway, 'Workflow', { taskQueue: stickyTaskQueue(`sticky of ${taskQueue}`, taskQueue) });
    poll(other, 'Activity');
    const worker = await until(
      'both kinds to be seen',
      ([one]) => Object.keys(one?.kinds ?? {}).length === 2,
    );
    expect(await workers()).toHaveLength(1);
    expect(worker).toMatchObject({
      workerIdentity: '7@host',
      transport: 'GRPC',
      sdkName: 'temporal-go',
      sdkVersion: '1.29.0',
      status: 'RUNNING',
      kinds: { workflow: {}, activity: {} },
    });
    expect(worker.stickyCache).toBeUndefined();
    const { engine } = other;
    const { workflow, activity } = await engine.describeTaskQueue(NAMESPACE, taskQueue);
    for (const { pollers } of [workflow, activity]) {
      expect(pollers).toMatchObject([
        { identity: '7@host', workers: [{ workerInstanceKey: worker.workerInstanceKey }] },
      ]);
    }
    const request = { namespace: NAMESPACE, workerInstanceKey: worker.workerInstanceKey };
    const { workerInfo } = await gateway.call('DescribeWorker', request);
    expect(workerInfo.workerHeartbeat).toMatchObject({ sdkName: 'temporal-go', taskQueue });
  });

  it('are told apart by identity and by version', async () => {
    poll(gateway, 'Activity');
    poll(other, 'Activity', { identity: '8@host' });
    const version = { deploymentName: 'shop', buildId: '2' };
    poll(other, 'Activity', { deploymentOptions: { ...version, workerVersioningMode: VERSIONED } });
    await until('all three to be seen', (found) => found.length === 3);
    const found = await workers();
    expect(found.map(({ deploymentVersion }) => deploymentVersion).filter(Boolean)).toEqual([version]);
    expect(new Set(found.map(({ workerIdentity }) => workerIdentity))).toEqual(new Set(['7@host', '8@host']));
  });

  it('are there for three minutes after their last poll', async () => {
    poll(gateway, 'Activity');
    const { workerInstanceKey, heartbeatTimeMs } = await until(
      'it to be seen',
      (found) => found.length === 1,
    );
    const { redis, keys } = gateway.engine.context;
    const { expiries } = keys.workers(NAMESPACE);
    const expiryMs = Number(await redis.zscore(expiries, workerInstanceKey));
    expect(expiryMs - heartbeatTimeMs).toBeGreaterThanOrEqual(DEFAULTS.remoteWorkerKeptMs);
    await redis.zadd(expiries, 1, workerInstanceKey);
    expect(await workers()).toEqual([]);
    expect(await gateway.engine.scaleTaskQueue(NAMESPACE, taskQueue)).toMatchObject({
      activity: { pollers: 0 },
    });
  });

  it('are left to speak for themselves when they do', async () => {
    const workerInstanceKey = randomUUID();
    const heartbeat = { workerInstanceKey, workerIdentity: '7@host', taskQueue, sdkName: 'itself' };
    await gateway.call('RecordWorkerHeartbeat', { namespace: NAMESPACE, workerHeartbeat: [heartbeat] });
    poll(gateway, 'Activity', { workerInstanceKey });
    // Seen after it, and so noted not before it.
    poll(gateway, 'Activity', { workerInstanceKey: 'another' });
    await until('the other to be seen', (found) => found.length === 2);
    expect(await gateway.engine.describeWorker(NAMESPACE, workerInstanceKey)).toMatchObject({
      sdkName: 'itself',
    });
  });

  it('go at once when they say that they shut down, whatever other processes saw', async () => {
    const workerInstanceKey = randomUUID();
    poll(gateway, 'Activity', { workerInstanceKey });
    await until('it to be seen', (found) => found.length === 1);
    const worker = { namespace: NAMESPACE, identity: '7@host', workerInstanceKey };
    await other.call('ShutdownWorker', { ...worker, taskQueue });
    expect(await workers()).toEqual([]);
    poll(other, 'Workflow', { workerInstanceKey });
    poll(other, 'Workflow', { workerInstanceKey: 'another' });
    await until('the other to be seen', (found) => found.length === 1);
    expect(await refusal(gateway.call('DescribeWorker', worker))).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are polled for though they cannot be noted', async () => {
    poll(gateway, 'Activity', { identity: 'line\nfeed' });
    poll(gateway, 'Activity', { identity: '' });
    poll(gateway, 'Activity');
    await until('the sound one to be seen', (found) => found.length === 1);
    expect(gateway.hub.waiting).toBe(3);
  });
});
