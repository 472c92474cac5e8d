import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import type { HttpAnswer, HttpClient } from './http-client.fixture.js';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';

type History = RouteAnswer<typeof ROUTES.getHistory>;

const MEBIBYTE = 1024 * 1024;
const NAMESPACES = '/api/v1/namespaces';
const WORKFLOWS = `${NAMESPACES}/default/workflows`;
const START = { workflowType: 'order', taskQueue: 'orders' };
const OTHER_RUN = '00000000-0000-4000-8000-000000000000';

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

async function start(path: string, more: object = {}): Promise<void> {
  expect((await http.post(path, { ...START, ...more })).status).toBe(200);
}

async function history(path: string): Promise<History> {
  return (await http.get(`${path}/history`)).json as History;
}

async function eventTypes(path: string): Promise<string[]> {
  return (await history(path)).events.map(({ eventType }) => eventType);
}

function expectProblem(answer: HttpAnswer, status: number, code: string, field?: string): void {
  expect(answer).toMatchObject({ status, problem: { code, ...(field !== undefined && { field }) } });
}

describe('what does not exist', () => {
  const RUNS = ['', '/history', '/result'].map((suffix) => ['GET', suffix] as const);
  const MESSAGES = ['/signal/s', '/query/q', '/cancel', '/terminate'].map(
    (suffix) => ['POST', suffix] as const,
  );

  it.each([...RUNS, ...MESSAGES])(
    '%s %s of an unknown workflow, run or namespace is 404',
    async (method, suffix) => {
      const path = newPath();
      expectProblem(await http.send(method, `${path}${suffix}`), 404, 'WORKFLOW_NOT_FOUND');
      await start(path);
      expectProblem(
        await http.send(method, `${path}${suffix}?runId=${OTHER_RUN}`),
        404,
        'WORKFLOW_NOT_FOUND',
      );
      const elsewhere = `${path.replace('default', 'nowhere')}${suffix}`;
      expectProblem(await http.send(method, elsewhere), 404, 'NAMESPACE_NOT_FOUND');
      expect(await eventTypes(path)).toEqual(['WorkflowExecutionStarted', 'WorkflowTaskScheduled']);
    },
  );

  it('any other route in an unknown namespace is 404', async () => {
    const nowhere = `${NAMESPACES}/nowhere`;
    expectProblem(await http.get(nowhere), 404, 'NAMESPACE_NOT_FOUND');
    expectProblem(await http.get(`${nowhere}/workflows`), 404, 'NAMESPACE_NOT_FOUND');
    expectProblem(await http.get(`${nowhere}/task-queues/q`), 404, 'NAMESPACE_NOT_FOUND');
    expectProblem(await http.post(`${nowhere}/workflows/w`, START), 404, 'NAMESPACE_NOT_FOUND');
  });
});

describe('bad input', () => {
  const tooLarge = 'x'.repeat(2 * MEBIBYTE);

  it.each([
    ['an id over 1000 characters', 'x'.repeat(1_001), START, 'workflowId'],
    ['an id with a control character', 'a%00b', START, 'workflowId'],
    ['arguments over 2 MiB', 'bad', { ...START, input: [tooLarge] }, 'input'],
    [
      'many arguments over 2 MiB in all',
      'bad',
      { ...START, input: Array<string>(4).fill('x'.repeat(MEBIBYTE / 2)) },
      'input',
    ],
    ['a memo over 2 MiB', 'bad', { ...START, memo: { a: tooLarge } }, 'memo'],
    [
      'search attributes over 2 MiB',
      'bad',
      { ...START, searchAttributes: { a: tooLarge } },
      'searchAttributes',
    ],
    ['headers over 2 MiB', 'bad', { ...START, header: { a: tooLarge } }, 'header'],
    ['a duration that is none', 'bad', { ...START, workflowRunTimeout: 'soon' }, 'workflowRunTimeout'],
    ['a negative duration', 'bad', { ...START, workflowRunTimeout: -1 }, 'workflowRunTimeout'],
    ['a too long task timeout', 'bad', { ...START, workflowTaskTimeout: '3m' }, 'workflowTaskTimeout'],
    ['a wrong type', 'bad', { ...START, taskQueue: { name: 'q' } }, 'taskQueue'],
    ['an unknown field', 'bad', { ...START, tasKQueue: 'q' }, 'tasKQueue'],
    [
      'policies that contradict each other',
      'bad',
      { ...START, workflowIdReusePolicy: 'REJECT_DUPLICATE', workflowIdConflictPolicy: 'TERMINATE_EXISTING' },
      'workflowIdConflictPolicy',
    ],
  ])('of a start: %s', async (_name, id, body, field) => {
    expectProblem(await http.post(`${WORKFLOWS}/${id}`, body), 400, 'INVALID_ARGUMENT', field);
    expectProblem(await http.get(`${WORKFLOWS}/bad`), 404, 'WORKFLOW_NOT_FOUND');
  });

  it.each([
    ['a signal over 2 MiB', '/signal/go', { input: [tooLarge] }, 'input'],
    ['a name over 1000 characters', `/signal/${'s'.repeat(1_001)}`, {}, 'signalName'],
    ['a run id that is none', '/signal/go?runId=nope', {}, 'runId'],
    ['a query over 2 MiB', '/query/q', { queryArgs: [tooLarge] }, 'queryArgs'],
    ['a too long wait for a query', '/query/q', { timeout: '2m' }, 'timeout'],
    ['a reason over 1000 characters', '/cancel', { reason: 'x'.repeat(1_001) }, 'reason'],
    ['an empty request id', '/cancel', { requestId: '' }, 'requestId'],
    ['details that are no list', '/terminate', { details: 'x' }, 'details'],
    ['details over 2 MiB', '/terminate', { details: [tooLarge] }, 'details'],
  ])('of a message: %s', async (_name, suffix, body, field) => {
    const path = newPath();
    await start(path);
    expectProblem(await http.post(`${path}${suffix}`, body), 400, 'INVALID_ARGUMENT', field);
    expect((await http.get(path)).json).toMatchObject({
      status: 'RUNNING',
      historyLength: 2,
      cancelRequested: false,
    });
  });

  it.each([
    'pageToken=nonsense',
    'pageToken=e30',
    'pageToken=bnVsbA',
    'pageToken=W10',
    'pageSize=1001',
    'status=BUSY',
  ])('of a list: %s', async (query) => {
    expectProblem(await http.get(`${WORKFLOWS}?${query}`), 400, 'INVALID_ARGUMENT', query.split('=')[0]);
  });

  it('of a body: too large, broken, or of another type', async () => {
    const path = newPath();
    const headers = { 'content-type': 'application/json' };
    expectProblem(
      await http.post(path, { ...START, input: ['x'.repeat(5 * MEBIBYTE)] }),
      413,
      'BODY_TOO_LARGE',
    );
    expectProblem(
      await http.send('POST', path, '{"workflowType":', { headers }),
      400,
      'INVALID_ARGUMENT',
      'body',
    );
    expectProblem(
      await http.send('POST', path, 'a: b', { headers: { 'content-type': 'text/yaml' } }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expectProblem(await http.get(path), 404, 'WORKFLOW_NOT_FOUND');
  });

  it('just below the limits is accepted', async () => {
    const path = newPath();
    await start(path, { input: ['x'.repeat(2 * MEBIBYTE - 100)] });
    const page = await history(path);
    expect(JSON.stringify(page.events[0]?.attributes['input'])).toHaveLength(2 * MEBIBYTE - 96);
  });
});
