/**
 * Starts, signals, queries and awaits workflows, under the names of Temporal's client.
 *
 * @example
 * ```ts
 * import { Client, Connection } from '@tidewheel/client';
 * import { order } from './workflows.js';
 *
 * const connection = await Connection.connect({ url: 'redis://127.0.0.1:7379' });
 * const client = new Client({ connection });
 * const handle = await client.workflow.start(order, { workflowId: 'order-7', taskQueue: 'orders', args: [7] });
 * console.log(await handle.result());
 * await connection.close();
 * ```
 */
export { Client } from './client.js';
export type { ClientOptions } from './client.js';
export { Connection } from './connection.js';
export type { ConnectionOptions } from './connection.js';
export type { DataConverter } from './data-converter.js';
export { QueryRejectedError, WorkflowContinuedAsNewError, WorkflowFailedError } from './client-errors.js';
export type {
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
  WorkflowExecutionStatusName,
} from './execution-info.js';
export { QueryRejectCondition, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from './policies.js';
export type {
  WithWorkflowArgs,
  WorkflowOptions,
  WorkflowSignalWithStartOptions,
  WorkflowStartOptions,
} from './start-options.js';
export type { PinnedVersioningOverride, VersioningOverride } from './versioning-override.js';
export type { CountWorkflowExecution, GetHandleOptions, WorkflowClient } from './workflow-client.js';
export type { SignaledWorkflowHandle, StartedWorkflowHandle, WorkflowHandle } from './workflow-handle.js';
export type { ListOptions } from './workflow-list.js';
export {
  BusyWorkflowError,
  DeadlineExceededError,
  InvalidArgumentError,
  LimitExceededError,
  NamespaceNotFoundError,
  NoPollerError,
  QueryFailedError,
  TidewheelError,
  UnavailableError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowNotReadyError,
} from '@tidewheel/core';
export type { ErrorCode, WorkerDeploymentVersion } from '@tidewheel/core';
export {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  defaultFailureConverter,
  DefaultFailureConverter,
  defaultPayloadConverter,
  isCancellation,
  rootCause,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TidewheelFailure,
  TimeoutFailure,
} from '@tidewheel/common';
export type {
  Duration,
  FailureConverter,
  PayloadConverter,
  QueryDefinition,
  SearchAttributes,
  SearchAttributeValue,
  SignalDefinition,
  Workflow,
  WorkflowResultType,
} from '@tidewheel/common';
