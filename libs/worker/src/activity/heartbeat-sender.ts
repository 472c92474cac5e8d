import { defaultPayloadConverter } from '@tidewheel/common';
import { ActivityTaskNotFoundError } from '@tidewheel/core';
import { heartbeatActivity } from '@tidewheel/engine';
import type { ActivityTask, Engine } from '@tidewheel/engine';
import type { Logger } from '@tidewheel/common';

/** Why an activity has to stop. */
export type StopReason = 'CANCELLED' | 'NOT_FOUND' | 'TIMED_OUT' | 'WORKER_SHUTDOWN';

/** What a heartbeat sender works with. */
interface HeartbeatSenderOptions {
  readonly engine: Engine;
  readonly identity: string;
  readonly task: ActivityTask;
  readonly maxThrottleMs: number;
  /** How much of the heartbeat timeout may pass between two heartbeats; default 0.8. */
  readonly timeoutShare?: number | undefined;
  readonly defaultThrottleMs: number;
  readonly logger: Logger;
  /** Called when the engine says that the attempt should stop. */
  readonly onStop: (reason: StopReason) => void;
}

const TIMEOUT_SHARE = 0.8;

/**
 * Sends the heartbeats of one attempt: the first at once, later ones at most once per interval (80 % of the heartbeat
 * timeout), always with the newest details.
 */
export class HeartbeatSender {
  private readonly intervalMs: number;
  private timer: NodeJS.Timeout | undefined;
  private pending: { readonly details: unknown } | undefined;
  private sending: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly options: HeartbeatSenderOptions) {
    const { heartbeatTimeoutMs } = options.task;
    const share = options.timeoutShare ?? TIMEOUT_SHARE;
    const wanted = heartbeatTimeoutMs > 0 ? heartbeatTimeoutMs * share : options.defaultThrottleMs;
    this.intervalMs = Math.min(wanted, options.maxThrottleMs);
  }

  /** Notes details, and sends them as soon as it is time. */
  heartbeat(details: unknown): void {
    if (this.stopped) return;
    this.pending = { details };
    if (!this.timer && !this.sending) this.send();
  }

  /** Sends what is held back, so that a failed attempt's latest details are there for the next one. */
  async flush(): Promise<void> {
    await this.sending;
    if (this.pending && !this.stopped) {
      clearTimeout(this.timer);
      this.send();
      await this.sending;
    }
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private send(): void {
    const beat = this.pending;
    if (!beat) return;
    this.pending = undefined;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (!this.sending) this.send();
    }, this.intervalMs);
    this.sending = this.report(beat.details).finally(() => {
      this.sending = undefined;
      if (!this.timer && !this.stopped) this.send();
    });
  }

  private async report(details: unknown): Promise<void> {
    const { engine, identity, task, onStop, logger } = this.options;
    try {
      const payloads = details === undefined ? [] : [defaultPayloadConverter.toPayload(details)];
      const { cancelRequested } = await heartbeatActivity(engine.context, task, payloads, identity);
      if (cancelRequested) onStop('CANCELLED');
    } catch (error) {
      if (error instanceof ActivityTaskNotFoundError) onStop('NOT_FOUND');
      else
        logger.warn('a heartbeat could not be sent', { activityId: task.activityId, error: String(error) });
    }
  }
}
