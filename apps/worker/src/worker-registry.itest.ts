import { Client, Connection } from '@tidewheel/client';
import type { KindScaling, WorkerInfo } from '@tidewheel/engine';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { waiting } from './greeting-workflows.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./greeting-workflows.fixture.ts', import.meta.url));
const TASK_QUEUE = 'greetings';
const HEARTBEAT_MS = 1_000;
const ACTIVITIES = `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export const greet = async (name) => 'Hello, ' + name;
  export const waitFor = async (path) => {
    while (!existsSync(path)) await setTimeout(20);
    return 'seen';
  };
`;

let redis: TestRedis;
let connection: Connection;
let client: Client;
let folder: string;
const processes: SpawnedProcess[] = [];

function start(env: Record<string, string> = {}): Promise<SpawnedProcess> {
  const started = spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'worker process',
    env: {
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_TASK_QUEUES: TASK_QUEUE,
      TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
      TIDEWHEEL_WORKER_ACTIVITIES: join(folder, 'activities.mjs'),
      TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL: `${HEARTBEAT_MS}ms`,
      TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES: '10',
      TIDEWHEEL_WORKER_PORT: '0',
      ...env,
    },
  });
  void started.then((running) => processes.push(running));
  return started;
}

async function workers(): Promise<readonly WorkerInfo[]> {
  return (await connection.engine.listWorkers({ namespace: 'default' })).workers;
}

async function scaling(): Promise<KindScaling> {
  return (await connection.engine.scaleTaskQueue('default', TASK_QUEUE)).activity;
}

function until<T>(what: string, test: () => Promise<T | false>): Promise<T> {
  return waitUntil(test, { what, timeoutMs: 60_000 });
}

function startWaiting(workflowId: string, path: string) {
  return client.workflow.start<typeof waiting>('waiting', {
    workflowId,
    taskQueue: TASK_QUEUE,
    args: [path],
  });
}

beforeEach(async () => {
  redis = await startTestRedis();
  connection = await Connection.connect({ url: redis.url });
  client = new Client({ connection });
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-registry-'));
  await writeFile(join(folder, 'activities.mjs'), ACTIVITIES);
});
afterEach(async () => {
  for (const running of processes.splice(0)) {
    running.kill('SIGKILL');
    await running.exited;
  }
  await connection.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

describe('worker processes in the registry', () => {
  it('register with what they can do, count what they run, and go when they end in order', async () => {
    const worker = await start({ TIDEWHEEL_WORKER_IDENTITY: 'worker-1' });
    const [registered] = await until('the worker to register with its types', async () => {
      const found = await workers();
      return found.some(({ kinds }) => kinds.workflow?.types) && found;
    });
    expect(registered).toMatchObject({
      workerIdentity: 'worker-1',
      taskQueue: TASK_QUEUE,
      status: 'RUNNING',
      sdkName: 'tidewheel-typescript',
      sdkVersion: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      hostInfo: { processId: String(worker.pid) },
      kinds: {
        workflow: {
          slots: { used: 0, available: 100, supplierKind: 'Fixed' },
          types: expect.arrayContaining(['greeting', 'waiting']) as string[],
        },
        activity: { slots: { used: 0, available: 10 }, types: ['greet', 'waitFor'], pollers: { current: 1 } },
      },
      stickyCache: { size: 0 },
    });

    const file = join(folder, 'go');
    const handle = await startWaiting('registered', file);
    await until('the activity to count as in flight', async () => (await scaling()).inFlight === 1);
    expect(await scaling()).toMatchObject({ backlog: 0, pollers: 1, slots: 10, desired: 1 });
    const { activity } = await connection.engine.describeTaskQueue('default', TASK_QUEUE);
    expect(activity.pollers).toMatchObject([
      { workers: [{ workerInstanceKey: registered!.workerInstanceKey, workerIdentity: 'worker-1' }] },
    ]);
    worker.kill('SIGTERM');
    await until(
      'the worker to say that it winds up',
      async () => (await workers())[0]?.status === 'SHUTTING_DOWN',
    );
    expect((await scaling()).inFlight).toBe(1);
    await writeFile(file, '');
    expect(await worker.exited).toMatchObject({ code: 0 });
    // At once, not when it expires.
    expect(await workers()).toEqual([]);
    expect(await scaling()).toMatchObject({ inFlight: 0, pollers: 0, slots: 0 });
    await handle.terminate();
  });

  it('that are killed are forgotten, with what they had in flight', async () => {
    const file = join(folder, 'go');
    const first = await start();
    const handle = await startWaiting('killed', file);
    await until('the activity to count as in flight', async () => (await scaling()).inFlight === 1);
    const second = await start();
    await until('both to be registered', async () => (await scaling()).pollers === 2);
    first.kill('SIGKILL');
    await until('the dead worker to be forgotten', async () => (await scaling()).pollers === 1);
    expect(await scaling()).toMatchObject({ inFlight: 0, slots: 10 });
    expect(await workers()).toMatchObject([{ hostInfo: { processId: String(second.pid) } }]);
    await handle.terminate();
    await writeFile(file, '');
  });

  it('say less often that they are there while they do nothing, and count as there for longer then', async () => {
    await start();
    const validForMs = async (): Promise<number> => {
      const [worker] = await workers();
      if (!worker) return 0;
      const { keys, redis: server } = connection.engine.context;
      const expiry = await server.zscore(keys.workers('default').expiries, worker.workerInstanceKey);
      return Number(expiry) - worker.heartbeatTimeMs;
    };
    await until('the worker to leave out heartbeats', async () => {
      const [worker] = await workers();
      return worker !== undefined && worker.elapsedSinceLastHeartbeatMs > 2 * HEARTBEAT_MS;
    });
    expect(await validForMs()).toBeGreaterThanOrEqual(3 * 3 * HEARTBEAT_MS);

    const file = join(folder, 'go');
    const handle = await startWaiting('idle', file);
    await until('the activity to count as in flight', async () => (await scaling()).inFlight === 1);
    await until('a busy worker to say so often', async () => {
      const [worker] = await workers();
      const elapsedMs = worker?.elapsedSinceLastHeartbeatMs ?? Infinity;
      return elapsedMs < 2 * HEARTBEAT_MS && (await validForMs()) < 2 * 3 * HEARTBEAT_MS;
    });
    expect(await scaling()).toMatchObject({ inFlight: 1, pollers: 1 });
    await handle.terminate();
    await writeFile(file, '');
  });
});
