import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure, IllegalStateError } from '@tidewheel/common';
import type { Duration, Logger, MetricMeter } from '@tidewheel/common';
import { durationToMs } from '@tidewheel/core';
import type { ActivityInfo } from './activity-info.js';

/** What a worker makes a {@link Context} of. */
export interface ContextOptions {
  readonly info: ActivityInfo;
  /** Gets the details of each heartbeat at once; throttling them is the worker's business. */
  readonly heartbeat: (details: unknown) => void;
  /** Aborted when the activity is cancelled; its reason is a {@link CancelledFailure}. */
  readonly cancellationSignal: AbortSignal;
  /** Aborted when the worker has begun to shut down; the activity may still finish. */
  readonly workerShutdownSignal: AbortSignal;
  /** Adds the activity's identity to each entry. */
  readonly log: Logger;
  /** Adds namespace, task queue and activity type to each value. */
  readonly metricMeter: MetricMeter;
}

/**
 * Undefined until somebody imports `@tidewheel/activity`. Until then nobody can ask for a context, and the process is
 * spared what tracking costs every promise in it: about a fifth of a busy worker's CPU on Node.js 20.
 */
let storage: AsyncLocalStorage<Context> | undefined;

/** Makes activities that start from now on find their context. Called when the module that users import is loaded. */
export function trackContexts(): void {
  storage ??= new AsyncLocalStorage<Context>();
}

/**
 * What an activity has to do with its worker while it runs. Each attempt has one, which {@link Context.current} finds
 * from anywhere within the activity.
 *
 * @example
 * ```ts
 * export async function copyFile(from: string, to: string): Promise<void> {
 *   const { cancellationSignal, heartbeat, info } = Context.current();
 *   const done = (info.heartbeatDetails as number | undefined) ?? 0;
 *   await copyFrom(done, from, to, { signal: cancellationSignal, onProgress: (bytes) => heartbeat(bytes) });
 * }
 * ```
 */
export class Context {
  readonly info: ActivityInfo;
  /**
   * Tells the engine that the attempt is alive and how far it has come. The details are there in the next attempt's
   * `info.heartbeatDetails`, should there be one. Cancellation reaches an activity only when it heartbeats.
   */
  readonly heartbeat: (details?: unknown) => void;
  /** Aborted when the activity is cancelled. Pass it to whatever takes one. */
  readonly cancellationSignal: AbortSignal;
  /** Aborted when the worker begins to shut down, before the activity is cancelled for it: time to wind up. */
  readonly workerShutdownSignal: AbortSignal;
  /** Entries carry the activity's identity. */
  readonly log: Logger;
  /** Makes metrics of your own; their values carry `namespace`, `task_queue` and `activity_type`. */
  readonly metricMeter: MetricMeter;
  private cancelledPromise: Promise<never> | undefined;

  /** For the worker. */
  constructor(options: ContextOptions) {
    this.info = options.info;
    this.heartbeat = (details) => options.heartbeat(details);
    this.cancellationSignal = options.cancellationSignal;
    this.workerShutdownSignal = options.workerShutdownSignal;
    this.log = options.log;
    this.metricMeter = options.metricMeter;
  }

  /**
   * The context of the activity that the calling code belongs to.
   *
   * @throws IllegalStateError outside of an activity
   */
  static current(): Context {
    const context = storage?.getStore();
    if (!context) throw new IllegalStateError('Context.current() can only be used inside of an activity');
    return context;
  }

  /** Rejects with {@link CancelledFailure} when the activity is cancelled; never resolves. For `Promise.race`. */
  get cancelled(): Promise<never> {
    this.cancelledPromise ??= rejectWhenAborted(this.cancellationSignal);
    return this.cancelledPromise;
  }

  /** Waits; rejects with {@link CancelledFailure} when the activity is cancelled meanwhile. */
  readonly sleep = async (duration: Duration): Promise<void> => {
    const { cancellationSignal } = this;
    try {
      await delay(durationToMs(duration), undefined, { signal: cancellationSignal });
    } catch (error) {
      throw cancellationSignal.aborted ? cancellationOf(cancellationSignal) : error;
    }
  };
}

/** Runs an activity function so that {@link Context.current} finds its context. For the worker. */
export function runInActivityContext<R>(context: Context, fn: () => R): R {
  return storage ? storage.run(context, fn) : fn();
}

/** Whether the calling code runs inside of an activity. */
export function inActivityContext(): boolean {
  return storage?.getStore() !== undefined;
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(cancellationOf(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  // Nobody has to look at it.
  promise.catch(() => undefined);
  return promise;
}

function cancellationOf(signal: AbortSignal): CancelledFailure {
  const reason: unknown = signal.reason;
  return reason instanceof CancelledFailure ? reason : new CancelledFailure('CANCELLED');
}
