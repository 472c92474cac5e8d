import { randomUUID } from 'node:crypto';
import { timestampToProto } from '../convert/time.js';
import { api, toNumber } from '../proto.js';
import type { P } from '../proto.js';
import { CODE, NAMESPACE, startTestGateway } from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const { WorkerStatus } = api.enums.v1;
const TASK_QUEUE = 'official';

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

function heartbeat(more: P.WorkerHeartbeat = {}): P.WorkerHeartbeat & { workerInstanceKey: string } {
  return {
    workerIdentity: '7@host',
    hostInfo: { hostName: 'host', processId: '7', workerGroupingKey: 'group', currentHostCpuUsage: 0.5 },
    taskQueue: TASK_QUEUE,
    deploymentVersion: { deploymentName: 'shop', buildId: 'b7' },
    sdkName: 'temporal-typescript',
    sdkVersion: '1.24.0',
    status: WorkerStatus.WORKER_STATUS_RUNNING,
    startTime: timestampToProto(1_700_000_000_000),
    activityTaskSlotsInfo: {
      currentAvailableSlots: 96,
      currentUsedSlots: 4,
      slotSupplierKind: 'Fixed',
      totalProcessedTasks: 9,
      totalFailedTasks: 1,
    },
    activityPollerInfo: { currentPollers: 5, isAutoscaling: true },
    totalStickyCacheHit: 3,
    plugins: [{ name: 'a-plugin', version: '2' }],
    ...more,
    workerInstanceKey: more.workerInstanceKey ?? randomUUID(),
  };
}

const record = (...workerHeartbeat: P.WorkerHeartbeat[]) =>
  client.call('RecordWorkerHeartbeat', { namespace: NAMESPACE, identity: '7@host', workerHeartbeat });
const inFlight = async (): Promise<number> =>
  (await test.engine.scaleTaskQueue(NAMESPACE, TASK_QUEUE)).activity.inFlight;

describe('the registry of official workers', () => {
  it('is claimed by the namespace, takes heartbeats, lists, counts and describes', async () => {
    const { namespaceInfo } = await client.call('DescribeNamespace', { namespace: NAMESPACE });
    expect(namespaceInfo?.capabilities?.workerHeartbeats).toBe(true);
    const elastic = { currentAvailableSlots: -1, currentUsedSlots: 2, slotSupplierKind: 'ResourceBased' };
    const one = heartbeat({ workerInstanceKey: 'one', workflowTaskSlotsInfo: elastic });
    const other = heartbeat({ workerInstanceKey: 'two' });
    await record(one, other);
    const first = await client.call('ListWorkers', { namespace: NAMESPACE, pageSize: 1 });
    expect(first.workers).toMatchObject([
      {
        workerInstanceKey: 'one',
        workerIdentity: '7@host',
        taskQueue: TASK_QUEUE,
        hostName: 'host',
        processId: '7',
        workerGroupingKey: 'group',
        deploymentVersion: { deploymentName: 'shop', buildId: 'b7' },
        status: WorkerStatus.WORKER_STATUS_RUNNING,
        plugins: [{ name: 'a-plugin', version: '2' }],
      },
    ]);
    const next = { namespace: NAMESPACE, pageSize: 1, nextPageToken: first.nextPageToken };
    const second = await client.call('ListWorkers', next);
    expect(second.workersInfo).toMatchObject([{ workerHeartbeat: { workerInstanceKey: 'two' } }]);
    const rest = await client.call('ListWorkers', { ...next, nextPageToken: second.nextPageToken });
    expect([rest.workers, Buffer.from(rest.nextPageToken ?? []).length]).toEqual([[], 0]);

    const query = `WorkerInstanceKey = 'two' AND SdkName = 'temporal-typescript'`;
    expect(toNumber((await client.call('CountWorkers', { namespace: NAMESPACE, query })).count)).toBe(1);
    expect(toNumber((await client.call('CountWorkers', { namespace: NAMESPACE })).count)).toBe(2);

    const described = await client.call('DescribeWorker', { namespace: NAMESPACE, workerInstanceKey: 'one' });
    const { startTime, ...sent } = one;
    expect(described.workerInfo?.workerHeartbeat).toMatchObject(sent);
    expect(toNumber(described.workerInfo?.workerHeartbeat?.startTime?.seconds)).toBe(
      toNumber(startTime?.seconds),
    );
    expect(await test.engine.scaleTaskQueue(NAMESPACE, TASK_QUEUE)).toMatchObject({
      activity: { inFlight: 8, slots: 200, pollers: 2, versions: [{ buildId: 'b7', pollers: 2 }] },
      workflow: { inFlight: 2, slots: 0, pollers: 1 },
    });
  });

  it('lets a worker go when it shuts down, and counts what it still runs for a while', async () => {
    const before = await inFlight();
    const idle = heartbeat({ activityTaskSlotsInfo: { currentAvailableSlots: 100 } });
    const busy = heartbeat();
    await record(idle, busy);
    expect(await inFlight()).toBe(before + 4);
    const shutDown = (worker: typeof idle) =>
      client.call('ShutdownWorker', {
        namespace: NAMESPACE,
        identity: '7@host',
        workerInstanceKey: worker.workerInstanceKey,
        workerHeartbeat: { ...worker, status: WorkerStatus.WORKER_STATUS_SHUTTING_DOWN },
      });
    await shutDown(idle);
    await shutDown(busy);
    expect(await client.refusal('DescribeWorker', describeRequest(idle))).toMatchObject({
      code: CODE.NOT_FOUND,
    });
    const { workerInfo } = await client.call('DescribeWorker', describeRequest(busy));
    expect(workerInfo?.workerHeartbeat?.status).toBe(WorkerStatus.WORKER_STATUS_SHUTTING_DOWN);
    expect(await inFlight()).toBe(before + 4);
    await client.call('ShutdownWorker', { namespace: NAMESPACE, workerInstanceKey: busy.workerInstanceKey });
    expect(await inFlight()).toBe(before);
  });

  it('refuses what is not sound', async () => {
    const refused = async (field: string, beat: P.WorkerHeartbeat): Promise<void> => {
      const request = { namespace: NAMESPACE, workerHeartbeat: [heartbeat(), beat] };
      const refusal = await client.refusal('RecordWorkerHeartbeat', request);
      expect(refusal).toMatchObject({ code: CODE.INVALID_ARGUMENT });
      expect(refusal.message).toContain(field);
    };
    await refused('task_queue', heartbeat({ taskQueue: '' }));
    await refused('worker_instance_key', heartbeat({ workerInstanceKey: 'a\nb' }));
    await refused('build_id', heartbeat({ deploymentVersion: { deploymentName: 'd', buildId: 'b\t' } }));
    await refused('used', heartbeat({ activityTaskSlotsInfo: { currentUsedSlots: -1 } }));
    const code = CODE.INVALID_ARGUMENT;
    const namespace = NAMESPACE;
    expect(await client.refusal('ListWorkers', { namespace, query: 'x' })).toMatchObject({ code });
    expect(await client.refusal('ListWorkers', { namespace, pageSize: -1 })).toMatchObject({ code });
    expect(await client.refusal('ListWorkers', { namespace, nextPageToken: Buffer.from('x') })).toMatchObject(
      { code },
    );
    expect(await client.refusal('CountWorkers', { namespace, query: 'x' })).toMatchObject({ code });
    expect(await client.refusal('DescribeWorker', { namespace })).toMatchObject({ code });
    expect(await client.refusal('RecordWorkerHeartbeat', { namespace: 'unknown' })).toMatchObject({
      code: CODE.NOT_FOUND,
    });
  });
});

function describeRequest({ workerInstanceKey }: { readonly workerInstanceKey: string }) {
  return { namespace: NAMESPACE, workerInstanceKey };
}
