import { decodeEvent, decodePayloads } from '@tidewheel/codec';
import { isEventOf } from '@tidewheel/core';
import type { ActivityTaskEntry } from '@tidewheel/store';
import { readActivityRecord, startActivityTasks as startScript, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { runOfEntry } from '../workflow-task/start-workflow-tasks.js';
import { scheduledAttributes } from './activity-task.js';
import type { ActivityTask } from './activity-task.js';

/**
 * Starts the activity tasks that were read from one stream; all leave the stream. A task that is no longer wanted gives
 * undefined.
 */
export async function startActivityTasks(
  context: EngineContext,
  source: { readonly partition: number; readonly streamKey: string },
  entries: readonly ActivityTaskEntry[],
): Promise<(ActivityTask | undefined)[]> {
  const runs = entries.map((entry) => runOfEntry(context, entry.member, entry.runId));
  const replies = await startScript(context.run, {
    streamKey: source.streamKey,
    timersKey: context.keys.partition(source.partition).timers,
    runKeys: runs.flatMap((run) => [run.execution, run.history, run.details]),
    group: WORKERS_GROUP,
    tasks: entries.flatMap((entry) => [
      entry.entryId,
      entry.member,
      entry.runId,
      entry.activityId,
      entry.scheduledEventId,
      entry.attempt,
    ]),
  });
  return replies.map((reply, index) => {
    const run = runs[index];
    const entry = entries[index];
    if (!reply || !run || !entry) return undefined;
    const [startedMs, eventBytes, recordBytes, taskQueue, sticky, heartbeat, workflowType] = reply;
    const event = decodeEvent(eventBytes, entry.scheduledEventId);
    if (!isEventOf(event, 'ActivityTaskScheduled')) return undefined;
    const record = readActivityRecord(recordBytes);
    const workflowTaskQueue = taskQueue.toString();
    return {
      ...scheduledAttributes(event.attributes, workflowTaskQueue),
      run,
      workflowType: workflowType.toString(),
      scheduledEventId: entry.scheduledEventId,
      attempt: entry.attempt,
      workflowTaskQueue,
      sticky: sticky.toString(),
      scheduledMs: event.eventTimeMs,
      attemptScheduledMs: record.scheduledMs,
      startedMs,
      closeByMs: record.closeByMs,
      ...(heartbeat && { heartbeatDetails: decodePayloads(heartbeat) }),
    };
  });
}
