import * as fc from 'fast-check';
import { MAX_DURATION_MS } from './duration.js';
import type { Failure, FailureInfo, TimeoutType } from './failure.js';
import {
  completeRetryPolicy,
  decideRetry,
  DEFAULT_RETRY_POLICY,
  retryIntervalMs,
  retryPolicyFault,
} from './retry-policy.js';
import type { PartialRetryPolicy, RetryPolicy } from './retry-policy.js';

const failure = (info?: FailureInfo): Failure => ({ message: 'no', ...(info && { info }) });
const application = (info: Partial<Extract<FailureInfo, { kind: 'application' }>> = {}): Failure =>
  failure({ kind: 'application', nonRetryable: false, ...info });
const timeout = (timeoutType: TimeoutType): Failure => failure({ kind: 'timeout', timeoutType });

const soundPolicy: fc.Arbitrary<RetryPolicy> = fc
  .record({
    initialIntervalMs: fc.integer({ min: 1, max: 86_400_000 }),
    backoffCoefficient: fc.double({ min: 1, max: 100, noNaN: true }),
    factor: fc.integer({ min: 1, max: 1_000 }),
    maximumAttempts: fc.integer({ min: 0, max: 100 }),
    nonRetryableErrorTypes: fc.array(fc.string(), { maxLength: 3 }),
  })
  .map(({ factor, ...policy }) => ({ ...policy, maximumIntervalMs: policy.initialIntervalMs * factor }));

describe('completeRetryPolicy', () => {
  it('gives the published defaults: 1 s, doubled, up to a hundred times the first interval, without end', () => {
    expect(completeRetryPolicy({})).toEqual(DEFAULT_RETRY_POLICY);
    expect(DEFAULT_RETRY_POLICY).toEqual({
      initialIntervalMs: 1_000,
      backoffCoefficient: 2,
      maximumIntervalMs: 100_000,
      maximumAttempts: 0,
      nonRetryableErrorTypes: [],
    });
    expect(completeRetryPolicy({ initialIntervalMs: 5 }).maximumIntervalMs).toBe(500);
  });

  it('takes zero for left out', () => {
    expect(
      completeRetryPolicy({ initialIntervalMs: 0, backoffCoefficient: 0, maximumIntervalMs: 0 }),
    ).toEqual(DEFAULT_RETRY_POLICY);
  });

  it('keeps what is given, and makes a sound policy of any single durations and coefficients that are sound', () => {
    const partial = fc.record(
      {
        initialIntervalMs: fc.integer({ min: 1, max: MAX_DURATION_MS }),
        backoffCoefficient: fc.double({ min: 1, noNaN: true }),
        maximumAttempts: fc.nat(),
        nonRetryableErrorTypes: fc.array(fc.string()),
      },
      { requiredKeys: [], noNullPrototype: true },
    ) as fc.Arbitrary<PartialRetryPolicy>;
    fc.assert(
      fc.property(partial, (given) => {
        const complete = completeRetryPolicy(given);
        expect(complete).toMatchObject(given);
        expect(retryPolicyFault(complete)).toBeUndefined();
      }),
    );
  });
});

describe('retryPolicyFault', () => {
  it.each<[Partial<RetryPolicy>, string]>([
    [{ initialIntervalMs: 0 }, 'initialInterval'],
    [{ initialIntervalMs: -1 }, 'initialInterval'],
    [{ initialIntervalMs: NaN }, 'initialInterval'],
    [{ backoffCoefficient: 0.99 }, 'backoffCoefficient'],
    [{ backoffCoefficient: NaN }, 'backoffCoefficient'],
    [{ maximumIntervalMs: 999 }, 'maximumInterval'],
    [{ maximumIntervalMs: Infinity }, 'maximumInterval'],
    [{ initialIntervalMs: Infinity, maximumIntervalMs: Infinity }, 'maximumInterval'],
    [{ maximumAttempts: -1 }, 'maximumAttempts'],
    [{ maximumAttempts: 1.5 }, 'maximumAttempts'],
    [{ maximumAttempts: Infinity }, 'maximumAttempts'],
  ])('refuses %p by the name of the field', (change, field) => {
    expect(retryPolicyFault({ ...DEFAULT_RETRY_POLICY, ...change })).toMatch(new RegExp(`^${field}: `));
  });

  it('accepts every sound policy', () => {
    fc.assert(fc.property(soundPolicy, (policy) => retryPolicyFault(policy) === undefined));
  });
});

describe('retryIntervalMs', () => {
  it('grows by the coefficient from the initial interval, up to the maximum', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, maximumIntervalMs: 5_000 };
    expect([1, 2, 3, 4, 5].map((attempt) => retryIntervalMs(policy, attempt))).toEqual([
      1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });

  it('lies between the initial and the maximum interval and never shrinks, at any attempt', () => {
    fc.assert(
      fc.property(soundPolicy, fc.integer({ min: 1, max: 1_000_000 }), (policy, attempt) => {
        const intervalMs = retryIntervalMs(policy, attempt);
        expect(intervalMs).toBeGreaterThanOrEqual(policy.initialIntervalMs);
        expect(intervalMs).toBeLessThanOrEqual(policy.maximumIntervalMs);
        expect(retryIntervalMs(policy, attempt + 1)).toBeGreaterThanOrEqual(intervalMs);
        expect(Number.isInteger(intervalMs)).toBe(true);
      }),
    );
  });
});

describe('decideRetry', () => {
  const policy = DEFAULT_RETRY_POLICY;
  const input = { policy, attempt: 1, failure: failure(), nowMs: 1_000 };

  it('retries after the interval of the policy', () => {
    expect(decideRetry(input)).toEqual({ retry: true, delayMs: 1_000 });
    expect(decideRetry({ ...input, attempt: 4 })).toEqual({ retry: true, delayMs: 8_000 });
  });

  it('lets a failure choose the next delay, beyond the maximum interval too', () => {
    expect(decideRetry({ ...input, failure: application({ nextRetryDelayMs: 7 }) })).toEqual({
      retry: true,
      delayMs: 7,
    });
    expect(decideRetry({ ...input, failure: application({ nextRetryDelayMs: 0 }) })).toEqual({
      retry: true,
      delayMs: 0,
    });
    expect(decideRetry({ ...input, failure: application({ nextRetryDelayMs: 300_000 }) })).toEqual({
      retry: true,
      delayMs: 300_000,
    });
  });

  it.each([NaN, Infinity, -1])('passes by a next delay that is no duration: %p', (nextRetryDelayMs) => {
    expect(decideRetry({ ...input, failure: application({ nextRetryDelayMs }) })).toEqual({
      retry: true,
      delayMs: 1_000,
    });
  });

  it.each<[string, Failure]>([
    ['canceled', failure({ kind: 'canceled' })],
    ['terminated', failure({ kind: 'terminated' })],
    ['schedule-to-start timeouts', timeout('SCHEDULE_TO_START')],
    ['schedule-to-close timeouts', timeout('SCHEDULE_TO_CLOSE')],
    ['marked ones', application({ nonRetryable: true })],
    ['marked server failures', failure({ kind: 'server', nonRetryable: true })],
  ])('never retries failures that are %s', (_, never) => {
    expect(decideRetry({ ...input, failure: never })).toEqual({
      retry: false,
      retryState: 'NON_RETRYABLE_FAILURE',
    });
  });

  it.each<[string, Failure]>([
    ['start-to-close timeouts', timeout('START_TO_CLOSE')],
    ['heartbeat timeouts', timeout('HEARTBEAT')],
    ['unmarked server failures', failure({ kind: 'server', nonRetryable: false })],
    ['unmarked application failures', application({ type: 'Unlucky' })],
    ['of no kind', failure()],
  ])('retries failures that are %s', (_, retryable) => {
    expect(decideRetry({ ...input, failure: retryable })).toMatchObject({ retry: true });
  });

  it('never retries types that the policy lists', () => {
    const listed = { ...policy, nonRetryableErrorTypes: ['Broke', ''] };
    for (const type of listed.nonRetryableErrorTypes) {
      expect(decideRetry({ ...input, policy: listed, failure: application({ type }) })).toMatchObject({
        retryState: 'NON_RETRYABLE_FAILURE',
      });
    }
    expect(decideRetry({ ...input, policy: listed, failure: application() })).toMatchObject({ retry: true });
  });

  it('stops at the last attempt, when asked to cancel, and without a policy', () => {
    const twice = { ...policy, maximumAttempts: 2 };
    expect(decideRetry({ ...input, policy: twice })).toMatchObject({ retry: true });
    expect(decideRetry({ ...input, policy: twice, attempt: 2 })).toEqual({
      retry: false,
      retryState: 'MAXIMUM_ATTEMPTS_REACHED',
    });
    expect(decideRetry({ ...input, cancelRequested: true })).toEqual({
      retry: false,
      retryState: 'CANCEL_REQUESTED',
    });
    expect(decideRetry({ ...input, policy: undefined })).toEqual({
      retry: false,
      retryState: 'RETRY_POLICY_NOT_SET',
    });
  });

  it('stops when the next attempt would begin too late', () => {
    expect(decideRetry({ ...input, expiresAtMs: 2_001 })).toMatchObject({ retry: true });
    expect(decideRetry({ ...input, expiresAtMs: 2_000 })).toEqual({ retry: false, retryState: 'TIMEOUT' });
  });

  it('never lets an attempt begin at or behind the end, and never goes beyond the attempts', () => {
    const arbitrary = fc.record({
      policy: soundPolicy,
      attempt: fc.integer({ min: 1, max: 200 }),
      nowMs: fc.integer({ min: 0, max: 2e12 }),
      leftMs: fc.option(fc.integer({ min: 0, max: 1e9 }), { nil: undefined }),
      nextRetryDelayMs: fc.option(fc.double(), { nil: undefined }),
    });
    fc.assert(
      fc.property(arbitrary, ({ policy: any, attempt, nowMs, leftMs, nextRetryDelayMs }) => {
        const expiresAtMs = leftMs === undefined ? undefined : nowMs + leftMs;
        const info = nextRetryDelayMs === undefined ? {} : { nextRetryDelayMs };
        const decision = decideRetry({
          policy: any,
          attempt,
          nowMs,
          expiresAtMs,
          failure: application(info),
        });
        if (!decision.retry) return;
        expect(decision.delayMs).toBeGreaterThanOrEqual(0);
        expect(decision.delayMs).toBeLessThanOrEqual(MAX_DURATION_MS);
        if (expiresAtMs !== undefined) expect(nowMs + decision.delayMs).toBeLessThan(expiresAtMs);
        if (any.maximumAttempts > 0) expect(attempt).toBeLessThan(any.maximumAttempts);
      }),
    );
  });
});
