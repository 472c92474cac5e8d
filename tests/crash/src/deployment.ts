import { Engine } from '@tidewheel/engine';
import { startRedis } from './crash-redis.js';
import type { CrashRedis } from './crash-redis.js';
import type { RedisForm } from './crash-options.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from './managed-process.js';

/** The task queue that everything runs on but what is on the one of {@link RATE}. */
export const TASK_QUEUE = 'crash';
/** The dispatch rate of a task queue, in tasks a second. */
export const RATE = { taskQueue: `${TASK_QUEUE}-rated`, perSecond: 10, burst: 5 } as const;
/** Sessions that each worker has room for. */
export const SESSIONS_PER_WORKER = 2;

/** How many of what a deployment has. */
interface DeploymentOptions {
  readonly partitions: number;
  readonly on?: RedisForm;
  readonly workers: number;
  readonly apis: number;
  /** Where processes write their output. */
  readonly logFolder: string;
}

/** Redis, which forces every write to disk, API processes and workers. */
export interface Deployment {
  readonly redis: CrashRedis;
  readonly workers: readonly ManagedProcess[];
  readonly apis: readonly ManagedProcess[];
  readonly apiUrls: readonly string[];
  /** Where attempts of activities write that they run. */
  readonly recordFile: string;
  /** Kills what still runs. */
  destroy(): Promise<void>;
}

// Both compiled and under test, this folder's parent is the project.
const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const WORKER_PROGRAM = join(PROJECT, 'dist', 'worker-process.js');
export const API_PROGRAM = join(PROJECT, '..', '..', 'apps', 'api', 'dist', 'main.js');
/** Arguments of Node.js before the program. */
export const PRELOADED = ['--import', join(PROJECT, 'dist', 'short-lease.js')];

/** Starts all of it, and waits until all of it is ready. */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  await mkdir(options.logFolder, { recursive: true });
  const redis = await startRedis(options.on ?? 'server', options.partitions);
  const recordFile = join(options.logFolder, 'activities.jsonl');
  await writeFile(recordFile, '');
  const ports = await Promise.all(Array.from({ length: options.apis }, freePort));
  const apis = ports.map(
    (port, index) =>
      new ManagedProcess({
        name: `api-${index + 1}`,
        command: process.execPath,
        args: [...PRELOADED, API_PROGRAM],
        env: {
          REDIS_URL: redis.url,
          TIDEWHEEL_API_PORT: String(port),
          TIDEWHEEL_SHUTDOWN_TIMEOUT: '5s',
          TIDEWHEEL_SEED: undefined,
        },
        readyLine: /"msg":"ready"/,
        logFile: join(options.logFolder, `api-${index + 1}.log`),
      }),
  );
  const workers = Array.from(
    { length: options.workers },
    (_, index) =>
      new ManagedProcess({
        name: `worker-${index + 1}`,
        command: process.execPath,
        args: [...PRELOADED, WORKER_PROGRAM],
        env: { REDIS_URL: redis.url, RECORD_FILE: recordFile },
        readyLine: /^ready$/,
        mayDie: true,
        logFile: join(options.logFolder, `worker-${index + 1}.log`),
      }),
  );
  const destroy = async (): Promise<void> => {
    await Promise.all([...apis, ...workers].map((each) => each.kill()));
    await redis.stop();
  };
  try {
    await createDeployment(redis.url, options.partitions);
    for (const each of [...apis, ...workers]) {
      await each.start();
      await each.waitUntilReady();
    }
  } catch (error) {
    await destroy();
    throw error;
  }
  const apiUrls = ports.map((port) => `http://127.0.0.1:${port}`);
  return { redis, workers, apis, apiUrls, recordFile, destroy };
}

/** Gives it its partitions, and the rate before anybody polls. */
async function createDeployment(url: string, partitions: number): Promise<void> {
  const engine = await Engine.open({ connection: { url }, partitions });
  const { taskQueue, perSecond, burst } = RATE;
  try {
    await engine.updateTaskQueueConfig({
      namespace: 'default',
      taskQueue,
      taskQueueType: 'activity',
      updateQueueRateLimit: { rateLimit: { requestsPerSecond: perSecond, burst }, reason: 'crash test' },
    });
  } finally {
    await engine.close();
  }
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
