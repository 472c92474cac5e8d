import { returnPermits as returnScript, takePermits as takeScript } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import type { QueueName } from './rate-limit.js';

/** Permits to start activity tasks of a queue with a dispatch rate. */
export interface Permits {
  readonly granted: number;
  /** When fewer were granted than wanted: how long to wait before asking again. */
  readonly waitMs: number;
  /** Names the grant: the Redis server's time of it, microseconds since the epoch. */
  readonly stampMicros: number;
}

/** Takes at most so many permits; undefined when the queue has no rate, and none are needed. */
export async function takePermits(
  context: EngineContext,
  { namespace, taskQueue }: QueueName,
  want: number,
): Promise<Permits | undefined> {
  const limitKey = context.keys.rateLimit('activity', namespace, taskQueue);
  const [granted, waitMicros, stampMicros] = await takeScript(context.run, { limitKey, want });
  return granted < 0 ? undefined : { granted, waitMs: Math.ceil(waitMicros / 1_000), stampMicros };
}

/** Gives back permits that were not used because the queue is empty; each grant once. Replies how many came back. */
export function returnPermits(
  context: EngineContext,
  { namespace, taskQueue }: QueueName,
  { stampMicros }: Permits,
  count: number,
): Promise<number> {
  const limitKey = context.keys.rateLimit('activity', namespace, taskQueue);
  return returnScript(context.run, { limitKey, stampMicros: String(stampMicros), count });
}
