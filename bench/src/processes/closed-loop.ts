import { percentile } from '../statistics.js';

/** How much load for how long. */
export interface LoadOptions {
  /** Items under way at any moment: a new one begins when one has ended. */
  readonly inFlight: number;
  /** After this no item is begun any more. */
  readonly seconds: number;
}

/** What came of a load. */
export interface LoadResult {
  readonly items: number;
  /** From the first begin to the last end. */
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Runs items over and over, so many at a time, and waits for the last ones; the first failure ends it. */
export async function runClosedLoop(
  { inFlight, seconds }: LoadOptions,
  runOne: () => Promise<void>,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const untilMs = startedMs + seconds * 1_000;
  const repeat = async (): Promise<void> => {
    for (;;) {
      const beganMs = performance.now();
      if (beganMs >= untilMs) return;
      await runOne();
      latenciesMs.push(performance.now() - beganMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, repeat));
  return loadResult(latenciesMs, performance.now() - startedMs);
}

/**
 * The result of a load whose items took so long each.
 *
 * @throws Error when there were none
 */
export function loadResult(latenciesMs: readonly number[], elapsedMs: number): LoadResult {
  if (latenciesMs.length === 0) throw new Error('not a single item ended in time: give it more --seconds');
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  return {
    items: sorted.length,
    elapsedMs,
    p50Ms: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
  };
}
