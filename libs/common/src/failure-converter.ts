import type { Failure, FailureInfo } from '@tidewheel/core';
import { durationToMs } from '@tidewheel/core';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  ServerFailure,
  TerminatedFailure,
  TidewheelFailure,
  TimeoutFailure,
} from './failures.js';
import { toJson } from './json.js';
import type { PayloadConverter } from './payload-converter.js';
import { fromFirstPayload, fromPayloads, toPayloads } from './payload-converter.js';

/** Names this SDK in the `source` of failures, as every Temporal SDK for TypeScript does. */
const FAILURE_SOURCE = 'TypeScriptSDK';

/** Turns thrown values into recorded failures and back. Must be pure: it runs inside workflows too. */
export interface FailureConverter {
  errorToFailure(error: unknown, payloadConverter: PayloadConverter): Failure;
  failureToError(failure: Failure, payloadConverter: PayloadConverter): TidewheelFailure;
}

/** What {@link DefaultFailureConverter} can be told. */
export interface DefaultFailureConverterOptions {
  /** Put message and stack into a payload, so that a payload codec encrypts them too. Default: false. */
  encodeCommonAttributes?: boolean;
}

const ENCODED_MESSAGE = 'Encoded failure';

/** Keeps message, stack, class and causes; see {@link DefaultFailureConverterOptions} for hiding the first two. */
export class DefaultFailureConverter implements FailureConverter {
  private readonly encodeCommonAttributes: boolean;

  constructor(options: DefaultFailureConverterOptions = {}) {
    this.encodeCommonAttributes = options.encodeCommonAttributes ?? false;
  }

  errorToFailure(error: unknown, payloadConverter: PayloadConverter): Failure {
    // What was received from elsewhere goes on unchanged.
    if (error instanceof TidewheelFailure && error.failure) return error.failure;
    const cause = error instanceof Error ? error.cause : undefined;
    const common = { message: messageOf(error), stackTrace: stackTraceOf(error) };
    return {
      ...(this.encodeCommonAttributes
        ? { message: ENCODED_MESSAGE, encodedAttributes: payloadConverter.toPayload(common) }
        : { message: common.message, ...(common.stackTrace && { stackTrace: common.stackTrace }) }),
      source: FAILURE_SOURCE,
      ...(cause !== undefined && { cause: this.errorToFailure(cause, payloadConverter) }),
      info: infoOf(error, payloadConverter),
    };
  }

  failureToError(failure: Failure, payloadConverter: PayloadConverter): TidewheelFailure {
    const { message, stackTrace } = readCommonAttributes(failure, payloadConverter);
    const cause = failure.cause && this.failureToError(failure.cause, payloadConverter);
    const error = makeError(failure, message, cause, payloadConverter);
    error.stack = stackTrace ?? '';
    error.failure = failure;
    return error;
  }
}

/** The converter that the SDK uses unless told otherwise. */
export const defaultFailureConverter: FailureConverter = new DefaultFailureConverter();

/** A failure of any thrown value, as error: what is none already becomes an {@link ApplicationFailure}. */
export function ensureTidewheelFailure(error: unknown): TidewheelFailure {
  return error instanceof TidewheelFailure ? error : ensureApplicationFailure(error);
}

/** An application failure of any thrown value; its `type` is the class of the error. */
export function ensureApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const failure = ApplicationFailure.create({
    message: messageOf(error),
    ...(error instanceof Error && { type: error.name }),
    ...(error instanceof Error && error.cause instanceof Error && { cause: error.cause }),
  });
  failure.stack = stackTraceOf(error) ?? '';
  return failure;
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (isRecord(error) && typeof error['message'] === 'string') return error['message'];
  if (typeof error === 'string') return error;
  try {
    return toJson(error) ?? String(error);
  } catch {
    return shownAs(error);
  }
}

/** What cannot be written as JSON may be anything, its own `toString` included. */
function shownAs(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'a value was thrown that cannot be shown';
  }
}

function stackTraceOf(error: unknown): string | undefined {
  return isRecord(error) && typeof error['stack'] === 'string' && error['stack'] !== ''
    ? error['stack']
    : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function infoOf(error: unknown, converter: PayloadConverter): FailureInfo {
  if (error instanceof ApplicationFailure) return applicationInfo(error, converter);
  if (error instanceof CancelledFailure) {
    const details = toPayloads(converter, error.details);
    return { kind: 'canceled', ...(details && { details }) };
  }
  if (error instanceof TimeoutFailure) {
    const { timeoutType, lastHeartbeatDetails } = error;
    return {
      kind: 'timeout',
      timeoutType,
      ...(lastHeartbeatDetails !== undefined && {
        lastHeartbeatDetails: [converter.toPayload(lastHeartbeatDetails)],
      }),
    };
  }
  if (error instanceof ServerFailure) return { kind: 'server', nonRetryable: error.nonRetryable };
  if (error instanceof TerminatedFailure) return { kind: 'terminated' };
  if (error instanceof ActivityFailure) {
    return {
      kind: 'activity',
      scheduledEventId: 0,
      startedEventId: 0,
      activityType: error.activityType,
      activityId: error.activityId ?? '',
      retryState: error.retryState,
      ...(error.identity !== undefined && { identity: error.identity }),
    };
  }
  if (error instanceof ChildWorkflowFailure) {
    return {
      kind: 'childWorkflow',
      ...error.execution,
      workflowType: error.workflowType,
      retryState: error.retryState,
      initiatedEventId: 0,
      startedEventId: 0,
      ...(error.namespace !== undefined && { namespace: error.namespace }),
    };
  }
  return { kind: 'application', nonRetryable: false, ...(error instanceof Error && { type: error.name }) };
}

function applicationInfo(error: ApplicationFailure, converter: PayloadConverter): FailureInfo {
  const details = error.details && toPayloads(converter, error.details);
  return {
    kind: 'application',
    nonRetryable: error.nonRetryable,
    ...(error.type !== undefined && { type: error.type }),
    ...(details && { details }),
    ...(error.nextRetryDelay !== undefined && { nextRetryDelayMs: durationToMs(error.nextRetryDelay) }),
    ...(error.category && { category: error.category }),
  };
}

function readCommonAttributes(failure: Failure, converter: PayloadConverter) {
  const { message, stackTrace, encodedAttributes } = failure;
  if (encodedAttributes) {
    const encoded = converter.fromPayload(encodedAttributes);
    if (isRecord(encoded) && typeof encoded['message'] === 'string') {
      const stack = encoded['stackTrace'];
      return { message: encoded['message'], stackTrace: typeof stack === 'string' ? stack : undefined };
    }
  }
  return { message, stackTrace };
}

function makeError(
  failure: Failure,
  message: string,
  cause: TidewheelFailure | undefined,
  converter: PayloadConverter,
): TidewheelFailure {
  const { info } = failure;
  switch (info?.kind) {
    case 'application':
      return new ApplicationFailure(
        message,
        info.type,
        info.nonRetryable,
        fromPayloads(converter, info.details),
        cause,
        info.nextRetryDelayMs,
        info.category,
      );
    case 'server':
      return new ServerFailure(message, info.nonRetryable, cause);
    case 'timeout':
      return new TimeoutFailure(
        message,
        fromFirstPayload(converter, info.lastHeartbeatDetails),
        info.timeoutType,
        cause,
      );
    case 'canceled':
      return new CancelledFailure(message, fromPayloads(converter, info.details), cause);
    case 'terminated':
      return new TerminatedFailure(message, cause);
    case 'activity':
      return new ActivityFailure(
        message,
        info.activityType,
        info.activityId,
        info.retryState,
        info.identity,
        cause,
      );
    case 'childWorkflow': {
      const { workflowId, runId } = info;
      return new ChildWorkflowFailure(
        info.namespace,
        { workflowId, runId },
        info.workflowType,
        info.retryState,
        cause,
      );
    }
    case 'resetWorkflow':
      return new ApplicationFailure(
        message,
        'ResetWorkflow',
        false,
        fromPayloads(converter, info.lastHeartbeatDetails),
        cause,
      );
    case undefined:
      return new TidewheelFailure(message, cause);
  }
}
