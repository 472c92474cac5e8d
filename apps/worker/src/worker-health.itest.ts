import { Client, Connection } from '@tidewheel/client';
import { openRedis } from '@tidewheel/store';
import { demote, promote, spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { waiting } from './greeting-workflows.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./greeting-workflows.fixture.ts', import.meta.url));
/** As a kubelet gives up on a probe. */
const PROBE_TIMEOUT_MS = 1_000;
/** An activity that blocks the event loop until a file is there, and a check that needs another one. */
const ACTIVITIES = `
  import { existsSync, writeFileSync } from 'node:fs';
  export const waitFor = async (path) => {
    writeFileSync(path + '.begun', '');
    while (!existsSync(path));
    return 'seen';
  };
  export const healthChecks = {
    database: {
      check: () => {
        if (!existsSync(process.env.DATABASE_FILE)) throw new Error('connection refused');
      },
      interval: '100ms',
    },
  };
`;
const MORE_CHECKS = `exports.healthChecks = { 'external-api': async () => undefined };`;

interface Report {
  readonly status: string;
  readonly checks: readonly { name: string; status: string; since: string; reason?: string }[];
}

let redis: TestRedis;
let folder: string;
let worker: SpawnedProcess;
let url: string;
const at = (name: string): string => join(folder, name);

async function probe(path: string): Promise<{ readonly status: number; readonly report: Report }> {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  return { status: response.status, report: (await response.json()) as Report };
}

/** Names and reasons of the checks that fail. */
async function failing(): Promise<Record<string, string | undefined>> {
  const { report } = await probe('/ready');
  const failed = report.checks.filter(({ status }) => status === 'failing');
  return Object.fromEntries(failed.map(({ name, reason }) => [name, reason]));
}

function untilReady(): Promise<unknown> {
  return waitUntil(async () => (await probe('/ready')).status === 200, { what: 'the worker to be ready' });
}

function startWorker(): Promise<SpawnedProcess> {
  return spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'worker process',
    env: {
      DATABASE_FILE: at('database'),
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_ACTIVITIES: at('activities.mjs'),
      TIDEWHEEL_WORKER_HEALTH_CHECKS: at('more.cjs'),
      TIDEWHEEL_WORKER_PORT: '0',
      TIDEWHEEL_WORKER_TASK_QUEUES: 'greetings',
      TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
    },
  });
}

beforeEach(async () => {
  redis = await startTestRedis();
  folder = await mkdtemp(join(tmpdir(), 'tidewheel-worker-health-'));
  await writeFile(at('activities.mjs'), ACTIVITIES);
  await writeFile(at('more.cjs'), MORE_CHECKS);
  await writeFile(at('database'), '');
  worker = await startWorker();
  const [, port = ''] = await worker.waitForLine(/"port":(\d+),"msg":"listening"/);
  url = `http://127.0.0.1:${port}`;
  await untilReady();
});
afterEach(async () => {
  worker.kill('SIGKILL');
  await worker.exited;
  await redis.stop();
  await rm(folder, { recursive: true });
});

describe('the health of a worker process', () => {
  it("shows users' checks, and is not ready while one fails", async () => {
    const { report } = await probe('/ready');
    expect(report.checks.map(({ name }) => name)).toEqual([
      'redis',
      'scripts',
      'partitions',
      'notices',
      'started',
      'polls',
      'database',
      'external-api',
      'running',
    ]);
    await rm(at('database'));
    await waitUntil(async () => (await probe('/ready')).status === 503, { what: 'the worker to be red' });
    expect(await failing()).toEqual({ database: 'connection refused' });
    expect((await probe('/ready')).report.status).toBe('not ready');
    await worker.waitForLine(
      /"check":"database","reason":"connection refused","msg":"a check fails; not ready"/,
    );

    await writeFile(at('database'), '');
    await untilReady();
    await worker.waitForLine(/"check":"database","msg":"a check passes again"/);
  });

  it.each(['killed', 'frozen'] as const)(
    'tells that Redis is %s, and is ready when it is back',
    async (how) => {
      if (how === 'killed') await redis.kill();
      else await redis.freeze();
      await waitUntil(async () => 'redis' in (await failing()), { what: 'the worker to notice' });
      const { status, report } = await probe('/ready');
      expect({ status, is: report.status }).toEqual({ status: 503, is: 'not ready' });
      expect((await probe('/health')).status).toBe(200);
      if (how === 'killed') await redis.restart();
      else redis.thaw();
      await untilReady();
    },
  );

  it('tells that Redis takes no writes any more, although it answers', async () => {
    const administrator = openRedis({ url: redis.url });
    await demote(administrator);
    const reason = await waitUntil(async () => (await failing())['redis'], { what: 'the worker to notice' });
    expect(reason).toMatch(/READONLY|did not answer within/);
    await promote(administrator);
    administrator.disconnect();
    await untilReady();
  });

  it('loads scripts again that somebody flushed', async () => {
    const administrator = openRedis({ url: redis.url });
    await administrator.script('FLUSH');
    const loaded = async (): Promise<boolean> =>
      Number(/number_of_cached_scripts:(\d+)/.exec(await administrator.info('memory'))?.[1]) > 30;
    expect(await loaded()).toBe(false);
    await waitUntil(loaded, { what: 'the scripts to be loaded again' });
    administrator.disconnect();
    expect((await probe('/ready')).status).toBe(200);
  });

  it('answers no probe while the event loop is blocked, and tells afterwards when it came back', async () => {
    const before = (await probe('/health')).report.checks[0]?.since ?? '';
    const connection = await Connection.connect({ url: redis.url });
    const client = new Client({ connection });
    const handle = await client.workflow.start<typeof waiting>('waiting', {
      workflowId: 'waiting-1',
      taskQueue: 'greetings',
      args: [at('go')],
    });
    await waitUntil(() => existsSync(at('go.begun')), { what: 'the loop to be blocked' });
    for (const path of ['/health', '/ready']) await expect(probe(path)).rejects.toThrow(/timeout/);
    await writeFile(at('go'), '');
    await expect(handle.result()).resolves.toBe('seen');
    const after = (await probe('/health')).report.checks[0]?.since ?? '';
    expect(Date.parse(after)).toBeGreaterThan(Date.parse(before));
    await untilReady();
    await connection.close();
  });

  it("does not start with a health check that has the name of one of the process' own", async () => {
    const { report } = await probe('/ready');
    const own = report.checks
      .map(({ name }) => name)
      .filter((name) => !['database', 'external-api'].includes(name));
    const definitions = own.map((name) => `${name}: () => undefined`).join();
    await writeFile(at('more.cjs'), `exports.healthChecks = { ${definitions} };`);
    const second = await startWorker();
    await expect(second.exited).resolves.toEqual({ code: 1, signal: null });
    for (const name of own) {
      expect(second.lines.join('\n')).toContain(`more.cjs: healthChecks.${name}: allowed as a name are`);
    }
  });
});
