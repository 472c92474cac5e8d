import { MAX_DURATION_MS } from './duration.js';
import type { Failure, RetryState } from './failure.js';

/** A complete retry policy. Durations are milliseconds. */
export interface RetryPolicy {
  readonly initialIntervalMs: number;
  /** Factor between consecutive intervals; at least 1. */
  readonly backoffCoefficient: number;
  readonly maximumIntervalMs: number;
  /** 0 means no limit. */
  readonly maximumAttempts: number;
  /** Application failure types that are never retried. */
  readonly nonRetryableErrorTypes: readonly string[];
}

/** What a scheduled activity is retried with when its command names no policy. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maximumIntervalMs: 100_000,
  maximumAttempts: 0,
  nonRetryableErrorTypes: [],
};

/** A policy with anything left out; see {@link completeRetryPolicy} for what is filled in. */
export type PartialRetryPolicy = { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined };

/**
 * Fills in the defaults: 1 s initial, coefficient 2, maximum interval 100 times the initial one, no attempt limit.
 * Zero counts as left out, as it does on the wire.
 */
export function completeRetryPolicy(policy: PartialRetryPolicy): RetryPolicy {
  const initialIntervalMs = policy.initialIntervalMs || DEFAULT_RETRY_POLICY.initialIntervalMs;
  return {
    initialIntervalMs,
    backoffCoefficient: policy.backoffCoefficient || DEFAULT_RETRY_POLICY.backoffCoefficient,
    maximumIntervalMs: policy.maximumIntervalMs || Math.min(initialIntervalMs * 100, MAX_DURATION_MS),
    maximumAttempts: policy.maximumAttempts ?? 0,
    nonRetryableErrorTypes: policy.nonRetryableErrorTypes ?? [],
  };
}

/** The first rule that a complete policy breaks, as `field: reason`, or undefined when it is sound. */
export function retryPolicyFault(policy: RetryPolicy): string | undefined {
  if (!(policy.initialIntervalMs >= 1)) return 'initialInterval: must be at least 1 ms';
  if (!(policy.backoffCoefficient >= 1)) return 'backoffCoefficient: must be 1 or more';
  if (!(policy.maximumIntervalMs >= policy.initialIntervalMs)) {
    return 'maximumInterval: must not be less than initialInterval';
  }
  if (!(policy.maximumIntervalMs <= MAX_DURATION_MS)) return 'maximumInterval: must be at most ten years';
  if (!Number.isInteger(policy.maximumAttempts) || policy.maximumAttempts < 0) {
    return 'maximumAttempts: must be an integer, 0 or more';
  }
  return undefined;
}

/** Delay before attempt `attempt + 1`, after attempt `attempt` (from 1) failed. */
export function retryIntervalMs(policy: RetryPolicy, attempt: number): number {
  const interval = policy.initialIntervalMs * policy.backoffCoefficient ** (attempt - 1);
  return Math.min(Math.round(interval), policy.maximumIntervalMs);
}

/** The facts that decide whether a failed attempt is followed by another. */
export interface RetryInput {
  readonly policy: RetryPolicy | undefined;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  readonly failure: Failure;
  readonly nowMs: number;
  /** When the whole must be over (schedule-to-close, run or execution timeout); undefined for never. */
  readonly expiresAtMs?: number | undefined;
  readonly cancelRequested?: boolean;
}

/** Either the delay until the next attempt, or the reason why there is none. */
export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number }
  | { readonly retry: false; readonly retryState: RetryState };

/** Decides whether a failed attempt is retried, by the rules of the published semantics. */
export function decideRetry(input: RetryInput): RetryDecision {
  const { policy, attempt, failure } = input;
  if (!isRetryable(failure, policy)) return stop('NON_RETRYABLE_FAILURE');
  if (input.cancelRequested) return stop('CANCEL_REQUESTED');
  if (!policy) return stop('RETRY_POLICY_NOT_SET');
  if (policy.maximumAttempts > 0 && attempt >= policy.maximumAttempts)
    return stop('MAXIMUM_ATTEMPTS_REACHED');
  const delayMs = nextRetryDelayMs(failure) ?? retryIntervalMs(policy, attempt);
  if (input.expiresAtMs !== undefined && input.nowMs + delayMs >= input.expiresAtMs) return stop('TIMEOUT');
  return { retry: true, delayMs };
}

/** The delay that a failure asks for, unless what it asks for is no duration. */
function nextRetryDelayMs({ info }: Failure): number | undefined {
  const delayMs = info?.kind === 'application' ? info.nextRetryDelayMs : undefined;
  return delayMs !== undefined && delayMs >= 0 && delayMs <= MAX_DURATION_MS ? delayMs : undefined;
}

/** Canceled, terminated, two kinds of timeout, marked and listed failures are never retried. */
function isRetryable(failure: Failure, policy: RetryPolicy | undefined): boolean {
  const info = failure.info;
  switch (info?.kind) {
    case 'canceled':
    case 'terminated':
      return false;
    case 'timeout':
      return info.timeoutType === 'START_TO_CLOSE' || info.timeoutType === 'HEARTBEAT';
    case 'server':
      return !info.nonRetryable;
    case 'application':
      return (
        !info.nonRetryable && !(info.type !== undefined && policy?.nonRetryableErrorTypes.includes(info.type))
      );
    default:
      return true;
  }
}

function stop(retryState: RetryState): RetryDecision {
  return { retry: false, retryState };
}
