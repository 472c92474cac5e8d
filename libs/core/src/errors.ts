/**
 * Stable codes of everything that can be refused, with the HTTP status that says so over REST.
 * Codes never change their meaning; clients may branch on them.
 */
export const ERROR_CODES = {
  INVALID_ARGUMENT: 400,
  NAMESPACE_NOT_FOUND: 404,
  WORKFLOW_NOT_FOUND: 404,
  WORKFLOW_ALREADY_STARTED: 409,
  WORKFLOW_TASK_NOT_FOUND: 404,
  ACTIVITY_TASK_NOT_FOUND: 404,
  QUERY_TASK_NOT_FOUND: 404,
  KIND_NOT_REGISTERED: 412,
  QUARANTINED_TASK_NOT_FOUND: 404,
  UNHANDLED_COMMAND: 400,
  QUERY_FAILED: 400,
  WORKFLOW_NOT_READY: 412,
  NO_POLLER: 412,
  WORKER_NOT_FOUND: 404,
  BUSY_WORKFLOW: 429,
  LIMIT_EXCEEDED: 400,
  DEADLINE_EXCEEDED: 504,
  NAMESPACE_ALREADY_EXISTS: 409,
  SEARCH_ATTRIBUTE_NOT_FOUND: 404,
  SEARCH_ATTRIBUTE_ALREADY_EXISTS: 409,
  WORKER_DEPLOYMENT_NOT_FOUND: 404,
  WORKER_DEPLOYMENT_CONFLICT: 409,
  WORKER_DEPLOYMENT_NOT_READY: 412,
  UNAVAILABLE: 503,
} as const;

/** Code of a refused request. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Anything the engine refuses on purpose. Subclasses carry their data in fields. */
export class TidewheelError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A request, command or option whose `field` is not sound. Thrown before anything is changed. */
export class InvalidArgumentError extends TidewheelError {
  constructor(
    /** Path of the field in the request, for example `retryPolicy.initialInterval`. */
    readonly field: string,
    /** What is wrong with it and what is allowed. */
    readonly reason: string,
  ) {
    super('INVALID_ARGUMENT', `${field}: ${reason}`);
  }
}

/** A namespace that was never created. */
export class NamespaceNotFoundError extends TidewheelError {
  constructor(readonly namespace: string) {
    super(
      'NAMESPACE_NOT_FOUND',
      `namespace "${namespace}" does not exist: create it with POST /api/v1/namespaces`,
    );
  }
}

/** A namespace name that is taken. */
export class NamespaceAlreadyExistsError extends TidewheelError {
  constructor(readonly namespace: string) {
    super('NAMESPACE_ALREADY_EXISTS', `namespace "${namespace}" exists already`);
  }
}

/** A search attribute that is to be removed and was never registered in the namespace. */
export class SearchAttributeNotFoundError extends TidewheelError {
  constructor(readonly attribute: string) {
    super('SEARCH_ATTRIBUTE_NOT_FOUND', `Search attribute ${attribute} doesn't exist.`);
  }
}

/** A search attribute that is registered in the namespace already. */
export class SearchAttributeAlreadyExistsError extends TidewheelError {
  constructor(
    readonly attribute: string,
    /** The type that it has. */
    readonly type: string,
  ) {
    super('SEARCH_ATTRIBUTE_ALREADY_EXISTS', `Search attribute ${attribute} already exists, as ${type}.`);
  }
}

/** No such execution or run, or, for what only a running one accepts, none that is running. */
export class WorkflowNotFoundError extends TidewheelError {
  constructor(
    readonly workflowId: string,
    readonly runId: string | undefined,
    message = `workflow execution "${workflowId}"${runId ? `, run ${runId},` : ''} does not exist`,
  ) {
    super('WORKFLOW_NOT_FOUND', message);
  }
}

/** A start refused by the workflow id's reuse or conflict policy. */
export class WorkflowExecutionAlreadyStartedError extends TidewheelError {
  constructor(
    readonly workflowId: string,
    /** The run that stands in the way. */
    readonly runId: string,
    /** The request id that run was started with. */
    readonly startRequestId: string,
    message = `workflow execution "${workflowId}" is already running as run ${runId}`,
  ) {
    super('WORKFLOW_ALREADY_STARTED', message);
  }
}

/** A report on a workflow task that is no longer expected: it timed out, was reported before, or its run is closed. */
export class WorkflowTaskNotFoundError extends TidewheelError {
  constructor() {
    super('WORKFLOW_TASK_NOT_FOUND', 'Workflow task not found.');
  }
}

/** A report on an activity attempt that is no longer expected: it timed out, was reported before, or its run is closed. */
export class ActivityTaskNotFoundError extends TidewheelError {
  constructor(
    message = 'this activity attempt is no longer expected: it was reported, timed out or its workflow is closed',
  ) {
    super('ACTIVITY_TASK_NOT_FOUND', message);
  }
}

/** An answer to a query that nobody waits for any more. */
export class QueryTaskNotFoundError extends TidewheelError {
  constructor() {
    super('QUERY_TASK_NOT_FOUND', 'this query is no longer expected: it was answered, or its time is over');
  }
}

/** A release of a task that is not quarantined. */
export class QuarantinedTaskNotFoundError extends TidewheelError {
  constructor(
    readonly workflowId: string,
    readonly activityId: string | undefined,
  ) {
    const what = activityId === undefined ? 'workflow task' : `activity "${activityId}"`;
    super('QUARANTINED_TASK_NOT_FOUND', `workflow execution "${workflowId}" has no quarantined ${what}`);
  }
}

/** A poll for tasks of a kind for which the worker has registered nothing. */
export class KindNotRegisteredError extends TidewheelError {
  constructor(
    readonly identity: string,
    readonly kind: 'workflow' | 'activity',
  ) {
    super(
      'KIND_NOT_REGISTERED',
      `worker "${identity}" has registered no ${kind} types: register it with ${kind}Types to poll for ${kind} tasks`,
    );
  }
}

/** A workflow task that would have closed its run while events it has not seen were waiting; it failed and is retried. */
export class UnhandledCommandError extends TidewheelError {
  constructor() {
    super('UNHANDLED_COMMAND', 'UnhandledCommand');
  }
}

/** The workflow's query handler failed, or there is none of that name. */
export class QueryFailedError extends TidewheelError {
  constructor(message: string, options?: ErrorOptions) {
    super('QUERY_FAILED', message, options);
  }
}

/** The workflow cannot answer: its workflow tasks keep failing, or none has completed yet. */
export class WorkflowNotReadyError extends TidewheelError {
  constructor(message: string) {
    super('WORKFLOW_NOT_READY', message);
  }
}

/** Nobody polls the task queue that would have to do it. */
export class NoPollerError extends TidewheelError {
  constructor(readonly taskQueue: string) {
    super('NO_POLLER', `no worker polls task queue "${taskQueue}" for workflow tasks: start one`);
  }
}

/** No such worker: it never registered, has ended, or has not shown itself for too long. */
export class WorkerNotFoundError extends TidewheelError {
  constructor(readonly workerInstanceKey: string) {
    super('WORKER_NOT_FOUND', `there is no worker "${workerInstanceKey}": it has ended, died, or never was`);
  }
}

/** A signal refused for the moment, so that a workflow can close that could not before for signals arriving. */
export class BusyWorkflowError extends TidewheelError {
  constructor(readonly workflowId: string) {
    super('BUSY_WORKFLOW', `workflow execution "${workflowId}" is about to close: try again`);
  }
}

/** A limit of the platform; `limit` names it. */
export class LimitExceededError extends TidewheelError {
  constructor(
    readonly limit: string,
    message: string,
  ) {
    super('LIMIT_EXCEEDED', message);
  }
}

/** An answer did not come in time; the request may be repeated. */
export class DeadlineExceededError extends TidewheelError {
  constructor(what: string) {
    super('DEADLINE_EXCEEDED', `${what} took too long`);
  }
}

/** A worker deployment, or a version of one, that no worker has polled for and nobody made; `field` names it. */
export class WorkerDeploymentNotFoundError extends TidewheelError {
  constructor(
    /** `deploymentName` or `buildId`. */
    readonly field: string,
    message: string,
  ) {
    super('WORKER_DEPLOYMENT_NOT_FOUND', `${field}: ${message}`);
  }
}

/** A change of a worker deployment by somebody who has not seen the last one. */
export class WorkerDeploymentConflictError extends TidewheelError {
  constructor(readonly deploymentName: string) {
    super(
      'WORKER_DEPLOYMENT_CONFLICT',
      `conflictToken: worker deployment "${deploymentName}" has changed since: describe it, and try again`,
    );
  }
}

/** A change of a worker deployment that would leave tasks without a worker; `field` says what stands in the way. */
export class WorkerDeploymentNotReadyError extends TidewheelError {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super('WORKER_DEPLOYMENT_NOT_READY', `${field}: ${message}`);
  }
}

/** The store cannot be reached at the moment; the request may be repeated. */
export class UnavailableError extends TidewheelError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}
