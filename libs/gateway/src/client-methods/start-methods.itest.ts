import { randomUUID } from 'node:crypto';
import { api, toNumber } from '../proto.js';
import type { RequestOf } from '../proto.js';
import {
  CODE,
  closeExecution,
  completion,
  json,
  NAMESPACE,
  readEvents,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestExecution, TestGateway } from '../test-gateway.fixture.js';

const { EventType } = api.enums.v1;
const USE_EXISTING = api.enums.v1.WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
const REJECT_DUPLICATE = api.enums.v1.WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

describe('starting', () => {
  it('writes what it was asked with into the first event', async () => {
    const { execution, workflowId, runId, taskQueue } = await startExecution(client, {
      input: { payloads: [json({ id: 7 })] },
      memo: { fields: { note: json('urgent') } },
      searchAttributes: { indexedFields: { BatcherUser: json('c1') } },
      header: { fields: { trace: json('t') } },
      workflowRunTimeout: { seconds: 3_600 as never },
      workflowTaskTimeout: { seconds: 5 as never },
      identity: 'tester',
      userMetadata: { summary: json('what it is for') },
    });
    const [started, scheduled, ...rest] = await readEvents(client, execution);
    expect(started).toMatchObject({
      eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
      userMetadata: { summary: json('what it is for') },
      workflowExecutionStartedEventAttributes: {
        workflowId,
        workflowType: { name: 'order' },
        taskQueue: { name: taskQueue, kind: 1 },
        input: { payloads: [json({ id: 7 })] },
        memo: { fields: { note: json('urgent') } },
        searchAttributes: {
          indexedFields: {
            BatcherUser: {
              ...json('c1'),
              metadata: { ...json('c1').metadata, type: Buffer.from('Keyword') },
            },
          },
        },
        header: { fields: { trace: json('t') } },
        identity: 'tester',
        firstExecutionRunId: runId,
        originalExecutionRunId: runId,
        attempt: 1,
      },
    });
    expect(scheduled).toMatchObject({
      eventType: EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
      workflowTaskScheduledEventAttributes: { taskQueue: { name: taskQueue }, attempt: 1 },
    });
    const timeout = scheduled?.workflowTaskScheduledEventAttributes?.startToCloseTimeout;
    expect(toNumber(timeout?.seconds)).toBe(5);
    expect(rest).toEqual([]);
  });

  it('cuts a workflow task timeout that is too long', async () => {
    const { execution } = await startExecution(client, { workflowTaskTimeout: { seconds: 3_600 as never } });
    const [started] = await readEvents(client, execution);
    const { workflowTaskTimeout } = started?.workflowExecutionStartedEventAttributes ?? {};
    expect(toNumber(workflowTaskTimeout?.seconds)).toBe(120);
  });

  it('is done once for one request id', async () => {
    const requestId = randomUUID();
    const first = await startExecution(client, { requestId });
    const again = await client.call('StartWorkflowExecution', startOf(first, { requestId }));
    expect(again).toMatchObject({ runId: first.runId, started: true });
  });

  it('is refused while the id is in use, with the run that stands in the way', async () => {
    const requestId = randomUUID();
    const first = await startExecution(client, { requestId });
    expect(await client.refusal('StartWorkflowExecution', startOf(first))).toMatchObject({
      code: CODE.ALREADY_EXISTS,
      details: [
        {
          name: 'WorkflowExecutionAlreadyStartedFailure',
          fields: { startRequestId: requestId, runId: first.runId, firstExecutionRunId: first.runId },
        },
      ],
    });
  });

  it('may use the running execution', async () => {
    const first = await startExecution(client);
    expect(
      await client.call('StartWorkflowExecution', startOf(first, { workflowIdConflictPolicy: USE_EXISTING })),
    ).toMatchObject({ runId: first.runId, started: false });
  });

  it.each([
    ['the conflict policy', { workflowIdConflictPolicy: 3 as const }],
    ['the reuse policy of old', { workflowIdReusePolicy: 4 as const }],
  ])('may terminate the running execution, by %s', async (_name, policy) => {
    const first = await startExecution(client);
    const second = await client.call('StartWorkflowExecution', startOf(first, policy));
    expect(second.started).toBe(true);
    expect(second.runId).not.toBe(first.runId);
    expect((await readEvents(client, first.execution)).at(-1)?.eventType).toBe(
      EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    );
  });

  it('follows the reuse policy when the last run is closed', async () => {
    const first = await startExecution(client);
    await closeExecution(client, first);
    expect(
      await client.refusal(
        'StartWorkflowExecution',
        startOf(first, { workflowIdReusePolicy: REJECT_DUPLICATE }),
      ),
    ).toMatchObject({ code: CODE.ALREADY_EXISTS });
    expect((await client.call('StartWorkflowExecution', startOf(first))).started).toBe(true);
  });

  it('brings the first workflow task when the caller is a worker', async () => {
    const workflowId = randomUUID();
    const { runId, eagerWorkflowTask } = await client.call('StartWorkflowExecution', {
      namespace: NAMESPACE,
      workflowId,
      workflowType: { name: 'order' },
      taskQueue: { name: randomUUID() },
      requestEagerExecution: true,
    });
    expect(eagerWorkflowTask).toMatchObject({
      workflowExecution: { workflowId, runId },
      workflowType: { name: 'order' },
      attempt: 1,
    });
    expect(eagerWorkflowTask?.history?.events).toHaveLength(3);
    await client.call('RespondWorkflowTaskCompleted', {
      namespace: NAMESPACE,
      taskToken: eagerWorkflowTask?.taskToken ?? null,
      commands: [completion()],
    });
    const [started] = await readEvents(client, { workflowId, runId });
    expect(started?.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted).toBe(true);
  });

  function startOf(
    { workflowId, taskQueue }: TestExecution,
    more: RequestOf<'StartWorkflowExecution'> = {},
  ): RequestOf<'StartWorkflowExecution'> {
    return {
      namespace: NAMESPACE,
      workflowId,
      workflowType: { name: 'order' },
      taskQueue: { name: taskQueue },
      requestId: randomUUID(),
      ...more,
    };
  }
});
