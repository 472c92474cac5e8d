import {
  EVENT_TYPE_CODES,
  EXECUTION_STATUS_CODES,
  SEARCH_ATTRIBUTE_TYPE_CODES,
  WORKFLOW_TASK_FAILED_CAUSE_CODES,
} from '@tidewheel/core';
import type {
  EventType,
  ExecutionStatus,
  ExternalFailureCause,
  Initiator,
  RetryState,
  SearchAttributeType,
  TimeoutType,
  VersioningBehavior,
  WorkflowTaskFailedCause,
} from '@tidewheel/core';
import type {
  QueryRejectCondition,
  RateLimitSource,
  WorkflowIdConflictPolicy,
  WorkerRunStatus,
  WorkflowIdReusePolicy,
} from '@tidewheel/engine';
import type { EnumOf } from '../proto.js';

/** Both directions between our names and the published numbers. */
export interface EnumTable<Name extends string, Code extends number> {
  readonly codes: Readonly<Record<Name, number>>;
  toProto(name: Name): Code;
  /** Undefined for a number that stands for nothing here, 0 (unspecified) among them unless the table names it. */
  fromProto(code: number | null | undefined): Name | undefined;
}

function enumTable<Name extends string, Code extends number>(
  codes: Readonly<Record<Name, number>>,
): EnumTable<Name, Code> {
  const names = new Map<number, Name>(
    Object.entries<number>(codes).map(([name, code]) => [code, name as Name]),
  );
  return {
    codes,
    toProto: (name) => codes[name] as Code,
    fromProto: (code) => names.get(code ?? 0),
  };
}

export const eventType = enumTable<EventType, EnumOf<'EventType'>>(EVENT_TYPE_CODES);

export const retryState = enumTable<RetryState, EnumOf<'RetryState'>>({
  UNSPECIFIED: 0,
  IN_PROGRESS: 1,
  NON_RETRYABLE_FAILURE: 2,
  TIMEOUT: 3,
  MAXIMUM_ATTEMPTS_REACHED: 4,
  RETRY_POLICY_NOT_SET: 5,
  INTERNAL_SERVER_ERROR: 6,
  CANCEL_REQUESTED: 7,
});

export const deploymentVersionStatus = enumTable<
  'INACTIVE' | 'CURRENT' | 'RAMPING' | 'DRAINING' | 'DRAINED',
  EnumOf<'WorkerDeploymentVersionStatus'>
>({ INACTIVE: 1, CURRENT: 2, RAMPING: 3, DRAINING: 4, DRAINED: 5 });

export const drainageStatus = enumTable<'DRAINING' | 'DRAINED', EnumOf<'VersionDrainageStatus'>>({
  DRAINING: 1,
  DRAINED: 2,
});

export const versioningBehavior = enumTable<VersioningBehavior, EnumOf<'VersioningBehavior'>>({
  PINNED: 1,
  AUTO_UPGRADE: 2,
});

export const timeoutType = enumTable<TimeoutType, EnumOf<'TimeoutType'>>({
  UNSPECIFIED: 0,
  START_TO_CLOSE: 1,
  SCHEDULE_TO_START: 2,
  SCHEDULE_TO_CLOSE: 3,
  HEARTBEAT: 4,
});

export const workflowTaskFailedCause = enumTable<WorkflowTaskFailedCause, EnumOf<'WorkflowTaskFailedCause'>>(
  WORKFLOW_TASK_FAILED_CAUSE_CODES,
);

export const executionStatus = enumTable<ExecutionStatus, EnumOf<'WorkflowExecutionStatus'>>(
  EXECUTION_STATUS_CODES,
);

export const initiator = enumTable<Initiator, EnumOf<'ContinueAsNewInitiator'>>({
  WORKFLOW: 1,
  RETRY: 2,
  CRON_SCHEDULE: 3,
});

/** Without TERMINATE_IF_RUNNING, which is a conflict policy by now. */
export const workflowIdReusePolicy = enumTable<WorkflowIdReusePolicy, EnumOf<'WorkflowIdReusePolicy'>>({
  ALLOW_DUPLICATE: 1,
  ALLOW_DUPLICATE_FAILED_ONLY: 2,
  REJECT_DUPLICATE: 3,
});

export const workflowIdConflictPolicy = enumTable<
  WorkflowIdConflictPolicy,
  EnumOf<'WorkflowIdConflictPolicy'>
>({
  FAIL: 1,
  USE_EXISTING: 2,
  TERMINATE_EXISTING: 3,
});

export const workerStatus = enumTable<WorkerRunStatus, EnumOf<'WorkerStatus'>>({
  RUNNING: 1,
  SHUTTING_DOWN: 2,
  SHUTDOWN: 3,
});

export const queryRejectCondition = enumTable<QueryRejectCondition, EnumOf<'QueryRejectCondition'>>({
  NONE: 1,
  NOT_OPEN: 2,
  NOT_COMPLETED_CLEANLY: 3,
});

export const signalExternalFailedCause = enumTable<
  ExternalFailureCause,
  EnumOf<'SignalExternalWorkflowExecutionFailedCause'>
>({
  EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND: 1,
  SIGNAL_COUNT_LIMIT_EXCEEDED: 3,
});

/** Cancel requests have no limit of their own; the other cause cannot occur and has no number. */
export const cancelExternalFailedCause = enumTable<
  ExternalFailureCause,
  EnumOf<'CancelExternalWorkflowExecutionFailedCause'>
>({
  EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND: 1,
  SIGNAL_COUNT_LIMIT_EXCEEDED: 0,
});

export const pendingActivityState = enumTable<
  'SCHEDULED' | 'STARTED' | 'CANCEL_REQUESTED',
  EnumOf<'PendingActivityState'>
>({ SCHEDULED: 1, STARTED: 2, CANCEL_REQUESTED: 3 });

export const pendingWorkflowTaskState = enumTable<
  'SCHEDULED' | 'STARTED',
  EnumOf<'PendingWorkflowTaskState'>
>({
  SCHEDULED: 1,
  STARTED: 2,
});

export const taskQueueKind = enumTable<'NORMAL' | 'STICKY', EnumOf<'TaskQueueKind'>>({
  NORMAL: 1,
  STICKY: 2,
});

export const rateLimitSource = enumTable<RateLimitSource, EnumOf<'RateLimitSource'>>({
  API: 1,
  WORKER: 2,
  SYSTEM: 3,
});

export const taskQueueType = enumTable<'WORKFLOW' | 'ACTIVITY', EnumOf<'TaskQueueType'>>({
  WORKFLOW: 1,
  ACTIVITY: 2,
});

export const historyEventFilter = enumTable<'ALL_EVENT' | 'CLOSE_EVENT', EnumOf<'HistoryEventFilterType'>>({
  ALL_EVENT: 1,
  CLOSE_EVENT: 2,
});

export const queryResultType = enumTable<'ANSWERED' | 'FAILED', EnumOf<'QueryResultType'>>({
  ANSWERED: 1,
  FAILED: 2,
});

export const namespaceState = enumTable<'REGISTERED', EnumOf<'NamespaceState'>>({ REGISTERED: 1 });

export const archivalState = enumTable<'DISABLED', EnumOf<'ArchivalState'>>({ DISABLED: 1 });

export const applicationErrorCategory = enumTable<
  'UNSPECIFIED' | 'BENIGN',
  EnumOf<'ApplicationErrorCategory'>
>({
  UNSPECIFIED: 0,
  BENIGN: 1,
});

export const resourceExhaustedCause = enumTable<
  'SYSTEM_OVERLOADED' | 'BUSY_WORKFLOW',
  EnumOf<'ResourceExhaustedCause'>
>({ SYSTEM_OVERLOADED: 3, BUSY_WORKFLOW: 5 });

export const resourceExhaustedScope = enumTable<'NAMESPACE' | 'SYSTEM', EnumOf<'ResourceExhaustedScope'>>({
  NAMESPACE: 1,
  SYSTEM: 2,
});

export const indexedValueType = enumTable<SearchAttributeType, EnumOf<'IndexedValueType'>>(
  SEARCH_ATTRIBUTE_TYPE_CODES,
);
