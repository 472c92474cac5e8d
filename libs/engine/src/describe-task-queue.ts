import type { TaskKind } from '@tidewheel/store';
import { WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from './engine-context.js';
import { notedPollers, POLLER_SHOWN_MS } from './poller-registry.js';
import { NO_RATES, readRates } from './rate-limit/rate-limit.js';
import { requireIdentifier } from './request-checks.js';
import type { PollerInfo, TaskQueueDescription, TaskQueueStats } from './requests.js';

/** @throws InvalidArgumentError, NamespaceNotFoundError */
export async function describeTaskQueue(
  context: EngineContext,
  namespace: string,
  taskQueue: string,
): Promise<TaskQueueDescription> {
  requireIdentifier('taskQueue', taskQueue);
  await context.namespaces.require(namespace);
  const [workflow, activity] = await Promise.all([
    kindStats(context, 'workflow', namespace, taskQueue),
    kindStats(context, 'activity', namespace, taskQueue),
  ]);
  return { namespace, taskQueue, workflow, activity };
}

async function kindStats(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<TaskQueueStats> {
  const nowMs = Date.now();
  const view = await context.deployments.fresh(namespace);
  const partitions = await Promise.all(
    streamsOf(context, kind, namespace, view.streamNames(taskQueue, kind)).map(async (stream) => {
      const [backlog, oldest, pollers] = await Promise.all([
        context.redis.xlen(stream),
        context.redis.xrange(stream, '-', '+', 'COUNT', 1),
        pollersOf(context, stream, nowMs),
      ]);
      const oldestId = oldest[0]?.[0];
      return {
        backlog,
        oldestMs: oldestId ? Math.max(0, nowMs - Number(oldestId.split('-')[0])) : 0,
        pollers,
      };
    }),
  );
  const [noted, rates] = await Promise.all([
    notedPollers(context, kind, namespace, taskQueue),
    kind === 'activity' ? readRates(context, { namespace, taskQueue }) : NO_RATES,
  ]);
  const pollers = new Map<string, PollerInfo>();
  const direct = partitions
    .flatMap((partition) => partition.pollers)
    .filter(({ identity }) => !noted.readers.has(identity));
  for (const poller of [...direct, ...noted.pollers]) {
    const known = pollers.get(poller.identity);
    if (!known || known.lastAccessTimeMs < poller.lastAccessTimeMs) pollers.set(poller.identity, poller);
  }
  return {
    backlog: partitions.reduce((sum, partition) => sum + partition.backlog, 0),
    oldestMs: Math.max(0, ...partitions.map((partition) => partition.oldestMs)),
    pollers: [...pollers.values()].sort((a, b) => b.lastAccessTimeMs - a.lastAccessTimeMs),
    rates,
  };
}

/** The streams of these names, in all partitions. */
function streamsOf(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  names: readonly string[],
): string[] {
  const { keys } = context;
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
