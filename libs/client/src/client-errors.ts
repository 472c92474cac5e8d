import type { RetryState } from '@tidewheel/common';
import type { ExecutionStatus } from '@tidewheel/core';

/**
 * A workflow did not succeed; `cause` says why: an ApplicationFailure, CancelledFailure, TerminatedFailure,
 * TimeoutFailure, or the failure of the activity or child that it did not handle. Thrown by `result` and `execute`.
 */
export class WorkflowFailedError extends Error {
  override readonly name = 'WorkflowFailedError';
  declare readonly cause: Error | undefined;

  constructor(
    message: string,
    cause: Error | undefined,
    /** Why it was not tried again, where that is known. */
    readonly retryState?: RetryState,
  ) {
    super(message, { cause });
  }
}

/** The run continued as new, and the handle does not follow runs. Thrown by `result`. */
export class WorkflowContinuedAsNewError extends Error {
  override readonly name = 'WorkflowContinuedAsNewError';

  constructor(
    message: string,
    /** The run that took its place. */
    readonly newExecutionRunId: string,
  ) {
    super(message);
  }
}

/** The execution was in a state in which it was not to be asked. Thrown by `query` with a reject condition. */
export class QueryRejectedError extends Error {
  override readonly name = 'QueryRejectedError';

  constructor(readonly status: ExecutionStatus) {
    super(`the query was rejected: the workflow execution is ${status}`);
  }
}
