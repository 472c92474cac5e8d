import { DEFAULTS } from '@tidewheel/core';
import type {
  EventAttributes,
  EventType,
  HistoryEvent,
  SdkMetadata,
  SearchAttributeTypes,
} from '@tidewheel/core';
import type { P } from '../proto.js';
import { int64 } from '../proto.js';
import {
  cancelExternalFailedCause,
  eventType,
  initiator,
  retryState,
  signalExternalFailedCause,
  timeoutType,
  versioningBehavior,
  workflowTaskFailedCause,
} from './enums.js';
import { failureToProto } from './failure.js';
import { historySizeOnWire } from './history-size.js';
import { headerToProto, payloadMapToProto, payloadsToProto } from './payload.js';
import { retryPolicyToProto } from './retry-policy.js';
import { searchAttributesToProto } from './search-attributes.js';
import { normalTaskQueue, stickyTaskQueue } from './task-queue.js';
import { durationToProto, optionalDuration, optionalTimestamp, timestampToProto } from './time.js';
import { userMetadataToProto } from './user-metadata.js';
import { overrideToProto } from './versioning.js';
import { workerVersionToProto } from './worker-version.js';

/** The run that events belong to: what events leave out because it is the same in all of them. */
export interface EventContext {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly taskQueue: string;
  readonly workflowTaskTimeoutMs: number;
  /** Name of the sticky queue, where it is known. */
  readonly sticky?: string | undefined;
  /** Types of the search attributes that were registered in the namespace. */
  readonly searchAttributeTypes?: SearchAttributeTypes | undefined;
}

/** An event as clients and workers know it, with every default that storage leaves out. */
export function eventToProto(event: HistoryEvent, run: EventContext): P.HistoryEvent {
  const convert = ATTRIBUTES[event.eventType] as Converter<EventType>;
  return {
    eventId: int64(event.eventId),
    // Grows with the event, which is all that readers of it rely on.
    taskId: int64(event.eventId),
    eventTime: timestampToProto(event.eventTimeMs),
    eventType: eventType.toProto(event.eventType),
    ...(event.userMetadata && { userMetadata: userMetadataToProto(event.userMetadata) }),
    ...convert(event.attributes, run),
  };
}

/**
 * Converts events that follow one another. An outcome whose reporter was not stored, because it is the one who started
 * the task, gets it from the started event before it.
 */
export function eventsToProto(events: readonly HistoryEvent[], run: EventContext): P.HistoryEvent[] {
  const starters = new Map<number, string>();
  return events.map((event) => {
    if (event.eventType === 'WorkflowTaskStarted' || event.eventType === 'ActivityTaskStarted') {
      starters.set(event.eventId, event.attributes.identity ?? '');
    }
    return eventToProto(withReporter(event, starters), run);
  });
}

function withReporter(event: HistoryEvent, starters: ReadonlyMap<number, string>): HistoryEvent {
  switch (event.eventType) {
    case 'WorkflowTaskCompleted':
    case 'ActivityTaskCompleted':
    case 'ActivityTaskFailed': {
      const identity = event.attributes.identity ?? starters.get(event.attributes.startedEventId);
      if (identity === undefined) return event;
      return { ...event, attributes: { ...event.attributes, identity } } as HistoryEvent;
    }
    default:
      return event;
  }
}

/** Events of which something is the same as in the run's first event, and kept only there. */
const DEPENDENT_TYPES: ReadonlySet<EventType> = new Set<EventType>([
  'WorkflowExecutionStarted',
  'WorkflowTaskScheduled',
  'ActivityTaskScheduled',
  'WorkflowExecutionContinuedAsNew',
]);

/** Whether the run's first event is needed for converting this one. */
export function leavesOutWhatTheFirstSays({ eventType }: HistoryEvent): boolean {
  return DEPENDENT_TYPES.has(eventType);
}

type Converter<T extends EventType> = (attributes: EventAttributes[T], run: EventContext) => P.HistoryEvent;

const ATTRIBUTES: { readonly [T in EventType]: Converter<T> } = {
  WorkflowExecutionStarted: (it, run) => ({
    workflowExecutionStartedEventAttributes: {
      workflowType: { name: it.workflowType },
      taskQueue: normalTaskQueue(it.taskQueue),
      input: payloadsToProto(it.input),
      // What is not there must be left out: SDKs show a zero, or a root that is the run itself, to workflow code.
      workflowExecutionTimeout: optionalDuration(it.workflowExecutionTimeoutMs),
      workflowRunTimeout: optionalDuration(it.workflowRunTimeoutMs),
      workflowTaskTimeout: durationToProto(it.workflowTaskTimeoutMs ?? DEFAULTS.workflowTaskTimeoutMs),
      continuedExecutionRunId: it.continuedExecutionRunId ?? '',
      ...(it.initiator && { initiator: initiator.toProto(it.initiator) }),
      continuedFailure: it.continuedFailure ? failureToProto(it.continuedFailure) : null,
      lastCompletionResult: payloadsToProto(it.lastCompletionResult),
      originalExecutionRunId: it.originalExecutionRunId ?? run.runId,
      firstExecutionRunId: it.firstExecutionRunId ?? run.runId,
      identity: it.identity ?? '',
      retryPolicy: it.retryPolicy ? retryPolicyToProto(it.retryPolicy) : null,
      attempt: it.attempt ?? 1,
      workflowExecutionExpirationTime: optionalTimestamp(it.workflowExecutionExpirationTimeMs),
      cronSchedule: it.cronSchedule ?? '',
      firstWorkflowTaskBackoff: durationToProto(it.firstWorkflowTaskBackoffMs),
      memo: it.memo ? { fields: payloadMapToProto(it.memo) } : null,
      searchAttributes: it.searchAttributes
        ? searchAttributesToProto(it.searchAttributes, run.searchAttributeTypes)
        : null,
      header: headerToProto(it.header),
      workflowId: run.workflowId,
      eagerExecutionAccepted: it.eagerExecutionAccepted ?? false,
      ...(it.versioningOverride && { versioningOverride: overrideToProto(it.versioningOverride) }),
    },
  }),
  WorkflowExecutionCompleted: (it) => ({
    workflowExecutionCompletedEventAttributes: {
      result: payloadsToProto(it.result),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      newExecutionRunId: it.newExecutionRunId ?? '',
    },
  }),
  WorkflowExecutionFailed: (it) => ({
    workflowExecutionFailedEventAttributes: {
      failure: failureToProto(it.failure),
      retryState: retryState.toProto(it.retryState),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      newExecutionRunId: it.newExecutionRunId ?? '',
    },
  }),
  WorkflowExecutionTimedOut: (it) => ({
    workflowExecutionTimedOutEventAttributes: {
      retryState: retryState.toProto(it.retryState),
      newExecutionRunId: it.newExecutionRunId ?? '',
    },
  }),
  WorkflowTaskScheduled: (it, run) => ({
    workflowTaskScheduledEventAttributes: {
      taskQueue: it.sticky
        ? stickyTaskQueue(run.sticky ?? run.taskQueue, run.taskQueue)
        : normalTaskQueue(run.taskQueue),
      startToCloseTimeout: durationToProto(it.startToCloseTimeoutMs ?? run.workflowTaskTimeoutMs),
      attempt: it.attempt ?? 1,
    },
  }),
  WorkflowTaskStarted: (it) => ({
    workflowTaskStartedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      identity: it.identity ?? '',
      suggestContinueAsNew: it.suggestContinueAsNew ?? false,
      historySizeBytes: int64(historySizeOnWire(it.historySizeBytes, it.scheduledEventId)),
    },
  }),
  WorkflowTaskCompleted: (it) => ({
    workflowTaskCompletedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      identity: it.identity ?? '',
      sdkMetadata: sdkMetadataToProto(it.sdkMetadata),
      ...workerVersionToProto(it.workerVersion),
      ...(it.versioningBehavior && { versioningBehavior: versioningBehavior.toProto(it.versioningBehavior) }),
      meteringMetadata: {},
    },
  }),
  WorkflowTaskTimedOut: (it) => ({
    workflowTaskTimedOutEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      timeoutType: timeoutType.toProto(it.timeoutType),
    },
  }),
  WorkflowTaskFailed: (it) => ({
    workflowTaskFailedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      cause: workflowTaskFailedCause.toProto(it.cause),
      failure: it.failure ? failureToProto(it.failure) : null,
      identity: it.identity ?? '',
      baseRunId: it.baseRunId ?? '',
      newRunId: it.newRunId ?? '',
    },
  }),
  ActivityTaskScheduled: (it, run) => ({
    activityTaskScheduledEventAttributes: {
      activityId: it.activityId,
      activityType: { name: it.activityType },
      taskQueue: normalTaskQueue(it.taskQueue ?? run.taskQueue),
      header: headerToProto(it.header),
      input: payloadsToProto(it.input),
      scheduleToCloseTimeout: durationToProto(it.scheduleToCloseTimeoutMs),
      scheduleToStartTimeout: durationToProto(it.scheduleToStartTimeoutMs),
      startToCloseTimeout: durationToProto(it.startToCloseTimeoutMs),
      heartbeatTimeout: durationToProto(it.heartbeatTimeoutMs),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      retryPolicy: retryPolicyToProto(it.retryPolicy),
    },
  }),
  ActivityTaskStarted: (it) => ({
    activityTaskStartedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      identity: it.identity ?? '',
      attempt: it.attempt ?? 1,
      lastFailure: it.lastFailure ? failureToProto(it.lastFailure) : null,
    },
  }),
  ActivityTaskCompleted: (it) => ({
    activityTaskCompletedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      result: payloadsToProto(it.result),
      identity: it.identity ?? '',
    },
  }),
  ActivityTaskFailed: (it) => ({
    activityTaskFailedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      failure: failureToProto(it.failure),
      retryState: retryState.toProto(it.retryState),
      identity: it.identity ?? '',
    },
  }),
  ActivityTaskTimedOut: (it) => ({
    activityTaskTimedOutEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      failure: failureToProto(it.failure),
      retryState: retryState.toProto(it.retryState),
    },
  }),
  ActivityTaskCancelRequested: (it) => ({
    activityTaskCancelRequestedEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
    },
  }),
  ActivityTaskCanceled: (it) => ({
    activityTaskCanceledEventAttributes: {
      scheduledEventId: int64(it.scheduledEventId),
      startedEventId: int64(it.startedEventId),
      details: payloadsToProto(it.details),
      latestCancelRequestedEventId: int64(it.latestCancelRequestedEventId ?? 0),
      identity: it.identity ?? '',
    },
  }),
  TimerStarted: (it) => ({
    timerStartedEventAttributes: {
      timerId: it.timerId,
      startToFireTimeout: durationToProto(it.startToFireTimeoutMs),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
    },
  }),
  TimerFired: (it) => ({
    timerFiredEventAttributes: { timerId: it.timerId, startedEventId: int64(it.startedEventId) },
  }),
  TimerCanceled: (it) => ({
    timerCanceledEventAttributes: {
      timerId: it.timerId,
      startedEventId: int64(it.startedEventId),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      identity: it.identity ?? '',
    },
  }),
  WorkflowExecutionCancelRequested: (it) => ({
    workflowExecutionCancelRequestedEventAttributes: {
      cause: it.cause ?? '',
      identity: it.identity ?? '',
      externalInitiatedEventId: int64(it.externalInitiatedEventId ?? 0),
      externalWorkflowExecution: it.externalWorkflowExecution ?? null,
    },
  }),
  WorkflowExecutionCanceled: (it) => ({
    workflowExecutionCanceledEventAttributes: {
      details: payloadsToProto(it.details),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
    },
  }),
  RequestCancelExternalWorkflowExecutionInitiated: (it) => ({
    requestCancelExternalWorkflowExecutionInitiatedEventAttributes: {
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      namespace: it.namespace,
      workflowExecution: it.workflowExecution,
      childWorkflowOnly: it.childWorkflowOnly ?? false,
      reason: it.reason ?? '',
    },
  }),
  RequestCancelExternalWorkflowExecutionFailed: ({ cause, ...it }) => ({
    requestCancelExternalWorkflowExecutionFailedEventAttributes: {
      ...externalEnd(it),
      cause: cancelExternalFailedCause.toProto(cause),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
    },
  }),
  ExternalWorkflowExecutionCancelRequested: (it) => ({
    externalWorkflowExecutionCancelRequestedEventAttributes: externalEnd(it),
  }),
  MarkerRecorded: (it) => ({
    markerRecordedEventAttributes: {
      markerName: it.markerName,
      details: Object.fromEntries(
        Object.entries(it.details ?? {}).map(([name, payloads]) => [name, payloadsToProto(payloads) ?? {}]),
      ),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      header: headerToProto(it.header),
      failure: it.failure ? failureToProto(it.failure) : null,
    },
  }),
  WorkflowExecutionSignaled: (it) => ({
    workflowExecutionSignaledEventAttributes: {
      signalName: it.signalName,
      input: payloadsToProto(it.input),
      identity: it.identity ?? '',
      header: headerToProto(it.header),
      externalWorkflowExecution: it.externalWorkflowExecution ?? null,
      requestId: it.requestId ?? '',
    },
  }),
  WorkflowExecutionTerminated: (it) => ({
    workflowExecutionTerminatedEventAttributes: {
      reason: it.reason ?? '',
      details: payloadsToProto(it.details),
      identity: it.identity ?? '',
    },
  }),
  WorkflowExecutionContinuedAsNew: (it, run) => ({
    workflowExecutionContinuedAsNewEventAttributes: {
      newExecutionRunId: it.newExecutionRunId,
      workflowType: { name: it.workflowType },
      taskQueue: normalTaskQueue(it.taskQueue),
      input: payloadsToProto(it.input),
      workflowRunTimeout: durationToProto(it.workflowRunTimeoutMs),
      workflowTaskTimeout: durationToProto(it.workflowTaskTimeoutMs ?? run.workflowTaskTimeoutMs),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      backoffStartInterval: durationToProto(it.backoffStartIntervalMs),
      initiator: initiator.toProto(it.initiator),
      lastCompletionResult: payloadsToProto(it.lastCompletionResult),
      header: headerToProto(it.header),
      memo: it.memo ? { fields: payloadMapToProto(it.memo) } : null,
      searchAttributes: it.searchAttributes
        ? searchAttributesToProto(it.searchAttributes, run.searchAttributeTypes)
        : null,
    },
  }),
  SignalExternalWorkflowExecutionInitiated: (it) => ({
    signalExternalWorkflowExecutionInitiatedEventAttributes: {
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      namespace: it.namespace,
      workflowExecution: it.workflowExecution,
      signalName: it.signalName,
      input: payloadsToProto(it.input),
      childWorkflowOnly: it.childWorkflowOnly ?? false,
      header: headerToProto(it.header),
    },
  }),
  SignalExternalWorkflowExecutionFailed: ({ cause, ...it }) => ({
    signalExternalWorkflowExecutionFailedEventAttributes: {
      ...externalEnd(it),
      cause: signalExternalFailedCause.toProto(cause),
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
    },
  }),
  ExternalWorkflowExecutionSignaled: (it) => ({
    externalWorkflowExecutionSignaledEventAttributes: externalEnd(it),
  }),
  UpsertWorkflowSearchAttributes: (it, run) => ({
    upsertWorkflowSearchAttributesEventAttributes: {
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      searchAttributes: searchAttributesToProto(it.searchAttributes, run.searchAttributeTypes),
    },
  }),
  WorkflowPropertiesModified: (it) => ({
    workflowPropertiesModifiedEventAttributes: {
      workflowTaskCompletedEventId: int64(it.workflowTaskCompletedEventId),
      upsertedMemo: { fields: payloadMapToProto(it.upsertedMemo) },
    },
  }),
  WorkflowExecutionOptionsUpdated: (it) => ({
    workflowExecutionOptionsUpdatedEventAttributes: {
      versioningOverride: overrideToProto(it.versioningOverride),
      unsetVersioningOverride: it.unsetVersioningOverride ?? false,
      identity: it.identity ?? '',
    },
  }),
};

function externalEnd(it: EventAttributes['ExternalWorkflowExecutionSignaled']) {
  return {
    initiatedEventId: int64(it.initiatedEventId),
    namespace: it.namespace,
    workflowExecution: it.workflowExecution,
  };
}

function sdkMetadataToProto(metadata: SdkMetadata | undefined) {
  return {
    coreUsedFlags: [...(metadata?.coreUsedFlags ?? [])],
    langUsedFlags: [...(metadata?.langUsedFlags ?? [])],
    sdkName: metadata?.sdkName ?? '',
    sdkVersion: metadata?.sdkVersion ?? '',
  };
}
