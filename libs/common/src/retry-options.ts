import type { Duration, PartialRetryPolicy } from '@tidewheel/core';
import { durationToMs } from '@tidewheel/core';
import { ValueError } from './sdk-errors.js';

/** How failed attempts of an activity or workflow are retried, as people write it. */
export interface RetryPolicy {
  /** Delay before the second attempt. Default: 1 s. */
  initialInterval?: Duration;
  /** Factor between consecutive delays; at least 1. Default: 2. */
  backoffCoefficient?: number;
  /** Longest delay. Default: 100 times the initial one. */
  maximumInterval?: Duration;
  /** Attempts in all, the first one included; `Infinity` or left out means no limit. */
  maximumAttempts?: number;
  /** Application failure types that are not retried. */
  nonRetryableErrorTypes?: string[];
}

/**
 * The policy with durations in milliseconds; what is left out stays out.
 *
 * @throws ValueError when a field is not sound, InvalidDurationError when a duration is none
 */
export function compileRetryPolicy(policy: RetryPolicy): PartialRetryPolicy {
  const { backoffCoefficient, maximumAttempts, nonRetryableErrorTypes } = policy;
  if (backoffCoefficient !== undefined && !(backoffCoefficient >= 1)) {
    throw new ValueError('retry.backoffCoefficient must be 1 or more');
  }
  if (maximumAttempts !== undefined && maximumAttempts !== Number.POSITIVE_INFINITY) {
    if (!Number.isInteger(maximumAttempts) || maximumAttempts < 1) {
      throw new ValueError('retry.maximumAttempts must be a positive integer or Infinity');
    }
  }
  const initialIntervalMs =
    policy.initialInterval === undefined ? undefined : durationToMs(policy.initialInterval);
  const maximumIntervalMs =
    policy.maximumInterval === undefined ? undefined : durationToMs(policy.maximumInterval);
  if (initialIntervalMs === 0) throw new ValueError('retry.initialInterval must be more than 0');
  if (maximumIntervalMs === 0) throw new ValueError('retry.maximumInterval must be more than 0');
  if (maximumIntervalMs !== undefined && maximumIntervalMs < (initialIntervalMs ?? 1_000)) {
    throw new ValueError('retry.maximumInterval must not be less than retry.initialInterval');
  }
  return {
    ...(initialIntervalMs !== undefined && { initialIntervalMs }),
    ...(backoffCoefficient !== undefined && { backoffCoefficient }),
    ...(maximumIntervalMs !== undefined && { maximumIntervalMs }),
    ...(maximumAttempts !== undefined && Number.isFinite(maximumAttempts) && { maximumAttempts }),
    ...(nonRetryableErrorTypes && { nonRetryableErrorTypes }),
  };
}
