import { Metadata, status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import {
  ActivityTaskNotFoundError,
  BusyWorkflowError,
  InvalidArgumentError,
  NamespaceAlreadyExistsError,
  NamespaceNotFoundError,
  NoPollerError,
  QueryFailedError,
  TidewheelError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowNotReadyError,
} from '@tidewheel/core';
import type { ErrorCode, Failure } from '@tidewheel/core';
import { resourceExhaustedCause, resourceExhaustedScope } from './convert/enums.js';
import { failureToProto } from './convert/failure.js';
import { api, wellKnown } from './proto.js';

type Details = typeof api.errordetails.v1;
type DetailName = {
  [Name in keyof Details]: Details[Name] extends { encode: unknown } ? Name : never;
}[keyof Details];

/** A typed detail as google.rpc.Status carries it. */
interface StatusDetail {
  readonly type_url: string;
  readonly value: Uint8Array;
}

/** A request that the gateway itself refuses, with the gRPC status code to answer with. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    /** One of grpc-js' `status`. */
    readonly code: status,
    message: string,
    readonly details: readonly StatusDetail[] = [],
  ) {
    super(message);
  }
}

/** What a caller is told of a refusal. */
interface Answer {
  readonly code: status;
  readonly message: string;
  readonly details: readonly StatusDetail[];
}

/** The codes of refusals that say everything with their message. */
const STATUS_OF_CODE: Readonly<Record<ErrorCode, status>> = {
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  NAMESPACE_NOT_FOUND: status.NOT_FOUND,
  WORKFLOW_NOT_FOUND: status.NOT_FOUND,
  WORKFLOW_ALREADY_STARTED: status.ALREADY_EXISTS,
  WORKFLOW_TASK_NOT_FOUND: status.NOT_FOUND,
  ACTIVITY_TASK_NOT_FOUND: status.NOT_FOUND,
  QUERY_TASK_NOT_FOUND: status.NOT_FOUND,
  QUARANTINED_TASK_NOT_FOUND: status.NOT_FOUND,
  KIND_NOT_REGISTERED: status.FAILED_PRECONDITION,
  UNHANDLED_COMMAND: status.INVALID_ARGUMENT,
  QUERY_FAILED: status.INVALID_ARGUMENT,
  WORKFLOW_NOT_READY: status.FAILED_PRECONDITION,
  NO_POLLER: status.FAILED_PRECONDITION,
  WORKER_NOT_FOUND: status.NOT_FOUND,
  BUSY_WORKFLOW: status.RESOURCE_EXHAUSTED,
  LIMIT_EXCEEDED: status.INVALID_ARGUMENT,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  NAMESPACE_ALREADY_EXISTS: status.ALREADY_EXISTS,
  SEARCH_ATTRIBUTE_NOT_FOUND: status.NOT_FOUND,
  SEARCH_ATTRIBUTE_ALREADY_EXISTS: status.ALREADY_EXISTS,
  WORKER_DEPLOYMENT_NOT_FOUND: status.NOT_FOUND,
  WORKER_DEPLOYMENT_CONFLICT: status.FAILED_PRECONDITION,
  WORKER_DEPLOYMENT_NOT_READY: status.FAILED_PRECONDITION,
  UNAVAILABLE: status.UNAVAILABLE,
};

/**
 * What an error is on the wire: a status code, the message, and in `grpc-status-details-bin` a google.rpc.Status with the
 * typed detail that clients branch on. Whatever nobody meant to throw becomes INTERNAL and tells nothing of itself.
 */
export function toServiceError(error: unknown): ServiceError {
  const { code, message, details } = answerTo(error);
  const metadata = new Metadata();
  const packed = wellKnown.rpc.Status.encode({ code, message, details: [...details] }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(packed));
  return Object.assign(new Error(message), { code, details: message, metadata });
}

/** Whether somebody threw this on purpose; anything else is a fault of ours and worth a log line. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TidewheelError || error instanceof GatewayError;
}

/** What gRPC calls the status that an error is answered with, for example `NOT_FOUND`. */
export function statusNameOf(error: unknown): string {
  return status[answerTo(error).code];
}

/** The refusal of a request whose field, named as on the wire, is not sound. */
export function invalidArgument(field: string, reason: string): GatewayError {
  return new GatewayError(status.INVALID_ARGUMENT, `${field}: ${reason}`);
}

function answerTo(error: unknown): Answer {
  if (error instanceof GatewayError) {
    return { code: error.code, message: error.message, details: error.details };
  }
  if (!(error instanceof TidewheelError)) {
    return { code: status.INTERNAL, message: 'internal error; the log of the server says more', details: [] };
  }
  const { message = error.message, details = [] } = specialAnswer(error);
  return { code: STATUS_OF_CODE[error.code], message, details };
}

/** Where clients compare messages or read details: the words and the messages that they know. */
function specialAnswer(error: TidewheelError): Partial<Answer> {
  if (error instanceof InvalidArgumentError) {
    return { message: `${snakeCase(error.field)}: ${error.reason}` };
  }
  if (error instanceof NamespaceNotFoundError) {
    return {
      message: `Namespace ${error.namespace} is not found.`,
      details: [detail('NamespaceNotFoundFailure', { namespace: error.namespace })],
    };
  }
  if (error instanceof NamespaceAlreadyExistsError) {
    return { message: 'Namespace already exists.', details: [detail('NamespaceAlreadyExistsFailure', {})] };
  }
  if (error instanceof WorkflowExecutionAlreadyStartedError) return alreadyStarted(error);
  if (error instanceof WorkflowNotFoundError) {
    const run = error.runId ? ` and run ID "${error.runId}"` : '';
    return notFound(`workflow execution not found for workflow ID "${error.workflowId}"${run}`);
  }
  if (error instanceof ActivityTaskNotFoundError) {
    return notFound('invalid activityID or activity already timed out or invoking workflow is completed');
  }
  if (['WORKFLOW_TASK_NOT_FOUND', 'SEARCH_ATTRIBUTE_NOT_FOUND'].includes(error.code)) {
    return notFound(error.message);
  }
  if (error instanceof QueryFailedError) {
    // The engine gives the failure of the workflow's query handler as the cause.
    const failure = (error.cause as Failure | undefined) ?? { message: error.message };
    return { details: [detail('QueryFailedFailure', { failure: failureToProto(failure) })] };
  }
  if (error instanceof WorkflowNotReadyError) return { details: [detail('WorkflowNotReadyFailure', {})] };
  if (error instanceof NoPollerError) {
    return { message: 'no poller seen for task queue recently, worker may be down' };
  }
  if (error instanceof BusyWorkflowError) {
    return {
      message: 'Workflow is busy.',
      details: [
        detail('ResourceExhaustedFailure', {
          cause: resourceExhaustedCause.toProto('BUSY_WORKFLOW'),
          scope: resourceExhaustedScope.toProto('NAMESPACE'),
        }),
      ],
    };
  }
  return {};
}

function alreadyStarted(error: WorkflowExecutionAlreadyStartedError): Partial<Answer> {
  return {
    message: `Workflow execution is already running. WorkflowId: ${error.workflowId}, RunId: ${error.runId}.`,
    details: [
      detail('WorkflowExecutionAlreadyStartedFailure', {
        startRequestId: error.startRequestId,
        runId: error.runId,
        firstExecutionRunId: error.runId,
      }),
    ],
  };
}

function notFound(message: string): Partial<Answer> {
  return { message, details: [detail('NotFoundFailure', {})] };
}

/** The refusal of a caller who did not say who they are, or may not do this. */
export function accessRefused(code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED', reason: string): GatewayError {
  return code === 'UNAUTHENTICATED'
    ? new GatewayError(status.UNAUTHENTICATED, reason)
    : new GatewayError(status.PERMISSION_DENIED, reason, [detail('PermissionDeniedFailure', { reason })]);
}

/** The refusal to change a run that is closed. */
export function workflowCompleted(): GatewayError {
  return new GatewayError(status.NOT_FOUND, 'workflow execution already completed', [
    detail('NotFoundFailure', {}),
  ]);
}

function detail<Name extends DetailName>(
  name: Name,
  fields: Parameters<Details[Name]['encode']>[0],
): StatusDetail {
  const type: { encode(message: object): { finish(): Uint8Array } } = api.errordetails.v1[name];
  return {
    type_url: `type.googleapis.com/temporal.api.errordetails.v1.${name}`,
    value: type.encode(fields).finish(),
  };
}

/** `retryPolicy.initialInterval` as it is called on the wire: `retry_policy.initial_interval`. */
function snakeCase(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
