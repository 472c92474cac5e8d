import type { P, WorkflowMethod } from '../proto.js';
import {
  CODE,
  closeExecution,
  NAMESPACE,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestGateway } from '../test-gateway.fixture.js';

const UNKNOWN_RUN = '3d1b1f6e-3a24-4a9c-8d4e-3f3a0f0c1a11';

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('what is not there', () => {
  const missing: P.WorkflowExecution = { workflowId: 'never-started' };
  const CASES: readonly (readonly [WorkflowMethod, object])[] = [
    ['SignalWorkflowExecution', { workflowExecution: missing, signalName: 's' }],
    ['RequestCancelWorkflowExecution', { workflowExecution: missing }],
    ['TerminateWorkflowExecution', { workflowExecution: missing }],
    ['DeleteWorkflowExecution', { workflowExecution: missing }],
    ['DescribeWorkflowExecution', { execution: missing }],
    ['GetWorkflowExecutionHistory', { execution: missing }],
    ['GetWorkflowExecutionHistory', { execution: missing, waitNewEvent: true }],
    ['GetWorkflowExecutionHistory', { execution: missing, historyEventFilterType: 2, waitNewEvent: true }],
    ['GetWorkflowExecutionHistoryReverse', { execution: missing }],
    ['QueryWorkflow', { execution: missing, query: { queryType: 'q' } }],
  ];

  it.each(CASES)('%s %j is answered with NOT_FOUND', async (method, request) => {
    expect(await client.refusal(method, { namespace: NAMESPACE, ...request })).toMatchObject({
      code: CODE.NOT_FOUND,
      message: 'workflow execution not found for workflow ID "never-started"',
      details: [{ name: 'NotFoundFailure' }],
    });
  });

  it.each(CASES)('%s %j names a namespace that is not there', async (method, request) => {
    expect(await client.refusal(method, { namespace: 'nowhere', ...request })).toMatchObject({
      code: CODE.NOT_FOUND,
      message: 'Namespace nowhere is not found.',
      details: [{ name: 'NamespaceNotFoundFailure', fields: { namespace: 'nowhere' } }],
    });
  });

  it('names a run that is not there', async () => {
    const { workflowId } = await startExecution(client);
    const execution = { workflowId, runId: UNKNOWN_RUN };
    expect(
      await client.refusal('DescribeWorkflowExecution', { namespace: NAMESPACE, execution }),
    ).toMatchObject({ code: CODE.NOT_FOUND, message: expect.stringContaining(UNKNOWN_RUN) as string });
  });

  it.each(['SignalWorkflowExecution', 'TerminateWorkflowExecution'] as const)(
    '%s tells a closed execution from one that never was',
    async (method) => {
      const run = await startExecution(client);
      await closeExecution(client, run);
      expect(
        await client.refusal(method, {
          namespace: NAMESPACE,
          workflowExecution: { workflowId: run.workflowId },
          ...(method === 'SignalWorkflowExecution' && { signalName: 's' }),
        }),
      ).toMatchObject({
        code: CODE.NOT_FOUND,
        message: 'workflow execution already completed',
        details: [{ name: 'NotFoundFailure' }],
      });
    },
  );
});

describe('bad input', () => {
  const start = { workflowId: 'w', workflowType: { name: 't' }, taskQueue: { name: 'q' } };
  const execution = { workflowId: 'w' };
  const CASES: readonly (readonly [WorkflowMethod, object, string])[] = [
    ['StartWorkflowExecution', { ...start, namespace: '' }, 'namespace: '],
    ['StartWorkflowExecution', { ...start, namespace: 'no spaces' }, 'namespace: '],
    ['StartWorkflowExecution', { ...start, workflowId: '' }, 'workflow_id: must be set'],
    ['StartWorkflowExecution', { ...start, workflowId: 'x'.repeat(1_001) }, 'workflow_id: must have at most'],
    ['StartWorkflowExecution', { ...start, workflowType: {} }, 'workflow_type.name: must be set'],
    ['StartWorkflowExecution', { ...start, workflowType: null }, 'workflow_type.name: must be set'],
    ['StartWorkflowExecution', { ...start, taskQueue: {} }, 'task_queue.name: must be set'],
    ['StartWorkflowExecution', { ...start, requestId: 'x'.repeat(1_001) }, 'request_id: '],
    ['StartWorkflowExecution', { ...start, workflowRunTimeout: { seconds: -1 } }, 'workflow_run_timeout'],
    [
      'StartWorkflowExecution',
      { ...start, workflowIdReusePolicy: 4, workflowIdConflictPolicy: 1 },
      'workflow_id_conflict_policy: ',
    ],
    [
      'StartWorkflowExecution',
      { ...start, input: { payloads: [{ data: Buffer.alloc(2 * 1024 * 1024 + 1) }] } },
      'input: has',
    ],
    ['SignalWithStartWorkflowExecution', start, 'signal_name: must be set'],
    [
      'SignalWorkflowExecution',
      { workflowExecution: {}, signalName: 's' },
      'workflow_execution.workflow_id: ',
    ],
    ['SignalWorkflowExecution', { workflowExecution: execution }, 'signal_name: must be set'],
    ['RequestCancelWorkflowExecution', {}, 'workflow_execution.workflow_id: must be set'],
    [
      'TerminateWorkflowExecution',
      { workflowExecution: { ...execution, runId: 'x' } },
      'run_id: must be a UUID',
    ],
    ['DescribeWorkflowExecution', {}, 'execution.workflow_id: must be set'],
    ['DescribeWorkflowExecution', { execution: { ...execution, runId: 'x' } }, 'run_id: must be a UUID'],
    ['GetWorkflowExecutionHistory', { execution, maximumPageSize: -1 }, 'maximum_page_size: '],
    [
      'GetWorkflowExecutionHistory',
      { execution, nextPageToken: Buffer.from('no') },
      'Invalid NextPageToken.',
    ],
    ['QueryWorkflow', { execution }, 'query.query_type: must be set'],
    ['ListWorkflowExecutions', { pageSize: 1_001 }, 'page_size: '],
    ['ListWorkflowExecutions', { nextPageToken: Buffer.from('no') }, 'page_token: '],
    ['ListWorkflowExecutions', { query: 'WorkflowType = ' }, 'query: '],
    ['ListWorkflowExecutions', { query: "Nonsense = 'x'" }, 'query: '],
    ['CountWorkflowExecutions', { query: "StartTime > 'yesterday'" }, 'query: '],
    ['DescribeTaskQueue', { taskQueue: {} }, 'task_queue.name: must be set'],
    ['RegisterNamespace', { namespace: '-x' }, 'name: must start with'],
  ];

  it.each(CASES)('%s %j is refused with the name of the field', async (method, request, message) => {
    const refusal = await client.refusal(method, { namespace: NAMESPACE, ...request });
    expect(refusal.message).toContain(message);
    expect(refusal.code).toBe(CODE.INVALID_ARGUMENT);
  });

  it.each([
    ['cron_schedule', { cronSchedule: '* * * * *' }],
    ['retry_policy', { retryPolicy: { maximumAttempts: 2 } }],
    ['workflow_start_delay', { workflowStartDelay: { seconds: 1 as never } }],
    ['completion_callbacks', { completionCallbacks: [{ nexus: { url: 'http://x' } }] }],
  ])('StartWorkflowExecution says that it does not support %s', async (field, more) => {
    const request = { namespace: NAMESPACE, ...start, ...more };
    expect(await client.refusal('StartWorkflowExecution', request)).toMatchObject({
      code: CODE.UNIMPLEMENTED,
      message: `${field}: is not supported`,
    });
  });
});
