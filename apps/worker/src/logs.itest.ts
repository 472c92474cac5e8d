import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const PASSWORD = 'hunter2-of-redis';
const PAYLOAD = 'marker-in-a-payload';

let redis: TestRedis;
let folder: string;
const processes: SpawnedProcess[] = [];

/** Starts a process with a password for Redis; gives the address that it listens on. */
async function start(name: string, main: string, env: Record<string, string>): Promise<string> {
  const running = await spawnProcess({
    command: process.execPath,
    args: [pathOf(main)],
    name,
    env: { REDIS_URL: redis.url.replace('redis://', `redis://:${PASSWORD}@`), ...env },
  });
  processes.push(running);
  const [, port = ''] = await running.waitForLine(/"port":(\d+).*"msg":"listening"/);
  return `http://127.0.0.1:${port}`;
}

function startApi(level: string): Promise<string> {
  return start('API', '../../api/dist/main.js', { TIDEWHEEL_API_PORT: '0', TIDEWHEEL_LOG_LEVEL: level });
}

function startWorker(level: string): Promise<string> {
  return start('worker', '../dist/main.js', {
    TIDEWHEEL_WORKER_TASK_QUEUES: 'logged',
    TIDEWHEEL_WORKER_WORKFLOWS: pathOf('./greeting-workflows.fixture.ts'),
    TIDEWHEEL_WORKER_ACTIVITIES: join(folder, 'activities.mjs'),
    TIDEWHEEL_WORKER_PORT: '0',
    TIDEWHEEL_LOG_LEVEL: level,
  });
}

async function put(url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${url}/log-level`, { method: 'PUT', body, headers })).status;
}

beforeAll(async () => {
  redis = await startTestRedis();
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-logs-'));
  await writeFile(join(folder, 'activities.mjs'), "export const greet = async (name) => 'Hello, ' + name;");
});
afterEach(async () => {
  for (const running of processes.splice(0)) {
    running.kill('SIGKILL');
    await running.exited;
  }
});
afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true });
});

it('tells neither payloads nor passwords at the most talkative level', async () => {
  const api = await startApi('trace');
  await startWorker('trace');
  const [apiProcess, worker] = processes;
  await apiProcess?.waitForLine(/"msg":"ready"/);
  await worker?.waitForLine(/"msg":"polling"/);
  const workflow = `${api}/api/v1/namespaces/default/workflows/logged`;
  const started = await fetch(workflow, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${PASSWORD}` },
    body: JSON.stringify({ workflowType: 'greeting', taskQueue: 'logged', input: [PAYLOAD] }),
  });
  expect(started.status).toBe(200);
  const result = await fetch(`${workflow}/result?wait=20s`);
  expect(await result.text()).toContain(`Hello, ${PAYLOAD}`);
  await apiProcess?.waitForLine(/result.*"msg":"request answered"/);
  const output = processes.flatMap(({ lines }) => lines).join('\n');
  expect(output).toContain('[hidden]@');
  expect(output).not.toContain(PASSWORD);
  expect(output).not.toContain(PAYLOAD);
});

it.each([
  ['API', startApi],
  ['worker', startWorker],
])(
  'lets callers on the same host change the level of the %s, and a signal switch to debug',
  async (_, run) => {
    const url = await run('info');
    const [running] = processes;
    const level = async (): Promise<unknown> => (await fetch(`${url}/log-level`)).json();
    expect(await level()).toEqual({ level: 'info' });
    expect(await put(url, '{"level":"chatty"}')).toBe(400);
    expect(await put(url, 'debug')).toBe(400);
    expect(await put(url, '{"level":"warn"}', { 'x-forwarded-for': '192.0.2.1' })).toBe(403);
    expect((await fetch(`${url}/log-level`, { method: 'DELETE' })).status).toBe(405);
    expect(await level()).toEqual({ level: 'info' });

    expect(await put(url, '{"level":"warn"}')).toBe(200);
    expect(await level()).toEqual({ level: 'warn' });
    running?.kill('SIGUSR2');
    await running?.waitForLine(/"before":"warn","after":"debug"/);
    running?.kill('SIGUSR2');
    await waitUntil(async () => JSON.stringify(await level()) === '{"level":"warn"}', {
      what: 'the level before the signal',
    });
  },
);
