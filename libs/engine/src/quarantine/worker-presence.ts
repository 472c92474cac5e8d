import type { LostWorker } from '@tidewheel/core';
import { primaryOf } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';

/** When the processes that poll a partition's streams were last seen, those of the last day that have gone included. */
interface WorkerPresence {
  /** The Redis server's clock, milliseconds since the epoch. */
  readonly nowMs: number;
  readonly lastSeenMs: (worker: number) => number | undefined;
  /** '' for a process that never showed itself. */
  readonly identityOf: (worker: number) => string;
}

/** Reads it: three commands, for the rare task whose time was over without a word of its worker. */
export async function readPresence(
  { redis, keys }: EngineContext,
  partition: number,
): Promise<WorkerPresence> {
  const { presence, departed } = keys.partition(partition);
  const [[seconds, micros], gone, present] = await Promise.all([
    primaryOf(redis, presence).time(),
    redis.zrangebyscore(departed, '-inf', '+inf', 'WITHSCORES'),
    redis.zrangebyscore(presence, '-inf', '+inf', 'WITHSCORES'),
  ]);
  const seen = new Map<number, { readonly identity: string; readonly ms: number }>();
  for (const shown of [gone, present]) {
    for (let i = 0; i + 1 < shown.length; i += 2) {
      const [worker = '', , ...identity] = (shown[i] ?? '').split(' ');
      const ms = Number(shown[i + 1]);
      if ((seen.get(Number(worker))?.ms ?? 0) <= ms)
        seen.set(Number(worker), { identity: identity.join(' '), ms });
    }
  }
  return {
    nowMs: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
    lastSeenMs: (worker) => seen.get(worker)?.ms,
    identityOf: (worker) => seen.get(worker)?.identity ?? '',
  };
}

/** Who had a task whose time was over, if that is known. */
export function silentWorker(presence: WorkerPresence, worker: number, atMs: number): LostWorker | undefined {
  return worker === 0 ? undefined : { worker, identity: presence.identityOf(worker), atMs };
}
