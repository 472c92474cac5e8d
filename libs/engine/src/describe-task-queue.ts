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

/** How many tasks of a queue wait, over all partitions, and how long the oldest has; 0 when none does. */
export async function readBacklog(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<{ readonly backlog: number; readonly oldestMs: number }> {
  const partitions = await Promise.all(
    Array.from({ length: context.keys.partitions }, async (_, partition) => {
      const stream = context.keys.taskStream(partition, kind, namespace, taskQueue);
      const [backlog, oldest] = await Promise.all([
        context.redis.xlen(stream),
        context.redis.xrange(stream, '-', '+', 'COUNT', 1),
      ]);
      const oldestId = oldest[0]?.[0];
      return { backlog, oldestMs: oldestId ? Math.max(0, Date.now() - Number(oldestId.split('-')[0])) : 0 };
    }),
  );
  return {
    backlog: partitions.reduce((sum, partition) => sum + partition.backlog, 0),
    oldestMs: Math.max(...partitions.map((partition) => partition.oldestMs)),
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
  const partitions = await Promise.all(
    Array.from({ length: context.keys.partitions }, (_, partition) =>
      pollersOf(context, context.keys.taskStream(partition, kind, namespace, taskQueue), nowMs),
    ),
  );
  return partitions.flat();
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
