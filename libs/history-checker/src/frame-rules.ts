import type { EventType, ExecutionStatus, HistoryEvent } from '@tidewheel/core';
import { isCloseEvent } from '@tidewheel/core';
import type { Violations } from './violations.js';

const STATUS_OF_CLOSE: { readonly [T in EventType]?: ExecutionStatus } = {
  WorkflowExecutionCompleted: 'COMPLETED',
  WorkflowExecutionFailed: 'FAILED',
  WorkflowExecutionTimedOut: 'TIMED_OUT',
  WorkflowExecutionCanceled: 'CANCELED',
  WorkflowExecutionTerminated: 'TERMINATED',
  WorkflowExecutionContinuedAsNew: 'CONTINUED_AS_NEW',
};

/** Ids are dense from 1, the start comes first and once, the close last and once, and it is the one of the status. */
export function checkFrame(
  events: readonly HistoryEvent[],
  status: ExecutionStatus | undefined,
  violations: Violations,
): void {
  if (events.length === 0) violations.ofHistory('is empty');
  for (const [index, event] of events.entries()) {
    if (event.eventId !== index + 1) violations.at(event, `stands at position ${index + 1}`);
    const isFirst = index === 0;
    if (isFirst !== (event.eventType === 'WorkflowExecutionStarted')) {
      violations.at(event, isFirst ? 'is first, where only the start may be' : 'starts a run that has begun');
    }
    if (isCloseEvent(event.eventType) && index < events.length - 1) {
      violations.at(event, 'is followed by further events');
    }
  }
  if (status !== undefined) checkStatus(events, status, violations);
}

function checkStatus(events: readonly HistoryEvent[], status: ExecutionStatus, violations: Violations): void {
  const last = events.at(-1);
  const shown = (last && STATUS_OF_CLOSE[last.eventType]) ?? 'RUNNING';
  const expected = status === 'PAUSED' ? 'RUNNING' : status;
  if (shown !== expected) violations.ofHistory(`ends as ${shown}, but the run is said to be ${status}`);
}
