export { IllegalStateError } from '@tidewheel/common';

/** Tasks still ran when the time for an orderly shutdown was over. Thrown by `Worker.run`. */
export class GracefulShutdownPeriodExpiredError extends Error {
  override readonly name = 'GracefulShutdownPeriodExpiredError';

  constructor(
    /** How long the worker waited. */
    readonly waitedMs: number,
  ) {
    super(`tasks were still running ${waitedMs / 1_000} s after the shutdown began (shutdownForceTime)`);
  }
}
