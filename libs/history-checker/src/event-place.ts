import type { EventType, HistoryEventOf } from '@tidewheel/core';

/**
 * Where an event stands in the life of its run:
 * - `frame`: the start, or a close that no command asked for;
 * - `task`: a workflow task was scheduled, started or ended;
 * - `command`: in the block that directly follows a completed workflow task;
 * - `group`: came from outside while no workflow task was pending, or waited in the buffer until one ended;
 * - `arrival`: came from outside while a workflow task was scheduled and not started;
 * - `misplaced`: nowhere that it may stand, which was reported.
 */
export type EventPlace = 'frame' | 'task' | 'command' | 'group' | 'arrival' | 'misplaced';

/** What the rules of one subject are told of an event beside the event. */
export interface EventContext {
  readonly place: EventPlace;
  /** The start of the workflow task that ended last: events of a group may have waited in the buffer since then. */
  readonly lastTaskStarted: HistoryEventOf<'WorkflowTaskStarted'> | undefined;
}

/** How an activity can end. */
const RESOLUTIONS: ReadonlySet<EventType> = new Set<EventType>([
  'ActivityTaskCompleted',
  'ActivityTaskFailed',
  'ActivityTaskTimedOut',
  'ActivityTaskCanceled',
]);

/** An event of one of several types. */
export type EventOfEither<T extends EventType> = { [K in T]: HistoryEventOf<K> }[T];

/** An event with which an activity ends. */
export type ActivityResolution = EventOfEither<
  'ActivityTaskCompleted' | 'ActivityTaskFailed' | 'ActivityTaskTimedOut' | 'ActivityTaskCanceled'
>;

/** Whether an event of this type ends an activity. */
export function isResolution(type: EventType): boolean {
  return RESOLUTIONS.has(type);
}
