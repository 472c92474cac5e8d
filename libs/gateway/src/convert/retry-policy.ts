import { completeRetryPolicy, DEFAULT_RETRY_POLICY } from '@tidewheel/core';
import type { PartialRetryPolicy, RetryPolicy } from '@tidewheel/core';
import type { P } from '../proto.js';
import { durationMs, durationToProto } from './time.js';

/** A policy as a command or request gives it; zero counts as left out. */
export function retryPolicyFromProto(policy: P.RetryPolicy): PartialRetryPolicy {
  return {
    initialIntervalMs: durationMs(policy.initialInterval),
    backoffCoefficient: policy.backoffCoefficient ?? 0,
    maximumIntervalMs: durationMs(policy.maximumInterval),
    maximumAttempts: policy.maximumAttempts ?? 0,
    nonRetryableErrorTypes: policy.nonRetryableErrorTypes ?? [],
  };
}

/** A complete policy; the default one when none is given. */
export function retryPolicyToProto(policy: RetryPolicy | undefined): P.RetryPolicy {
  const complete = completeRetryPolicy(policy ?? DEFAULT_RETRY_POLICY);
  return {
    initialInterval: durationToProto(complete.initialIntervalMs),
    backoffCoefficient: complete.backoffCoefficient,
    maximumInterval: durationToProto(complete.maximumIntervalMs),
    maximumAttempts: complete.maximumAttempts,
    nonRetryableErrorTypes: [...complete.nonRetryableErrorTypes],
  };
}
