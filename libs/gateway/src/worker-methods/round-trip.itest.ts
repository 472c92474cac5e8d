import {
  NAMESPACE,
  TestDeployment,
  WORKER,
  activity,
  finish,
  payloads,
  valueOf,
} from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

describe.each([1, 4])('a workflow from start to end, with %i partition(s)', (partitions) => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;
  let other: WorkerGateway;

  beforeAll(async () => {
    deployment = await TestDeployment.start({ partitions });
    gateway = await deployment.open('api-1');
    other = await deployment.open('api-2');
  });
  afterAll(() => deployment.stop());

  it('is polled, decided, its activity done, and completed, by whichever process', async () => {
    const waiting = gateway.pollWorkflow('orders');
    const { workflowId, runId } = await gateway.start({ taskQueue: 'orders' });
    const first = await waiting;
    expect(first).toMatchObject({
      workflowExecution: { workflowId, runId },
      workflowType: { name: 'order' },
      workflowExecutionTaskQueue: { name: 'orders', kind: 1 },
      attempt: 1,
    });
    expect(first.previousStartedEventId.toNumber()).toBe(0);
    expect(first.startedEventId.toNumber()).toBe(3);
    expect(first.history.events?.map(({ eventId }) => eventId?.toNumber())).toEqual([1, 2, 3]);
    expect(first.history.events?.[2]?.workflowTaskStartedEventAttributes?.identity).toBe(WORKER);
    expect(first.nextPageToken).toHaveLength(0);

    // Another process takes the report.
    await other.complete(first, { commands: [activity('a1', { input: payloads('one', 2) })] });
    const task = await other.pollActivity('orders');
    expect(task).toMatchObject({
      activityId: 'a1',
      activityType: { name: 'charge' },
      workflowType: { name: 'order' },
      workflowExecution: { workflowId, runId },
      workflowNamespace: NAMESPACE,
      attempt: 1,
    });
    expect(valueOf(task.input)).toBe('one');
    await gateway.call('RespondActivityTaskCompleted', {
      namespace: NAMESPACE,
      taskToken: task.taskToken,
      result: payloads('charged'),
      identity: WORKER,
    });
    const second = await gateway.pollWorkflow('orders');
    expect(second.previousStartedEventId.toNumber()).toBe(3);
    expect(second.history.events).toHaveLength(9);
    await gateway.complete(second, { commands: [finish('shipped')] });
    expect(await gateway.story(workflowId)).toEqual([
      'Started',
      'WT Scheduled',
      'WT Started',
      'WT Completed',
      'AT Scheduled',
      'AT Started',
      'AT Completed',
      'WT Scheduled',
      'WT Started',
      'WT Completed',
      'Completed',
    ]);
  });
});
