import type { Duration, Logger, MetricMeter } from '@tidewheel/common';
import { makeLogger } from '@tidewheel/common';
import { Context } from './activity-context.js';
import type { ActivityInfo } from './activity-info.js';

/** What the calling activity may know about itself. */
export function activityInfo(): ActivityInfo {
  return Context.current().info;
}

/** See {@link Context.heartbeat}. */
export function heartbeat(details?: unknown): void {
  Context.current().heartbeat(details);
}

/** See {@link Context.sleep}. */
export function sleep(duration: Duration): Promise<void> {
  return Context.current().sleep(duration);
}

/** See {@link Context.cancelled}. */
export function cancelled(): Promise<never> {
  return Context.current().cancelled;
}

/** See {@link Context.cancellationSignal}. */
export function cancellationSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** See {@link Context.log}. */
export const log: Logger = makeLogger((level, message, meta) => {
  Context.current().log.log(level, message, meta);
});

/** See {@link Context.metricMeter}. */
export const metricMeter: MetricMeter = {
  createCounter: (...args) => Context.current().metricMeter.createCounter(...args),
  createHistogram: (...args) => Context.current().metricMeter.createHistogram(...args),
  createGauge: (...args) => Context.current().metricMeter.createGauge(...args),
  withTags: (tags) => Context.current().metricMeter.withTags(tags),
};
