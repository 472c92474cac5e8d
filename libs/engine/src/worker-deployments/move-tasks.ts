import { pinnedRoute, sharedStreamName } from '@tidewheel/routing';
import { moveTasks, WORKERS_GROUP } from '@tidewheel/store';
import type { TaskKind } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import type { VersionRecord } from './deployment-records.js';

/** Entries that one script moves. */
const BATCH = 200;

/** Moves all that stands on one stream of a queue to another, in all partitions. Returns how much. */
export async function moveQueue(
  context: EngineContext,
  namespace: string,
  kind: TaskKind,
  fromName: string,
  toName: string,
): Promise<number> {
  let moved = 0;
  for (let partition = 0; partition < context.keys.partitions; partition++) {
    const fromKey = context.keys.taskStream(partition, kind, namespace, fromName);
    const toKey = context.keys.taskStream(partition, kind, namespace, toName);
    if ((await context.redis.xlen(fromKey)) === 0) continue;
    for (let last = BATCH; last === BATCH; moved += last) {
      last = await moveTasks(context.run, { fromKey, toKey, group: WORKERS_GROUP, most: BATCH });
    }
  }
  return moved;
}

/** Puts what still stands on the streams of a version that no execution is pinned to where every version finds it. */
export async function moveToShared(
  context: EngineContext,
  namespace: string,
  version: VersionRecord,
): Promise<void> {
  for (const { taskQueue, kind } of version.queues) {
    const target = sharedStreamName(taskQueue, 'current');
    const moved = await moveQueue(context, namespace, kind, pinnedRoute(taskQueue, version), target);
    if (moved > 0) {
      context.logger.info(
        { namespace, taskQueue, kind, buildId: version.buildId, moved },
        'moved tasks that a drained worker version left',
      );
    }
  }
}
