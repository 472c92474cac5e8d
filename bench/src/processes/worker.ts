// A worker process of the bench.
import { bundleWorkflowCode, NativeConnection, Worker } from '@tidewheel/worker';
import { fileURLToPath } from 'node:url';
import { activities } from './bench-activities.js';
import { answerCalls } from './calls.js';
import { measureThreadHeaps } from './thread-heaps.js';
import type { ThreadHeaps } from './thread-heaps.js';
import { cpuMicros } from './usage.js';
import type { UsageCalls } from './usage.js';

/** What a worker process does. */
interface WorkerStartOptions {
  readonly redisUrl: string;
  /** The first queue gets workflows and activities, the others activities only: a workflow thread each would be absurd. */
  readonly taskQueues: readonly string[];
  /** Whether the workflows are bundled before the clock starts, as a deployment with a build step does it. */
  readonly isBundledBefore?: boolean;
  /** Default: that of the worker. */
  readonly maxCachedWorkflows?: number;
  /** Whether the first queue gets activities only, too. */
  readonly isWithoutWorkflows?: boolean;
  /** The rate that the worker asks for its queues, over all workers; default none. */
  readonly maxTaskQueueActivitiesPerSecond?: number;
}

/** What a worker process of the bench answers. */
export type WorkerCalls = UsageCalls & {
  /** Creates and runs the workers; gives the milliseconds from the first `Worker.create` to the first poll. */
  readonly start: (options: WorkerStartOptions) => Promise<number>;
  /** Executions in the cache of the workflow thread. */
  readonly cachedWorkflows: () => number;
  /** How often tasks went on from memory, and how often they began at the beginning of the history. */
  readonly cacheUse: () => { readonly hits: number; readonly misses: number; readonly replays: number };
  /** The heaps of the main and of the workflow thread. */
  readonly heaps: () => Promise<ThreadHeaps>;
};

const WORKFLOWS_PATH = fileURLToPath(new URL('./bench-workflows.js', import.meta.url));

const workers: Worker[] = [];

async function start(options: WorkerStartOptions): Promise<number> {
  const connection = await NativeConnection.connect({ url: options.redisUrl });
  const workflows = options.isBundledBefore
    ? { workflowBundle: await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH }) }
    : { workflowsPath: WORKFLOWS_PATH };
  const { maxCachedWorkflows, maxTaskQueueActivitiesPerSecond } = options;
  const startedMs = performance.now();
  for (const [index, taskQueue] of options.taskQueues.entries()) {
    const worker = await Worker.create({
      connection,
      taskQueue,
      activities,
      ...(index === 0 && !options.isWithoutWorkflows && workflows),
      ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
      ...(maxTaskQueueActivitiesPerSecond !== undefined && { maxTaskQueueActivitiesPerSecond }),
    });
    workers.push(worker);
    worker.run().catch(die);
  }
  while (!(await isPolling(connection))) await Promise.resolve();
  return performance.now() - startedMs;
}

/** Whether Redis has the blocking read of this process. */
async function isPolling({ engine }: NativeConnection): Promise<boolean> {
  const clients = (await engine.context.redis.call('CLIENT', 'LIST')) as string;
  return clients
    .split('\n')
    .some((client) => client.includes('cmd=xreadgroup') && client.includes(engine.context.identity));
}

function die(error: unknown): void {
  process.stderr.write(`the worker failed: ${String(error)}\n`);
  process.exit(1);
}

const calls: WorkerCalls = {
  start,
  cpuMicros,
  cachedWorkflows: () =>
    workers.reduce((sum, worker) => sum + (worker.getStatus().workflowCache?.cachedWorkflows ?? 0), 0),
  cacheUse: () => {
    const caches = workers.flatMap((worker) => worker.getStatus().workflowCache ?? []);
    const sum = (key: 'hits' | 'misses' | 'replays') =>
      caches.reduce((total, cache) => total + cache[key], 0);
    return { hits: sum('hits'), misses: sum('misses'), replays: sum('replays') };
  },
  heaps: measureThreadHeaps,
};
answerCalls(calls);
