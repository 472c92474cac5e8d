import type {
  EventAttributes,
  EventType,
  ExternalFailureCause,
  Failure,
  FailureInfo,
  HistoryEvent,
  Initiator,
  Payload,
  RetryPolicy,
  RetryState,
  TimeoutType,
  VersioningBehavior,
  VersioningOverride,
} from '@tidewheel/core';
import { EVENT_TYPE_CODES, WORKFLOW_TASK_FAILED_CAUSE_CODES } from '@tidewheel/core';
import * as fc from 'fast-check';

type Arbitraries<T> = { readonly [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> };

/** Records of which the named fields are always there, and the others sometimes. */
function recordOf<T extends object>(
  fields: Arbitraries<T>,
  requiredKeys: readonly (keyof T & string)[],
): fc.Arbitrary<T> {
  return fc.record(fields, {
    requiredKeys: [...requiredKeys],
    noNullPrototype: true,
  }) as fc.Arbitrary<T>;
}

/** Any well-formed text, short most of the time. */
const text = fc.oneof(
  { weight: 8, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 40, maxLength: 300 }) },
);
const bytes = fc.uint8Array({ maxLength: 200 });
const uint = fc.oneof(fc.maxSafeNat(), fc.nat(300));
const eventId = fc.integer({ min: 0, max: 0xff_ff_ff });
/** A flag that is there is true: false is not written. */
const flag = fc.constant(true);
const names = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '0'));

function mapOf<T>(values: fc.Arbitrary<T>): fc.Arbitrary<Readonly<Record<string, T>>> {
  return fc
    .uniqueArray(fc.tuple(names, values), { maxLength: 4, selector: ([name]) => name })
    .map((entries) => Object.fromEntries(entries));
}

const encoding = fc.oneof(
  fc
    .constantFrom('json/plain', 'binary/null', 'binary/plain')
    .map((name) => new Uint8Array(Buffer.from(name))),
  bytes,
);
const metadata = fc.oneof(
  encoding.map((value) => ({ encoding: value })),
  mapOf(bytes),
);
const payload: fc.Arbitrary<Payload> = fc.record(
  { metadata, data: bytes, externalPayloadSizes: fc.array(fc.maxSafeNat(), { maxLength: 3 }) },
  { requiredKeys: ['metadata', 'data'], noNullPrototype: true },
);
export const payloads = fc.array(payload, { maxLength: 3 });
const payloadMap = mapOf(payload);

const versioningOverride: fc.Arbitrary<VersioningOverride> = fc.oneof(
  fc.constant({ behavior: 'AUTO_UPGRADE' as const }),
  fc.record(
    {
      behavior: fc.constant('PINNED' as const),
      version: fc.record({ deploymentName: text, buildId: text }, { noNullPrototype: true }),
    },
    { noNullPrototype: true },
  ),
);

const retryState = fc.constantFrom<RetryState>(
  'UNSPECIFIED',
  'IN_PROGRESS',
  'NON_RETRYABLE_FAILURE',
  'TIMEOUT',
  'MAXIMUM_ATTEMPTS_REACHED',
  'RETRY_POLICY_NOT_SET',
  'INTERNAL_SERVER_ERROR',
  'CANCEL_REQUESTED',
);
const timeoutType = fc.constantFrom<TimeoutType>(
  'UNSPECIFIED',
  'START_TO_CLOSE',
  'SCHEDULE_TO_START',
  'SCHEDULE_TO_CLOSE',
  'HEARTBEAT',
);

type InfoOf<K extends FailureInfo['kind']> = Extract<FailureInfo, { kind: K }>;
const kind = <K extends FailureInfo['kind']>(name: K): fc.Arbitrary<K> => fc.constant(name);
const failureInfo: fc.Arbitrary<FailureInfo> = fc.oneof(
  recordOf<InfoOf<'application'>>(
    {
      kind: kind('application'),
      type: text,
      nonRetryable: fc.boolean(),
      details: payloads,
      nextRetryDelayMs: uint,
      category: fc.constant('BENIGN'),
    },
    ['kind', 'nonRetryable'],
  ),
  recordOf<InfoOf<'timeout'>>({ kind: kind('timeout'), timeoutType, lastHeartbeatDetails: payloads }, [
    'kind',
    'timeoutType',
  ]),
  recordOf<InfoOf<'canceled'>>({ kind: kind('canceled'), details: payloads, identity: text }, ['kind']),
  recordOf<InfoOf<'terminated'>>({ kind: kind('terminated'), identity: text }, ['kind']),
  recordOf<InfoOf<'server'>>({ kind: kind('server'), nonRetryable: fc.boolean() }, ['kind', 'nonRetryable']),
  recordOf<InfoOf<'resetWorkflow'>>({ kind: kind('resetWorkflow'), lastHeartbeatDetails: payloads }, [
    'kind',
  ]),
  recordOf<InfoOf<'activity'>>(
    {
      kind: kind('activity'),
      scheduledEventId: uint,
      startedEventId: uint,
      identity: text,
      activityType: text,
      activityId: text,
      retryState,
    },
    ['kind', 'scheduledEventId', 'startedEventId', 'activityType', 'activityId', 'retryState'],
  ),
  recordOf<InfoOf<'childWorkflow'>>(
    {
      kind: kind('childWorkflow'),
      namespace: text,
      workflowId: text,
      runId: text,
      workflowType: text,
      initiatedEventId: uint,
      startedEventId: uint,
      retryState,
    },
    ['kind', 'workflowId', 'runId', 'workflowType', 'initiatedEventId', 'startedEventId', 'retryState'],
  ),
);

export const failure: fc.Arbitrary<Failure> = fc.letrec<{ failure: Failure }>((tie) => ({
  failure: recordOf<Failure>(
    {
      message: text,
      source: text,
      stackTrace: text,
      cause: fc.oneof(
        { maxDepth: 3 },
        recordOf<Pick<Failure, 'message'>>({ message: text }, ['message']),
        tie('failure'),
      ),
      encodedAttributes: payload,
      info: failureInfo,
    },
    ['message'],
  ),
})).failure;

const retryPolicy = recordOf<RetryPolicy>(
  {
    initialIntervalMs: uint,
    backoffCoefficient: fc.double({ min: 1, noNaN: true }),
    maximumIntervalMs: uint,
    maximumAttempts: uint,
    nonRetryableErrorTypes: fc.array(text, { maxLength: 3 }),
  },
  [
    'initialIntervalMs',
    'backoffCoefficient',
    'maximumIntervalMs',
    'maximumAttempts',
    'nonRetryableErrorTypes',
  ],
);
const target = fc.record(
  { workflowId: text, runId: text },
  { requiredKeys: ['workflowId'], noNullPrototype: true },
) as fc.Arbitrary<{ workflowId: string; runId?: string }>;
const execution = fc.record({ workflowId: text, runId: text }, { noNullPrototype: true });
const initiator = fc.constantFrom<Initiator>('WORKFLOW', 'RETRY', 'CRON_SCHEDULE');
const failedCause = fc.constantFrom(
  ...(Object.keys(WORKFLOW_TASK_FAILED_CAUSE_CODES) as (keyof typeof WORKFLOW_TASK_FAILED_CAUSE_CODES)[]),
);
const externalCause = fc.constantFrom<ExternalFailureCause>(
  'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
  'SIGNAL_COUNT_LIMIT_EXCEEDED',
);
const externalFailed = recordOf<EventAttributes['SignalExternalWorkflowExecutionFailed']>(
  {
    cause: externalCause,
    workflowTaskCompletedEventId: uint,
    namespace: text,
    workflowExecution: target,
    initiatedEventId: uint,
  },
  ['cause', 'workflowTaskCompletedEventId', 'namespace', 'workflowExecution', 'initiatedEventId'],
);
const externalDone = recordOf<EventAttributes['ExternalWorkflowExecutionSignaled']>(
  { initiatedEventId: uint, namespace: text, workflowExecution: target },
  ['initiatedEventId', 'namespace', 'workflowExecution'],
);

/** Attributes of each event type as they may be stored. */
const ATTRIBUTES: { readonly [T in EventType]: fc.Arbitrary<EventAttributes[T]> } = {
  WorkflowExecutionStarted: recordOf<EventAttributes['WorkflowExecutionStarted']>(
    {
      workflowType: text,
      taskQueue: text,
      input: payloads,
      workflowExecutionTimeoutMs: uint,
      workflowRunTimeoutMs: uint,
      workflowTaskTimeoutMs: uint,
      continuedExecutionRunId: text,
      initiator,
      continuedFailure: failure,
      lastCompletionResult: payloads,
      originalExecutionRunId: text,
      firstExecutionRunId: text,
      identity: text,
      retryPolicy,
      attempt: uint,
      workflowExecutionExpirationTimeMs: uint,
      cronSchedule: text,
      firstWorkflowTaskBackoffMs: uint,
      memo: payloadMap,
      searchAttributes: payloadMap,
      header: payloadMap,
      eagerExecutionAccepted: flag,
      versioningOverride,
    },
    ['workflowType', 'taskQueue'],
  ),
  WorkflowExecutionCompleted: recordOf<EventAttributes['WorkflowExecutionCompleted']>(
    { result: payloads, workflowTaskCompletedEventId: uint, newExecutionRunId: text },
    ['workflowTaskCompletedEventId'],
  ),
  WorkflowExecutionFailed: recordOf<EventAttributes['WorkflowExecutionFailed']>(
    { failure, retryState, workflowTaskCompletedEventId: uint, newExecutionRunId: text },
    ['failure', 'retryState', 'workflowTaskCompletedEventId'],
  ),
  WorkflowExecutionTimedOut: recordOf<EventAttributes['WorkflowExecutionTimedOut']>(
    { retryState, newExecutionRunId: text },
    ['retryState'],
  ),
  WorkflowTaskScheduled: recordOf<EventAttributes['WorkflowTaskScheduled']>(
    { sticky: flag, startToCloseTimeoutMs: uint, attempt: uint },
    [],
  ),
  WorkflowTaskStarted: recordOf<EventAttributes['WorkflowTaskStarted']>(
    {
      scheduledEventId: eventId,
      historySizeBytes: fc.integer({ min: 0, max: 0xff_ff_ff_ff }),
      identity: text,
      suggestContinueAsNew: flag,
    },
    ['scheduledEventId', 'historySizeBytes'],
  ),
  WorkflowTaskCompleted: recordOf<EventAttributes['WorkflowTaskCompleted']>(
    {
      scheduledEventId: uint,
      startedEventId: uint,
      identity: text,
      sdkMetadata: recordOf(
        {
          coreUsedFlags: fc.array(uint, { maxLength: 4 }),
          langUsedFlags: fc.array(uint, { maxLength: 4 }),
          sdkName: text,
          sdkVersion: text,
        },
        [],
      ),
      workerVersion: recordOf(
        { buildId: text, useVersioning: flag, deploymentName: text, binaryChecksum: text },
        [],
      ),
      versioningBehavior: fc.constantFrom<VersioningBehavior>('PINNED', 'AUTO_UPGRADE'),
    },
    ['scheduledEventId', 'startedEventId'],
  ),
  WorkflowTaskTimedOut: recordOf<EventAttributes['WorkflowTaskTimedOut']>(
    { scheduledEventId: uint, startedEventId: uint, timeoutType },
    ['scheduledEventId', 'startedEventId', 'timeoutType'],
  ),
  WorkflowTaskFailed: recordOf<EventAttributes['WorkflowTaskFailed']>(
    {
      scheduledEventId: uint,
      startedEventId: uint,
      cause: failedCause,
      failure,
      identity: text,
      baseRunId: text,
      newRunId: text,
    },
    ['scheduledEventId', 'startedEventId', 'cause'],
  ),
  ActivityTaskScheduled: recordOf<EventAttributes['ActivityTaskScheduled']>(
    {
      activityId: text,
      activityType: text,
      taskQueue: text,
      header: payloadMap,
      input: payloads,
      scheduleToCloseTimeoutMs: uint,
      scheduleToStartTimeoutMs: uint,
      startToCloseTimeoutMs: uint,
      heartbeatTimeoutMs: uint,
      workflowTaskCompletedEventId: uint,
      retryPolicy,
    },
    ['activityId', 'activityType', 'startToCloseTimeoutMs', 'workflowTaskCompletedEventId'],
  ),
  ActivityTaskStarted: recordOf<EventAttributes['ActivityTaskStarted']>(
    { scheduledEventId: eventId, identity: text, attempt: uint, lastFailure: failure },
    ['scheduledEventId'],
  ),
  ActivityTaskCompleted: recordOf<EventAttributes['ActivityTaskCompleted']>(
    { scheduledEventId: eventId, startedEventId: eventId, result: payloads, identity: text },
    ['scheduledEventId', 'startedEventId'],
  ),
  ActivityTaskFailed: recordOf<EventAttributes['ActivityTaskFailed']>(
    { scheduledEventId: eventId, startedEventId: eventId, failure, retryState, identity: text },
    ['scheduledEventId', 'startedEventId', 'failure', 'retryState'],
  ),
  ActivityTaskTimedOut: recordOf<EventAttributes['ActivityTaskTimedOut']>(
    { scheduledEventId: eventId, startedEventId: eventId, failure, retryState },
    ['scheduledEventId', 'startedEventId', 'failure', 'retryState'],
  ),
  ActivityTaskCancelRequested: recordOf<EventAttributes['ActivityTaskCancelRequested']>(
    { scheduledEventId: uint, workflowTaskCompletedEventId: uint },
    ['scheduledEventId', 'workflowTaskCompletedEventId'],
  ),
  ActivityTaskCanceled: recordOf<EventAttributes['ActivityTaskCanceled']>(
    {
      scheduledEventId: eventId,
      startedEventId: eventId,
      details: payloads,
      latestCancelRequestedEventId: uint,
      identity: text,
    },
    ['scheduledEventId', 'startedEventId'],
  ),
  TimerStarted: recordOf<EventAttributes['TimerStarted']>(
    { timerId: text, startToFireTimeoutMs: uint, workflowTaskCompletedEventId: uint },
    ['timerId', 'startToFireTimeoutMs', 'workflowTaskCompletedEventId'],
  ),
  TimerFired: recordOf<EventAttributes['TimerFired']>({ timerId: text, startedEventId: eventId }, [
    'timerId',
    'startedEventId',
  ]),
  TimerCanceled: recordOf<EventAttributes['TimerCanceled']>(
    { timerId: text, startedEventId: eventId, workflowTaskCompletedEventId: uint, identity: text },
    ['timerId', 'startedEventId', 'workflowTaskCompletedEventId'],
  ),
  WorkflowExecutionCancelRequested: recordOf<EventAttributes['WorkflowExecutionCancelRequested']>(
    { cause: text, identity: text, externalInitiatedEventId: uint, externalWorkflowExecution: execution },
    [],
  ),
  WorkflowExecutionCanceled: recordOf<EventAttributes['WorkflowExecutionCanceled']>(
    { details: payloads, workflowTaskCompletedEventId: uint },
    ['workflowTaskCompletedEventId'],
  ),
  RequestCancelExternalWorkflowExecutionInitiated: recordOf<
    EventAttributes['RequestCancelExternalWorkflowExecutionInitiated']
  >(
    {
      workflowTaskCompletedEventId: uint,
      namespace: text,
      workflowExecution: target,
      childWorkflowOnly: flag,
      reason: text,
    },
    ['workflowTaskCompletedEventId', 'namespace', 'workflowExecution'],
  ),
  RequestCancelExternalWorkflowExecutionFailed: externalFailed,
  ExternalWorkflowExecutionCancelRequested: externalDone,
  MarkerRecorded: recordOf<EventAttributes['MarkerRecorded']>(
    {
      markerName: text,
      details: mapOf(payloads),
      workflowTaskCompletedEventId: uint,
      header: payloadMap,
      failure,
    },
    ['markerName', 'workflowTaskCompletedEventId'],
  ),
  WorkflowExecutionSignaled: recordOf<EventAttributes['WorkflowExecutionSignaled']>(
    {
      signalName: text,
      input: payloads,
      identity: text,
      header: payloadMap,
      externalWorkflowExecution: execution,
      requestId: text,
    },
    ['signalName'],
  ),
  WorkflowExecutionTerminated: recordOf<EventAttributes['WorkflowExecutionTerminated']>(
    { reason: text, details: payloads, identity: text },
    [],
  ),
  WorkflowExecutionContinuedAsNew: recordOf<EventAttributes['WorkflowExecutionContinuedAsNew']>(
    {
      newExecutionRunId: text,
      workflowType: text,
      taskQueue: text,
      input: payloads,
      workflowRunTimeoutMs: uint,
      workflowTaskTimeoutMs: uint,
      workflowTaskCompletedEventId: uint,
      backoffStartIntervalMs: uint,
      initiator,
      lastCompletionResult: payloads,
      header: payloadMap,
      memo: payloadMap,
      searchAttributes: payloadMap,
    },
    ['newExecutionRunId', 'workflowType', 'taskQueue', 'workflowTaskCompletedEventId', 'initiator'],
  ),
  SignalExternalWorkflowExecutionInitiated: recordOf<
    EventAttributes['SignalExternalWorkflowExecutionInitiated']
  >(
    {
      workflowTaskCompletedEventId: uint,
      namespace: text,
      workflowExecution: target,
      signalName: text,
      input: payloads,
      childWorkflowOnly: flag,
      header: payloadMap,
    },
    ['workflowTaskCompletedEventId', 'namespace', 'workflowExecution', 'signalName'],
  ),
  SignalExternalWorkflowExecutionFailed: externalFailed,
  ExternalWorkflowExecutionSignaled: externalDone,
  UpsertWorkflowSearchAttributes: recordOf<EventAttributes['UpsertWorkflowSearchAttributes']>(
    { workflowTaskCompletedEventId: uint, searchAttributes: payloadMap },
    ['workflowTaskCompletedEventId', 'searchAttributes'],
  ),
  WorkflowPropertiesModified: recordOf<EventAttributes['WorkflowPropertiesModified']>(
    { workflowTaskCompletedEventId: uint, upsertedMemo: payloadMap },
    ['workflowTaskCompletedEventId', 'upsertedMemo'],
  ),
  WorkflowExecutionOptionsUpdated: recordOf<EventAttributes['WorkflowExecutionOptionsUpdated']>(
    { versioningOverride, unsetVersioningOverride: flag, identity: text },
    [],
  ),
};

/** Every event type. */
export const EVENT_TYPES = Object.keys(EVENT_TYPE_CODES) as EventType[];

/** User metadata, which any event may carry. */
const userMetadata = fc.record({ summary: payload, details: payload }, { requiredKeys: [] });

/** Any event of a type, at any place of a history. */
export function eventOf(eventType: EventType): fc.Arbitrary<HistoryEvent> {
  return fc
    .record(
      {
        eventId: fc.integer({ min: 1, max: 0xff_ff_ff }),
        eventTimeMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        attributes: ATTRIBUTES[eventType],
        userMetadata,
      },
      { requiredKeys: ['eventId', 'eventTimeMs', 'attributes'] },
    )
    .map((rest) => ({ ...rest, eventType }) as HistoryEvent);
}

/** Any event of any type. */
export const anyEvent: fc.Arbitrary<HistoryEvent> = fc.oneof(...EVENT_TYPES.map(eventOf));
