import { leaveSticky, parseMember, parseTaskEntry, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { routeStreams } from '../engine-context.js';
import { ABSENT_MS } from '../duties/absence.js';
import { TAKE_OVER_CONSUMER } from '../duties/take-over.js';
import { timeOutWorkflowTask } from './end-workflow-task.js';
import { returnQuery } from './return-tasks.js';
import { runOfEntry } from './start-workflow-tasks.js';

/** A sticky queue that a process stops reading. */
export interface StickyQueueDeparture {
  readonly namespace: string;
  readonly stickyQueue: string;
  /** The task queue of the worker whose sticky queue it is; '' when it is not known. */
  readonly taskQueue: string;
  /** Remove it even if other processes read it: the worker itself is gone. */
  readonly force?: boolean;
}

/**
 * Ends this process' part in a sticky queue. If no other process reads it, the queue is removed, so that tasks go to the
 * normal queues at once, and so does what waits in it.
 */
export async function leaveStickyQueue(
  context: EngineContext,
  departure: StickyQueueDeparture,
): Promise<void> {
  await Promise.all(
    Array.from({ length: context.keys.partitions }, (_, partition) =>
      leavePartition(context, departure, partition),
    ),
  );
}

async function leavePartition(
  context: EngineContext,
  { namespace, stickyQueue, taskQueue, force }: StickyQueueDeparture,
  partition: number,
): Promise<void> {
  const reply = await leaveSticky(context.run, {
    streamKey: context.keys.stickyStream(partition, namespace, stickyQueue),
    streamsKey: context.keys.partition(partition).streams,
    group: WORKERS_GROUP,
    consumer: context.identity,
    helper: TAKE_OVER_CONSUMER,
    awayMs: force ? 0 : ABSENT_MS,
  });
  if (reply[0] === 0) return;
  for (const [id, fields] of reply[1]) {
    const entry = parseTaskEntry([id.toString(), fields.map((field) => field.toString())]);
    if (entry?.kind === 'workflowTask') {
      const stamp = { scheduledEventId: entry.scheduledEventId, startedEventId: 0, attempt: entry.attempt };
      const run = runOfEntry(context, partition, entry);
      await timeOutWorkflowTask(context, run, taskQueue, stamp, 'SCHEDULE_TO_START', false);
    } else if (entry?.kind === 'query' && taskQueue !== '') {
      const { workflowId } = parseMember(entry.member);
      const route = { taskQueue, sticky: '' };
      const { normalStreamKey } = routeStreams(context, { partition, namespace, workflowId }, route);
      await returnQuery(context, normalStreamKey, entry);
    }
  }
}
