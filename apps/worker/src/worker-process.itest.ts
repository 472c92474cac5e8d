import { Client, Connection } from '@tidewheel/client';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { greeting, routed, waiting } from './greeting-workflows.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./greeting-workflows.fixture.ts', import.meta.url));
/** A workflow task ends soon enough in the tests that no time out needs to be seen to: no API process runs. */
const PLAIN_ACTIVITIES = `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export const greet = async (name) => 'Hello, ' + name;
  export const waitFor = async (path) => {
    console.log('waiting for the file');
    while (!existsSync(path)) await setTimeout(20);
    return 'seen';
  };
`;
const HOST_ACTIVITIES = `
  exports.createActivities = ({ hostTaskQueue }) => ({ hostQueue: async () => hostTaskQueue });
`;

interface Answer {
  readonly status: number;
  readonly body: string;
}

let redis: TestRedis;
let connection: Connection;
let client: Client;
let folder: string;
const processes: SpawnedProcess[] = [];

async function start(env: Record<string, string> = {}): Promise<SpawnedProcess> {
  const running = await spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'worker process',
    env: {
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_TASK_QUEUES: 'greetings',
      TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
      TIDEWHEEL_WORKER_ACTIVITIES: `${join(folder, 'plain.mjs')},${join(folder, 'host.cjs')}`,
      TIDEWHEEL_WORKER_HOST_QUEUE: 'on',
      TIDEWHEEL_WORKER_PORT: '0',
      ...env,
    },
  });
  processes.push(running);
  return running;
}

async function getter(worker: SpawnedProcess): Promise<(path: string) => Promise<Answer>> {
  const [, port = ''] = await worker.waitForLine(/"port":(\d+),"msg":"listening"/);
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.text() };
  };
}

function failing({ body }: Answer): string[] {
  const { checks } = JSON.parse(body) as { checks: { name: string; status: string; since: string }[] };
  for (const { since } of checks) expect(Date.parse(since)).toBeGreaterThan(0);
  return checks.filter(({ status }) => status === 'failing').map(({ name }) => name);
}

beforeAll(async () => {
  redis = await startTestRedis();
  connection = await Connection.connect({ url: redis.url });
  client = new Client({ connection });
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-worker-'));
  await writeFile(join(folder, 'plain.mjs'), PLAIN_ACTIVITIES);
  await writeFile(join(folder, 'host.cjs'), HOST_ACTIVITIES);
});
afterEach(async () => {
  for (const running of processes.splice(0)) {
    running.kill('SIGKILL');
    await running.exited;
  }
});
afterAll(async () => {
  await connection.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

describe('the worker process', () => {
  it('runs workflows, tells how it is, and ends with 0 after SIGTERM', async () => {
    const worker = await start();
    const get = await getter(worker);
    const greeted = await client.workflow.execute<typeof greeting>('greeting', {
      workflowId: 'greeting-1',
      taskQueue: 'greetings',
      args: ['Ada'],
    });
    expect(greeted).toBe('Hello, Ada');

    expect(JSON.parse((await get('/health')).body)).toMatchObject({
      status: 'ok',
      checks: [{ name: 'event-loop', status: 'passing' }],
    });
    const ready = await waitUntil(
      async () => {
        const answer = await get('/ready');
        return answer.status === 200 && answer;
      },
      { what: 'the worker to be ready' },
    );
    expect(JSON.parse(ready.body)).toMatchObject({
      status: 'ready',
      checks: ['redis', 'scripts', 'partitions', 'notices', 'started', 'polls', 'running'].map((name) => ({
        name,
        status: 'passing',
      })),
    });
    const { body: metrics } = await get('/metrics');
    const labels = 'namespace="default",task_queue="greetings"';
    for (const line of [
      `tidewheel_worker_task_slots_available{${labels},worker_type="WorkflowWorker"} 100`,
      `tidewheel_worker_task_slots_used{${labels},worker_type="ActivityWorker"} 0`,
      `tidewheel_activity_execution_completed_total{${labels}} 1`,
      `tidewheel_activity_execution_canceled_total{${labels}} 0`,
      `tidewheel_workflow_task_execution_completed_total{${labels}} 2`,
      `tidewheel_sticky_cache_size{${labels}} 0`,
      `tidewheel_sticky_cache_hit_total{${labels}} 1`,
      `tidewheel_sticky_cache_miss_total{${labels}} 0`,
      `tidewheel_sticky_cache_total_forced_eviction_total{${labels}} 0`,
      `tidewheel_worker_poll_connections_replaced_total{${labels}} 0`,
    ]) {
      expect(metrics).toContain(`${line}\n`);
    }
    expect(metrics).toMatch(/^tidewheel_worker_poll_silence_seconds\{/m);
    expect(metrics).toMatch(/^process_cpu_time_seconds_total\{/m);
    expect((await get('/other')).status).toBe(404);

    worker.kill('SIGTERM');
    await expect(worker.exited).resolves.toEqual({ code: 0, signal: null });
  });

  it.each(['workflow', 'activity'])(
    'shows the slots of %s tasks alone when it takes no others',
    async (kind) => {
      const worker = await start({ TIDEWHEEL_WORKER_KINDS: kind, TIDEWHEEL_WORKER_HOST_QUEUE: 'off' });
      const get = await getter(worker);
      await waitUntil(async () => (await get('/ready')).status === 200, { what: 'the worker to be ready' });
      const { body } = await get('/metrics');
      const shown = [...body.matchAll(/^tidewheel_worker_task_slots_(\w+)\{.*worker_type="(\w+)"\}/gm)];
      const type = kind === 'workflow' ? 'WorkflowWorker' : 'ActivityWorker';
      expect(shown.map(([, slots, workerType]) => [slots, workerType])).toEqual([
        ['available', type],
        ['used', type],
      ]);
    },
  );

  it('serves a queue of its own, whose name activities can learn', async () => {
    await start();
    const [taskQueue, sameTaskQueue] = await client.workflow.execute<typeof routed>('routed', {
      workflowId: 'routed-1',
      taskQueue: 'greetings',
    });
    expect(taskQueue).toMatch(/^host:.+:[0-9a-f-]{36}$/);
    expect(sameTaskQueue).toBe(taskQueue);
  });

  it('lets a running activity end after SIGTERM, and is not ready meanwhile', async () => {
    const worker = await start();
    const get = await getter(worker);
    const path = join(folder, 'go');
    const handle = await client.workflow.start<typeof waiting>('waiting', {
      workflowId: 'waiting-1',
      taskQueue: 'greetings',
      args: [path],
    });
    await worker.waitForLine(/waiting for the file/);
    await waitUntil(async () => (await get('/ready')).status === 200, { what: 'the worker to be ready' });
    worker.kill('SIGTERM');
    await worker.waitForLine(/winding up/);
    const answer = await get('/ready');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'draining' });
    expect(failing(answer)).toEqual(['running']);

    await writeFile(path, '');
    await expect(worker.exited).resolves.toEqual({ code: 0, signal: null });
    // Its last workflow task is left to others.
    await start();
    await expect(handle.result()).resolves.toBe('seen');
  });

  it('ends at once with 1 at the second signal', async () => {
    const worker = await start();
    await client.workflow.start<typeof waiting>('waiting', {
      workflowId: 'waiting-2',
      taskQueue: 'greetings',
      args: [join(folder, 'never')],
    });
    await worker.waitForLine(/waiting for the file/);
    worker.kill('SIGTERM');
    await worker.waitForLine(/winding up/);
    worker.kill('SIGINT');
    await expect(worker.exited).resolves.toEqual({ code: 1, signal: null });
  });

  it('lives but is not ready while Redis has never answered, and ends with 0 then', async () => {
    const worker = await start({ REDIS_URL: 'redis://127.0.0.1:1' });
    const get = await getter(worker);
    expect((await get('/health')).status).toBe(200);
    const answer = await get('/ready');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'starting' });
    expect(failing(answer)).toEqual(['redis', 'started']);
    worker.kill('SIGTERM');
    await expect(worker.exited).resolves.toEqual({ code: 0, signal: null });
  });

  it('is not ready while Redis does not answer, and is again afterwards', async () => {
    const worker = await start();
    const get = await getter(worker);
    const status = async (): Promise<number> => (await get('/ready')).status;
    await waitUntil(async () => (await status()) === 200, { what: 'the worker to be ready' });
    await redis.freeze();
    const bothNoticed = async (): Promise<boolean> => {
      const names = failing(await get('/ready'));
      return names.includes('redis') && names.includes('polls');
    };
    await waitUntil(bothNoticed, { what: 'both checks to fail' });
    expect(await status()).toBe(503);
    redis.thaw();
    await waitUntil(async () => (await status()) === 200, { what: 'the worker to be ready again' });
  });

  it.each([
    [
      { TIDEWHEEL_WORKER_PORT: 'x', TIDEWHEEL_WORKER_NO: 'x' },
      [
        /^tidewheel-worker: TIDEWHEEL_WORKER_NO: is not a known/,
        /^tidewheel-worker: TIDEWHEEL_WORKER_PORT: got "x"/,
      ],
    ],
    [
      { OTEL_METRICS_EXPORTER: 'x', TIDEWHEEL_WORKER_PORT: 'x' },
      [
        /^tidewheel-worker: OTEL_METRICS_EXPORTER: got "x"/,
        /^tidewheel-worker: TIDEWHEEL_WORKER_PORT: got "x"/,
      ],
    ],
    [{ TIDEWHEEL_WORKER_NAMESPACE: 'nowhere' }, [/"msg":"the worker process cannot go on"/]],
  ])('ends with 1 and says why when it cannot start: %j', async (env, lines) => {
    const worker = await start(env);
    await expect(worker.exited).resolves.toEqual({ code: 1, signal: null });
    for (const line of lines) expect(worker.lines).toContainEqual(expect.stringMatching(line));
  });
});
