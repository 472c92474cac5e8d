import { Client, Connection } from '@tidewheel/client';
import type { WorkflowHandle } from '@tidewheel/client';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as versionOne from './rolling-deploy-v1.fixture.js';
import type * as versionTwo from './rolling-deploy-v2.fixture.js';

interface Versions {
  readonly '1': typeof versionOne;
  readonly '2': typeof versionTwo;
}

/** Both versions have the same workflows. */
type WorkflowType = keyof Versions['1' | '2'];

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ACTIVITIES = `export const greet = async (name) => 'Hello, ' + name;`;
const DEPLOYMENT = { namespace: 'default', deploymentName: 'shop' };
const TASK_QUEUE = 'orders';
const WAIT_MS = 60_000;

describe.each([1, 4])('a rolling deploy, with %i partition(s)', (partitions) => {
  let redis: TestRedis;
  let connection: Connection;
  let client: Client;
  let folder: string;
  const processes: SpawnedProcess[] = [];

  beforeAll(async () => {
    redis = await startTestRedis();
    connection = await Connection.connect({ url: redis.url, partitions });
    await connection.engine.startDuties({ versionDrainageGraceMs: 0 });
    client = new Client({ connection });
    folder = await mkdtemp(join(tmpdir(), 'tidewheel-deploy-'));
    await writeFile(join(folder, 'activities.mjs'), ACTIVITIES);
  });
  afterAll(async () => {
    for (const running of processes) {
      running.kill('SIGKILL');
      await running.exited;
    }
    await connection.close();
    await redis.stop();
    await rm(folder, { recursive: true });
  });

  async function startWorker(buildId: '1' | '2'): Promise<SpawnedProcess> {
    const running = await spawnProcess({
      command: process.execPath,
      args: [MAIN],
      name: `worker process of version ${buildId}`,
      env: {
        REDIS_URL: redis.url,
        TIDEWHEEL_WORKER_TASK_QUEUES: TASK_QUEUE,
        TIDEWHEEL_WORKER_WORKFLOWS: fileURLToPath(
          new URL(`./rolling-deploy-v${buildId}.fixture.ts`, import.meta.url),
        ),
        TIDEWHEEL_WORKER_ACTIVITIES: join(folder, 'activities.mjs'),
        TIDEWHEEL_WORKER_PORT: '0',
        TIDEWHEEL_WORKER_DEPLOYMENT_NAME: DEPLOYMENT.deploymentName,
        TIDEWHEEL_WORKER_BUILD_ID: buildId,
      },
    });
    processes.push(running);
    const version = { deploymentName: DEPLOYMENT.deploymentName, buildId };
    await waitUntil(
      () => connection.engine.describeWorkerDeploymentVersion('default', version).catch(() => undefined),
      { what: `version ${buildId} to poll`, timeoutMs: WAIT_MS },
    );
    return running;
  }

  const setCurrent = (buildId: string) =>
    waitUntil(
      () =>
        connection.engine
          .setWorkerDeploymentCurrentVersion({ ...DEPLOYMENT, buildId })
          .catch(() => undefined),
      { what: `version ${buildId} to be current`, timeoutMs: WAIT_MS },
    );

  const start = (workflowType: WorkflowType, count: number): Promise<WorkflowHandle[]> =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        client.workflow.start(workflowType, {
          workflowId: `${workflowType} ${processes.length} ${i}`,
          taskQueue: TASK_QUEUE,
        }),
      ),
    );

  async function typesOf(handle: WorkflowHandle): Promise<string[]> {
    const { workflowId } = handle;
    const { events } = await connection.engine.getHistory({ namespace: 'default', workflowId });
    return events.map(({ eventType }) => eventType);
  }

  /** Waits until an execution waits for its signal. */
  const stands = (handle: WorkflowHandle): Promise<unknown> =>
    waitUntil(
      async () => {
        const types = await typesOf(handle);
        return (
          (types.includes('ActivityTaskCompleted') && types.at(-1) === 'WorkflowTaskCompleted') || undefined
        );
      },
      { what: `${handle.workflowId} to wait for its signal`, timeoutMs: WAIT_MS },
    );

  const status = async (buildId: string): Promise<string> => {
    const version = { deploymentName: DEPLOYMENT.deploymentName, buildId };
    return (await connection.engine.describeWorkerDeploymentVersion('default', version)).status;
  };

  it(
    'lets pinned executions finish on the old version, moves the others, drains the old version and loses nothing',
    async () => {
      const oldWorker = await startWorker('1');
      await setCurrent('1');
      const pinned = await start('checkout', 6);
      const moving = await start('subscription', 6);
      for (const handle of [...pinned, ...moving]) await stands(handle);

      await startWorker('2');
      await setCurrent('2');
      const fresh = await start('checkout', 6);
      for (const handle of fresh) await stands(handle);
      expect(await status('1')).toBe('DRAINING');

      const all = [...pinned, ...moving, ...fresh];
      await Promise.all(all.map((handle) => handle.signal('go')));
      const results = await Promise.all(all.map((handle) => handle.result()));
      expect(results).toEqual([
        ...pinned.map(() => ['v1', 'Hello, first', 'Hello, second']),
        ...moving.map(() => ['by 2', 'Hello, first']),
        ...fresh.map(() => ['v2', 'Hello, only']),
      ]);
      for (const handle of all) expect(await typesOf(handle)).not.toContain('WorkflowTaskFailed');

      await waitUntil(async () => (await status('1')) === 'DRAINED' || undefined, {
        what: 'the old version to be drained',
        timeoutMs: WAIT_MS,
      });
      oldWorker.kill('SIGTERM');
      expect(await oldWorker.exited).toMatchObject({ code: 0 });

      const [after] = await start('subscription', 1);
      await after?.signal('go');
      expect(await after?.result()).toEqual(['by 2', 'Hello, first', 'Hello, more']);
    },
    4 * WAIT_MS,
  );
});
