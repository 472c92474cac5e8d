import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { resolve } from 'node:path';
import { HttpClient } from './http-client.fixture.js';
import type { HttpAnswer } from './http-client.fixture.js';

type Readiness = RouteAnswer<typeof ROUTES.ready>;

const PROGRAM = resolve(__dirname, '../dist/main.js');
const WORKFLOW = '/api/v1/namespaces/default/workflows/w';
const START = { workflowType: 'order', taskQueue: 'orders' };

/** A safety net, not an expectation: on a busy machine a process may take long to start. */
const timeoutMs = 100_000;

const running: { kill(signal: NodeJS.Signals): unknown }[] = [];
let redis: TestRedis | undefined;

afterEach(async () => {
  for (const process of running.splice(0)) process.kill('SIGKILL');
  await redis?.stop();
  redis = undefined;
});

interface Api {
  readonly process: SpawnedProcess;
  readonly http: HttpClient;
}

async function spawnApi(environment: Record<string, string> = {}): Promise<SpawnedProcess> {
  const process = await spawnProcess({
    command: globalThis.process.execPath,
    args: [PROGRAM],
    env: { TIDEWHEEL_API_PORT: '0', ...environment },
    name: 'api',
  });
  running.push(process);
  return process;
}

async function startApi(environment: Record<string, string> = {}): Promise<Api> {
  redis ??= await startTestRedis();
  const process = await spawnApi({ REDIS_URL: redis.url, ...environment });
  const [, port] = await process.waitForLine(/"port":(\d+).*"msg":"listening"/, { timeoutMs });
  return { process, http: new HttpClient(Number(port)) };
}

async function readiness(http: HttpClient): Promise<HttpAnswer & { readonly json: Readiness }> {
  return (await http.get('/ready')) as HttpAnswer & { readonly json: Readiness };
}

function untilReady({ http }: Api): Promise<unknown> {
  return waitUntil(async () => (await readiness(http)).status === 200, {
    what: 'the API to be ready',
    timeoutMs,
  });
}

describe('the API process', () => {
  it('does not start with a wrong configuration, and says in one line each what is wrong', async () => {
    const process = await spawnApi({
      TIDEWHEEL_API_PORT: 'many',
      TIDEWHEEL_API_PROT: '1',
      REDIS_URL: 'redis://user:hunter2@host/wrong',
    });
    expect(await process.exited).toEqual({ code: 1, signal: null });
    expect(process.lines).toEqual([
      expect.stringContaining('tidewheel-api: TIDEWHEEL_API_PROT: is not a known variable'),
      expect.stringContaining('tidewheel-api: REDIS_URL: got "redis://user:[hidden]@host/wrong"; allowed is'),
      expect.stringContaining('tidewheel-api: TIDEWHEEL_API_PORT: got "many"; allowed is a whole number'),
    ]);
  });

  it('does not start on a deployment that has another number of partitions', async () => {
    const first = await startApi({ TIDEWHEEL_PARTITIONS: '2' });
    await untilReady(first);
    const second = await startApi({ TIDEWHEEL_PARTITIONS: '3' });
    await second.process.waitForLine(/this deployment has 2 partitions, but 3 were asked for/, { timeoutMs });
    expect(await second.process.exited).toEqual({ code: 1, signal: null });
  });

  it('does not start on a port that is taken', async () => {
    const { process } = await startApi();
    const [, port] = await process.waitForLine(/"port":(\d+)/);
    const second = await spawnApi({ REDIS_URL: redis?.url ?? '', TIDEWHEEL_API_PORT: String(port) });
    await second.waitForLine(/EADDRINUSE/, { timeoutMs });
    expect(await second.exited).toEqual({ code: 1, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with 0 on %s, after it answered who waits',
    async (signal) => {
      const api = await startApi();
      await untilReady(api);
      await api.http.post(WORKFLOW, START);
      const waiting = api.http.get(`${WORKFLOW}/result?wait=20s`);
      // The long poll has begun when the history poll, which came later, has been answered.
      await api.http.get(`${WORKFLOW}/history?fromEventId=3&wait=100ms`);
      api.process.kill(signal);
      expect((await waiting).json).toMatchObject({ status: 'RUNNING' });
      expect(await api.process.exited).toEqual({ code: 0, signal: null });
    },
  );

  it('ends with 0 while Redis is away', async () => {
    const api = await startApi();
    await untilReady(api);
    await redis?.kill();
    api.process.kill('SIGTERM');
    expect(await api.process.exited).toEqual({ code: 0, signal: null });
  });

  it('ends at once on a second signal', async () => {
    const api = await startApi();
    await untilReady(api);
    await redis?.freeze();
    api.process.kill('SIGTERM');
    await api.process.waitForLine(/stopping/, { timeoutMs });
    api.process.kill('SIGTERM');
    expect(await api.process.exited).toEqual({ code: 1, signal: null });
  });

  it('ends with 0 while it still waits for Redis', async () => {
    redis = await startTestRedis();
    await redis.kill();
    const { process, http } = await startApi();
    expect((await http.get('/health')).status).toBe(200);
    process.kill('SIGTERM');
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  it('answers probes while Redis is not there yet, refuses the rest, and begins when it comes', async () => {
    redis = await startTestRedis();
    await redis.kill();
    const api = await startApi();
    expect((await api.http.get('/health')).status).toBe(200);
    const before = await readiness(api.http);
    expect(before).toMatchObject({
      status: 503,
      json: { status: 'starting', checks: [{ name: 'redis', status: 'failing' }, {}, {}] },
    });
    expect(await api.http.post(WORKFLOW, START)).toMatchObject({
      status: 503,
      problem: { code: 'UNAVAILABLE' },
    });
    await redis.restart();
    await untilReady(api);
    expect((await api.http.post(WORKFLOW, START)).status).toBe(200);
  });

  it.each(['killed', 'frozen'] as const)(
    'tells everyone within seconds that Redis is %s, and goes on when it is back',
    async (how) => {
      const api = await startApi();
      await untilReady(api);
      await api.http.post(WORKFLOW, START);
      const waiting = api.http.get(`${WORKFLOW}/result?wait=20s`);
      await api.http.get(`${WORKFLOW}/history?fromEventId=3&wait=100ms`);

      if (how === 'killed') await redis?.kill();
      else await redis?.freeze();
      expect(await waiting).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1' },
        problem: { code: 'UNAVAILABLE' },
      });
      const red = await readiness(api.http);
      expect(red).toMatchObject({ status: 503 });
      expect(red.json.checks.find(({ name }) => name === 'redis')).toMatchObject({
        status: 'failing',
      });
      const refused = await api.http.get(WORKFLOW);
      expect(refused).toMatchObject({ status: 503, problem: { code: 'UNAVAILABLE' } });
      expect(refused.problem?.detail).toContain('check that it runs');
      expect((await api.http.get('/health')).status).toBe(200);

      if (how === 'killed') await redis?.restart();
      else redis?.thaw();
      await untilReady(api);
      expect((await api.http.get(WORKFLOW)).json).toMatchObject({ status: 'RUNNING' });
    },
  );

  it('leaves background duties to others when they are off', async () => {
    const idle = await startApi({ TIDEWHEEL_DUTIES: 'off' });
    await untilReady(idle);
    await idle.http.post(WORKFLOW, { ...START, workflowRunTimeout: 100 });
    expect((await idle.http.get(`${WORKFLOW}/result?wait=1s`)).json).toMatchObject({ status: 'RUNNING' });
    const busy = await startApi();
    await untilReady(busy);
    expect((await busy.http.get(`${WORKFLOW}/result`)).json).toMatchObject({ status: 'TIMED_OUT' });
  });
});
