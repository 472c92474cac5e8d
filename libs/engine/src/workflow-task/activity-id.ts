import { decodeEvent } from '@tidewheel/codec';
import { isEventOf } from '@tidewheel/core';
import type { PlannedCommand } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import type { WorkflowTask } from './workflow-task.js';

/** The activity id behind a scheduled event: of this very completion, of the events at hand, or of the history. */
export async function activityIdOf(
  context: EngineContext,
  task: WorkflowTask,
  commands: readonly PlannedCommand[],
  scheduledEventId: number,
): Promise<string | undefined> {
  const planned = commands.find(({ eventId }) => eventId === scheduledEventId);
  if (planned) {
    return planned.event.eventType === 'ActivityTaskScheduled'
      ? planned.event.attributes.activityId
      : undefined;
  }
  const bytes =
    task.events[scheduledEventId - task.firstEventId] ??
    (await context.redis.lindexBuffer(task.run.history, scheduledEventId - 1));
  if (!bytes) return undefined;
  const event = decodeEvent(bytes, scheduledEventId);
  return isEventOf(event, 'ActivityTaskScheduled') ? event.attributes.activityId : undefined;
}
