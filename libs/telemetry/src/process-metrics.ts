import { metrics } from '@opentelemetry/api';
import type { BatchObservableResult } from '@opentelemetry/api';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { METER_NAME, METRICS } from './metric-catalog.js';

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** How often the event loop is asked to be on time. Each time wakes an idle process, which is most of what it costs. */
const DELAY_SAMPLE_MS = 500;

/**
 * Lets the registered meter look at this process whenever metrics are collected.
 *
 * @returns ends it
 */
export function observeProcess(): () => void {
  const meter = metrics.getMeter(METER_NAME);
  const cpu = meter.createObservableCounter(METRICS.processCpu.name, METRICS.processCpu);
  const memory = meter.createObservableGauge(METRICS.processMemory.name, METRICS.processMemory);
  const uptime = meter.createObservableGauge(METRICS.processUptime.name, METRICS.processUptime);
  const delay = meter.createObservableGauge(METRICS.eventLoopDelay.name, METRICS.eventLoopDelay);
  const busy = meter.createObservableGauge(METRICS.eventLoopUtilization.name, METRICS.eventLoopUtilization);
  const instruments = [cpu, memory, uptime, delay, busy];

  const histogram = monitorEventLoopDelay({ resolution: DELAY_SAMPLE_MS });
  histogram.enable();
  let lastUtilization = performance.eventLoopUtilization();

  const observe = (result: BatchObservableResult): void => {
    const { user, system } = process.cpuUsage();
    result.observe(cpu, user / MICROSECONDS, { mode: 'user' });
    result.observe(cpu, system / MICROSECONDS, { mode: 'system' });
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    for (const [kind, bytes] of Object.entries({ rss, heapUsed, heapTotal, external })) {
      result.observe(memory, bytes, { kind });
    }
    result.observe(uptime, process.uptime());
    for (const quantile of [50, 99]) {
      result.observe(delay, lateSeconds(histogram.percentile(quantile)), { quantile: `0.${quantile}` });
    }
    result.observe(delay, lateSeconds(histogram.max), { quantile: '1' });
    histogram.reset();
    const utilization = performance.eventLoopUtilization();
    result.observe(busy, performance.eventLoopUtilization(utilization, lastUtilization).utilization);
    lastUtilization = utilization;
  };

  meter.addBatchObservableCallback(observe, instruments);
  return () => {
    meter.removeBatchObservableCallback(observe, instruments);
    histogram.disable();
  };
}

/** The histogram has the time from one sample to the next. */
function lateSeconds(sampleNanos: number): number {
  return Math.max(0, sampleNanos / NANOSECONDS - DELAY_SAMPLE_MS / 1_000);
}
