import { CancelledFailure } from '@tidewheel/common';

/** No fault of the activity's: the next attempt need not wait as after one. */
export const SHUTDOWN_FAILURE = {
  message: 'the worker is shutting down',
  type: 'WorkerShutdown',
  nextRetryDelay: 1,
} as const;

/** What an activity throws because it was asked to stop; the second is what Node.js makes of an aborted signal. */
export function isStop(error: unknown): boolean {
  if (error instanceof CancelledFailure) return true;
  // Not by its class: an error of another realm is none of this one's.
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}
