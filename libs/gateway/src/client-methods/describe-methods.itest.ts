import { api, toNumber } from '../proto.js';
import {
  CODE,
  closeExecution,
  decide,
  describeExecution,
  json,
  NAMESPACE,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const Enums = api.enums.v1;
const { WorkflowExecutionStatus } = api.enums.v1;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('describing', () => {
  it('tells of a running execution', async () => {
    const run = await startExecution(client, {
      memo: { fields: { note: json('urgent') } },
      workflowRunTimeout: { seconds: 60 as never },
      userMetadata: { details: json('# More') },
    });
    const described = await describeExecution(client, run);
    expect(described).toMatchObject({
      executionConfig: {
        taskQueue: { name: run.taskQueue, kind: 1 },
        userMetadata: { details: json('# More') },
      },
      workflowExecutionInfo: {
        execution: run.execution,
        type: { name: 'order' },
        status: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING,
        taskQueue: run.taskQueue,
        closeTime: null,
        firstRunId: run.runId,
        rootExecution: run.execution,
        memo: { fields: { note: json('urgent') } },
      },
      pendingWorkflowTask: { state: 1, attempt: 1, startedTime: null },
      workflowExtendedInfo: { cancelRequested: false },
    });
    const { executionConfig, workflowExecutionInfo, workflowExtendedInfo } = described;
    expect(toNumber(executionConfig?.workflowRunTimeout?.seconds)).toBe(60);
    expect(toNumber(executionConfig?.defaultWorkflowTaskTimeout?.seconds)).toBe(10);
    expect(toNumber(workflowExecutionInfo?.historyLength)).toBe(2);
    expect(
      toNumber(workflowExtendedInfo?.runExpirationTime?.seconds) -
        toNumber(workflowExecutionInfo?.startTime?.seconds),
    ).toBeGreaterThanOrEqual(60);
  });

  it('tells of pending activities', async () => {
    const run = await startExecution(client);
    await decide(client, run, {
      commandType: Enums.CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
      scheduleActivityTaskCommandAttributes: {
        activityId: '1',
        activityType: { name: 'charge' },
        taskQueue: { name: 'nobody' },
        startToCloseTimeout: { seconds: 60 as never },
        heartbeatTimeout: { seconds: 5 as never },
        retryPolicy: { maximumAttempts: 3 },
      },
    });
    const { pendingActivities } = await describeExecution(client, run);
    const options = pendingActivities?.[0]?.activityOptions;
    expect(toNumber(options?.startToCloseTimeout?.seconds)).toBe(60);
    expect(toNumber(options?.heartbeatTimeout?.seconds)).toBe(5);
    expect(pendingActivities).toMatchObject([
      {
        activityId: '1',
        activityType: { name: 'charge' },
        state: 1,
        attempt: 1,
        maximumAttempts: 3,
        expirationTime: null,
        lastStartedTime: null,
        activityOptions: { taskQueue: { name: 'nobody' } },
      },
    ]);
  });

  it('tells of a closed execution', async () => {
    const run = await startExecution(client);
    await closeExecution(client, run);
    const { workflowExecutionInfo, pendingWorkflowTask } = await describeExecution(client, run);
    expect(workflowExecutionInfo).toMatchObject({
      status: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED,
      closeTime: expect.anything() as object,
    });
    expect(pendingWorkflowTask).toBeNull();
  });

  it('ends when it is deleted', async () => {
    const run = await startExecution(client);
    await closeExecution(client, run);
    await client.call('DeleteWorkflowExecution', { namespace: NAMESPACE, workflowExecution: run.execution });
    expect(
      await client.refusal('DescribeWorkflowExecution', { namespace: NAMESPACE, execution: run.execution }),
    ).toMatchObject({ code: CODE.NOT_FOUND });
  });
});
