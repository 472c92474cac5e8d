/**
 * The domain of Tidewheel: events, commands, failures, payloads and the rules that need nothing but values.
 *
 * @example
 * ```ts
 * import { decideRetry, DEFAULT_RETRY_POLICY } from '@tidewheel/core';
 *
 * decideRetry({ policy: DEFAULT_RETRY_POLICY, attempt: 1, failure: { message: 'no route' }, nowMs: 0 });
 * // { retry: true, delayMs: 1000 }
 * ```
 */
export { PayloadEncoding, payloadSizeBytes, payloadsSizeBytes, userMetadataFault } from './payload.js';
export type { Payload, PayloadMap, Payloads, UserMetadata } from './payload.js';
export { timeoutFailure } from './failure.js';
export type { Failure, FailureInfo, RetryState, TimeoutType } from './failure.js';
export {
  completeRetryPolicy,
  decideRetry,
  DEFAULT_RETRY_POLICY,
  retryIntervalMs,
  retryPolicyFault,
} from './retry-policy.js';
export type { PartialRetryPolicy, RetryDecision, RetryInput, RetryPolicy } from './retry-policy.js';
export {
  durationToMs,
  formatDuration,
  InvalidDurationError,
  MAX_DURATION_MS,
  optionalDurationToMs,
} from './duration.js';
export type { Duration } from './duration.js';
export { EXECUTION_STATUS_CODES, executionStatusFromCode, isClosedStatus } from './execution-status.js';
export type { ExecutionStatus } from './execution-status.js';
export { DEFAULTS, LIMITS } from './limits.js';
export { workflowTaskBackoffMs } from './workflow-task-attempts.js';
export { WORKFLOW_TASK_FAILED_CAUSE_CODES } from './workflow-task-failed-cause.js';
export type { WorkflowTaskFailedCause } from './workflow-task-failed-cause.js';
export { EVENT_TYPE_CODES, eventTypeFromCode, isCloseEvent, isCommandEvent, isEventOf } from './event.js';
export type {
  EventAttributes,
  EventType,
  ExternalFailureCause,
  HistoryEvent,
  HistoryEventOf,
  Initiator,
  NewEvent,
  SdkMetadata,
  VersioningBehavior,
  VersioningOverride,
  WorkerDeploymentVersion,
  WorkerVersion,
  WorkflowExecutionRef,
  WorkflowExecutionTarget,
} from './event.js';
export { isCloseCommand } from './command.js';
export type { Command, CommandAttributes, CommandOf, CommandType, QueryAnswer } from './command.js';
export { completeActivityTimeouts } from './activity-timeouts.js';
export type { ActivityTimeouts, CompleteActivityTimeouts } from './activity-timeouts.js';
export { BAD_ATTRIBUTES_CAUSES, planCommands } from './command-plan.js';
export type { CommandContext, CommandFault, CommandPlan, PlannedCommand } from './command-plan.js';
export { mergeUpserts } from './upserts.js';
export {
  isSystemSearchAttribute,
  PREDEFINED_SEARCH_ATTRIBUTES,
  SEARCH_ATTRIBUTE_TYPE_CODES,
  searchAttributeNameFault,
  searchAttributesSizeFault,
  settableSearchAttributeType,
  SYSTEM_SEARCH_ATTRIBUTES,
} from './search-attributes.js';
export type { SearchAttributeType, SearchAttributeTypes } from './search-attributes.js';
export { burstFault, dispatchRateFault } from './dispatch-rate.js';
export { deploymentPartFault, identifierFault, namespaceFault, runIdFault } from './identifier.js';
export { judgeLostWorkers } from './lost-workers.js';
export type { LostWorker, LostWorkerVerdict } from './lost-workers.js';
export {
  ActivityTaskNotFoundError,
  BusyWorkflowError,
  DeadlineExceededError,
  ERROR_CODES,
  InvalidArgumentError,
  KindNotRegisteredError,
  LimitExceededError,
  NamespaceAlreadyExistsError,
  NamespaceNotFoundError,
  NoPollerError,
  QuarantinedTaskNotFoundError,
  QueryFailedError,
  QueryTaskNotFoundError,
  SearchAttributeAlreadyExistsError,
  SearchAttributeNotFoundError,
  TidewheelError,
  UnavailableError,
  UnhandledCommandError,
  WorkerDeploymentConflictError,
  WorkerDeploymentNotFoundError,
  WorkerDeploymentNotReadyError,
  WorkerNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowNotReadyError,
  WorkflowTaskNotFoundError,
} from './errors.js';
export type { ErrorCode } from './errors.js';
