import type { QueryEntry } from '@tidewheel/store';
import { returnTasks, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';

/**
 * Puts entries that were read from a task stream and not started back, so that any process can take them at once. Returns
 * how many; those that were put back by another already are not.
 */
export async function returnTaskEntries(
  context: EngineContext,
  streamKey: string,
  entryIds: readonly string[],
): Promise<number> {
  if (entryIds.length === 0) return 0;
  return returnTasks(context.run, { streamKey, group: WORKERS_GROUP, entries: entryIds });
}

/** Puts a query that was taken, and that nobody will answer, on a stream again. */
export async function returnQuery(
  context: EngineContext,
  streamKey: string,
  entry: Pick<QueryEntry, 'queryId' | 'runId' | 'member'>,
): Promise<void> {
  const value = `${entry.queryId} ${entry.runId} ${entry.member}`;
  // Where the stream is gone, the asker asks again.
  await context.redis.xadd(streamKey, 'NOMKSTREAM', '*', 'q', value);
}
