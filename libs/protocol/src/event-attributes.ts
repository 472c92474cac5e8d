import type {
  EventAttributes,
  EventType,
  Failure,
  Payloads,
  RetryPolicy,
  WorkflowExecutionTarget,
} from '@tidewheel/core';

/** What an event's attribute holds, which decides how it is written as JSON. */
export type AttributeKind =
  | 'text'
  | 'integer'
  | 'flag'
  | 'duration'
  | 'time'
  | 'payloads'
  | 'payloadMap'
  | 'payloadLists'
  | 'failure'
  | 'retryPolicy'
  | 'execution'
  | 'sdkMetadata'
  | 'workerVersion'
  | 'versioningOverride';

/** The kind that the type of an attribute calls for; times and durations are told apart by their names. */
type KindOf<Name, Value> = [Value] extends [boolean]
  ? 'flag'
  : [Value] extends [string]
    ? 'text'
    : [Value] extends [number]
      ? Name extends `${string}TimeMs`
        ? 'time'
        : Name extends `${string}Ms`
          ? 'duration'
          : 'integer'
      : [Value] extends [Payloads]
        ? 'payloads'
        : [Value] extends [Failure]
          ? 'failure'
          : [Value] extends [RetryPolicy]
            ? 'retryPolicy'
            : [Value] extends [WorkflowExecutionTarget]
              ? 'execution'
              : [Value] extends [Readonly<Record<string, Payloads>>]
                ? 'payloadLists'
                : string extends keyof Value
                  ? 'payloadMap'
                  : 'sdkName' extends keyof Value
                    ? 'sdkMetadata'
                    : 'behavior' extends keyof Value
                      ? 'versioningOverride'
                      : 'workerVersion';

/** The kinds of a record's attributes, with a question mark for those that may be absent. */
type KindsOf<Attributes> = {
  readonly [Name in keyof Attributes]-?: object extends Pick<Attributes, Name>
    ? `${KindOf<Name, NonNullable<Attributes[Name]>>}?`
    : KindOf<Name, Attributes[Name]>;
};

const EXTERNAL_FAILED = {
  cause: 'text',
  workflowTaskCompletedEventId: 'integer',
  namespace: 'text',
  workflowExecution: 'execution',
  initiatedEventId: 'integer',
} as const;

const EXTERNAL_DONE = {
  initiatedEventId: 'integer',
  namespace: 'text',
  workflowExecution: 'execution',
} as const;

/**
 * Kinds of all attributes of all events. The type makes sure that none is forgotten and none has the wrong kind.
 */
export const EVENT_ATTRIBUTE_KINDS: { readonly [Type in EventType]: KindsOf<EventAttributes[Type]> } = {
  WorkflowExecutionStarted: {
    workflowType: 'text',
    taskQueue: 'text',
    input: 'payloads?',
    workflowExecutionTimeoutMs: 'duration?',
    workflowRunTimeoutMs: 'duration?',
    workflowTaskTimeoutMs: 'duration?',
    continuedExecutionRunId: 'text?',
    initiator: 'text?',
    continuedFailure: 'failure?',
    lastCompletionResult: 'payloads?',
    originalExecutionRunId: 'text?',
    firstExecutionRunId: 'text?',
    identity: 'text?',
    retryPolicy: 'retryPolicy?',
    attempt: 'integer?',
    workflowExecutionExpirationTimeMs: 'time?',
    cronSchedule: 'text?',
    firstWorkflowTaskBackoffMs: 'duration?',
    memo: 'payloadMap?',
    searchAttributes: 'payloadMap?',
    header: 'payloadMap?',
    eagerExecutionAccepted: 'flag?',
    versioningOverride: 'versioningOverride?',
  },
  WorkflowExecutionCompleted: {
    result: 'payloads?',
    workflowTaskCompletedEventId: 'integer',
    newExecutionRunId: 'text?',
  },
  WorkflowExecutionFailed: {
    failure: 'failure',
    retryState: 'text',
    workflowTaskCompletedEventId: 'integer',
    newExecutionRunId: 'text?',
  },
  WorkflowExecutionTimedOut: { retryState: 'text', newExecutionRunId: 'text?' },
  WorkflowTaskScheduled: { sticky: 'flag?', startToCloseTimeoutMs: 'duration?', attempt: 'integer?' },
  WorkflowTaskStarted: {
    scheduledEventId: 'integer',
    historySizeBytes: 'integer',
    identity: 'text?',
    suggestContinueAsNew: 'flag?',
  },
  WorkflowTaskCompleted: {
    scheduledEventId: 'integer',
    startedEventId: 'integer',
    identity: 'text?',
    sdkMetadata: 'sdkMetadata?',
    workerVersion: 'workerVersion?',
    versioningBehavior: 'text?',
  },
  WorkflowTaskTimedOut: { scheduledEventId: 'integer', startedEventId: 'integer', timeoutType: 'text' },
  WorkflowTaskFailed: {
    scheduledEventId: 'integer',
    startedEventId: 'integer',
    cause: 'text',
    failure: 'failure?',
    identity: 'text?',
    baseRunId: 'text?',
    newRunId: 'text?',
  },
  ActivityTaskScheduled: {
    activityId: 'text',
    activityType: 'text',
    taskQueue: 'text?',
    header: 'payloadMap?',
    input: 'payloads?',
    scheduleToCloseTimeoutMs: 'duration?',
    scheduleToStartTimeoutMs: 'duration?',
    startToCloseTimeoutMs: 'duration',
    heartbeatTimeoutMs: 'duration?',
    workflowTaskCompletedEventId: 'integer',
    retryPolicy: 'retryPolicy?',
  },
  ActivityTaskStarted: {
    scheduledEventId: 'integer',
    identity: 'text?',
    attempt: 'integer?',
    lastFailure: 'failure?',
  },
  ActivityTaskCompleted: {
    scheduledEventId: 'integer',
    startedEventId: 'integer',
    result: 'payloads?',
    identity: 'text?',
  },
  ActivityTaskFailed: {
    scheduledEventId: 'integer',
    startedEventId: 'integer',
    failure: 'failure',
    retryState: 'text',
    identity: 'text?',
  },
  ActivityTaskTimedOut: {
    scheduledEventId: 'integer',
    startedEventId: 'integer',
    failure: 'failure',
    retryState: 'text',
  },
  ActivityTaskCancelRequested: { scheduledEventId: 'integer', workflowTaskCompletedEventId: 'integer' },
  ActivityTaskCanceled: {
    scheduledEventId: 'integer',
    startedEventId: 'integer',
    details: 'payloads?',
    latestCancelRequestedEventId: 'integer?',
    identity: 'text?',
  },
  TimerStarted: {
    timerId: 'text',
    startToFireTimeoutMs: 'duration',
    workflowTaskCompletedEventId: 'integer',
  },
  TimerFired: { timerId: 'text', startedEventId: 'integer' },
  TimerCanceled: {
    timerId: 'text',
    startedEventId: 'integer',
    workflowTaskCompletedEventId: 'integer',
    identity: 'text?',
  },
  WorkflowExecutionCancelRequested: {
    cause: 'text?',
    identity: 'text?',
    externalInitiatedEventId: 'integer?',
    externalWorkflowExecution: 'execution?',
  },
  WorkflowExecutionCanceled: { details: 'payloads?', workflowTaskCompletedEventId: 'integer' },
  RequestCancelExternalWorkflowExecutionInitiated: {
    workflowTaskCompletedEventId: 'integer',
    namespace: 'text',
    workflowExecution: 'execution',
    childWorkflowOnly: 'flag?',
    reason: 'text?',
  },
  RequestCancelExternalWorkflowExecutionFailed: EXTERNAL_FAILED,
  ExternalWorkflowExecutionCancelRequested: EXTERNAL_DONE,
  MarkerRecorded: {
    markerName: 'text',
    details: 'payloadLists?',
    workflowTaskCompletedEventId: 'integer',
    header: 'payloadMap?',
    failure: 'failure?',
  },
  WorkflowExecutionSignaled: {
    signalName: 'text',
    input: 'payloads?',
    identity: 'text?',
    header: 'payloadMap?',
    externalWorkflowExecution: 'execution?',
    requestId: 'text?',
  },
  WorkflowExecutionTerminated: { reason: 'text?', details: 'payloads?', identity: 'text?' },
  WorkflowExecutionContinuedAsNew: {
    newExecutionRunId: 'text',
    workflowType: 'text',
    taskQueue: 'text',
    input: 'payloads?',
    workflowRunTimeoutMs: 'duration?',
    workflowTaskTimeoutMs: 'duration?',
    workflowTaskCompletedEventId: 'integer',
    backoffStartIntervalMs: 'duration?',
    initiator: 'text',
    lastCompletionResult: 'payloads?',
    header: 'payloadMap?',
    memo: 'payloadMap?',
    searchAttributes: 'payloadMap?',
  },
  SignalExternalWorkflowExecutionInitiated: {
    workflowTaskCompletedEventId: 'integer',
    namespace: 'text',
    workflowExecution: 'execution',
    signalName: 'text',
    input: 'payloads?',
    childWorkflowOnly: 'flag?',
    header: 'payloadMap?',
  },
  SignalExternalWorkflowExecutionFailed: EXTERNAL_FAILED,
  ExternalWorkflowExecutionSignaled: EXTERNAL_DONE,
  UpsertWorkflowSearchAttributes: {
    workflowTaskCompletedEventId: 'integer',
    searchAttributes: 'payloadMap',
  },
  WorkflowPropertiesModified: { workflowTaskCompletedEventId: 'integer', upsertedMemo: 'payloadMap' },
  WorkflowExecutionOptionsUpdated: {
    versioningOverride: 'versioningOverride?',
    unsetVersioningOverride: 'flag?',
    identity: 'text?',
  },
};
