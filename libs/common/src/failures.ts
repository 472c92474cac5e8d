import type { Duration, Failure, RetryState, TimeoutType } from '@tidewheel/core';

/**
 * An error that stands for a recorded failure. Thrown out of a workflow or activity it ends it; any other error thrown
 * out of workflow code fails only the workflow task, which is retried.
 *
 * Temporal calls this class `TemporalFailure`; it is exported under that name too.
 */
export class TidewheelFailure extends Error {
  override readonly name: string = 'TidewheelFailure';
  /** The recorded failure this error was made from; absent from one made here. */
  declare failure?: Failure;
  declare readonly cause?: Error;

  constructor(message?: string, cause?: Error) {
    super(message, cause && { cause });
  }
}

/** Application failures of category `BENIGN` are expected: they are neither logged as errors nor counted. */
export const ApplicationFailureCategory = { BENIGN: 'BENIGN' } as const;

/** See {@link (ApplicationFailureCategory:variable)}. */
export type ApplicationFailureCategory =
  (typeof ApplicationFailureCategory)[keyof typeof ApplicationFailureCategory];

/** What {@link ApplicationFailure.create} takes. */
export interface ApplicationFailureOptions {
  message?: string;
  /** Matched against `nonRetryableErrorTypes` of retry policies. */
  type?: string;
  /** Whether an activity or workflow that fails with it is never tried again. Default: false. */
  nonRetryable?: boolean;
  /** Any values that the data converter can carry. */
  details?: unknown[];
  /** Delay before the next attempt, in place of the one that the retry policy gives. */
  nextRetryDelay?: Duration;
  cause?: Error;
  category?: ApplicationFailureCategory;
}

/** The failure that user code throws on purpose: from an activity to fail an attempt, from a workflow to fail the run. */
export class ApplicationFailure extends TidewheelFailure {
  override readonly name = 'ApplicationFailure';

  /** Use {@link ApplicationFailure.create} and its siblings. */
  constructor(
    message?: string,
    readonly type?: string,
    readonly nonRetryable: boolean = false,
    readonly details?: unknown[],
    cause?: Error,
    readonly nextRetryDelay?: Duration,
    readonly category?: ApplicationFailureCategory,
  ) {
    super(message, cause);
  }

  static create(options: ApplicationFailureOptions): ApplicationFailure {
    const { message, type, nonRetryable, details, nextRetryDelay, cause, category } = options;
    return new this(message, type, nonRetryable ?? false, details, cause, nextRetryDelay, category);
  }

  /** Wraps any error: its message, its class as `type` and itself as cause, unless overridden. */
  static fromError(error: unknown, overrides: ApplicationFailureOptions = {}): ApplicationFailure {
    const message = overrides.message ?? (error instanceof Error ? error.message : String(error));
    const type = overrides.type ?? (error instanceof Error ? error.name : undefined);
    const cause = overrides.cause ?? (error instanceof Error ? error : undefined);
    return this.create({
      ...overrides,
      message,
      ...(type !== undefined && { type }),
      ...(cause && { cause }),
    });
  }

  /** A failure that the retry policy decides on. */
  static retryable(message?: string, type?: string, ...details: unknown[]): ApplicationFailure {
    return new this(message, type ?? 'Error', false, details);
  }

  /** A failure that is never retried. */
  static nonRetryable(message?: string, type?: string, ...details: unknown[]): ApplicationFailure {
    return new this(message, type ?? 'Error', true, details);
  }
}

/** The engine or its store could not do something; never thrown by user code. */
export class ServerFailure extends TidewheelFailure {
  override readonly name = 'ServerFailure';

  constructor(
    message: string | undefined,
    readonly nonRetryable: boolean,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** Something was cancelled: thrown by pending operations of a cancelled scope, and by activities that accept their cancellation. */
export class CancelledFailure extends TidewheelFailure {
  override readonly name = 'CancelledFailure';

  constructor(
    message?: string,
    readonly details: unknown[] = [],
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** A workflow was terminated. */
export class TerminatedFailure extends TidewheelFailure {
  override readonly name = 'TerminatedFailure';
}

/** One of an activity's or workflow's clocks ran out; `timeoutType` says which. */
export class TimeoutFailure extends TidewheelFailure {
  override readonly name = 'TimeoutFailure';

  constructor(
    message: string | undefined,
    readonly lastHeartbeatDetails: unknown,
    readonly timeoutType: TimeoutType,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** An activity did not succeed; `cause` says why. Thrown to the workflow that scheduled it. */
export class ActivityFailure extends TidewheelFailure {
  override readonly name = 'ActivityFailure';

  constructor(
    message: string | undefined,
    readonly activityType: string,
    readonly activityId: string | undefined,
    readonly retryState: RetryState,
    readonly identity: string | undefined,
    cause?: Error,
  ) {
    super(message, cause);
  }
}

/** A child workflow did not succeed; `cause` says why. Thrown to its parent. */
export class ChildWorkflowFailure extends TidewheelFailure {
  override readonly name = 'ChildWorkflowFailure';

  constructor(
    readonly namespace: string | undefined,
    readonly execution: { readonly workflowId: string; readonly runId: string },
    readonly workflowType: string,
    readonly retryState: RetryState,
    cause?: Error,
  ) {
    super('Child Workflow execution failed', cause);
  }
}

/** Whether an error comes from a cancellation: a {@link CancelledFailure}, or an activity or child that ended by one. */
export function isCancellation(error: unknown): boolean {
  return (
    error instanceof CancelledFailure ||
    ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) &&
      isCancellation(error.cause))
  );
}

/** Message of the innermost cause, or of the error itself when it has none. */
export function rootCause(error: unknown): string | undefined {
  if (error instanceof TidewheelFailure && error.cause) return rootCause(error.cause);
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : undefined;
}
