import type { EventType, HistoryEvent, WorkerDeploymentVersion } from '@tidewheel/core';
import { isCommandEvent } from '@tidewheel/core';

/** One workflow task of a history: completed, or the one that is to be run now. */
export interface PlannedActivation {
  /** Event that started the workflow task. */
  readonly startedEventId: number;
  /** Time of that event: "now" for the workflow. */
  readonly nowMs: number;
  readonly historySizeBytes: number;
  /** Of the worker that completed it before; absent for an unversioned one, and for the task at hand. */
  readonly deploymentVersion?: WorkerDeploymentVersion | undefined;
  /** Whether it completed before, so that the commands it gives must be those of {@link commandEvents}. */
  readonly isReplaying: boolean;
  /** What the workflow learns with it, in the order of the history. */
  readonly events: HistoryEvent[];
  /** What its commands became; empty for the current task. */
  readonly commandEvents: HistoryEvent[];
}

/** A piece of history, cut into workflow tasks. */
export interface ActivationPlan {
  /** What the commands of the workflow task before this piece became. */
  readonly previousCommandEvents: readonly HistoryEvent[];
  readonly activations: readonly PlannedActivation[];
  /** Whether the last activation is one that never completed: the task at hand. */
  readonly hasCurrentTask: boolean;
}

/** Events that tell the workflow something. */
const TOLD_EVENTS: ReadonlySet<EventType> = new Set<EventType>([
  'WorkflowExecutionSignaled',
  'WorkflowExecutionCancelRequested',
  'TimerFired',
  'ActivityTaskCompleted',
  'ActivityTaskFailed',
  'ActivityTaskTimedOut',
  'ActivityTaskCanceled',
  'ExternalWorkflowExecutionSignaled',
  'SignalExternalWorkflowExecutionFailed',
  'ExternalWorkflowExecutionCancelRequested',
  'RequestCancelExternalWorkflowExecutionFailed',
]);

function versionOf(event: HistoryEvent): { readonly deploymentVersion?: WorkerDeploymentVersion } {
  if (event.eventType !== 'WorkflowTaskCompleted') return {};
  const { useVersioning, deploymentName, buildId } = event.attributes.workerVersion ?? {};
  return useVersioning && deploymentName && buildId ? { deploymentVersion: { deploymentName, buildId } } : {};
}

/**
 * Cuts a piece of history into activations: one for each workflow task that completed, and one for a task whose start
 * is the last event. Tasks that failed or timed out left no trace in the workflow; what they were told is told again by
 * the next one.
 */
export function planActivations(events: readonly HistoryEvent[]): ActivationPlan {
  const previousCommandEvents: HistoryEvent[] = [];
  const activations: PlannedActivation[] = [];
  let commandEvents = previousCommandEvents;
  let told: HistoryEvent[] = [];
  let hasCurrentTask = false;
  for (const [index, event] of events.entries()) {
    if (event.eventType === 'WorkflowTaskStarted') {
      const completed = events[index + 1];
      const next = completed?.eventType;
      if (next !== undefined && next !== 'WorkflowTaskCompleted') continue;
      hasCurrentTask = next === undefined;
      commandEvents = [];
      activations.push({
        startedEventId: event.eventId,
        nowMs: event.eventTimeMs,
        historySizeBytes: event.attributes.historySizeBytes,
        isReplaying: !hasCurrentTask,
        ...(completed && versionOf(completed)),
        events: told,
        commandEvents,
      });
      told = [];
    } else if (isCommandEvent(event.eventType)) {
      commandEvents.push(event);
    } else if (TOLD_EVENTS.has(event.eventType)) {
      told.push(event);
    }
  }
  return { previousCommandEvents, activations, hasCurrentTask };
}
