import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitUntilOptions {
  /** What is waited for, as it completes the sentence "Waited for ...": `the worker to be ready`. */
  readonly what: string;
  /** How long to wait in all, in milliseconds. Default 30 000: a safety net, not an expectation. */
  readonly timeoutMs?: number;
  /** Pause between two looks, in milliseconds. Default 20. */
  readonly pollMs?: number;
}

/** Thrown by {@link waitUntil} when the condition did not come true in time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  readonly what: string;
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number, options?: ErrorOptions) {
    super(`Waited ${timeoutMs} ms in vain for ${what}`, options);
    this.what = what;
    this.timeoutMs = timeoutMs;
  }
}

type Truthy<T> = Exclude<T, false | 0 | 0n | '' | null | undefined>;

/**
 * Looks again and again until `condition` gives something truthy, and returns that.
 * A condition that throws is "not yet": while a server restarts, asking it fails. The last such error becomes the
 * `cause` of the timeout. A condition that never settles ends in the timeout too.
 *
 * @throws WaitTimeoutError when the time is up; it names what was waited for.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  options: WaitUntilOptions,
): Promise<Truthy<T>> {
  const { what, timeoutMs = 30_000, pollMs = 20 } = options;
  const timeUp = new AbortController();
  const timer = setTimeout(() => timeUp.abort(), timeoutMs);
  const aborted = new Promise<void>((resolve) => timeUp.signal.addEventListener('abort', () => resolve()));
  let lastError: unknown;

  const look = async (): Promise<T | undefined> => {
    try {
      return await condition();
    } catch (error) {
      lastError = error;
      return undefined;
    }
  };

  try {
    while (!timeUp.signal.aborted) {
      const found = await Promise.race([look(), aborted]);
      if (found) return found as Truthy<T>;
      await Promise.race([sleep(pollMs), aborted]);
    }
  } finally {
    clearTimeout(timer);
  }
  throw new WaitTimeoutError(what, timeoutMs, lastError === undefined ? undefined : { cause: lastError });
}
