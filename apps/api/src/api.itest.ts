import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { waitUntil } from '@tidewheel/testing';
import type { HttpAnswer, HttpClient } from './http-client.fixture.js';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

type Started = RouteAnswer<typeof ROUTES.startWorkflow>;
type History = RouteAnswer<typeof ROUTES.getHistory>;
type List = RouteAnswer<typeof ROUTES.listWorkflows>;

const NAMESPACES = '/api/v1/namespaces';
const WORKFLOWS = `${NAMESPACES}/default/workflows`;
const START = { workflowType: 'order', taskQueue: 'orders' };

let api: RunningApi;
let http: HttpClient;
let ids = 0;

beforeAll(async () => {
  api = await startRunningApi();
  http = api.http;
});
afterAll(() => api.stop());

/** Path of an execution that no other test uses. */
function newPath(): string {
  ids += 1;
  return `${WORKFLOWS}/workflow-${ids}`;
}

async function start(path: string, more: object = {}): Promise<Started> {
  const answer = await http.post(path, { ...START, ...more });
  expect(answer.status).toBe(200);
  return answer.json as Started;
}

async function history(path: string, query = ''): Promise<History> {
  return (await http.get(`${path}/history${query}`)).json as History;
}

async function eventTypes(path: string): Promise<string[]> {
  return (await history(path)).events.map(({ eventType }) => eventType);
}

function expectProblem(answer: HttpAnswer, status: number, code: string, field?: string): void {
  expect(answer).toMatchObject({ status, problem: { code, ...(field !== undefined && { field }) } });
}

describe('an execution', () => {
  it('is started, described, listed, signalled, asked to cancel, terminated, and tells its result and history', async () => {
    const path = newPath();
    await http.post('/api/v1/namespaces/default/search-attributes', {
      searchAttributes: { customer: 'Keyword' },
    });
    const { runId, started } = await start(path, {
      input: [{ id: 7 }, null, 'é'],
      memo: { note: 'urgent' },
      searchAttributes: { customer: 'c1' },
      workflowRunTimeout: '1h',
      workflowTaskTimeout: '5s',
      identity: 'tester',
    });
    expect(started).toBe(true);

    expect((await http.get(path)).json).toMatchObject({
      execution: { runId },
      ...START,
      status: 'RUNNING',
      workflowTaskTimeout: '5s',
      memo: { note: 'urgent' },
      searchAttributes: { customer: 'c1' },
      cancelRequested: false,
      pendingWorkflowTask: { state: 'SCHEDULED', attempt: 1 },
    });

    expect((await http.post(`${path}/signal/approve`, { input: [true], identity: 'boss' })).json).toEqual({});
    expect((await http.post(`${path}/cancel`, { reason: 'changed my mind' })).json).toEqual({});
    expect((await http.get(path)).json).toMatchObject({ cancelRequested: true });
    expect((await http.get(`${path}/result?wait=0s`)).json).toEqual({ runId, status: 'RUNNING' });

    expect((await http.post(`${path}/terminate`, { reason: 'enough', details: [1] })).json).toEqual({});
    expect((await http.get(`${path}/result`)).json).toEqual({
      runId,
      status: 'TERMINATED',
      reason: 'enough',
      details: [1],
    });

    const page = await history(path, `?runId=${runId}`);
    expect(page).toMatchObject({ runId, status: 'TERMINATED' });
    expect(page.nextEventId).toBeUndefined();
    expect(page.events.map(({ eventId }) => eventId)).toEqual([1, 2, 3, 4, 5]);
    expect(page.events[0]?.attributes).toMatchObject({
      input: [{ id: 7 }, null, 'é'],
      workflowRunTimeout: '3600s',
    });
    expect(page.events[2]).toMatchObject({
      eventType: 'WorkflowExecutionSignaled',
      attributes: { signalName: 'approve', input: [true], identity: 'boss' },
    });
    expect(page.events[3]).toMatchObject({
      eventType: 'WorkflowExecutionCancelRequested',
      attributes: { cause: 'changed my mind' },
    });
    expect(page.events[4]).toMatchObject({ eventType: 'WorkflowExecutionTerminated' });

    const listed = (
      await http.get(`${WORKFLOWS}?status=TERMINATED&workflowId=${path.split('/').at(-1) ?? ''}`)
    ).json;
    expect((listed as List).executions).toMatchObject([{ execution: { runId }, status: 'TERMINATED' }]);
  });

  it.each([
    ['a/b/c', 'a/b/c'],
    ['ü 漢字 🙂', 'ü 漢字 🙂'],
    ['?a=b&c#d', '?a=b&c#d'],
    ['..', '..'],
    ['%2F', '%2F'],
    ['1000 letters', 'x'.repeat(1_000)],
    ['1000 signs of three bytes', '漢'.repeat(1_000)],
    [':namespace', ':namespace'],
    ['*', '*'],
  ])('may be called %s', async (_name, workflowId) => {
    const path = `${WORKFLOWS}/${encodeURIComponent(workflowId)}`;
    const { runId } = await start(path);
    expect((await http.get(path)).json).toMatchObject({ execution: { workflowId, runId } });
    const signalled = await http.post(`${path}/signal/${encodeURIComponent('漢'.repeat(1_000))}`);
    expect(signalled.status).toBe(200);
    expect((await http.post(`${path}/terminate`)).status).toBe(200);
  });

  it('starts once, however often the request is repeated', async () => {
    const path = newPath();
    const first = await start(path, { requestId: 'request-1' });
    expect(await start(path, { requestId: 'request-1' })).toEqual(first);
    expectProblem(
      await http.post(path, { ...START, requestId: 'request-2' }),
      409,
      'WORKFLOW_ALREADY_STARTED',
    );
    expect(await eventTypes(path)).toEqual(['WorkflowExecutionStarted', 'WorkflowTaskScheduled']);
  });

  it('receives a signal once, however often the request is repeated', async () => {
    const path = newPath();
    await start(path);
    for (let i = 0; i < 3; i++) await http.post(`${path}/signal/go`, { requestId: 'signal-1' });
    expect((await eventTypes(path)).filter((type) => type === 'WorkflowExecutionSignaled')).toHaveLength(1);
  });

  it('is signalled, and started for it if need be, in one request', async () => {
    const path = newPath();
    const send = (more: object = {}) => http.post(`${path}/signal-with-start/approve`, { ...START, ...more });
    const first = (await send({ signalInput: [1], requestId: 'a', input: [7] })).json as Started;
    expect(first).toMatchObject({ started: true });
    expect((await send({ signalInput: [2] })).json).toEqual({ runId: first.runId, started: false });
    const { events } = await history(path);
    expect(events.map(({ eventType }) => eventType)).toEqual([
      'WorkflowExecutionStarted',
      'WorkflowExecutionSignaled',
      'WorkflowTaskScheduled',
      'WorkflowExecutionSignaled',
    ]);
    expect(events[1]?.attributes).toMatchObject({ signalName: 'approve', input: [1], requestId: 'a' });
    const refused = await send({ workflowIdConflictPolicy: 'FAIL' });
    expectProblem(refused, 400, 'INVALID_ARGUMENT', 'workflowIdConflictPolicy');
  });

  it('is deleted with its history, running or closed', async () => {
    const path = newPath();
    const { runId } = await start(path);
    expect(await http.send('DELETE', path)).toMatchObject({ status: 200, json: {} });
    expectProblem(await http.get(path), 404, 'WORKFLOW_NOT_FOUND');
    expectProblem(await http.get(`${path}/history?runId=${runId}`), 404, 'WORKFLOW_NOT_FOUND');
    expectProblem(await http.send('DELETE', path), 404, 'WORKFLOW_NOT_FOUND');
  });

  it('shows what people are told about it', async () => {
    const path = newPath();
    const userMetadata = { summary: 'An order', details: '# more' };
    await start(path, { userMetadata });
    expect((await http.get(path)).json).toMatchObject({ userMetadata });
    expect((await history(path)).events[0]).toMatchObject({ userMetadata });
    const tooLong = { summary: 'x'.repeat(401) };
    const refused = await http.post(newPath(), { ...START, userMetadata: tooLong });
    expectProblem(refused, 400, 'INVALID_ARGUMENT', 'userMetadata');
  });

  it('is started by the policies of its id', async () => {
    const path = newPath();
    const first = await start(path);
    expect(await start(path, { workflowIdConflictPolicy: 'USE_EXISTING' })).toEqual({
      runId: first.runId,
      started: false,
    });
    const second = await start(path, { workflowIdConflictPolicy: 'TERMINATE_EXISTING' });
    expect(second).toMatchObject({ started: true });
    expect(second.runId).not.toBe(first.runId);
    expect((await http.get(`${path}?runId=${first.runId}`)).json).toMatchObject({ status: 'TERMINATED' });
    await http.post(`${path}/terminate`);
    expectProblem(
      await http.post(path, { ...START, workflowIdReusePolicy: 'REJECT_DUPLICATE' }),
      409,
      'WORKFLOW_ALREADY_STARTED',
    );
    await start(path, { workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' });
  });

  it('may be asked to cancel again, and when it is closed, but not be signalled or terminated then', async () => {
    const path = newPath();
    await start(path);
    await http.post(`${path}/cancel`);
    await http.post(`${path}/cancel`);
    expect((await eventTypes(path)).filter((type) => type.endsWith('CancelRequested'))).toHaveLength(1);
    await http.post(`${path}/terminate`);
    expect((await http.post(`${path}/cancel`)).status).toBe(200);
    expectProblem(await http.post(`${path}/signal/go`), 404, 'WORKFLOW_NOT_FOUND');
    expectProblem(await http.post(`${path}/terminate`), 404, 'WORKFLOW_NOT_FOUND');
    expect((await eventTypes(path)).at(-1)).toBe('WorkflowExecutionTerminated');
  });

  it('carries payloads of any encoding unchanged', async () => {
    const path = newPath();
    const raw = { metadata: { encoding: 'YmluYXJ5L2VuY3J5cHRlZA==', key: 'azE=' }, data: '3q2+7w==' };
    await start(path, { input: [raw, { metadata: 1, data: 2 }] });
    expect((await history(path)).events[0]?.attributes['input']).toEqual([raw, { metadata: 1, data: 2 }]);
  });

  it('cannot be queried while nobody polls its queue', async () => {
    const path = newPath();
    await start(path);
    expectProblem(
      await http.post(`${path}/query/state`, { queryArgs: [1], timeout: '1s' }),
      412,
      'NO_POLLER',
    );
    await http.post(`${path}/terminate`);
    const rejected = await http.post(`${path}/query/state`, { rejectCondition: 'NOT_OPEN' });
    expect(rejected.json).toEqual({ rejected: { status: 'TERMINATED' } });
  });

  it('ends by its run timeout, which the background duties see to', async () => {
    const path = newPath();
    const { runId } = await start(path, { workflowRunTimeout: 300 });
    expect((await http.get(`${path}/result`)).json).toEqual({ runId, status: 'TIMED_OUT' });
  });
});

describe('histories', () => {
  it('are read in pages, in both directions', async () => {
    const path = newPath();
    await start(path);
    for (let i = 0; i < 5; i++) await http.post(`${path}/signal/go`, { input: [i] });
    const seen: number[] = [];
    let next: number | undefined = 1;
    while (next !== undefined && next <= 7) {
      const page: History = await history(path, `?pageSize=3&fromEventId=${next}`);
      seen.push(...page.events.map(({ eventId }) => eventId));
      next = page.nextEventId;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const newest = await history(path, '?reverse=true&pageSize=2');
    expect(newest.events.map(({ eventId }) => eventId)).toEqual([7, 6]);
    const older = await history(path, `?reverse=true&pageSize=2&fromEventId=${newest.nextEventId ?? 0}`);
    expect(older.events.map(({ eventId }) => eventId)).toEqual([5, 4]);
  });

  it('wait for the next event', async () => {
    const path = newPath();
    await start(path);
    const waiting = history(path, '?fromEventId=3&wait=20s');
    await http.post(`${path}/signal/go`);
    expect((await waiting).events).toMatchObject([{ eventId: 3, eventType: 'WorkflowExecutionSignaled' }]);
    expect(await history(path, '?fromEventId=4&wait=50ms')).toMatchObject({ events: [], nextEventId: 4 });
  });
});

describe('results', () => {
  it('are told to all who wait as soon as the run is closed', async () => {
    const path = newPath();
    await start(path);
    const waiting = Array.from({ length: 5 }, () => http.get(`${path}/result?wait=20s`));
    await http.post(`${path}/terminate`, { reason: 'done' });
    for (const answer of await Promise.all(waiting)) {
      expect(answer.json).toMatchObject({ status: 'TERMINATED', reason: 'done' });
    }
  });
});

describe('lists', () => {
  it('are filtered and counted by a query', async () => {
    const path = newPath();
    await start(path, { workflowType: 'counted' });
    await start(newPath(), { workflowType: 'counted' });
    await http.post(`${path}/terminate`);
    const ask = (what: string, query: string) =>
      http.get(`${NAMESPACES}/default/${what}?query=${encodeURIComponent(query)}`);
    const counted = "WorkflowType = 'counted'";
    const listed = (await ask('workflows', `${counted} AND ExecutionStatus = 'Terminated'`)).json as List;
    expect(listed.executions.map(({ status }) => status)).toEqual(['TERMINATED']);
    expect((await ask('workflow-count', counted)).json).toEqual({ count: 2 });
    expect((await ask('workflow-count', `${counted} GROUP BY ExecutionStatus`)).json).toEqual({
      count: 2,
      groups: expect.arrayContaining([
        { status: 'RUNNING', count: 1 },
        { status: 'TERMINATED', count: 1 },
      ]),
    });
    for (const what of ['workflows', 'workflow-count']) {
      const refused = await ask(what, `${counted} AND Custom = 1`);
      expectProblem(refused, 400, 'INVALID_ARGUMENT', 'query');
      expect(refused.problem?.detail).toContain('at position 30');
    }
    expectProblem(await http.get(`${WORKFLOWS}?pageToken=${'x'.repeat(5_000)}`), 400, 'INVALID_ARGUMENT');
  });

  it('are read in pages and filtered', async () => {
    await http.post(NAMESPACES, { name: 'listed' });
    const all = `${NAMESPACES}/listed/workflows`;
    for (let i = 0; i < 5; i++) {
      await http.post(`${all}/w${i}`, { ...START, workflowType: i % 2 === 0 ? 'even' : 'odd' });
    }
    await http.post(`${all}/w4/terminate`);

    const idsOf = async (query: string): Promise<string[]> =>
      ((await http.get(`${all}${query}`)).json as List).executions.map(
        ({ execution }) => execution.workflowId,
      );
    expect(await idsOf('')).toEqual(['w3', 'w2', 'w1', 'w0', 'w4']);
    expect(await idsOf('?status=RUNNING&workflowType=even')).toEqual(['w2', 'w0']);
    expect(await idsOf('?workflowId=w1')).toEqual(['w1']);
    expect(await idsOf('?closedAfter=2020-01-01T00:00:00Z')).toEqual(['w4']);
    expect(await idsOf('?startedBefore=2020-01-01T00:00:00Z')).toEqual([]);

    const paged: string[] = [];
    let token: string | undefined;
    do {
      const query = token === undefined ? '' : `&pageToken=${encodeURIComponent(token)}`;
      const page = (await http.get(`${all}?pageSize=2${query}`)).json as List;
      paged.push(...page.executions.map(({ execution }) => execution.workflowId));
      token = page.nextPageToken;
    } while (token !== undefined);
    expect(paged).toEqual(['w3', 'w2', 'w1', 'w0', 'w4']);
  });
});

describe('namespaces', () => {
  it('are created, described and listed', async () => {
    const created = await http.post(NAMESPACES, { name: 'made', description: 'for tests', retention: '36h' });
    expect(created).toMatchObject({ status: 201, json: { name: 'made', retention: '129600s' } });
    expect((await http.get(`${NAMESPACES}/made`)).json).toEqual(created.json);
    const listed = (await http.get(NAMESPACES)).json as RouteAnswer<typeof ROUTES.listNamespaces>;
    expect(listed.namespaces.map(({ name }) => name)).toEqual(expect.arrayContaining(['default', 'made']));
    expectProblem(await http.post(NAMESPACES, { name: 'made' }), 409, 'NAMESPACE_ALREADY_EXISTS');
  });

  it('keep closed executions as long as their retention says', async () => {
    await http.post(NAMESPACES, { name: 'forgetful', retention: '1s' });
    const all = `${NAMESPACES}/forgetful/workflows`;
    await http.post(`${all}/w`, START);
    await http.post(`${all}/running`, START);
    await http.post(`${all}/w/terminate`);
    const gone = async (): Promise<boolean> => (await http.get(`${all}/w`)).status === 404;
    await waitUntil(gone, { what: 'the closed execution to be deleted', timeoutMs: 100_000 });
    expect(((await http.get(all)).json as List).executions).toMatchObject([{ status: 'RUNNING' }]);
  });
});

describe('task queues', () => {
  it('tell what waits, and are empty when nobody used them', async () => {
    await http.post(newPath(), { ...START, taskQueue: 'busy/queue' });
    const busy = await http.get(`${NAMESPACES}/default/task-queues/${encodeURIComponent('busy/queue')}`);
    expect(busy.json).toMatchObject({
      taskQueue: 'busy/queue',
      workflow: { backlog: 1 },
      activity: { backlog: 0 },
    });
    const idle = await http.get(`${NAMESPACES}/default/task-queues/never`);
    expect(idle.json).toMatchObject({ workflow: { backlog: 0, oldest: '0s', pollers: [] } });
  });
});

describe('the process', () => {
  it('is alive and ready', async () => {
    expect((await http.get('/health')).json).toMatchObject({
      status: 'ok',
      checks: [{ name: 'event-loop', status: 'passing' }],
    });
    expect((await http.get('/ready')).json).toMatchObject({
      status: 'ready',
      checks: ['redis', 'scripts', 'partitions', 'notices', 'polls', 'running'].map((name) => ({
        name,
        status: 'passing',
        since: expect.stringMatching(/^\d{4}-.*Z$/),
      })),
    });
  });

  it('counts and times requests by route and status, and measures itself', async () => {
    await http.get(`${WORKFLOWS}/never-there`);
    const { text, headers } = await http.get('/metrics');
    expect(headers['content-type']).toContain('text/plain');
    const route = '/api/v1/namespaces/{namespace}/workflows/{workflowId}';
    expect(text).toMatch(
      new RegExp(
        `http_server_request_duration_seconds_count\\{method="GET",route="${route.replaceAll(/[{}]/g, '\\$&')}",status="404"\\} \\d+`,
      ),
    );
    for (const name of [
      'process_cpu_time_seconds_total',
      'process_memory_usage_bytes',
      'nodejs_eventloop_delay_seconds',
    ]) {
      expect(text).toContain(`# TYPE ${name}`);
    }
  });
});
