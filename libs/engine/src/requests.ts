import type {
  ExecutionStatus,
  Failure,
  HistoryEvent,
  PayloadMap,
  Payloads,
  RetryPolicy,
  SearchAttributeTypes,
  UserMetadata,
  VersioningBehavior,
  VersioningOverride,
  WorkerDeploymentVersion,
  WorkflowExecutionRef,
} from '@tidewheel/core';
import type { TaskQueueRates } from './rate-limit/rate-limit.js';
import type { QuarantineInfo } from './quarantine/quarantine-note.js';
import type { RegistrationMismatch } from './workers/registrations.js';
import type { WorkerInfo } from './workers/worker-heartbeat.js';
import type { WorkflowTask } from './workflow-task/workflow-task.js';

/** Names an execution: its current run, or the one given. */
export interface ExecutionAddress {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId?: string | undefined;
}

/** What happens when the workflow id's last run is closed. */
export type WorkflowIdReusePolicy = 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY' | 'REJECT_DUPLICATE';

/** What happens when the workflow id has a running execution. */
export type WorkflowIdConflictPolicy = 'FAIL' | 'USE_EXISTING' | 'TERMINATE_EXISTING';

/** Starts a workflow. Durations are milliseconds; 0 or left out means no limit or the default. */
export interface StartWorkflowRequest {
  readonly namespace: string;
  readonly workflowId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly input?: Payloads;
  readonly workflowExecutionTimeoutMs?: number | undefined;
  readonly workflowRunTimeoutMs?: number | undefined;
  /** Default 10 s, at most 120 s. */
  readonly workflowTaskTimeoutMs?: number | undefined;
  readonly identity?: string | undefined;
  /** A start repeated with the same request id gives the same run. Default: made for this call. */
  readonly requestId?: string | undefined;
  /** Default ALLOW_DUPLICATE. */
  readonly workflowIdReusePolicy?: WorkflowIdReusePolicy | undefined;
  /** Default FAIL. */
  readonly workflowIdConflictPolicy?: WorkflowIdConflictPolicy | undefined;
  readonly memo?: PayloadMap | undefined;
  /** Each of a name that is registered in the namespace, with a value of its type. */
  readonly searchAttributes?: PayloadMap | undefined;
  readonly header?: PayloadMap | undefined;
  /** Text for people about the run: a summary of at most 400 bytes, details of at most 20,000. */
  readonly userMetadata?: UserMetadata | undefined;
  /** Whether the caller waits for the result, which then comes with the response: saves a round trip. */
  readonly waitForResult?: boolean;
  /** A worker that does the first workflow task at once: it comes, started, with the response. */
  readonly eagerWorker?:
    { readonly identity: string; readonly version?: WorkerDeploymentVersion | undefined } | undefined;
  /** Which worker version does the run's tasks, whatever its workers declare. */
  readonly versioningOverride?: VersioningOverride | undefined;
}

/** Signals the id's running execution, or starts one with the signal. Default of the conflict policy: USE_EXISTING. */
export interface SignalWithStartRequest extends StartWorkflowRequest {
  readonly signalName: string;
  readonly signalInput?: Payloads | undefined;
  readonly signalHeader?: PayloadMap | undefined;
  /** A signal repeated with the same request id is delivered to a run once. Default: `requestId`. */
  readonly signalRequestId?: string | undefined;
}

export interface StartWorkflowResponse {
  readonly runId: string;
  /** False when the id's running execution was used instead (USE_EXISTING) or the request is a repetition. */
  readonly started: boolean;
  /**
   * Only with `waitForResult`: how the run ends, or that it still runs after the time of one long poll. Rejects when it
   * cannot be found out.
   */
  readonly outcome?: Promise<WorkflowOutcome>;
  /** Only with `eagerWorker`, and only when this very request started the run: its first workflow task, started. */
  readonly workflowTask?: WorkflowTask;
}

/** Sends a signal to a running execution. */
export interface SignalWorkflowRequest extends ExecutionAddress {
  readonly signalName: string;
  readonly input?: Payloads | undefined;
  readonly header?: PayloadMap | undefined;
  readonly identity?: string | undefined;
  /** A signal repeated with the same request id is delivered once. Default: made for this call. */
  readonly requestId?: string | undefined;
}

/** Asks a running execution to cancel itself. Repeating it, or asking a closed one, does nothing. */
export interface CancelWorkflowRequest extends ExecutionAddress {
  readonly reason?: string | undefined;
  readonly identity?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Ends a running execution without asking it. */
export interface TerminateWorkflowRequest extends ExecutionAddress {
  readonly reason?: string | undefined;
  readonly details?: Payloads | undefined;
  readonly identity?: string | undefined;
}

export type QueryRejectCondition = 'NONE' | 'NOT_OPEN' | 'NOT_COMPLETED_CLEANLY';

/** Asks a workflow, running or closed, without changing it. */
export interface QueryWorkflowRequest extends ExecutionAddress {
  readonly queryType: string;
  readonly queryArgs?: Payloads | undefined;
  readonly header?: PayloadMap | undefined;
  readonly rejectCondition?: QueryRejectCondition | undefined;
  /** How long to wait for the answer; default 10 s. */
  readonly timeoutMs?: number | undefined;
}

export type QueryWorkflowResponse =
  | { readonly rejected: false; readonly result: Payloads }
  | { readonly rejected: true; readonly status: ExecutionStatus };

/** Reads events of one run. */
export interface HistoryRequest extends ExecutionAddress {
  /** First event id wanted, from 1; default 1. With `reverse`, the last one wanted; default the newest. */
  readonly fromEventId?: number | undefined;
  /** Default and maximum 256. */
  readonly pageSize?: number | undefined;
  /** Newest first. */
  readonly reverse?: boolean | undefined;
  /** How long to wait for an event when there is none yet; default 0, at most 20 s. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HistoryPage {
  readonly runId: string;
  /** The run's own task queue, which events leave out where it is meant. */
  readonly taskQueue: string;
  readonly events: readonly HistoryEvent[];
  /** Where the next page starts; undefined when the run is closed and all of it was read. */
  readonly nextEventId: number | undefined;
  readonly status: ExecutionStatus;
}

/** Waits for a run's end. */
export interface ResultRequest extends ExecutionAddress {
  /** How long to wait; at most 20 s, the default. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a run ended, or that it still runs. */
export type WorkflowOutcome =
  | { readonly runId: string; readonly status: 'RUNNING' | 'PAUSED' }
  | { readonly runId: string; readonly status: 'COMPLETED'; readonly result: Payloads }
  | { readonly runId: string; readonly status: 'FAILED'; readonly failure: Failure }
  | { readonly runId: string; readonly status: 'CANCELED'; readonly details: Payloads }
  | {
      readonly runId: string;
      readonly status: 'TERMINATED';
      readonly reason: string;
      readonly details: Payloads;
    }
  | { readonly runId: string; readonly status: 'TIMED_OUT' }
  | { readonly runId: string; readonly status: 'CONTINUED_AS_NEW'; readonly newRunId: string };

/** One line of a list of executions. */
export interface WorkflowExecutionInfo {
  readonly execution: WorkflowExecutionRef;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly status: ExecutionStatus;
  readonly startTimeMs: number;
  readonly closeTimeMs?: number;
  readonly historyLength: number;
  readonly historySizeBytes: number;
  /** As upserts have left it; absent when there is none. */
  readonly memo?: PayloadMap;
  readonly searchAttributes?: PayloadMap;
  /** Only of one that a worker with a version has done a task of, or that is to be done by one. */
  readonly versioning?: WorkflowVersioningInfo;
}

/** What of worker versions is known of an execution. */
export interface WorkflowVersioningInfo {
  /** Of its last completed workflow task; absent when an unversioned worker did that, or there was none. */
  readonly behavior?: VersioningBehavior;
  readonly version?: WorkerDeploymentVersion;
  /** What holds instead. */
  readonly override?: VersioningOverride;
}

/** An activity that is scheduled, running or waiting for its next attempt. */
export interface PendingActivityInfo {
  readonly activityId: string;
  readonly activityType: string;
  readonly taskQueue: string;
  readonly state: 'SCHEDULED' | 'STARTED' | 'CANCEL_REQUESTED' | 'BACKING_OFF' | 'QUARANTINED';
  /** Only when it is quarantined. */
  readonly quarantine?: QuarantineInfo;
  readonly attempt: number;
  readonly scheduledTimeMs: number;
  /** Of the attempt that runs, or of the last one that did. */
  readonly lastStartedTimeMs?: number;
  /** When the next attempt is due, while backing off. */
  readonly nextAttemptTimeMs?: number;
  /** Of the attempt that runs: absent without a heartbeat timeout, and before the first one. */
  readonly lastHeartbeatTimeMs?: number;
  /** By when all attempts must be over; absent for never. */
  readonly expiresMs?: number;
  /** 0 for no limit. */
  readonly scheduleToCloseTimeoutMs: number;
  readonly scheduleToStartTimeoutMs: number;
  readonly startToCloseTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly heartbeatDetails?: Payloads;
  readonly lastFailure?: Failure;
  /** Who last reported on it, by a heartbeat or a failed attempt; absent before that. */
  readonly lastWorkerIdentity?: string;
  readonly retryPolicy: RetryPolicy;
}

export interface PendingTimerInfo {
  readonly timerId: string;
  readonly firesAtMs: number;
}

/** A workflow task that is waiting, running or backing off. */
export interface PendingWorkflowTaskInfo {
  readonly state: 'SCHEDULED' | 'STARTED' | 'BACKING_OFF' | 'QUARANTINED';
  /** Only when it is quarantined. */
  readonly quarantine?: QuarantineInfo;
  readonly attempt: number;
  readonly scheduledTimeMs: number;
  readonly startedTimeMs?: number;
  readonly sticky: boolean;
}

export interface WorkflowExecutionDescription extends WorkflowExecutionInfo {
  readonly workflowTaskTimeoutMs: number;
  /** Absolute; absent without a timeout. */
  readonly runExpiresMs?: number;
  readonly executionExpiresMs?: number;
  readonly cancelRequested: boolean;
  readonly userMetadata?: UserMetadata;
  readonly pendingActivities: readonly PendingActivityInfo[];
  readonly pendingTimers: readonly PendingTimerInfo[];
  readonly pendingWorkflowTask?: PendingWorkflowTaskInfo;
}

/** Lists executions of a namespace: running ones by start time, then closed ones by close time, newest first. */
export interface ListWorkflowsRequest {
  readonly namespace: string;
  /** `RUNNING`, or a closed status; both kinds when left out. */
  readonly status?: ExecutionStatus | undefined;
  readonly workflowType?: string | undefined;
  readonly workflowId?: string | undefined;
  /** Bounds of the start time, milliseconds since the epoch, inclusive. */
  readonly startedAfterMs?: number | undefined;
  readonly startedBeforeMs?: number | undefined;
  /** Bounds of the close time; only closed executions match. */
  readonly closedAfterMs?: number | undefined;
  readonly closedBeforeMs?: number | undefined;
  /**
   * A list filter, which must hold as well: system attributes (ExecutionStatus, WorkflowType, WorkflowId, RunId,
   * TaskQueue, StartTime, CloseTime) and search attributes of the namespace with = != < <= > >= IN BETWEEN STARTS_WITH
   * IS NULL, AND, OR, NOT and parentheses.
   */
  readonly query?: string | undefined;
  /** Default 100, at most 1,000. */
  readonly pageSize?: number | undefined;
  /** From the page before. */
  readonly pageToken?: string | undefined;
}

export interface ListWorkflowsPage {
  readonly executions: readonly WorkflowExecutionInfo[];
  readonly nextPageToken?: string;
}

/** Search attributes that executions of a namespace can have. */
export interface SearchAttributeList {
  /** Those that were registered. */
  readonly custom: SearchAttributeTypes;
  /** Those that every execution has. */
  readonly system: SearchAttributeTypes;
}

/** Counts executions of a namespace. */
export interface CountWorkflowsRequest {
  readonly namespace: string;
  /** A list filter as of {@link ListWorkflowsRequest}; behind it, `GROUP BY ExecutionStatus`. Default: all. */
  readonly query?: string | undefined;
}

export interface WorkflowCount {
  readonly count: number;
  /** Only with GROUP BY: how many have which status, in the order of the statuses' numbers. */
  readonly groups?: readonly { readonly status: ExecutionStatus; readonly count: number }[];
}

/** A worker that polls a task queue. */
export interface PollerInfo {
  readonly identity: string;
  readonly lastAccessTimeMs: number;
}

/** A poller of a task queue, with the registered workers for which it polls. */
export interface TaskQueuePoller extends PollerInfo {
  readonly workers: readonly WorkerInfo[];
}

/** What one kind of task queue is doing, over all partitions. */
export interface TaskQueueStats {
  readonly backlog: number;
  /** Age of the oldest waiting task; 0 when none waits. */
  readonly oldestMs: number;
  /** Dispatch rates: what is set, and what holds. */
  readonly rates: TaskQueueRates;
  readonly pollers: readonly TaskQueuePoller[];
  /** Types that some workers have registered and others of the same version have not. */
  readonly registrationMismatches: readonly RegistrationMismatch[];
}

export interface TaskQueueDescription {
  readonly namespace: string;
  readonly taskQueue: string;
  readonly workflow: TaskQueueStats;
  readonly activity: TaskQueueStats;
}
