import type { Command, CommandType, EventType, HistoryEvent, Payloads } from '@tidewheel/core';
import { PATCH_DETAILS_KEY, PATCH_MARKER_NAME } from '@tidewheel/workflow/runtime';

/** What a replay compares of a command; small, because it is kept until the history shows what the command became. */
export interface CommandRecord {
  readonly commandType: CommandType;
  /** What tells it from others of its type, as text, for example `timerId "1"`. */
  readonly key: string;
}

/** Which events the commands became (0 for one that needs none), or why they cannot have become them. */
type CommandMatch =
  | { readonly matches: true; readonly eventIds: readonly number[] }
  | { readonly matches: false; readonly message: string };

/** The event that is written for each type of command. */
const EVENT_OF_COMMAND: Readonly<Record<CommandType, EventType>> = {
  ScheduleActivityTask: 'ActivityTaskScheduled',
  RequestCancelActivityTask: 'ActivityTaskCancelRequested',
  StartTimer: 'TimerStarted',
  CancelTimer: 'TimerCanceled',
  CompleteWorkflowExecution: 'WorkflowExecutionCompleted',
  FailWorkflowExecution: 'WorkflowExecutionFailed',
  CancelWorkflowExecution: 'WorkflowExecutionCanceled',
  RequestCancelExternalWorkflowExecution: 'RequestCancelExternalWorkflowExecutionInitiated',
  SignalExternalWorkflowExecution: 'SignalExternalWorkflowExecutionInitiated',
  RecordMarker: 'MarkerRecorded',
  UpsertWorkflowSearchAttributes: 'UpsertWorkflowSearchAttributes',
  ModifyWorkflowProperties: 'WorkflowPropertiesModified',
};

/** What is kept of a command. */
export function recordOf(command: Command): CommandRecord {
  return { commandType: command.commandType, key: keyOf(command.attributes) };
}

/**
 * Compares the commands that workflow code gave with the events that the history has for that workflow task, one by
 * one. Inputs and options are not compared: code may change them.
 */
export function matchCommands(
  records: readonly CommandRecord[],
  events: readonly HistoryEvent[],
): CommandMatch {
  const eventIds: number[] = [];
  let index = 0;
  for (const record of records) {
    while (isSkippable(events[index], record)) index++;
    const event = events[index++];
    if (!event)
      return mismatch(`the workflow code gave ${describe(record)}, for which the history has no event`);
    if (!isEventFor(event, record)) {
      return mismatch(`${describeEvent(event)}, but the workflow code gave ${describe(record)}`);
    }
    eventIds.push(event.eventId);
  }
  while (isSkippable(events[index], undefined)) index++;
  const left = events[index];
  if (left) return mismatch(`${describeEvent(left)}, but the workflow code gave no command for it`);
  return { matches: true, eventIds };
}

/** Ids of the patches that a workflow task recorded. */
export function patchIdsOf(events: readonly HistoryEvent[]): string[] {
  return events.flatMap((event) => patchOf(event)?.id ?? []);
}

function mismatch(message: string): CommandMatch {
  return { matches: false, message: `Non-determinism: ${message}` };
}

function isEventFor(event: HistoryEvent, record: CommandRecord): boolean {
  return event.eventType === EVENT_OF_COMMAND[record.commandType] && keyOf(event.attributes) === record.key;
}

/** Markers of deprecated patches may be left behind by code that is gone. */
function isSkippable(event: HistoryEvent | undefined, record: CommandRecord | undefined): boolean {
  if (!event || (record && isEventFor(event, record))) return false;
  return patchOf(event)?.deprecated === true;
}

function describe({ commandType, key }: CommandRecord): string {
  return key === '' ? commandType : `${commandType} (${key})`;
}

function describeEvent(event: HistoryEvent): string {
  const key = keyOf(event.attributes);
  const name = key === '' ? event.eventType : `${event.eventType} (${key})`;
  return `event ${event.eventId} of the history is ${name}`;
}

/** Attributes that commands and their events have alike, and that tell them apart. */
interface KeyAttributes {
  readonly activityId?: string;
  readonly activityType?: string;
  readonly timerId?: string;
  readonly scheduledEventId?: number;
  readonly markerName?: string;
  readonly details?: unknown;
  readonly signalName?: string;
  readonly workflowExecution?: { readonly workflowId: string };
}

function keyOf(attributes: object): string {
  const {
    activityId,
    activityType,
    timerId,
    scheduledEventId,
    markerName,
    details,
    signalName,
    workflowExecution,
  } = attributes as KeyAttributes;
  if (activityId !== undefined) return `activityId "${activityId}", activityType "${activityType}"`;
  if (timerId !== undefined) return `timerId "${timerId}"`;
  if (scheduledEventId !== undefined) return `scheduledEventId ${scheduledEventId}`;
  if (markerName !== undefined) {
    const patch = markerName === PATCH_MARKER_NAME ? patchIn(details) : undefined;
    return patch ? `markerName "${markerName}", patch "${patch.id}"` : `markerName "${markerName}"`;
  }
  if (workflowExecution !== undefined) {
    const { workflowId } = workflowExecution;
    return signalName === undefined
      ? `workflowId "${workflowId}"`
      : `workflowId "${workflowId}", signalName "${signalName}"`;
  }
  return '';
}

interface Patch {
  readonly id: string;
  readonly deprecated: boolean;
}

function patchOf(event: HistoryEvent): Patch | undefined {
  if (event.eventType !== 'MarkerRecorded' || event.attributes.markerName !== PATCH_MARKER_NAME)
    return undefined;
  return patchIn(event.attributes.details);
}

const utf8 = new TextDecoder();

function patchIn(details: unknown): Patch | undefined {
  const payload = (details as Readonly<Record<string, Payloads>> | undefined)?.[PATCH_DETAILS_KEY]?.[0];
  if (!payload) return undefined;
  try {
    const { id, deprecated } = JSON.parse(utf8.decode(payload.data)) as Partial<Patch>;
    return id === undefined ? undefined : { id, deprecated: deprecated === true };
  } catch {
    return undefined;
  }
}
