import type { Failure, HistoryEvent } from '@tidewheel/core';
import type { TestDeployment, TestRun } from '../test-deployment.fixture.js';

/** What happens to a run, and the whole history that has to come of it. */
export interface HistoryScenario {
  readonly name: string;
  /** Plays it with workers by hand, up to the last event. */
  play(deployment: TestDeployment): Promise<TestRun>;
  /** One line an event, as {@link historyLines} writes them. */
  readonly history: string;
}

/** Short names of the attributes that a line tells, in their order; what events leave out has its default. */
const TOLD: readonly (readonly [label: string, attribute: string])[] = [
  ['scheduled', 'scheduledEventId'],
  ['started', 'startedEventId'],
  ['completed', 'workflowTaskCompletedEventId'],
  ['initiated', 'initiatedEventId'],
  ['cancelRequested', 'latestCancelRequestedEventId'],
  ['attempt', 'attempt'],
  ['sticky', 'sticky'],
  ['eager', 'eagerExecutionAccepted'],
  ['activity', 'activityId'],
  ['timer', 'timerId'],
  ['marker', 'markerName'],
  ['signal', 'signalName'],
  ['cause', 'cause'],
  ['timeout', 'timeoutType'],
  ['retryState', 'retryState'],
  ['reason', 'reason'],
];

/** Attributes whose defaults storage leaves out, and lines tell all the same. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  WorkflowTaskScheduled: { attempt: 1 },
  ActivityTaskStarted: { attempt: 1 },
};

/** Every event with its id, its type and what semantics determine of it: links, attempts, causes, failures. */
export function historyLines(events: readonly HistoryEvent[]): string[] {
  return events.map(({ eventId, eventType, attributes }) => {
    const values: Readonly<Record<string, unknown>> = { ...DEFAULTS[eventType], ...attributes };
    const told = TOLD.filter(([, attribute]) => values[attribute] !== undefined).map(
      ([label, attribute]) => `${label}=${String(values[attribute])}`,
    );
    const failures = (['failure', 'lastFailure'] as const)
      .filter((name) => values[name] !== undefined)
      .map((name) => `${name}=${shownFailure(values[name] as Failure)}`);
    return [eventId, eventType, ...told, ...failures].join(' ');
  });
}

/** The lines that a scenario expects. */
export function expectedLines({ history }: HistoryScenario): string[] {
  return history
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

/** A timeout by its type, others by their message; behind `<-` what caused it. */
function shownFailure({ message, info, cause }: Failure): string {
  const own = info?.kind === 'timeout' ? info.timeoutType : `"${message}"`;
  return cause ? `${own}<-${shownFailure(cause)}` : own;
}

/** Lines of a workflow task that ends the run, from the event of this id on. */
export const end = (eventId: number): string => `
  ${eventId} WorkflowTaskScheduled attempt=1
  ${eventId + 1} WorkflowTaskStarted scheduled=${eventId}
  ${eventId + 2} WorkflowTaskCompleted scheduled=${eventId} started=${eventId + 1}
  ${eventId + 3} WorkflowExecutionCompleted completed=${eventId + 2}`;
