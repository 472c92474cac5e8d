import { parseRunMember } from '@tidewheel/store';
import { deleteRun } from '../delete-workflow.js';
import type { EngineContext } from '../engine-context.js';
import { runAddress } from '../engine-context.js';

/**
 * Deletes closed executions whose namespace's retention has passed.
 *
 * @param most how many at most, over all namespaces and partitions
 * @returns how many were deleted; as many as `most` means that there may be more
 */
export async function deleteExpiredExecutions(context: EngineContext, most: number): Promise<number> {
  let deleted = 0;
  for (const namespace of await context.namespaces.list()) {
    const expiredBefore = Date.now() - namespace.retentionMs;
    for (let partition = 0; partition < context.keys.partitions; partition++) {
      if (deleted >= most) return deleted;
      const closed = context.keys.closed(partition, namespace.name);
      const expired = await context.redis.zrangebyscore(
        closed,
        '-inf',
        `(${expiredBefore}`,
        'LIMIT',
        0,
        most - deleted,
      );
      await Promise.all(
        expired.map((runMember) => {
          const { runId, workflowId } = parseRunMember(runMember);
          const execution = context.keys.executionAt(partition, namespace.name, workflowId);
          return deleteRun(context, runAddress(context, execution, runId));
        }),
      );
      deleted += expired.length;
    }
  }
  return deleted;
}
