import { waitUntil } from '@tidewheel/testing';
import { api, toNumber } from '../proto.js';
import { closeExecution, NAMESPACE, startExecution, startTestGateway } from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const Enums = api.enums.v1;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('task queues', () => {
  it('tell who polls them and what waits', async () => {
    const run = await startExecution(client);
    const describeQueue = () =>
      client.call('DescribeTaskQueue', {
        namespace: NAMESPACE,
        taskQueue: { name: run.taskQueue },
        taskQueueType: Enums.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        reportStats: true,
        includeTaskQueueStatus: true,
      });
    const { stats, taskQueueStatus, pollers } = await describeQueue();
    expect(toNumber(stats?.approximateBacklogCount)).toBe(1);
    expect(toNumber(taskQueueStatus?.backlogCountHint)).toBe(1);
    expect(pollers).toEqual([]);
    const { versionsInfo } = await client.call('DescribeTaskQueue', {
      namespace: NAMESPACE,
      taskQueue: { name: run.taskQueue },
      apiMode: Enums.DescribeTaskQueueMode.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
    });
    const types = versionsInfo?.['']?.typesInfo ?? {};
    expect(Object.values(types).map((type) => toNumber(type.stats?.approximateBacklogCount))).toEqual([1, 0]);
    await closeExecution(client, run);
    await waitUntil(async () => ((await describeQueue()).pollers?.length ?? 0) > 0, {
      what: 'the poller to be known',
    });
  });
});
