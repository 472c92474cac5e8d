import type { Failure, RetryState, TimeoutType } from './failure.js';
import type { PayloadMap, Payloads, UserMetadata } from './payload.js';
import type { RetryPolicy } from './retry-policy.js';
import type { WorkflowTaskFailedCause } from './workflow-task-failed-cause.js';

/** The event types that the engine writes, with their published numbers. The numbers are stored; never change one. */
export const EVENT_TYPE_CODES = {
  WorkflowExecutionStarted: 1,
  WorkflowExecutionCompleted: 2,
  WorkflowExecutionFailed: 3,
  WorkflowExecutionTimedOut: 4,
  WorkflowTaskScheduled: 5,
  WorkflowTaskStarted: 6,
  WorkflowTaskCompleted: 7,
  WorkflowTaskTimedOut: 8,
  WorkflowTaskFailed: 9,
  ActivityTaskScheduled: 10,
  ActivityTaskStarted: 11,
  ActivityTaskCompleted: 12,
  ActivityTaskFailed: 13,
  ActivityTaskTimedOut: 14,
  ActivityTaskCancelRequested: 15,
  ActivityTaskCanceled: 16,
  TimerStarted: 17,
  TimerFired: 18,
  TimerCanceled: 19,
  WorkflowExecutionCancelRequested: 20,
  WorkflowExecutionCanceled: 21,
  RequestCancelExternalWorkflowExecutionInitiated: 22,
  RequestCancelExternalWorkflowExecutionFailed: 23,
  ExternalWorkflowExecutionCancelRequested: 24,
  MarkerRecorded: 25,
  WorkflowExecutionSignaled: 26,
  WorkflowExecutionTerminated: 27,
  WorkflowExecutionContinuedAsNew: 28,
  SignalExternalWorkflowExecutionInitiated: 37,
  SignalExternalWorkflowExecutionFailed: 38,
  ExternalWorkflowExecutionSignaled: 39,
  UpsertWorkflowSearchAttributes: 40,
  WorkflowPropertiesModified: 46,
  WorkflowExecutionOptionsUpdated: 55,
} as const;

/** The published name of an event's type. */
export type EventType = keyof typeof EVENT_TYPE_CODES;

const TYPE_BY_CODE = new Map<number, EventType>(
  Object.entries(EVENT_TYPE_CODES).map(([name, code]) => [code, name as EventType]),
);

/** The event type that a stored number stands for; undefined for an unknown number. */
export function eventTypeFromCode(code: number): EventType | undefined {
  return TYPE_BY_CODE.get(code);
}

/** Names one run of a workflow execution. */
export interface WorkflowExecutionRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** How a run came to succeed another run of its chain. */
export type Initiator = 'WORKFLOW' | 'RETRY' | 'CRON_SCHEDULE';

/**
 * Attributes of each event type, under Temporal's published names in camel case; durations are milliseconds and say so.
 * Left-out attributes have their default: an empty list, no limit, the execution's own task queue.
 */
export interface EventAttributes {
  readonly WorkflowExecutionStarted: {
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly input?: Payloads;
    readonly workflowExecutionTimeoutMs?: number;
    readonly workflowRunTimeoutMs?: number;
    /** Absent: 10 s. */
    readonly workflowTaskTimeoutMs?: number;
    readonly continuedExecutionRunId?: string;
    readonly initiator?: Initiator;
    readonly continuedFailure?: Failure;
    readonly lastCompletionResult?: Payloads;
    /** Absent: this run's own id. */
    readonly originalExecutionRunId?: string;
    /** Absent: this run's own id. */
    readonly firstExecutionRunId?: string;
    readonly identity?: string;
    readonly retryPolicy?: RetryPolicy;
    /** Absent: 1. */
    readonly attempt?: number;
    /** Absolute, milliseconds since the epoch. */
    readonly workflowExecutionExpirationTimeMs?: number;
    readonly cronSchedule?: string;
    readonly firstWorkflowTaskBackoffMs?: number;
    readonly memo?: PayloadMap;
    readonly searchAttributes?: PayloadMap;
    readonly header?: PayloadMap;
    readonly eagerExecutionAccepted?: boolean;
    /** Which worker version the run was started for, whatever its workers declare. */
    readonly versioningOverride?: VersioningOverride;
  };
  readonly WorkflowExecutionCompleted: {
    readonly result?: Payloads;
    readonly workflowTaskCompletedEventId: number;
    readonly newExecutionRunId?: string;
  };
  readonly WorkflowExecutionFailed: {
    readonly failure: Failure;
    readonly retryState: RetryState;
    readonly workflowTaskCompletedEventId: number;
    readonly newExecutionRunId?: string;
  };
  readonly WorkflowExecutionTimedOut: {
    readonly retryState: RetryState;
    readonly newExecutionRunId?: string;
  };
  readonly WorkflowTaskScheduled: {
    /** Whether it was put on the sticky queue of the worker that caches the execution. */
    readonly sticky?: boolean;
    /** Absent: the execution's workflow task timeout. */
    readonly startToCloseTimeoutMs?: number;
    /** Absent: 1. */
    readonly attempt?: number;
  };
  readonly WorkflowTaskStarted: {
    readonly scheduledEventId: number;
    /** Bytes of the history before this event. */
    readonly historySizeBytes: number;
    readonly identity?: string;
    /** Whether the history has become so long or large that the run should continue as new. */
    readonly suggestContinueAsNew?: boolean;
  };
  readonly WorkflowTaskCompleted: {
    readonly scheduledEventId: number;
    readonly startedEventId: number;
    /** Absent: the one of the started event. */
    readonly identity?: string;
    readonly sdkMetadata?: SdkMetadata;
    readonly workerVersion?: WorkerVersion;
    /** Only of a worker that lets its tasks be chosen by its version. */
    readonly versioningBehavior?: VersioningBehavior;
  };
  readonly WorkflowTaskTimedOut: {
    readonly scheduledEventId: number;
    /** 0 when it was never started. */
    readonly startedEventId: number;
    readonly timeoutType: TimeoutType;
  };
  readonly WorkflowTaskFailed: {
    readonly scheduledEventId: number;
    readonly startedEventId: number;
    readonly cause: WorkflowTaskFailedCause;
    readonly failure?: Failure;
    readonly identity?: string;
    readonly baseRunId?: string;
    readonly newRunId?: string;
  };
  readonly ActivityTaskScheduled: {
    readonly activityId: string;
    readonly activityType: string;
    /** Absent: the execution's own task queue. */
    readonly taskQueue?: string;
    readonly header?: PayloadMap;
    readonly input?: Payloads;
    readonly scheduleToCloseTimeoutMs?: number;
    readonly scheduleToStartTimeoutMs?: number;
    readonly startToCloseTimeoutMs: number;
    readonly heartbeatTimeoutMs?: number;
    readonly workflowTaskCompletedEventId: number;
    /** Absent: the default retry policy. */
    readonly retryPolicy?: RetryPolicy;
  };
  readonly ActivityTaskStarted: {
    readonly scheduledEventId: number;
    readonly identity?: string;
    /** Absent: 1. */
    readonly attempt?: number;
    readonly lastFailure?: Failure;
  };
  readonly ActivityTaskCompleted: {
    readonly scheduledEventId: number;
    readonly startedEventId: number;
    readonly result?: Payloads;
    /** Absent: the one of the started event. */
    readonly identity?: string;
  };
  readonly ActivityTaskFailed: {
    readonly scheduledEventId: number;
    readonly startedEventId: number;
    readonly failure: Failure;
    readonly retryState: RetryState;
    /** Absent: the one of the started event. */
    readonly identity?: string;
  };
  readonly ActivityTaskTimedOut: {
    readonly scheduledEventId: number;
    /** 0 when it was never started. */
    readonly startedEventId: number;
    readonly failure: Failure;
    readonly retryState: RetryState;
  };
  readonly ActivityTaskCancelRequested: {
    readonly scheduledEventId: number;
    readonly workflowTaskCompletedEventId: number;
  };
  readonly ActivityTaskCanceled: {
    readonly scheduledEventId: number;
    /** 0 when it was never started. */
    readonly startedEventId: number;
    readonly details?: Payloads;
    readonly latestCancelRequestedEventId?: number;
    readonly identity?: string;
  };
  readonly TimerStarted: {
    readonly timerId: string;
    readonly startToFireTimeoutMs: number;
    readonly workflowTaskCompletedEventId: number;
  };
  readonly TimerFired: { readonly timerId: string; readonly startedEventId: number };
  readonly TimerCanceled: {
    readonly timerId: string;
    readonly startedEventId: number;
    readonly workflowTaskCompletedEventId: number;
    readonly identity?: string;
  };
  readonly WorkflowExecutionCancelRequested: {
    readonly cause?: string;
    readonly identity?: string;
    readonly externalInitiatedEventId?: number;
    readonly externalWorkflowExecution?: WorkflowExecutionRef;
  };
  readonly WorkflowExecutionCanceled: {
    readonly details?: Payloads;
    readonly workflowTaskCompletedEventId: number;
  };
  readonly RequestCancelExternalWorkflowExecutionInitiated: {
    readonly workflowTaskCompletedEventId: number;
    readonly namespace: string;
    readonly workflowExecution: WorkflowExecutionTarget;
    readonly childWorkflowOnly?: boolean;
    readonly reason?: string;
  };
  readonly RequestCancelExternalWorkflowExecutionFailed: ExternalFailedAttributes;
  readonly ExternalWorkflowExecutionCancelRequested: ExternalDoneAttributes;
  readonly MarkerRecorded: {
    readonly markerName: string;
    readonly details?: Readonly<Record<string, Payloads>>;
    readonly workflowTaskCompletedEventId: number;
    readonly header?: PayloadMap;
    readonly failure?: Failure;
  };
  readonly WorkflowExecutionSignaled: {
    readonly signalName: string;
    readonly input?: Payloads;
    readonly identity?: string;
    readonly header?: PayloadMap;
    readonly externalWorkflowExecution?: WorkflowExecutionRef;
    readonly requestId?: string;
  };
  readonly WorkflowExecutionTerminated: {
    readonly reason?: string;
    readonly details?: Payloads;
    readonly identity?: string;
  };
  readonly WorkflowExecutionContinuedAsNew: {
    readonly newExecutionRunId: string;
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly input?: Payloads;
    readonly workflowRunTimeoutMs?: number;
    readonly workflowTaskTimeoutMs?: number;
    readonly workflowTaskCompletedEventId: number;
    readonly backoffStartIntervalMs?: number;
    readonly initiator: Initiator;
    readonly lastCompletionResult?: Payloads;
    readonly header?: PayloadMap;
    readonly memo?: PayloadMap;
    readonly searchAttributes?: PayloadMap;
  };
  readonly SignalExternalWorkflowExecutionInitiated: {
    readonly workflowTaskCompletedEventId: number;
    readonly namespace: string;
    readonly workflowExecution: WorkflowExecutionTarget;
    readonly signalName: string;
    readonly input?: Payloads;
    readonly childWorkflowOnly?: boolean;
    readonly header?: PayloadMap;
  };
  readonly SignalExternalWorkflowExecutionFailed: ExternalFailedAttributes;
  readonly ExternalWorkflowExecutionSignaled: ExternalDoneAttributes;
  readonly UpsertWorkflowSearchAttributes: {
    readonly workflowTaskCompletedEventId: number;
    readonly searchAttributes: PayloadMap;
  };
  readonly WorkflowPropertiesModified: {
    readonly workflowTaskCompletedEventId: number;
    readonly upsertedMemo: PayloadMap;
  };
  readonly WorkflowExecutionOptionsUpdated: {
    readonly versioningOverride?: VersioningOverride;
    readonly unsetVersioningOverride?: boolean;
    readonly identity?: string;
  };
}

/** Another execution as a workflow names it; without a run id, its current run. */
export interface WorkflowExecutionTarget {
  readonly workflowId: string;
  readonly runId?: string;
}

/** Why something could not be done to another execution. */
export type ExternalFailureCause = 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND' | 'SIGNAL_COUNT_LIMIT_EXCEEDED';

interface ExternalFailedAttributes {
  readonly cause: ExternalFailureCause;
  readonly workflowTaskCompletedEventId: number;
  readonly namespace: string;
  readonly workflowExecution: WorkflowExecutionTarget;
  readonly initiatedEventId: number;
}

interface ExternalDoneAttributes {
  readonly initiatedEventId: number;
  readonly namespace: string;
  readonly workflowExecution: WorkflowExecutionTarget;
}

/** What an SDK records about itself with a completed workflow task, so that replay takes the same decisions. */
export interface SdkMetadata {
  readonly coreUsedFlags?: readonly number[];
  readonly langUsedFlags?: readonly number[];
  readonly sdkName?: string;
  readonly sdkVersion?: string;
}

/** Which build of a worker completed a workflow task, as far as it said so. Nothing is decided by it. */
export interface WorkerVersion {
  readonly buildId?: string;
  /** Whether the worker wanted its tasks to be chosen by its build. */
  readonly useVersioning?: boolean;
  readonly deploymentName?: string;
  /** What older workers call their build. Absent where it is the build id. */
  readonly binaryChecksum?: string;
}

/** Whether an execution stays on the worker version that did its first workflow task, or goes along with new ones. */
export type VersioningBehavior = 'PINNED' | 'AUTO_UPGRADE';

/** One version of the workers of a deployment; both parts are at most 255 characters. */
export interface WorkerDeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** What is to hold for an execution whatever its workers declare; a pinned one names the version. */
export type VersioningOverride =
  | { readonly behavior: 'AUTO_UPGRADE' }
  | { readonly behavior: 'PINNED'; readonly version: WorkerDeploymentVersion };

/** One event of a history. */
export type HistoryEvent = { [T in EventType]: HistoryEventOf<T> }[EventType];

/** An event of one given type. */
export interface HistoryEventOf<T extends EventType> {
  /** Position in the history, from 1, dense. */
  readonly eventId: number;
  /** Milliseconds since the epoch, by the Redis server's clock. */
  readonly eventTimeMs: number;
  readonly eventType: T;
  readonly attributes: EventAttributes[T];
  /** What the command said about itself, or the start about the run. */
  readonly userMetadata?: UserMetadata;
}

/** Narrows an event to one type. */
export function isEventOf<T extends EventType>(
  event: HistoryEvent,
  type: T,
): event is HistoryEvent & HistoryEventOf<T> {
  return event.eventType === type;
}

/** An event before it has a place in a history. */
export type NewEvent = {
  [T in EventType]: Pick<HistoryEventOf<T>, 'eventType' | 'attributes' | 'userMetadata'>;
}[EventType];

const CLOSE_EVENTS: ReadonlySet<EventType> = new Set<EventType>([
  'WorkflowExecutionCompleted',
  'WorkflowExecutionFailed',
  'WorkflowExecutionTimedOut',
  'WorkflowExecutionCanceled',
  'WorkflowExecutionTerminated',
  'WorkflowExecutionContinuedAsNew',
]);

/** Whether an event of this type ends its run. */
export function isCloseEvent(type: EventType): boolean {
  return CLOSE_EVENTS.has(type);
}

const COMMAND_EVENTS: ReadonlySet<EventType> = new Set<EventType>([
  'ActivityTaskScheduled',
  'ActivityTaskCancelRequested',
  'TimerStarted',
  'TimerCanceled',
  'WorkflowExecutionCompleted',
  'WorkflowExecutionFailed',
  'WorkflowExecutionCanceled',
  'WorkflowExecutionContinuedAsNew',
  'MarkerRecorded',
  'RequestCancelExternalWorkflowExecutionInitiated',
  'SignalExternalWorkflowExecutionInitiated',
  'UpsertWorkflowSearchAttributes',
  'WorkflowPropertiesModified',
]);

/** Whether events of this type are written for a command of the workflow. */
export function isCommandEvent(type: EventType): boolean {
  return COMMAND_EVENTS.has(type);
}
