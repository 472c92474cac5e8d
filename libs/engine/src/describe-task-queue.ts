import type { TaskKind } from '@tidewheel/store';
import { WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from './engine-context.js';
import { notedPollers, POLLER_SHOWN_MS } from './poller-registry.js';
import { NO_RATES, readRates } from './rate-limit/rate-limit.js';
import { requireIdentifier } from './request-checks.js';
import type { PollerInfo, TaskQueueDescription, TaskQueueStats } from './requests.js';
import { workersOfQueue } from './workers/read-workers.js';
import { findMismatches } from './workers/registrations.js';
import type { WorkerInfo } from './workers/worker-heartbeat.js';

/** @throws InvalidArgumentError, NamespaceNotFoundError */
export async function describeTaskQueue(
  context: EngineContext,
  namespace: string,
  taskQueue: string,
): Promise<TaskQueueDescription> {
  requireIdentifier('taskQueue', taskQueue);
  await context.namespaces.require(namespace);
  const workers = workersOfQueue(context, namespace, taskQueue);
  const [workflow, activity] = await Promise.all([
    kindStats(context, 'workflow', namespace, taskQueue, workers),
    kindStats(context, 'activity', namespace, taskQueue, workers),
  ]);
  return { namespace, taskQueue, workflow, activity };
}

/** How many tasks of a queue wait, over all partitions and versions of its workers, and how long the oldest has; 0 when none does. */
export async function readBacklog(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<{ readonly backlog: number; readonly oldestMs: number }> {
  const streams = await Promise.all(
    (await streamsOf(context, kind, namespace, taskQueue)).map(async (stream) => {
      const [backlog, oldest] = await Promise.all([
        context.redis.xlen(stream),
        context.redis.xrange(stream, '-', '+', 'COUNT', 1),
      ]);
      const oldestId = oldest[0]?.[0];
      return { backlog, oldestMs: oldestId ? Math.max(0, Date.now() - Number(oldestId.split('-')[0])) : 0 };
    }),
  );
  return {
    backlog: streams.reduce((sum, stream) => sum + stream.backlog, 0),
    oldestMs: Math.max(...streams.map((stream) => stream.oldestMs)),
  };
}

async function kindStats(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
  registered: Promise<readonly WorkerInfo[]>,
): Promise<TaskQueueStats> {
  const [waiting, direct, noted, rates, workers] = await Promise.all([
    readBacklog(context, kind, namespace, taskQueue),
    directPollers(context, kind, namespace, taskQueue),
    notedPollers(context, kind, namespace, taskQueue),
    kind === 'activity' ? readRates(context, { namespace, taskQueue }) : NO_RATES,
    registered,
  ]);
  const ofKind = workers.filter(({ kinds }) => kinds[kind] !== undefined);
  const pollers = new Map<string, PollerInfo>();
  const themselves = direct.filter(({ identity }) => !noted.readers.has(identity));
  for (const poller of [...themselves, ...noted.pollers]) {
    const known = pollers.get(poller.identity);
    if (!known || known.lastAccessTimeMs < poller.lastAccessTimeMs) pollers.set(poller.identity, poller);
  }
  return {
    ...waiting,
    pollers: [...pollers.values()]
      .map((poller) => ({ ...poller, workers: ofKind.filter((worker) => pollsAs(worker, poller.identity)) }))
      .sort((a, b) => b.lastAccessTimeMs - a.lastAccessTimeMs),
    registrationMismatches: findMismatches(ofKind, kind),
    rates,
  };
}

function pollsAs(worker: WorkerInfo, identity: string): boolean {
  return (worker.pollerIdentity ?? worker.workerIdentity) === identity;
}

async function directPollers(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<PollerInfo[]> {
  const nowMs = Date.now();
  const streams = await streamsOf(context, kind, namespace, taskQueue);
  return (await Promise.all(streams.map((stream) => pollersOf(context, stream, nowMs)))).flat();
}

/** All streams of a queue: in every partition, for every version of its workers. */
async function streamsOf(
  { keys, deployments }: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<string[]> {
  const names = (await deployments.fresh(namespace)).streamNames(taskQueue, kind);
  return names.flatMap((name) =>
    Array.from({ length: keys.partitions }, (_, partition) =>
      keys.taskStream(partition, kind, namespace, name),
    ),
  );
}

/** Who has polled a stream lately. */
export async function pollersOf(
  context: EngineContext,
  stream: string,
  nowMs: number,
): Promise<PollerInfo[]> {
  const consumers = await context.redis.xinfo('CONSUMERS', stream, WORKERS_GROUP).catch(() => []);
  return (consumers as (string | number)[][]).flatMap((fields) => {
    const idleMs = Number(fields[5]);
    return idleMs > POLLER_SHOWN_MS
      ? []
      : [{ identity: String(fields[1]), lastAccessTimeMs: nowMs - idleMs }];
  });
}
