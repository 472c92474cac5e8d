import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { observeMetrics } from './instruments.js';
import type { Observe } from './instruments.js';
import { METRICS } from './metric-catalog.js';

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** How often the event loop is asked to be on time. Each time wakes an idle process, which is most of what it costs. */
const DELAY_SAMPLE_MS = 500;

const { processCpu, processMemory, processUptime, eventLoopDelay, eventLoopUtilization } = METRICS;
const OBSERVED = { processCpu, processMemory, processUptime, eventLoopDelay, eventLoopUtilization };

/**
 * Lets the registered meter look at this process whenever metrics are collected.
 *
 * @returns ends it
 */
export function observeProcess(): () => void {
  const histogram = monitorEventLoopDelay({ resolution: DELAY_SAMPLE_MS });
  histogram.enable();
  let lastUtilization = performance.eventLoopUtilization();

  const look = (observe: Observe<keyof typeof OBSERVED>): void => {
    const { user, system } = process.cpuUsage();
    observe('processCpu', user / MICROSECONDS, { mode: 'user' });
    observe('processCpu', system / MICROSECONDS, { mode: 'system' });
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    for (const [kind, bytes] of Object.entries({ rss, heapUsed, heapTotal, external })) {
      observe('processMemory', bytes, { kind });
    }
    observe('processUptime', process.uptime());
    for (const quantile of [50, 99]) {
      observe('eventLoopDelay', lateSeconds(histogram.percentile(quantile)), { quantile: `0.${quantile}` });
    }
    observe('eventLoopDelay', lateSeconds(histogram.max), { quantile: '1' });
    histogram.reset();
    const utilization = performance.eventLoopUtilization();
    observe(
      'eventLoopUtilization',
      performance.eventLoopUtilization(utilization, lastUtilization).utilization,
    );
    lastUtilization = utilization;
  };

  const stopObserving = observeMetrics(OBSERVED, look);
  return () => {
    stopObserving();
    histogram.disable();
  };
}

/** The histogram has the time from one sample to the next. */
function lateSeconds(sampleNanos: number): number {
  return Math.max(0, sampleNanos / NANOSECONDS - DELAY_SAMPLE_MS / 1_000);
}
