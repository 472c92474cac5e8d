import { Client, Connection } from '@tidewheel/client';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { countingSteps } from './greeting-workflows.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./greeting-workflows.fixture.ts', import.meta.url));
const ACTIVITIES = `export const greet = async (name) => 'Hello, ' + name;`;
const EXECUTIONS = 500;
const STEPS = 4;

interface WorkerProcess {
  readonly process: SpawnedProcess;
  /** The sum of a metric over its labels. */
  metric(name: string): Promise<number>;
}

let redis: TestRedis;
let connection: Connection;
let client: Client;
let folder: string;
let workers: WorkerProcess[] = [];

async function startWorker(): Promise<WorkerProcess> {
  const process = await spawnProcess({
    command: globalThis.process.execPath,
    args: [MAIN],
    name: 'worker process',
    env: {
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_TASK_QUEUES: 'steps',
      TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
      TIDEWHEEL_WORKER_ACTIVITIES: join(folder, 'activities.mjs'),
      TIDEWHEEL_WORKER_DUTIES: 'on',
      TIDEWHEEL_WORKER_PORT: '0',
    },
  });
  const [, port = ''] = await process.waitForLine(/"port":(\d+),"msg":"listening"/);
  await process.waitForLine(/"msg":"polling"/);
  return {
    process,
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
  };
}

async function sumOf(name: string): Promise<number> {
  const values = await Promise.all(workers.map((worker) => worker.metric(name)));
  return values.reduce((sum, value) => sum + value, 0);
}

type Handles = readonly { signal(name: string): Promise<void>; result(): Promise<readonly string[]> }[];

/** Lets all executions take a step, and waits until the workers that live have done all of them. */
async function step(handles: Handles): Promise<void> {
  const done = () => sumOf('tidewheel_activity_execution_completed_total');
  const before = await done();
  await Promise.all(handles.map((handle) => handle.signal('step')));
  await waitUntil(async () => (await done()) >= before + handles.length, {
    what: 'a step of each execution',
    timeoutMs: 90_000,
  });
}

async function startAll(name: string): Promise<Handles> {
  return Promise.all(
    Array.from({ length: EXECUTIONS }, (_, number) =>
      client.workflow.start<typeof countingSteps>('countingSteps', {
        workflowId: `${name}-${number}`,
        taskQueue: 'steps',
        args: [`${number}`, STEPS],
      }),
    ),
  );
}

async function checkResults(handles: Handles): Promise<void> {
  const results = await Promise.all(handles.map((handle) => handle.result()));
  expect(results).toEqual(
    handles.map((_, number) => Array.from({ length: STEPS }, (__, done) => `Hello, ${number} ${done}`)),
  );
}

beforeAll(async () => {
  redis = await startTestRedis();
  connection = await Connection.connect({ url: redis.url });
  client = new Client({ connection });
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-sticky-'));
  await writeFile(join(folder, 'activities.mjs'), ACTIVITIES);
});
beforeEach(async () => {
  workers = await Promise.all(Array.from({ length: 4 }, startWorker));
});
afterEach(async () => {
  for (const { process } of workers) {
    process.kill('SIGKILL');
    await process.exited;
  }
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

describe(`${EXECUTIONS} executions on four worker processes`, () => {
  it('stay where they are cached: more than 99 % of the tasks that could are continued from memory', async () => {
    const handles = await startAll('steady');
    for (let done = 0; done < STEPS; done++) await step(handles);
    await checkResults(handles);
    for (const worker of workers) {
      expect(await worker.metric('tidewheel_sticky_cache_hit_total')).toBeGreaterThan(0);
    }
    const hits = await sumOf('tidewheel_sticky_cache_hit_total');
    const replays = await sumOf('tidewheel_workflow_task_replayed_total');
    // For each step a task for the signal and one for the activity's result.
    expect(hits + replays).toBeGreaterThanOrEqual(EXECUTIONS * STEPS * 2);
    expect(hits / (hits + replays)).toBeGreaterThan(0.99);
    expect(await sumOf('tidewheel_sticky_cache_miss_total')).toBe(0);
    expect(await sumOf('tidewheel_sticky_cache_total_forced_eviction_total')).toBe(0);
  });

  it('go on elsewhere, from their history, when one of the processes is killed', async () => {
    const handles = await startAll('killed');
    await step(handles);
    await step(handles);
    const [victim] = workers.splice(0, 1);
    const cachedThere = await victim?.metric('tidewheel_sticky_cache_size');
    expect(cachedThere).toBeGreaterThan(0);
    victim?.process.kill('SIGKILL');
    await victim?.process.exited;
    for (let done = 2; done < STEPS; done++) await step(handles);
    await checkResults(handles);
    // The others lost nothing of theirs, and took over what had been cached by the one that died.
    const replays = await sumOf('tidewheel_workflow_task_replayed_total');
    expect(replays).toBeGreaterThanOrEqual(cachedThere ?? 0);
    expect(await sumOf('tidewheel_sticky_cache_miss_total')).toBe(0);
  });
});
