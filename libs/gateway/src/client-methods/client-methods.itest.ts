import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { api, toNumber } from '../proto.js';
import type { P, RequestOf, WorkflowMethod } from '../proto.js';
import {
  CODE,
  completion,
  decide,
  json,
  NAMESPACE,
  startExecution,
  startTestGateway,
} from '../test-gateway.fixture.js';
import type { TestClient, TestExecution, TestGateway } from '../test-gateway.fixture.js';

const Enums = api.enums.v1;
const { EventType, WorkflowExecutionStatus } = Enums;
const UNKNOWN_RUN = '3d1b1f6e-3a24-4a9c-8d4e-3f3a0f0c1a11';
const USE_EXISTING = Enums.WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
const REJECT_DUPLICATE = Enums.WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;
const CLOSE_EVENT = Enums.HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT;

let test: TestGateway;
let client: TestClient;

beforeAll(async () => {
  test = await startTestGateway();
  ({ client } = test);
});
afterAll(() => test.stop());

function history(execution: P.WorkflowExecution, more: RequestOf<'GetWorkflowExecutionHistory'> = {}) {
  return client.call('GetWorkflowExecutionHistory', { namespace: NAMESPACE, execution, ...more });
}

async function events(execution: P.WorkflowExecution): Promise<readonly P.HistoryEvent[]> {
  return (await history(execution)).history?.events ?? [];
}

async function describeExecution({ execution }: TestExecution) {
  return client.call('DescribeWorkflowExecution', { namespace: NAMESPACE, execution });
}

async function close(execution: TestExecution): Promise<void> {
  await decide(client, execution, completion());
}

describe('the system', () => {
  it('tells its version and what it can do', async () => {
    const { serverVersion, capabilities } = await client.call('GetSystemInfo', {});
    expect(serverVersion).toBe('1.2.3');
    expect(capabilities).toMatchObject({ sdkMetadata: true, eagerWorkflowStart: true, upsertMemo: true });
    expect(capabilities?.supportsSchedules).toBe(false);
    expect(await client.call('GetClusterInfo', {})).toMatchObject({
      serverVersion: '1.2.3',
      persistenceStore: 'redis',
      historyShardCount: 1,
    });
  });

  it('tells what executions can be found by', async () => {
    const { systemAttributes } = await client.operator('ListSearchAttributes', { namespace: NAMESPACE });
    expect(systemAttributes).toMatchObject({ WorkflowType: 2, StartTime: 6 });
    expect((await client.call('GetSearchAttributes', {})).keys).toEqual(systemAttributes);
    expect((await client.operator('ListClusters', {})).clusters).toHaveLength(1);
  });
});

describe('namespaces', () => {
  it('are registered, described by name and by id, updated and listed', async () => {
    const namespace = `ns-${randomUUID()}`;
    await client.call('RegisterNamespace', {
      namespace,
      description: 'a test',
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    const described = await client.call('DescribeNamespace', { namespace });
    expect(described).toMatchObject({
      namespaceInfo: { name: namespace, description: 'a test', state: 1 },
      config: { workflowExecutionRetentionTtl: { nanos: 0 } },
    });
    expect(toNumber(described.namespaceInfo?.limits?.blobSizeLimitError)).toBe(2 * 1024 * 1024);
    const { id } = described.namespaceInfo ?? {};
    expect((await client.call('DescribeNamespace', { id: id ?? '' })).namespaceInfo?.name).toBe(namespace);
    const updated = await client.call('UpdateNamespace', {
      namespace,
      updateInfo: { description: 'changed' },
      config: { workflowExecutionRetentionTtl: { seconds: 172_800 as never } },
    });
    expect(updated.namespaceInfo?.description).toBe('changed');
    expect(toNumber(updated.config?.workflowExecutionRetentionTtl?.seconds)).toBe(172_800);
    const names: unknown[] = [];
    let nextPageToken: Uint8Array | null = new Uint8Array(0);
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(nextPageToken);
      names.push(...(page.namespaces ?? []).map(({ namespaceInfo }) => namespaceInfo?.name));
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
    expect(names).toEqual(expect.arrayContaining([NAMESPACE, namespace]));

    function list(token: Uint8Array | null) {
      return client.call('ListNamespaces', { pageSize: 1, nextPageToken: token });
    }
  });

  it('cannot be registered twice', async () => {
    expect(await client.refusal('RegisterNamespace', { namespace: NAMESPACE })).toMatchObject({
      code: CODE.ALREADY_EXISTS,
      details: [{ name: 'NamespaceAlreadyExistsFailure' }],
    });
  });

  it.each([{ namespace: 'never-registered' }, { id: UNKNOWN_RUN }])('are not found: %j', async (request) => {
    expect(await client.refusal('DescribeNamespace', request)).toMatchObject({
      code: CODE.NOT_FOUND,
      details: [{ name: 'NamespaceNotFoundFailure' }],
    });
  });
});

describe('starting', () => {
  it('writes what it was asked with into the first event', async () => {
    const { execution, workflowId, runId, taskQueue } = await startExecution(client, {
      input: { payloads: [json({ id: 7 })] },
      memo: { fields: { note: json('urgent') } },
      searchAttributes: { indexedFields: { Customer: json('c1') } },
      header: { fields: { trace: json('t') } },
      workflowRunTimeout: { seconds: 3_600 as never },
      workflowTaskTimeout: { seconds: 5 as never },
      identity: 'tester',
      userMetadata: { summary: json('what it is for') },
    });
    const [started, scheduled, ...rest] = await events(execution);
    expect(started).toMatchObject({
      eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
      userMetadata: { summary: json('what it is for') },
      workflowExecutionStartedEventAttributes: {
        workflowId,
        workflowType: { name: 'order' },
        taskQueue: { name: taskQueue, kind: 1 },
        input: { payloads: [json({ id: 7 })] },
        memo: { fields: { note: json('urgent') } },
        searchAttributes: { indexedFields: { Customer: json('c1') } },
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
    const [started] = await events(execution);
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
    expect((await events(first.execution)).at(-1)?.eventType).toBe(
      EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    );
  });

  it('follows the reuse policy when the last run is closed', async () => {
    const first = await startExecution(client);
    await close(first);
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
    const [started] = await events({ workflowId, runId });
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

describe('signals', () => {
  it('are delivered once for one request id', async () => {
    const { execution } = await startExecution(client);
    const signal = {
      namespace: NAMESPACE,
      workflowExecution: execution,
      signalName: 'approve',
      input: { payloads: [json(true)] },
      header: { fields: { trace: json('t') } },
      identity: 'boss',
      requestId: randomUUID(),
    };
    await client.call('SignalWorkflowExecution', signal);
    await client.call('SignalWorkflowExecution', signal);
    const [signaled, ...rest] = (await events(execution)).slice(2);
    expect(signaled?.workflowExecutionSignaledEventAttributes).toMatchObject({
      signalName: 'approve',
      input: { payloads: [json(true)] },
      header: { fields: { trace: json('t') } },
      identity: 'boss',
    });
    expect(rest).toEqual([]);
  });

  it('start an execution that is not running, and reach one that is', async () => {
    const request = {
      namespace: NAMESPACE,
      workflowId: randomUUID(),
      workflowType: { name: 'order' },
      taskQueue: { name: randomUUID() },
      signalName: 'approve',
      signalInput: { payloads: [json(1)] },
    };
    const first = await client.call('SignalWithStartWorkflowExecution', request);
    expect(first.started).toBe(true);
    const second = await client.call('SignalWithStartWorkflowExecution', request);
    expect(second).toMatchObject({ runId: first.runId, started: false });
    const types = (await events({ workflowId: request.workflowId })).map(({ eventType }) => eventType);
    expect(types.filter((type) => type === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)).toHaveLength(2);
  });
});

describe('cancelling and terminating', () => {
  it('asks once, and does nothing when it is closed', async () => {
    const run = await startExecution(client);
    const request = {
      namespace: NAMESPACE,
      workflowExecution: { workflowId: run.workflowId },
      firstExecutionRunId: run.runId,
      reason: 'changed my mind',
    };
    await client.call('RequestCancelWorkflowExecution', request);
    await client.call('RequestCancelWorkflowExecution', request);
    expect((await describeExecution(run)).workflowExtendedInfo?.cancelRequested).toBe(true);
    const asked = (await events(run.execution)).slice(2);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.workflowExecutionCancelRequestedEventAttributes?.cause).toBe('changed my mind');
    await close(run);
    await client.call('RequestCancelWorkflowExecution', request);
  });

  it('ends it', async () => {
    const run = await startExecution(client);
    await client.call('TerminateWorkflowExecution', {
      namespace: NAMESPACE,
      workflowExecution: { workflowId: run.workflowId },
      firstExecutionRunId: run.runId,
      reason: 'enough',
      details: { payloads: [json(1)] },
      identity: 'boss',
    });
    expect((await events(run.execution)).at(-1)?.workflowExecutionTerminatedEventAttributes).toMatchObject({
      reason: 'enough',
      details: { payloads: [json(1)] },
      identity: 'boss',
    });
  });
});

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
      await close(run);
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

describe('histories', () => {
  async function signalled(signals: number): Promise<TestExecution> {
    const run = await startExecution(client);
    for (let i = 0; i < signals; i++) {
      await client.call('SignalWorkflowExecution', {
        namespace: NAMESPACE,
        workflowExecution: run.execution,
        signalName: `s${i}`,
      });
    }
    return run;
  }

  it('are read page by page, whatever the size of a page, and end without an empty page', async () => {
    const { execution } = await signalled(4);
    for (const maximumPageSize of [1, 2, 3, 5, 6, 7]) {
      const ids: number[] = [];
      let nextPageToken: Uint8Array | null = new Uint8Array(0);
      do {
        const page: Awaited<ReturnType<typeof history>> = await history(execution, {
          maximumPageSize,
          nextPageToken,
        });
        expect(page.history?.events?.length).toBeGreaterThan(0);
        ids.push(...(page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
        ({ nextPageToken } = page);
      } while (nextPageToken?.length);
      expect(ids).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('are read backwards', async () => {
    const { execution } = await signalled(3);
    const ids: number[] = [];
    let nextPageToken: Uint8Array | null = new Uint8Array(0);
    do {
      const page: Awaited<ReturnType<typeof backwards>> = await backwards(nextPageToken);
      ids.push(...(page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
    expect(ids).toEqual([5, 4, 3, 2, 1]);

    function backwards(token: Uint8Array | null) {
      return client.call('GetWorkflowExecutionHistoryReverse', {
        namespace: NAMESPACE,
        execution,
        maximumPageSize: 2,
        nextPageToken: token,
      });
    }
  });

  it('are cut into pages that clients accept', async () => {
    const run = await startExecution(client);
    const large = { payloads: [{ data: Buffer.alloc(1_000_000) }] };
    for (let i = 0; i < 5; i++) {
      const signal = { workflowExecution: run.execution, signalName: 's', input: large };
      await client.call('SignalWorkflowExecution', { namespace: NAMESPACE, ...signal });
    }
    for (const method of ['GetWorkflowExecutionHistory', 'GetWorkflowExecutionHistoryReverse'] as const) {
      const pages: number[][] = [];
      let nextPageToken: Uint8Array | null = new Uint8Array(0);
      do {
        const page: Pick<
          Awaited<ReturnType<typeof history>>,
          'history' | 'nextPageToken'
        > = await client.call(method, {
          namespace: NAMESPACE,
          execution: run.execution,
          nextPageToken,
        });
        pages.push((page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
        ({ nextPageToken } = page);
      } while (nextPageToken?.length);
      expect(pages.length).toBeGreaterThan(2);
      expect(pages.flat().sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    }
  });

  it('are followed while they grow, to their end', async () => {
    const run = await startExecution(client);
    const first = await history(run.execution, { waitNewEvent: true });
    expect(first.history?.events).toHaveLength(2);
    const waiting = history(run.execution, { waitNewEvent: true, nextPageToken: first.nextPageToken });
    await client.call('SignalWorkflowExecution', {
      namespace: NAMESPACE,
      workflowExecution: run.execution,
      signalName: 's',
    });
    const second = await waiting;
    expect(second.history?.events).toMatchObject([
      { workflowExecutionSignaledEventAttributes: { signalName: 's' } },
    ]);
    await close(run);
    let page = second;
    const ids: number[] = [];
    while (page.nextPageToken?.length) {
      page = await history(run.execution, { waitNewEvent: true, nextPageToken: page.nextPageToken });
      ids.push(...(page.history?.events ?? []).map(({ eventId }) => toNumber(eventId)));
    }
    expect(ids).toEqual([4, 5, 6]);
  });

  it('give their close event alone, as soon as it is there, under a token that stays good', async () => {
    const run = await startExecution(client);
    const closeEvent = { historyEventFilterType: CLOSE_EVENT, waitNewEvent: true };
    const early = await client.call(
      'GetWorkflowExecutionHistory',
      { namespace: NAMESPACE, execution: { workflowId: run.workflowId }, ...closeEvent },
      { deadlineMs: 2_000 },
    );
    expect(early.history?.events).toEqual([]);
    expect(early.nextPageToken?.length).toBeGreaterThan(0);
    const token = { nextPageToken: early.nextPageToken };
    const waiting = history(run.execution, { ...closeEvent, ...token });
    await close(run);
    const closed = await waiting;
    for (const page of [closed, await history(run.execution, { ...closeEvent, ...token })]) {
      expect(page.history?.events).toMatchObject([
        {
          eventType: EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
          workflowExecutionCompletedEventAttributes: { result: { payloads: [json(true)] } },
        },
      ]);
      expect(page.nextPageToken).toHaveLength(0);
    }
  });

  it('have no close event while they grow, and no token to whoever does not wait', async () => {
    const { execution } = await startExecution(client);
    const page = await history(execution, { historyEventFilterType: CLOSE_EVENT });
    expect(page.history?.events).toEqual([]);
    expect(page.nextPageToken).toHaveLength(0);
  });

  it('go on with the run that they began with', async () => {
    const first = await signalled(1);
    const { nextPageToken } = await history(
      { workflowId: first.workflowId },
      { maximumPageSize: 1, waitNewEvent: true },
    );
    await close(first);
    const second = await startExecution(client, { workflowId: first.workflowId });
    const { history: rest } = await history({ workflowId: first.workflowId }, { nextPageToken });
    expect(rest?.events?.length).toBeGreaterThan(1);
    expect(
      await client.refusal('GetWorkflowExecutionHistory', {
        namespace: NAMESPACE,
        execution: second.execution,
        nextPageToken,
      }),
    ).toMatchObject({ code: CODE.INVALID_ARGUMENT });
  });
});

describe('describing', () => {
  it('tells of a running execution', async () => {
    const run = await startExecution(client, {
      memo: { fields: { note: json('urgent') } },
      workflowRunTimeout: { seconds: 60 as never },
      userMetadata: { details: json('# More') },
    });
    const described = await describeExecution(run);
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
    const { pendingActivities } = await describeExecution(run);
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
    await close(run);
    const { workflowExecutionInfo, pendingWorkflowTask } = await describeExecution(run);
    expect(workflowExecutionInfo).toMatchObject({
      status: WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED,
      closeTime: expect.anything() as object,
    });
    expect(pendingWorkflowTask).toBeNull();
  });

  it('ends when it is deleted', async () => {
    const run = await startExecution(client);
    await close(run);
    await client.call('DeleteWorkflowExecution', { namespace: NAMESPACE, workflowExecution: run.execution });
    expect(
      await client.refusal('DescribeWorkflowExecution', { namespace: NAMESPACE, execution: run.execution }),
    ).toMatchObject({ code: CODE.NOT_FOUND });
  });
});

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
    await close(run);
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
    await close(run);
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

describe('lists', () => {
  it('are filtered, paged and counted', async () => {
    const type = `type-${randomUUID()}`;
    const runs: TestExecution[] = [];
    for (let i = 0; i < 3; i++) runs.push(await startExecution(client, { workflowType: { name: type } }));
    const [first] = runs;
    if (first) await close(first);
    const query = `WorkflowType = '${type}'`;
    const found: unknown[] = [];
    let nextPageToken: Uint8Array | null = new Uint8Array(0);
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(nextPageToken);
      found.push(...(page.executions ?? []).map(({ execution }) => execution?.runId));
      ({ nextPageToken } = page);
    } while (nextPageToken?.length);
    expect(found.sort()).toEqual(runs.map(({ runId }) => runId).sort());
    expect(
      toNumber((await client.call('CountWorkflowExecutions', { namespace: NAMESPACE, query })).count),
    ).toBe(3);
    const { groups } = await client.call('CountWorkflowExecutions', {
      namespace: NAMESPACE,
      query: `${query} GROUP BY ExecutionStatus`,
    });
    expect(
      groups?.map(({ groupValues, count }) => [
        Buffer.from(groupValues?.[0]?.data ?? []).toString(),
        toNumber(count),
      ]),
    ).toEqual([
      ['"Running"', 2],
      ['"Completed"', 1],
    ]);

    const filters = { namespace: NAMESPACE, typeFilter: { name: type } };
    const open = await client.call('ListOpenWorkflowExecutions', filters);
    expect(open.executions).toHaveLength(2);
    const closed = await client.call('ListClosedWorkflowExecutions', filters);
    expect(closed.executions).toMatchObject([{ execution: first?.execution, status: 2 }]);
    const scanned = await client.call('ScanWorkflowExecutions', { namespace: NAMESPACE, query });
    expect(scanned.executions).toHaveLength(3);

    function list(token: Uint8Array | null) {
      return client.call('ListWorkflowExecutions', {
        namespace: NAMESPACE,
        query,
        pageSize: 2,
        nextPageToken: token,
      });
    }
  });
});

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
    await close(run);
    await waitUntil(async () => ((await describeQueue()).pollers?.length ?? 0) > 0, {
      what: 'the poller to be known',
    });
  });
});
