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

  describe('with a dispatch rate', () => {
    const activityQueue = (name: string) => ({
      namespace: NAMESPACE,
      taskQueue: { name },
      taskQueueType: Enums.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
      reportConfig: true,
    });
    const update = (taskQueue: string, more: object = {}) =>
      ({
        namespace: NAMESPACE,
        taskQueue,
        identity: 'me',
        taskQueueType: Enums.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        ...more,
      }) as const;
    const rate = (requestsPerSecond: number) => ({
      updateQueueRateLimit: { rateLimit: { requestsPerSecond }, reason: 'because' },
    });

    it('take and show it, and give it up again', async () => {
      const name = 'rated over gRPC';
      const before = await client.call('DescribeTaskQueue', activityQueue(name));
      expect(before.effectiveRateLimit).toMatchObject({
        requestsPerSecond: 100_000,
        rateLimitSource: Enums.RateLimitSource.RATE_LIMIT_SOURCE_SYSTEM,
      });
      const { config } = await client.call('UpdateTaskQueueConfig', update(name, rate(0.1)));
      expect(config?.queueRateLimit?.metadata).toMatchObject({ reason: 'because', updateIdentity: 'me' });
      const { activity } = await test.engine.describeTaskQueue(NAMESPACE, name);
      expect(activity.rates.effectiveRateLimit).toEqual({ requestsPerSecond: 0.1, burst: 1, source: 'API' });
      const described = await client.call('DescribeTaskQueue', activityQueue(name));
      expect(described.config?.queueRateLimit?.rateLimit?.requestsPerSecond).toBeCloseTo(0.1);
      expect(described.effectiveRateLimit?.rateLimitSource).toBe(Enums.RateLimitSource.RATE_LIMIT_SOURCE_API);
      await client.call('UpdateTaskQueueConfig', update(name, rate(0)));
      const stopped = await client.call('DescribeTaskQueue', activityQueue(name));
      expect(stopped.effectiveRateLimit?.requestsPerSecond).toBe(0);
      await client.call('UpdateTaskQueueConfig', update(name, { updateQueueRateLimit: {} }));
      const after = await client.call('DescribeTaskQueue', activityQueue(name));
      expect(after.config?.queueRateLimit).toBeFalsy();
      expect(after.effectiveRateLimit?.requestsPerSecond).toBe(100_000);
    });

    it('take it from workers that poll', async () => {
      const name = 'rated by a worker';
      await client
        .call(
          'PollActivityTaskQueue',
          {
            namespace: NAMESPACE,
            taskQueue: { name },
            identity: 'w',
            taskQueueMetadata: { maxTasksPerSecond: { value: 12.5 } },
          },
          { deadlineMs: 2_500 },
        )
        .catch(() => undefined);
      const { effectiveRateLimit } = await client.call('DescribeTaskQueue', activityQueue(name));
      expect(effectiveRateLimit).toMatchObject({
        requestsPerSecond: 12.5,
        rateLimitSource: Enums.RateLimitSource.RATE_LIMIT_SOURCE_WORKER,
      });
    });

    it.each([
      ['update_queue_rate_limit.rate_limit.requests_per_second', rate(-1)],
      ['update_queue_rate_limit.rate_limit.requests_per_second', rate(NaN)],
      ['update_queue_rate_limit.rate_limit.requests_per_second', rate(Infinity)],
      ['task_queue_type', { ...rate(1), taskQueueType: Enums.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW }],
      ['task_queue_type', { ...rate(1), taskQueueType: 0 }],
      ['task_queue', { ...rate(1), taskQueue: '' }],
      ['task_queue', { ...rate(1), taskQueue: 'x'.repeat(1_001) }],
      ['task_queue', { ...rate(1), taskQueue: 'a\nb' }],
    ])('refuse what is not sound, naming %s', async (field, request) => {
      const { message } = await client.refusal('UpdateTaskQueueConfig', update('refused', request));
      expect(message.startsWith(`${field}: `)).toBe(true);
    });

    it.each([NaN, -1, Infinity])('refuse a poll that asks for %s tasks a second', async (value) => {
      const { message } = await client.refusal('PollActivityTaskQueue', {
        namespace: NAMESPACE,
        taskQueue: { name: 'refused' },
        taskQueueMetadata: { maxTasksPerSecond: { value } },
      });
      expect(message).toMatch(/^task_queue_metadata.max_tasks_per_second: /);
    });
  });

  it.each([
    ['PollActivityTaskQueue', { taskQueue: { name: 'a\u0000' } }, 'task_queue.name'],
    ['PollWorkflowTaskQueue', { taskQueue: { name: 'a\u0000' } }, 'task_queue.name'],
    [
      'PollWorkflowTaskQueue',
      { taskQueue: { name: 's', kind: 2, normalName: 'a\n' } },
      'task_queue.normal_name',
    ],
    ['DescribeTaskQueue', { taskQueue: { name: 'a\u007f' } }, 'task_queue'],
    ['ShutdownWorker', { taskQueue: 'a\n', workerInstanceKey: 'k' }, 'task_queue'],
    ['ShutdownWorker', { stickyTaskQueue: 'x'.repeat(1_001) }, 'sticky_task_queue'],
  ] as const)('of %s must have sound names', async (method, request, field) => {
    const { message } = await client.refusal(method, { namespace: NAMESPACE, ...request });
    expect(message.startsWith(`${field}: `)).toBe(true);
  });
});
