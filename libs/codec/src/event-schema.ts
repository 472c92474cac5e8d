import type {
  EventAttributes,
  EventType,
  ExternalFailureCause,
  Initiator,
  RetryPolicy,
  SdkMetadata,
  UserMetadata,
  VersioningBehavior,
  VersioningOverride,
  WorkerDeploymentVersion,
  WorkerVersion,
  WorkflowExecutionTarget,
} from '@tidewheel/core';
import { WORKFLOW_TASK_FAILED_CAUSE_CODES } from '@tidewheel/core';
import { failure, retryState, timeoutType } from './failure-codec.js';
import { field, recordCodec } from './field-codec.js';
import type { FieldKind, RecordCodec, RecordSchema } from './field-codec.js';
import {
  double,
  flag,
  nested,
  oneOf,
  payload,
  payloadMap,
  payloads,
  payloadsMap,
  text,
  texts,
  uint,
  uints,
} from './field-kinds.js';

const retryPolicyCodec = recordCodec<RetryPolicy>({
  initialIntervalMs: field(1, uint),
  backoffCoefficient: field(2, double),
  maximumIntervalMs: field(3, uint),
  maximumAttempts: field(4, uint),
  nonRetryableErrorTypes: field(5, texts),
});
/** A retry policy inside a record. */
const retryPolicy: FieldKind<RetryPolicy> = nested(() => retryPolicyCodec);

const executionCodec = recordCodec<WorkflowExecutionTarget>({
  workflowId: field(1, text),
  runId: field(2, text),
});
const target: FieldKind<WorkflowExecutionTarget> = nested(() => executionCodec);
const execution = target as FieldKind<Required<WorkflowExecutionTarget>>;

const sdkMetadata: FieldKind<SdkMetadata> = nested(() => sdkMetadataCodec);
const sdkMetadataCodec = recordCodec<SdkMetadata>({
  coreUsedFlags: field(1, uints),
  langUsedFlags: field(2, uints),
  sdkName: field(3, text),
  sdkVersion: field(4, text),
});

const workerVersion: FieldKind<WorkerVersion> = nested(() => workerVersionCodec);
const workerVersionCodec = recordCodec<WorkerVersion>({
  buildId: field(1, text),
  useVersioning: field(2, flag),
  deploymentName: field(3, text),
  binaryChecksum: field(4, text),
});

const versioningBehavior = oneOf<VersioningBehavior>({ PINNED: 1, AUTO_UPGRADE: 2 });
const deploymentVersion: FieldKind<WorkerDeploymentVersion> = nested(() => deploymentVersionCodec);
const deploymentVersionCodec = recordCodec<WorkerDeploymentVersion>({
  deploymentName: field(1, text),
  buildId: field(2, text),
});
const versioningOverride = nested(() => versioningOverrideCodec) as FieldKind<VersioningOverride>;
const versioningOverrideCodec = recordCodec<{
  readonly behavior: VersioningBehavior;
  readonly version?: WorkerDeploymentVersion;
}>({
  behavior: field(1, versioningBehavior),
  version: field(2, deploymentVersion),
});

const initiator = oneOf<Initiator>({ WORKFLOW: 1, RETRY: 2, CRON_SCHEDULE: 3 });
const failedCause = oneOf(WORKFLOW_TASK_FAILED_CAUSE_CODES);
const externalCause = oneOf<ExternalFailureCause>({
  EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND: 1,
  SIGNAL_COUNT_LIMIT_EXCEEDED: 2,
});

const externalFailed: RecordSchema<EventAttributes['SignalExternalWorkflowExecutionFailed']> = {
  cause: field(1, externalCause),
  workflowTaskCompletedEventId: field(2, uint),
  namespace: field(3, text),
  workflowExecution: field(4, target),
  initiatedEventId: field(5, uint),
};
const externalDone: RecordSchema<EventAttributes['ExternalWorkflowExecutionSignaled']> = {
  initiatedEventId: field(1, uint),
  namespace: field(2, text),
  workflowExecution: field(3, target),
};

/** Attributes that stand in an event's head as numbers of fixed width, because scripts write and read them. */
type HeadField = { readonly name: string; readonly bytes: 3 | 4 };

const SCHEDULED: HeadField = { name: 'scheduledEventId', bytes: 3 };
const STARTED: HeadField = { name: 'startedEventId', bytes: 3 };

/** The head fields of the event types that have any, in order. */
export const HEAD_FIELDS: { readonly [T in EventType]?: readonly HeadField[] } = {
  WorkflowTaskStarted: [SCHEDULED, { name: 'historySizeBytes', bytes: 4 }],
  ActivityTaskStarted: [SCHEDULED],
  ActivityTaskCompleted: [SCHEDULED, STARTED],
  ActivityTaskFailed: [SCHEDULED, STARTED],
  ActivityTaskTimedOut: [SCHEDULED, STARTED],
  ActivityTaskCanceled: [SCHEDULED, STARTED],
  TimerFired: [STARTED],
  TimerCanceled: [STARTED],
};

type HeadName = 'scheduledEventId' | 'startedEventId' | 'historySizeBytes';
type HeadEvents = {
  WorkflowTaskStarted: 'scheduledEventId' | 'historySizeBytes';
  ActivityTaskStarted: 'scheduledEventId';
  ActivityTaskCompleted: 'scheduledEventId' | 'startedEventId';
  ActivityTaskFailed: 'scheduledEventId' | 'startedEventId';
  ActivityTaskTimedOut: 'scheduledEventId' | 'startedEventId';
  ActivityTaskCanceled: 'scheduledEventId' | 'startedEventId';
  TimerFired: 'startedEventId';
  TimerCanceled: 'startedEventId';
};
/** The attributes of an event type that stand in its body. */
export type BodyAttributes<T extends EventType> = T extends keyof HeadEvents
  ? Omit<EventAttributes[T], HeadEvents[T] & HeadName>
  : EventAttributes[T];

/** An event's body, which may carry user metadata whatever its type. */
type EventBody<T extends EventType> = BodyAttributes<T> & { readonly userMetadata?: UserMetadata };

type BodyCodecs = { readonly [T in EventType]: RecordCodec<EventBody<T>> };

const userMetadata: FieldKind<UserMetadata> = nested(() => userMetadataCodec);
const userMetadataCodec = recordCodec<UserMetadata>({
  summary: field(1, payload),
  details: field(2, payload),
});

/** The codec of a body; the last number of all bodies is that of user metadata. */
function eventBody<T extends object>(
  schema: RecordSchema<T>,
): RecordCodec<T & { readonly userMetadata?: UserMetadata }> {
  const whole = { ...schema, userMetadata: field(63, userMetadata) };
  return recordCodec<T & { readonly userMetadata?: UserMetadata }>(
    whole as RecordSchema<T & { readonly userMetadata?: UserMetadata }>,
  );
}

/**
 * The layout of each event type's body. The numbers are stored: add new ones, never change or reuse one.
 * Lua writes timer ids (field 1 of TimerFired and TimerCanceled) and whether to continue as new (field 2 of
 * WorkflowTaskStarted) by itself: see libs/store/src/lua.
 */
export const EVENT_BODY_CODECS: BodyCodecs = {
  WorkflowExecutionStarted: eventBody<EventAttributes['WorkflowExecutionStarted']>({
    workflowType: field(1, text),
    taskQueue: field(2, text),
    input: field(3, payloads),
    workflowExecutionTimeoutMs: field(4, uint),
    workflowRunTimeoutMs: field(5, uint),
    workflowTaskTimeoutMs: field(6, uint),
    continuedExecutionRunId: field(7, text),
    initiator: field(8, initiator),
    continuedFailure: field(9, failure),
    lastCompletionResult: field(10, payloads),
    originalExecutionRunId: field(11, text),
    firstExecutionRunId: field(12, text),
    identity: field(13, text),
    retryPolicy: field(14, retryPolicy),
    attempt: field(15, uint),
    workflowExecutionExpirationTimeMs: field(16, uint),
    cronSchedule: field(17, text),
    firstWorkflowTaskBackoffMs: field(18, uint),
    memo: field(19, payloadMap),
    searchAttributes: field(20, payloadMap),
    header: field(21, payloadMap),
    eagerExecutionAccepted: field(22, flag),
    versioningOverride: field(30, versioningOverride),
  }),
  WorkflowExecutionCompleted: eventBody<EventAttributes['WorkflowExecutionCompleted']>({
    result: field(1, payloads),
    workflowTaskCompletedEventId: field(2, uint),
    newExecutionRunId: field(3, text),
  }),
  WorkflowExecutionFailed: eventBody<EventAttributes['WorkflowExecutionFailed']>({
    failure: field(1, failure),
    retryState: field(2, retryState),
    workflowTaskCompletedEventId: field(3, uint),
    newExecutionRunId: field(4, text),
  }),
  WorkflowExecutionTimedOut: eventBody<EventAttributes['WorkflowExecutionTimedOut']>({
    retryState: field(1, retryState),
    newExecutionRunId: field(2, text),
  }),
  WorkflowTaskScheduled: eventBody<EventAttributes['WorkflowTaskScheduled']>({
    sticky: field(1, flag),
    startToCloseTimeoutMs: field(2, uint),
    attempt: field(3, uint),
  }),
  WorkflowTaskStarted: eventBody<BodyAttributes<'WorkflowTaskStarted'>>({
    identity: field(1, text),
    suggestContinueAsNew: field(2, flag),
  }),
  WorkflowTaskCompleted: eventBody<EventAttributes['WorkflowTaskCompleted']>({
    scheduledEventId: field(1, uint),
    startedEventId: field(2, uint),
    identity: field(3, text),
    sdkMetadata: field(4, sdkMetadata),
    workerVersion: field(5, workerVersion),
    versioningBehavior: field(6, versioningBehavior),
  }),
  WorkflowTaskTimedOut: eventBody<EventAttributes['WorkflowTaskTimedOut']>({
    scheduledEventId: field(1, uint),
    startedEventId: field(2, uint),
    timeoutType: field(3, timeoutType),
  }),
  WorkflowTaskFailed: eventBody<EventAttributes['WorkflowTaskFailed']>({
    scheduledEventId: field(1, uint),
    startedEventId: field(2, uint),
    cause: field(3, failedCause),
    failure: field(4, failure),
    identity: field(5, text),
    baseRunId: field(6, text),
    newRunId: field(7, text),
  }),
  ActivityTaskScheduled: eventBody<EventAttributes['ActivityTaskScheduled']>({
    activityId: field(1, text),
    activityType: field(2, text),
    taskQueue: field(3, text),
    header: field(4, payloadMap),
    input: field(5, payloads),
    scheduleToCloseTimeoutMs: field(6, uint),
    scheduleToStartTimeoutMs: field(7, uint),
    startToCloseTimeoutMs: field(8, uint),
    heartbeatTimeoutMs: field(9, uint),
    workflowTaskCompletedEventId: field(10, uint),
    retryPolicy: field(11, retryPolicy),
  }),
  ActivityTaskStarted: eventBody<BodyAttributes<'ActivityTaskStarted'>>({
    identity: field(1, text),
    attempt: field(2, uint),
    lastFailure: field(3, failure),
  }),
  ActivityTaskCompleted: eventBody<BodyAttributes<'ActivityTaskCompleted'>>({
    result: field(1, payloads),
    identity: field(2, text),
  }),
  ActivityTaskFailed: eventBody<BodyAttributes<'ActivityTaskFailed'>>({
    failure: field(1, failure),
    retryState: field(2, retryState),
    identity: field(3, text),
  }),
  ActivityTaskTimedOut: eventBody<BodyAttributes<'ActivityTaskTimedOut'>>({
    failure: field(1, failure),
    retryState: field(2, retryState),
  }),
  ActivityTaskCancelRequested: eventBody<EventAttributes['ActivityTaskCancelRequested']>({
    scheduledEventId: field(1, uint),
    workflowTaskCompletedEventId: field(2, uint),
  }),
  ActivityTaskCanceled: eventBody<BodyAttributes<'ActivityTaskCanceled'>>({
    details: field(1, payloads),
    latestCancelRequestedEventId: field(2, uint),
    identity: field(3, text),
  }),
  TimerStarted: eventBody<EventAttributes['TimerStarted']>({
    timerId: field(1, text),
    startToFireTimeoutMs: field(2, uint),
    workflowTaskCompletedEventId: field(3, uint),
  }),
  TimerFired: eventBody<BodyAttributes<'TimerFired'>>({ timerId: field(1, text) }),
  TimerCanceled: eventBody<BodyAttributes<'TimerCanceled'>>({
    timerId: field(1, text),
    workflowTaskCompletedEventId: field(2, uint),
    identity: field(3, text),
  }),
  WorkflowExecutionCancelRequested: eventBody<EventAttributes['WorkflowExecutionCancelRequested']>({
    cause: field(1, text),
    identity: field(2, text),
    externalInitiatedEventId: field(3, uint),
    externalWorkflowExecution: field(4, execution),
  }),
  WorkflowExecutionCanceled: eventBody<EventAttributes['WorkflowExecutionCanceled']>({
    details: field(1, payloads),
    workflowTaskCompletedEventId: field(2, uint),
  }),
  RequestCancelExternalWorkflowExecutionInitiated: eventBody<
    EventAttributes['RequestCancelExternalWorkflowExecutionInitiated']
  >({
    workflowTaskCompletedEventId: field(1, uint),
    namespace: field(2, text),
    workflowExecution: field(3, target),
    childWorkflowOnly: field(4, flag),
    reason: field(5, text),
  }),
  RequestCancelExternalWorkflowExecutionFailed: eventBody(externalFailed),
  ExternalWorkflowExecutionCancelRequested: eventBody(externalDone),
  MarkerRecorded: eventBody<EventAttributes['MarkerRecorded']>({
    markerName: field(1, text),
    details: field(2, payloadsMap),
    workflowTaskCompletedEventId: field(3, uint),
    header: field(4, payloadMap),
    failure: field(5, failure),
  }),
  WorkflowExecutionSignaled: eventBody<EventAttributes['WorkflowExecutionSignaled']>({
    signalName: field(1, text),
    input: field(2, payloads),
    identity: field(3, text),
    header: field(4, payloadMap),
    externalWorkflowExecution: field(5, execution),
    requestId: field(6, text),
  }),
  WorkflowExecutionTerminated: eventBody<EventAttributes['WorkflowExecutionTerminated']>({
    reason: field(1, text),
    details: field(2, payloads),
    identity: field(3, text),
  }),
  WorkflowExecutionContinuedAsNew: eventBody<EventAttributes['WorkflowExecutionContinuedAsNew']>({
    newExecutionRunId: field(1, text),
    workflowType: field(2, text),
    taskQueue: field(3, text),
    input: field(4, payloads),
    workflowRunTimeoutMs: field(5, uint),
    workflowTaskTimeoutMs: field(6, uint),
    workflowTaskCompletedEventId: field(7, uint),
    backoffStartIntervalMs: field(8, uint),
    initiator: field(9, initiator),
    lastCompletionResult: field(10, payloads),
    header: field(11, payloadMap),
    memo: field(12, payloadMap),
    searchAttributes: field(13, payloadMap),
  }),
  SignalExternalWorkflowExecutionInitiated: eventBody<
    EventAttributes['SignalExternalWorkflowExecutionInitiated']
  >({
    workflowTaskCompletedEventId: field(1, uint),
    namespace: field(2, text),
    workflowExecution: field(3, target),
    signalName: field(4, text),
    input: field(5, payloads),
    childWorkflowOnly: field(6, flag),
    header: field(7, payloadMap),
  }),
  SignalExternalWorkflowExecutionFailed: eventBody(externalFailed),
  ExternalWorkflowExecutionSignaled: eventBody(externalDone),
  UpsertWorkflowSearchAttributes: eventBody<EventAttributes['UpsertWorkflowSearchAttributes']>({
    workflowTaskCompletedEventId: field(1, uint),
    searchAttributes: field(2, payloadMap),
  }),
  WorkflowPropertiesModified: eventBody<EventAttributes['WorkflowPropertiesModified']>({
    workflowTaskCompletedEventId: field(1, uint),
    upsertedMemo: field(2, payloadMap),
  }),
  WorkflowExecutionOptionsUpdated: eventBody<EventAttributes['WorkflowExecutionOptionsUpdated']>({
    versioningOverride: field(1, versioningOverride),
    unsetVersioningOverride: field(2, flag),
    identity: field(3, text),
  }),
};
