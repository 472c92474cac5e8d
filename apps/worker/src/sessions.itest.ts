import { Client, Connection } from '@tidewheel/client';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { inSession } from './greeting-workflows.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./greeting-workflows.fixture.ts', import.meta.url));
const ACTIVITIES = `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export const processId = async () => process.pid;
  export const waitFor = async (path) => {
    console.log('waiting for the file');
    while (!existsSync(path)) await setTimeout(20);
    return 'seen';
  };
`;

let redis: TestRedis;
let connection: Connection;
let client: Client;
let folder: string;
let hosts: SpawnedProcess[] = [];

function startHost(): Promise<SpawnedProcess> {
  return spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'worker process',
    env: {
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_TASK_QUEUES: 'sessions',
      TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
      TIDEWHEEL_WORKER_ACTIVITIES: join(folder, 'activities.mjs'),
      TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS: '1',
      TIDEWHEEL_WORKER_DUTIES: 'on',
      TIDEWHEEL_WORKER_PORT: '0',
    },
  });
}

beforeAll(async () => {
  redis = await startTestRedis();
  connection = await Connection.connect({ url: redis.url });
  client = new Client({ connection });
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-sessions-'));
  await writeFile(join(folder, 'activities.mjs'), ACTIVITIES);
});
afterEach(async () => {
  for (const host of hosts.splice(0)) {
    host.kill('SIGKILL');
    await host.exited;
  }
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

it('a session whose host is killed starts over on another host', async () => {
  hosts = [await startHost(), await startHost()];
  const path = join(folder, 'go');
  const handle = await client.workflow.start<typeof inSession>('inSession', {
    workflowId: 'in-session-1',
    taskQueue: 'sessions',
    args: [path],
  });
  const waitingOn = (host: SpawnedProcess) =>
    host.lines.some((line) => line.includes('waiting for the file'));
  const victim = await waitUntil(() => hosts.find(waitingOn), { what: 'the session to be on a host' });
  victim.kill('SIGKILL');
  await victim.exited;
  const survivor = hosts.find((host) => host !== victim);
  await survivor?.waitForLine(/waiting for the file/, { timeoutMs: 90_000 });
  await writeFile(path, '');
  const pids = await handle.result();
  expect(new Set(pids).size).toBe(1);
  expect(pids[0]).not.toBe(victim.pid);
  const { events } = await handle.fetchHistory();
  const lost = events.find(({ eventType }) => eventType === 'ActivityTaskTimedOut');
  expect(lost?.attributes).toMatchObject({ failure: { info: { timeoutType: 'HEARTBEAT' } } });
  // The room that the killed host had is not needed: the other one has some again.
  const next = await client.workflow.start<typeof inSession>('inSession', {
    workflowId: 'in-session-2',
    taskQueue: 'sessions',
    args: [path],
  });
  expect(await next.result()).toEqual(pids);
});
