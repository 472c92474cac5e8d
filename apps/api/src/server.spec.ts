import { BusyWorkflowError, UnavailableError, WorkflowNotFoundError } from '@tidewheel/core';
import type { WorkflowOutcome } from '@tidewheel/engine';
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { RecordingService } from './recording-service.fixture.js';
import { BODY_LIMIT_BYTES, startTestServer } from './test-server.fixture.js';
import type { TestServer } from './test-server.fixture.js';

const WORKFLOW = '/api/v1/namespaces/default/workflows/w';
const START = { workflowType: 'type', taskQueue: 'queue' };
const RUN_ID = '313216ae-f1bc-4dad-9b3a-480afdc10e93';
const JSON_TYPE = { 'content-type': 'application/json' };

let recording: RecordingService;
let server: TestServer;

async function serve(overrides: ConstructorParameters<typeof RecordingService>[0] = {}): Promise<void> {
  await server.close();
  recording = new RecordingService(overrides);
  server = await startTestServer(recording.service);
}

beforeEach(async () => {
  recording = new RecordingService();
  server = await startTestServer(recording.service);
});
afterEach(() => server.close());

describe('requests', () => {
  it('reach the service with ids decoded, values as payloads and durations in milliseconds', async () => {
    const path = `/api/v1/namespaces/default/workflows/${encodeURIComponent('order/7 ü?#%')}`;
    await server.http.post(path, { ...START, input: [1], workflowRunTimeout: '10s' });
    const [call] = recording.calls;
    expect(call).toMatchObject({
      method: 'startWorkflow',
      request: { workflowId: 'order/7 ü?#%', workflowRunTimeoutMs: 10_000, ...START },
    });
    expect(call?.request).toHaveProperty('input.0.data', Buffer.from('1'));
  });

  it('may leave an optional body out', async () => {
    for (const path of ['/cancel', '/terminate', '/signal/go', '/query/state']) {
      expect((await server.http.post(`${WORKFLOW}${path}`)).status).toBe(200);
    }
  });

  it('carry list filters as they are, and ask for counts and deletions', async () => {
    const query = "WorkflowType = 'order' AND StartTime > '2027-01-31T12:00:00+01:00'";
    const base = '/api/v1/namespaces/default';
    await server.http.get(`${base}/workflows?query=${encodeURIComponent(query)}`);
    const count = await server.http.get(`${base}/workflow-count?query=${encodeURIComponent(query)}`);
    expect(count).toMatchObject({ status: 200, json: { count: 1 } });
    const gone = await server.http.send('DELETE', `${WORKFLOW}?runId=${RUN_ID}`);
    expect(gone).toMatchObject({ status: 200, json: {} });
    expect(recording.calls).toMatchObject([
      { method: 'listWorkflows', request: { namespace: 'default', query } },
      { method: 'countWorkflows', request: { namespace: 'default', query } },
      { method: 'deleteWorkflow', request: { namespace: 'default', workflowId: 'w', runId: RUN_ID } },
    ]);
  });

  it('start with a signal, whose parts are named apart from those of the start', async () => {
    const body = { ...START, input: [1], signalInput: [2], requestId: 'r', signalRequestId: 's' };
    const answer = await server.http.post(`${WORKFLOW}/signal-with-start/go`, body);
    expect(answer).toMatchObject({ status: 200, json: { runId: RUN_ID, started: true } });
    expect(recording.calls).toMatchObject([
      {
        method: 'signalWithStart',
        request: {
          ...START,
          workflowId: 'w',
          signalName: 'go',
          input: [{ data: Buffer.from('1') }],
          signalInput: [{ data: Buffer.from('2') }],
          requestId: 'r',
          signalRequestId: 's',
        },
      },
    ]);
  });

  it('carry what people are told about a run', async () => {
    const userMetadata = { summary: 'one line', details: ['more'] };
    await server.http.post(WORKFLOW, { ...START, userMetadata });
    expect(recording.calls[0]?.request).toMatchObject({
      userMetadata: {
        summary: { data: Buffer.from('"one line"') },
        details: { data: Buffer.from('["more"]') },
      },
    });
    const raw = { metadata: { encoding: 'anything' }, data: '?' };
    const { problem } = await server.http.post(WORKFLOW, { ...START, userMetadata: { summary: raw } });
    expect(problem?.errors?.[0]?.field).toBe('userMetadata.summary');
  });

  it('may be compressed, and are measured uncompressed', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const small = await server.http.send('POST', WORKFLOW, gzipSync(JSON.stringify(START)), { headers });
    expect(small.status).toBe(200);
    const bomb = gzipSync(JSON.stringify({ ...START, input: ['x'.repeat(BODY_LIMIT_BYTES)] }));
    expect((await server.http.send('POST', WORKFLOW, bomb, { headers })).status).toBe(413);
  });

  it('to a path with a HEAD get no body', async () => {
    const answer = await server.http.send('HEAD', '/api/v1/namespaces');
    expect(answer).toMatchObject({ status: 200, text: '' });
  });
});

describe('refusals', () => {
  const cases: [string, number, string, (http: TestServer['http']) => Promise<unknown>][] = [
    ['an unknown route', 404, 'ROUTE_NOT_FOUND', (http) => http.get('/api/v2')],
    ['a route in other letter case', 404, 'ROUTE_NOT_FOUND', (http) => http.get('/API/v1/namespaces')],
    [
      'an empty workflow id',
      404,
      'ROUTE_NOT_FOUND',
      (http) => http.get(`${WORKFLOW}/../..//workflows//history`),
    ],
    ['another method', 405, 'METHOD_NOT_ALLOWED', (http) => http.send('PATCH', WORKFLOW)],
    ['another method of a probe', 405, 'METHOD_NOT_ALLOWED', (http) => http.post('/health', {})],
    ['another method of the metrics', 405, 'METHOD_NOT_ALLOWED', (http) => http.post('/metrics', {})],
    ['a path that is not UTF-8', 400, 'INVALID_ARGUMENT', (http) => http.get(`${WORKFLOW}%E0%A4%A`)],
    [
      'a broken body',
      400,
      'INVALID_ARGUMENT',
      (http) => http.send('POST', WORKFLOW, '{"a', { headers: JSON_TYPE }),
    ],
    ['a body that is no object', 400, 'INVALID_ARGUMENT', (http) => http.post(WORKFLOW, [START])],
    ['no body where one is needed', 400, 'INVALID_ARGUMENT', (http) => http.post(WORKFLOW)],
    ['an unknown field', 400, 'INVALID_ARGUMENT', (http) => http.post(WORKFLOW, { ...START, typo: 1 })],
    ['an unknown query parameter', 400, 'INVALID_ARGUMENT', (http) => http.get(`${WORKFLOW}?runid=x`)],
    [
      'a repeated query parameter',
      400,
      'INVALID_ARGUMENT',
      (http) => http.get(`${WORKFLOW}?runId=a&runId=b`),
    ],
    [
      'another content type',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      (http) =>
        http.send('POST', WORKFLOW, 'a=1', {
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
    ],
    [
      'no content type',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      (http) => http.send('POST', WORKFLOW, JSON.stringify(START)),
    ],
    [
      'another charset',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      (http) =>
        http.send('POST', WORKFLOW, '{}', {
          headers: { 'content-type': 'application/json; charset=latin1' },
        }),
    ],
    [
      'another encoding',
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      (http) => http.send('POST', WORKFLOW, '{}', { headers: { ...JSON_TYPE, 'content-encoding': 'zip' } }),
    ],
    [
      'a too large body',
      413,
      'BODY_TOO_LARGE',
      (http) => http.post(WORKFLOW, { ...START, input: ['x'.repeat(BODY_LIMIT_BYTES)] }),
    ],
    [
      'a body that is not what it says',
      400,
      'INVALID_ARGUMENT',
      (http) =>
        http.send('POST', WORKFLOW, 'not gzip', { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
    ],
    ['too long headers', 431, 'HEADERS_TOO_LARGE', (http) => http.get(`/${'x'.repeat(80_000)}`)],
  ];

  it.each(cases)(
    'of %s are a problem with status %i and code %s, and reach nobody',
    async (_name, status, code, send) => {
      expect(await send(server.http)).toMatchObject({ status, problem: { status, code } });
      expect(recording.calls).toEqual([]);
    },
  );

  it('name every field that is not sound', async () => {
    const { problem } = await server.http.post(WORKFLOW, {
      workflowType: 7,
      workflowRunTimeout: 'soon',
      typo: 1,
    });
    expect(problem?.field).toBe('workflowType');
    expect(problem?.errors?.map(({ field }) => field)).toEqual([
      'workflowType',
      'taskQueue',
      'workflowRunTimeout',
      'typo',
    ]);
  });

  it('of another method say which ones there are', async () => {
    const refused = await server.http.send('PUT', WORKFLOW);
    expect(refused.headers['allow']).toBe('POST, GET, HEAD, DELETE, OPTIONS');
    const asked = await server.http.send('OPTIONS', WORKFLOW);
    expect(asked).toMatchObject({ status: 204, headers: { allow: 'POST, GET, HEAD, DELETE, OPTIONS' } });
  });

  it('of the engine keep its code, and say when to repeat', async () => {
    await serve({
      signalWorkflow: () => Promise.reject(new BusyWorkflowError('w')),
      describeWorkflow: () => Promise.reject(new WorkflowNotFoundError('w', undefined)),
      getResult: () => Promise.reject(new UnavailableError('Redis does not answer')),
    });
    expect(await server.http.post(`${WORKFLOW}/signal/go`)).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1' },
      problem: { code: 'BUSY_WORKFLOW' },
    });
    expect(await server.http.get(WORKFLOW)).toMatchObject({
      status: 404,
      problem: { code: 'WORKFLOW_NOT_FOUND' },
    });
    expect(await server.http.get(`${WORKFLOW}/result`)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
  });

  it('of what is no HTTP at all are a problem, too', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.end('NONSENSE\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"INVALID_ARGUMENT"/);
  });

  it('for faults of the server tell the caller nothing, and the log everything', async () => {
    const failed = Object.assign(new Error('secret detail'), { command: { args: ['hunter2'] } });
    await serve({ listNamespaces: () => Promise.reject(failed) });
    const answer = await server.http.get('/api/v1/namespaces');
    expect(answer).toMatchObject({ status: 500, problem: { code: 'INTERNAL' } });
    expect(answer.text).not.toContain('secret detail');
    const line = server.log.find(({ level, err }) => level === 'error' && err !== undefined);
    expect(line).toMatchObject({
      requestId: answer.headers['x-request-id'],
      err: { message: 'secret detail' },
    });
    expect(JSON.stringify(server.log)).not.toContain('hunter2');
  });
});

describe('request ids and the log', () => {
  it('keep the id that the caller brings, unless it is unfit for a log', async () => {
    const answer = await server.http.get('/api/v1/namespaces', { headers: { 'x-request-id': 'trace-7' } });
    expect(answer.headers['x-request-id']).toBe('trace-7');
    expect(server.log.at(-1)).toMatchObject({ requestId: 'trace-7', res: { status: 200 } });
    const odd = await server.http.get('/api/v1/namespaces', { headers: { 'x-request-id': 'a b' } });
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('never contain values, headers or query strings', async () => {
    const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2' };
    await server.http.post(WORKFLOW, { ...START, input: ['hunter2'], memo: { a: 'hunter2' } }, { headers });
    await server.http.send('POST', WORKFLOW, '{"workflowType": hunter2', {
      headers: { ...JSON_TYPE, ...headers },
    });
    await server.http.get(`${WORKFLOW}?x=hunter2`);
    expect(server.log).toHaveLength(3);
    expect(JSON.stringify(server.log)).not.toContain('hunter2');
  });

  it('have a line for probes only when asked for details', async () => {
    await server.http.get('/health');
    expect(server.log.at(-1)).toMatchObject({ level: 'debug' });
  });
});

describe('long polls', () => {
  /** Answers that the run still runs when asked to end. */
  const untilAborted = ({
    signal,
  }: {
    readonly signal?: AbortSignal | undefined;
  }): Promise<WorkflowOutcome> =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve({ runId: RUN_ID, status: 'RUNNING' });
      signal?.addEventListener('abort', () => resolve({ runId: RUN_ID, status: 'RUNNING' }));
    });

  it('end when the client goes away', async () => {
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    let ended: Promise<unknown> | undefined;
    await serve({
      getResult: (request) => {
        const outcome = untilAborted(request);
        ended = outcome;
        begun();
        return outcome;
      },
    });
    const leaving = new AbortController();
    const answer = server.http.get(`${WORKFLOW}/result`, { signal: leaving.signal });
    await hasBegun;
    leaving.abort();
    await expect(answer).rejects.toThrow('abort');
    await ended;
  });

  it('are answered when the process stops, and their connection is not kept', async () => {
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    await serve({
      getResult: (request) => {
        begun();
        return untilAborted(request);
      },
    });
    const answer = server.http.get(`${WORKFLOW}/result`);
    await hasBegun;
    server.beginStopping();
    expect(await answer).toMatchObject({ status: 200, json: { status: 'RUNNING' } });
    const after = await server.http.get('/health', { headers: { connection: 'keep-alive' } });
    expect(after.headers['connection']).toBe('close');
  });
});
