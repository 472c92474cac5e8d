import { api } from '../proto.js';
import {
  CODE,
  closeExecution,
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

describe('queries', () => {
  it('are refused without a worker', async () => {
    const { execution } = await startExecution(client);
    expect(
      await client.refusal('QueryWorkflow', { namespace: NAMESPACE, execution, query: { queryType: 'q' } }),
    ).toMatchObject({
      code: CODE.FAILED_PRECONDITION,
      message: 'no poller seen for task queue recently, worker may be down',
    });
  });

  it('are rejected by the state of the execution', async () => {
    const run = await startExecution(client);
    await closeExecution(client, run);
    expect(
      await client.call('QueryWorkflow', {
        namespace: NAMESPACE,
        execution: run.execution,
        query: { queryType: 'q' },
        queryRejectCondition: Enums.QueryRejectCondition.QUERY_REJECT_CONDITION_NOT_OPEN,
      }),
    ).toMatchObject({
      queryRejected: { status: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED },
      queryResult: null,
    });
  });

  it.each([
    [
      'answered',
      {
        completedType: Enums.QueryResultType.QUERY_RESULT_TYPE_ANSWERED,
        queryResult: { payloads: [json(42)] },
      },
    ],
    [
      'failed',
      {
        completedType: Enums.QueryResultType.QUERY_RESULT_TYPE_FAILED,
        errorMessage: 'no',
        failure: { message: 'no', source: 'test' },
      },
    ],
  ])('are %s', async (outcome, answer) => {
    const run = await startExecution(client);
    await closeExecution(client, run);
    const asked = client
      .call('QueryWorkflow', {
        namespace: NAMESPACE,
        execution: run.execution,
        query: { queryType: 'q', queryArgs: { payloads: [json(1)] } },
      })
      .then(
        (response) => ({ response, error: undefined }),
        (error: unknown) => ({ response: undefined, error }),
      );
    const { taskToken, query } = await client.call('PollWorkflowTaskQueue', {
      namespace: NAMESPACE,
      taskQueue: { name: run.taskQueue },
      identity: 'worker',
    });
    expect(query).toMatchObject({ queryType: 'q', queryArgs: { payloads: [json(1)] } });
    await client.call('RespondQueryTaskCompleted', { namespace: NAMESPACE, taskToken, ...answer });
    const { response, error } = await asked;
    if (outcome === 'answered') expect(response?.queryResult).toMatchObject({ payloads: [json(42)] });
    else expect(error).toMatchObject({ code: CODE.INVALID_ARGUMENT, details: 'no' });
  });
});
