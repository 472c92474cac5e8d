import type { HistoryEvent, NewEvent } from '@tidewheel/core';
import { planActivations } from './history-activations.js';

function history(firstEventId: number, ...bodies: NewEvent[]): HistoryEvent[] {
  return bodies.map((body, index) => ({
    ...body,
    eventId: firstEventId + index,
    eventTimeMs: 1_000 * (firstEventId + index),
  }));
}

const started: NewEvent = {
  eventType: 'WorkflowExecutionStarted',
  attributes: { workflowType: 't', taskQueue: 'q' },
};
const taskScheduled: NewEvent = { eventType: 'WorkflowTaskScheduled', attributes: {} };
const taskStarted: NewEvent = {
  eventType: 'WorkflowTaskStarted',
  attributes: { scheduledEventId: 2, historySizeBytes: 7 },
};
const taskCompleted: NewEvent = {
  eventType: 'WorkflowTaskCompleted',
  attributes: { scheduledEventId: 2, startedEventId: 3 },
};
const taskFailed: NewEvent = {
  eventType: 'WorkflowTaskFailed',
  attributes: { scheduledEventId: 2, startedEventId: 3, cause: 'UNHANDLED_COMMAND' },
};
const timerStarted: NewEvent = {
  eventType: 'TimerStarted',
  attributes: { timerId: '1', startToFireTimeoutMs: 1, workflowTaskCompletedEventId: 4 },
};
const timerFired: NewEvent = { eventType: 'TimerFired', attributes: { timerId: '1', startedEventId: 5 } };
const signaled: NewEvent = { eventType: 'WorkflowExecutionSignaled', attributes: { signalName: 's' } };
const terminated: NewEvent = { eventType: 'WorkflowExecutionTerminated', attributes: {} };

const ids = (events: readonly HistoryEvent[]) => events.map(({ eventId }) => eventId);

test('each completed workflow task is replayed at the time it started; the last one is the task at hand', () => {
  const plan = planActivations(
    history(
      1,
      ...[started, taskScheduled, taskStarted, taskCompleted, timerStarted],
      ...[signaled, timerFired, taskScheduled, taskStarted],
    ),
  );
  expect(plan.hasCurrentTask).toBe(true);
  expect(plan.activations).toMatchObject([
    { startedEventId: 3, nowMs: 3_000, historySizeBytes: 7, isReplaying: true, events: [] },
    { startedEventId: 9, nowMs: 9_000, isReplaying: false, commandEvents: [] },
  ]);
  expect(ids(plan.activations[0]!.commandEvents)).toEqual([5]);
  expect(ids(plan.activations[1]!.events)).toEqual([6, 7]);
});

test('what a failed task was told is told again by the next', () => {
  const plan = planActivations(
    history(
      1,
      ...[started, signaled, taskScheduled, taskStarted, taskFailed],
      ...[signaled, taskScheduled, taskStarted],
    ),
  );
  expect(plan.activations).toHaveLength(1);
  expect(ids(plan.activations[0]!.events)).toEqual([2, 6]);
});

test('a piece that follows a workflow task begins with what its commands became', () => {
  const plan = planActivations(
    history(4, taskCompleted, timerStarted, timerFired, taskScheduled, taskStarted),
  );
  expect(ids(plan.previousCommandEvents)).toEqual([5]);
  expect(plan.activations).toMatchObject([{ startedEventId: 8, isReplaying: false }]);
});

test('a closed history has no task at hand, and one that was started when it closed does not count', () => {
  const plan = planActivations(
    history(
      1,
      ...[started, taskScheduled, taskStarted, taskCompleted],
      ...[signaled, taskScheduled, taskStarted, terminated],
    ),
  );
  expect(plan.hasCurrentTask).toBe(false);
  expect(plan.activations).toMatchObject([{ startedEventId: 3, isReplaying: true }]);
});
