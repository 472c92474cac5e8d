import { LIMITS } from '@tidewheel/core';
import { burstOf } from '@tidewheel/routing';
import { primaryOf } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';

/** A task queue of a namespace; rates are those of its activity tasks. */
export interface QueueName {
  readonly namespace: string;
  readonly taskQueue: string;
}

/** Where a dispatch rate comes from: set through the API, asked for by a worker, or nothing of either kind. */
export type RateLimitSource = 'API' | 'WORKER' | 'SYSTEM';

/** The dispatch rate in force. */
export interface EffectiveRateLimit {
  /** Tasks a second over all workers; from 100,000 on there is no limit, 0 lets none through. */
  readonly requestsPerSecond: number;
  /** Permits that may pile up; undefined where nothing is limited. */
  readonly burst: number | undefined;
  readonly source: RateLimitSource;
}

/** A dispatch rate that was set through the API. */
export interface QueueRateLimit {
  readonly requestsPerSecond: number;
  /** Undefined: the default of the rate. */
  readonly burst: number | undefined;
  readonly reason: string;
  readonly updateIdentity: string;
  readonly updateTimeMs: number;
}

/** What is set for a queue, and what holds. */
export interface TaskQueueRates {
  readonly queueRateLimit: QueueRateLimit | undefined;
  readonly effectiveRateLimit: EffectiveRateLimit;
}

/** What holds for a queue of which nothing was set. */
export const NO_RATES: TaskQueueRates = {
  queueRateLimit: undefined,
  effectiveRateLimit: {
    requestsPerSecond: LIMITS.unlimitedTasksPerSecond,
    burst: undefined,
    source: 'SYSTEM',
  },
};

/** Reads the dispatch rates of a queue's activity tasks. */
export async function readRates(
  { redis, keys }: EngineContext,
  { namespace, taskQueue }: QueueName,
): Promise<TaskQueueRates> {
  const [stored, time] = await Promise.all([
    redis.hgetall(keys.rateLimit('activity', namespace, taskQueue)),
    primaryOf(redis, keys.rateLimit('activity', namespace, taskQueue)).time(),
  ]);
  const queueRateLimit = apiRateOf(stored);
  if (queueRateLimit) {
    return { queueRateLimit, effectiveRateLimit: effective(queueRateLimit, 'API') };
  }
  const isHeld = Number(stored['wx'] ?? 0) > Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
  if (stored['wr'] === undefined || !isHeld) return NO_RATES;
  return {
    queueRateLimit,
    effectiveRateLimit: effective({ requestsPerSecond: Number(stored['wr']) }, 'WORKER'),
  };
}

/** Whether a rate limits anything. */
export function isLimiting({ requestsPerSecond }: EffectiveRateLimit): boolean {
  return requestsPerSecond < LIMITS.unlimitedTasksPerSecond;
}

function apiRateOf(stored: Readonly<Record<string, string>>): QueueRateLimit | undefined {
  if (stored['ar'] === undefined) return undefined;
  return {
    requestsPerSecond: Number(stored['ar']),
    burst: stored['ab'] === undefined ? undefined : Number(stored['ab']),
    reason: stored['am'] ?? '',
    updateIdentity: stored['ai'] ?? '',
    updateTimeMs: Number(stored['at'] ?? 0),
  };
}

function effective(
  { requestsPerSecond, burst }: { readonly requestsPerSecond: number; readonly burst?: number | undefined },
  source: RateLimitSource,
): EffectiveRateLimit {
  return { requestsPerSecond, burst: burstOf({ perSecond: requestsPerSecond, burst }), source };
}
