import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { sameVersion, versionOfStream } from '@tidewheel/routing';
import type { QueueRouting } from '@tidewheel/routing';
import type { TaskKind } from '@tidewheel/store';
import { WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from './engine-context.js';
import { notedPollers, POLLER_SHOWN_MS } from './poller-registry.js';
import { NO_RATES, readRates } from './rate-limit/rate-limit.js';
import { requireIdentifier } from './request-checks.js';
import type { PollerInfo, TaskQueueDescription, TaskQueueStats } from './requests.js';
import type { DeploymentView } from './worker-deployments/deployment-view.js';
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

/** What waits in a task queue. */
interface Backlog {
  readonly backlog: number;
  /** How long the oldest task has waited; 0 when none does. */
  readonly oldestMs: number;
  /** How many of the tasks wait for which version of the workers; undefined: for those without. None is there twice. */
  readonly byVersion: readonly { readonly version?: WorkerDeploymentVersion; readonly backlog: number }[];
}

/** What waits in a task queue, over all partitions and versions of its workers. */
export async function readBacklog(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<Backlog> {
  const view = await context.deployments.fresh(namespace);
  const streams = await Promise.all(
    streamsOf(context, view, kind, namespace, taskQueue).map(async ({ name, key: stream }) => {
      const [backlog, oldest] = await Promise.all([
        context.redis.xlen(stream),
        context.redis.xrange(stream, '-', '+', 'COUNT', 1),
      ]);
      const oldestId = oldest[0]?.[0];
      const oldestMs = oldestId ? Math.max(0, Date.now() - Number(oldestId.split('-')[0])) : 0;
      return { name, backlog, oldestMs };
    }),
  );
  return {
    backlog: streams.reduce((sum, stream) => sum + stream.backlog, 0),
    oldestMs: Math.max(...streams.map((stream) => stream.oldestMs)),
    byVersion: byVersion(streams, view.routing(taskQueue, kind)),
  };
}

function byVersion(
  streams: readonly { readonly name: string; readonly backlog: number }[],
  routing: QueueRouting,
): Backlog['byVersion'] {
  const sums: { readonly version?: WorkerDeploymentVersion; backlog: number }[] = [];
  for (const { name, backlog } of streams) {
    const version = versionOfStream(routing, name);
    const known = sums.find((sum) => sameVersion(sum.version, version));
    if (known) known.backlog += backlog;
    else sums.push({ ...(version && { version }), backlog });
  }
  return sums;
}

async function kindStats(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
  registered: Promise<readonly WorkerInfo[]>,
): Promise<TaskQueueStats> {
  const [{ backlog, oldestMs }, direct, noted, rates, workers] = await Promise.all([
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
    backlog,
    oldestMs,
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
  const view = await context.deployments.fresh(namespace);
  const streams = streamsOf(context, view, kind, namespace, taskQueue);
  return (await Promise.all(streams.map(({ key }) => pollersOf(context, key, nowMs)))).flat();
}

/** All streams of a queue: in every partition, for every version of its workers. */
function streamsOf(
  { keys }: EngineContext,
  view: DeploymentView,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): { readonly name: string; readonly key: string }[] {
  return view.streamNames(taskQueue, kind).flatMap((name) =>
    Array.from({ length: keys.partitions }, (_, partition) => ({
      name,
      key: keys.taskStream(partition, kind, namespace, name),
    })),
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
