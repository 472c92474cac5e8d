import type { CommandOf, Duration } from '@tidewheel/core';
import { optionalDurationToMs } from '@tidewheel/core';
import { compileRetryPolicy } from '@tidewheel/common';
import type { RetryPolicy } from '@tidewheel/common';

/** What happens to a scheduled activity when its scope is cancelled. */
export const ActivityCancellationType = {
  /** Ask the activity to stop, and do not wait: the call rejects at once. */
  TRY_CANCEL: 'TRY_CANCEL',
  /** Ask the activity to stop, and wait for its real outcome. It hears of it only when it heartbeats. */
  WAIT_CANCELLATION_COMPLETED: 'WAIT_CANCELLATION_COMPLETED',
  /** Leave the activity alone; the call rejects at once. */
  ABANDON: 'ABANDON',
} as const;

/** See {@link (ActivityCancellationType:variable)}. */
export type ActivityCancellationType =
  (typeof ActivityCancellationType)[keyof typeof ActivityCancellationType];

/**
 * How an activity is scheduled. One of `startToCloseTimeout` and `scheduleToCloseTimeout` must be given.
 * Durations are milliseconds, or text such as `10s` or `5 minutes`.
 */
export interface ActivityOptions {
  /** Must be unique among the run's activities that are pending. Default: the activity's number in the run. */
  activityId?: string;
  /** Default: the workflow's own. */
  taskQueue?: string;
  /** Longest time between two heartbeats; a worker that dies is noticed after it. Default: none. */
  heartbeatTimeout?: Duration;
  retry?: RetryPolicy;
  /** Longest time of one attempt. */
  startToCloseTimeout?: Duration;
  /** Longest time an attempt waits for a worker. It is not retried. Default: no limit. */
  scheduleToStartTimeout?: Duration;
  /** Longest time of all attempts together. Default: no limit. */
  scheduleToCloseTimeout?: Duration;
  /** Default: `WAIT_CANCELLATION_COMPLETED`. */
  cancellationType?: ActivityCancellationType;
  /** Whether the worker that completes the workflow task may start the activity itself, which is faster. Default: true. */
  allowEagerDispatch?: boolean;
}

/** Options checked once and in the engine's units. */
export interface CompiledActivityOptions {
  readonly activityId: string | undefined;
  readonly cancellationType: ActivityCancellationType;
  /** The part of the command that the options decide. */
  readonly attributes: Omit<
    CommandOf<'ScheduleActivityTask'>['attributes'],
    'activityId' | 'activityType' | 'input'
  >;
}

/**
 * Checks activity options and brings them into the engine's units.
 *
 * @throws TypeError when no timeout limits the activity, ValueError or InvalidDurationError when one is not sound
 */
export function compileActivityOptions(options: ActivityOptions): CompiledActivityOptions {
  const startToCloseTimeoutMs = optionalDurationToMs(options.startToCloseTimeout);
  const scheduleToCloseTimeoutMs = optionalDurationToMs(options.scheduleToCloseTimeout);
  if (!startToCloseTimeoutMs && !scheduleToCloseTimeoutMs) {
    throw new TypeError('activity options need startToCloseTimeout or scheduleToCloseTimeout');
  }
  const cancellationType = options.cancellationType ?? 'WAIT_CANCELLATION_COMPLETED';
  if (!(cancellationType in ActivityCancellationType)) {
    throw new TypeError(
      `cancellationType must be one of ${Object.keys(ActivityCancellationType).join(', ')}, is "${cancellationType}"`,
    );
  }
  const scheduleToStartTimeoutMs = optionalDurationToMs(options.scheduleToStartTimeout);
  const heartbeatTimeoutMs = optionalDurationToMs(options.heartbeatTimeout);
  const retryPolicy = options.retry && compileRetryPolicy(options.retry);
  return {
    activityId: options.activityId,
    cancellationType,
    attributes: {
      ...(options.taskQueue !== undefined && { taskQueue: options.taskQueue }),
      ...(scheduleToCloseTimeoutMs && { scheduleToCloseTimeoutMs }),
      ...(scheduleToStartTimeoutMs && { scheduleToStartTimeoutMs }),
      ...(startToCloseTimeoutMs && { startToCloseTimeoutMs }),
      ...(heartbeatTimeoutMs && { heartbeatTimeoutMs }),
      ...(retryPolicy && { retryPolicy }),
      ...(options.allowEagerDispatch === false && { requestEagerExecution: false }),
    },
  };
}
