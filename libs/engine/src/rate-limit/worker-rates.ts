import { DEFAULTS, dispatchRateFault, InvalidArgumentError } from '@tidewheel/core';
import { setWorkerRate } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { requireIdentifier } from '../request-checks.js';
import type { QueueName } from './rate-limit.js';

/** How often a rate is said again that is to hold on. */
export const WORKER_RATE_PERIOD_MS = DEFAULTS.workerRateKeptMs / 3;
/** Queues of which this process knows what was said; of others it is said again. */
const REMEMBERED_QUEUES = 10_000;

/** A dispatch rate that a worker asks for its queue, over all workers of it. */
export interface WorkerRate extends QueueName {
  /** Tasks a second; 0 lets none through, from 100,000 on there is no limit. */
  readonly maxTasksPerSecond: number;
  readonly identity: string;
}

/**
 * The dispatch rates that workers of this process ask for. Of several that differ, the one holds that was asked for last;
 * it holds for a minute after the last worker that asked for one has gone.
 */
export class WorkerRates {
  private readonly said = new Map<string, { readonly maxTasksPerSecond: number; readonly saidMs: number }>();

  /**
   * Says what a worker asks for; to be called whenever it polls, or every {@link WORKER_RATE_PERIOD_MS}. Costs nothing
   * when the same was said less than half a period before.
   *
   * @throws InvalidArgumentError
   */
  async say(context: EngineContext, rate: WorkerRate): Promise<void> {
    const { namespace, taskQueue, maxTasksPerSecond, identity } = rate;
    requireIdentifier('taskQueue', taskQueue);
    const fault = dispatchRateFault(maxTasksPerSecond, { zeroStops: true });
    if (fault) throw new InvalidArgumentError('maxTasksPerSecond', fault);
    const key = context.keys.rateLimit('activity', namespace, taskQueue);
    const before = this.said.get(key);
    const isSame = before?.maxTasksPerSecond === maxTasksPerSecond;
    if (isSame && Date.now() - before.saidMs < WORKER_RATE_PERIOD_MS / 2) return;
    if (this.said.size >= REMEMBERED_QUEUES) this.said.clear();
    // Before it is done: of many polls that come at once, one says it.
    this.said.set(key, { maxTasksPerSecond, saidMs: Date.now() });
    try {
      const changed = await setWorkerRate(context.run, {
        limitKey: key,
        changesKey: context.keys.rateLimitChanges,
        rate: String(maxTasksPerSecond),
        identity,
        keptMs: DEFAULTS.workerRateKeptMs,
        keeps: isSame ? '1' : '',
      });
      if (changed === 1) await context.rateLimits.refresh({ namespace, taskQueue });
    } catch (error) {
      this.said.delete(key);
      throw error;
    }
  }

  /** A worker has gone: another that asks for the same later begins anew. */
  forget(context: EngineContext, { namespace, taskQueue }: QueueName): void {
    this.said.delete(context.keys.rateLimit('activity', namespace, taskQueue));
  }
}
