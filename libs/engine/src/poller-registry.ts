import type { TaskKind } from '@tidewheel/store';
import type { EngineContext } from './engine-context.js';
import type { PollerInfo } from './requests.js';

/** A poller that has not asked for this long is no longer shown. */
export const POLLER_SHOWN_MS = 5 * 60_000;

/** A process that reads a stream for others, and one of those others. */
const SEPARATOR = '\n';

/** Who polled a task queue through this process, for which alone the store sees them. */
export interface NotedPollers {
  readonly kind: TaskKind;
  readonly namespace: string;
  readonly taskQueue: string;
  /** When each identity last polled, milliseconds since the epoch. */
  readonly polledMs: ReadonlyMap<string, number>;
}

/** Notes who polls through this process, which reads the streams in their stead, so that all processes can tell. */
export async function notePollers(context: EngineContext, noted: NotedPollers): Promise<void> {
  const { redis, keys, identity } = context;
  if (noted.polledMs.size === 0) return;
  const key = keys.pollers(noted.kind, noted.namespace, noted.taskQueue);
  await redis
    .multi()
    .zadd(key, ...[...noted.polledMs].flatMap(([poller, ms]) => [ms, `${identity}${SEPARATOR}${poller}`]))
    .zremrangebyscore(key, '-inf', Date.now() - POLLER_SHOWN_MS)
    .pexpire(key, POLLER_SHOWN_MS)
    .exec();
}

/** Who polled through other processes lately, and the processes that did the reading. */
export async function notedPollers(
  context: EngineContext,
  kind: TaskKind,
  namespace: string,
  taskQueue: string,
): Promise<{ readonly pollers: readonly PollerInfo[]; readonly readers: ReadonlySet<string> }> {
  const key = context.keys.pollers(kind, namespace, taskQueue);
  const members = await context.redis.zrangebyscore(key, Date.now() - POLLER_SHOWN_MS, '+inf', 'WITHSCORES');
  const pollers: PollerInfo[] = [];
  const readers = new Set<string>();
  for (let i = 0; i + 1 < members.length; i += 2) {
    const member = members[i] ?? '';
    const end = member.indexOf(SEPARATOR);
    readers.add(member.slice(0, end));
    pollers.push({ identity: member.slice(end + 1), lastAccessTimeMs: Number(members[i + 1]) });
  }
  return { pollers, readers };
}
