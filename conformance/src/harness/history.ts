import type { temporal } from '@temporalio/proto';
import { EventType } from './proto-enums.js';

export type History = temporal.api.history.v1.IHistory;
export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const PREFIX = 'EVENT_TYPE_';

/** Published name of an event's type, for example `WorkflowTaskScheduled`. */
export function typeOf(event: HistoryEvent): string {
  const name = EventType[event.eventType ?? 0] ?? `${PREFIX}${String(event.eventType)}`;
  return name
    .slice(PREFIX.length)
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

export function typesOf(history: History): string[] {
  return (history.events ?? []).map(typeOf);
}

export function eventsOfType(history: History, type: string): HistoryEvent[] {
  return (history.events ?? []).filter((event) => typeOf(event) === type);
}

/** The only event of a type. */
export function onlyEvent(history: History, type: string): HistoryEvent {
  const [event, ...others] = eventsOfType(history, type);
  if (event && others.length === 0) return event;
  throw new Error(`expected one ${type}: ${typesOf(history).join(', ')}`);
}

/** The events of a workflow task that was carried out. */
export const WORKFLOW_TASK = [
  'WorkflowTaskScheduled',
  'WorkflowTaskStarted',
  'WorkflowTaskCompleted',
] as const;
/** The events of an activity that was carried out, but for its schedule. */
export const ACTIVITY_DONE = ['ActivityTaskStarted', 'ActivityTaskCompleted'] as const;

/** Faults that no history may have: gaps, events that do not refer to earlier ones, missing times. */
export function faultsOf(history: History): string[] {
  const events = history.events ?? [];
  const faults: string[] = [];
  let lastTaskId = -1;
  events.forEach((event, index) => {
    const at = `event ${index + 1} (${typeOf(event)})`;
    if (Number(event.eventId) !== index + 1) faults.push(`${at} has the id ${String(event.eventId)}`);
    if (!event.eventTime) faults.push(`${at} has no time`);
    const taskId = Number(event.taskId ?? 0);
    if (taskId < lastTaskId) faults.push(`${at} has a smaller task id than its predecessor`);
    lastTaskId = taskId;
  });
  if (events.length > 0 && typesOf({ events })[0] !== 'WorkflowExecutionStarted') {
    faults.push('the first event is not WorkflowExecutionStarted');
  }
  return faults;
}
