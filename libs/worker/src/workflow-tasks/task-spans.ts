import { decodeEvent } from '@tidewheel/codec';
import { EVENT_TYPE_CODES, isEventOf } from '@tidewheel/core';
import type { HistoryEventOf } from '@tidewheel/core';
import { readStoredEvents } from '@tidewheel/engine';
import type { Engine, WorkflowTask } from '@tidewheel/engine';
import type { RunTraces, WorkflowTaskSpans } from '@tidewheel/telemetry/instrumentation';

/** Spans of a workflow task. The first event of its run comes with it, or is read when the run is not known. */
export function beginSpans(
  traces: RunTraces,
  context: Engine['context'],
  task: WorkflowTask,
): WorkflowTaskSpans | Promise<WorkflowTaskSpans> {
  const known = traces.ofKnown(task.run);
  if (known) return known;
  if (task.firstEventId === 1) return traces.of(task.run, startedEvent(task.events));
  return readStoredEvents(context, task.run, 1, 1).then((events) =>
    traces.of(task.run, startedEvent(events)),
  );
}

function startedEvent([first]: readonly Uint8Array[]): HistoryEventOf<'WorkflowExecutionStarted'> {
  const event = first && decodeEvent(first, 1);
  if (!event || !isEventOf(event, 'WorkflowExecutionStarted'))
    throw new Error('the history does not begin with the start of the workflow');
  return event;
}

/** The signals that the workflow task is the first one to see. */
export function signalsOf(task: WorkflowTask): HistoryEventOf<'WorkflowExecutionSignaled'>[] {
  return task.events.flatMap((bytes, index) => {
    const eventId = task.firstEventId + index;
    if (bytes[0] !== EVENT_TYPE_CODES.WorkflowExecutionSignaled || eventId <= task.previousStartedEventId)
      return [];
    const event = decodeEvent(bytes, eventId);
    return isEventOf(event, 'WorkflowExecutionSignaled') ? [event] : [];
  });
}
