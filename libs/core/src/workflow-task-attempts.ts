/** Attempts of a workflow task that are dispatched at once before the back-off sets in. */
const IMMEDIATE_ATTEMPTS = 3;
const INITIAL_BACKOFF_MS = 5_000;
const MAXIMUM_BACKOFF_MS = 600_000;

/**
 * Delay before a workflow task's attempt is dispatched: none up to the third, then 5 s doubling up to ten minutes.
 *
 * @param attempt the attempt about to be dispatched, from 1
 */
export function workflowTaskBackoffMs(attempt: number): number {
  if (attempt <= IMMEDIATE_ATTEMPTS) return 0;
  return Math.min(INITIAL_BACKOFF_MS * 2 ** (attempt - IMMEDIATE_ATTEMPTS - 1), MAXIMUM_BACKOFF_MS);
}
