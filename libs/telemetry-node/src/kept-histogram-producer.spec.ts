import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { histogramSeries, METRICS } from '@tidewheel/telemetry';
import { KeptHistogramProducer } from './kept-histogram-producer.js';

const DEFINITION = METRICS.activityExecutionLatency;
const BOUNDS = DEFINITION.bounds;
/** On, beside and between all bounds, nothing, everything, and what is no number. */
const VALUES = [...BOUNDS.flatMap((bound) => [bound, bound * 0.999, bound * 1.001]), 0, 1e9, NaN];

/** What a reader reads after `record`; without the producer, of instruments of the SDK. */
async function readAfter(
  record: () => void,
  producer: KeptHistogramProducer | undefined,
): Promise<MetricData[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const metricProducers = producer ? [producer] : [];
  const reader = new PeriodicExportingMetricReader({ exporter, metricProducers });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  try {
    producer?.start();
    record();
    await provider.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics);
  } finally {
    metrics.disable();
    await provider.shutdown();
  }
}

/** All of a metric but its times. */
function timeless(data: readonly MetricData[]) {
  return data.map(({ descriptor: { name, unit, description }, ...metric }) => ({
    ...metric,
    descriptor: { name, unit, description },
    dataPoints: metric.dataPoints.map(({ attributes, value }) => ({ attributes, value })),
  }));
}

describe('KeptHistogramProducer', () => {
  it('gives readers what the SDK would have made of the same values', async () => {
    const record = (): void => {
      for (const queue of ['a', 'b']) {
        const attributes = { namespace: 'default', task_queue: queue, activity_type: 'work' };
        for (const value of VALUES) histogramSeries(DEFINITION, attributes).record(value);
      }
    };
    const ofSdk = await readAfter(record, undefined);
    const kept = await readAfter(record, new KeptHistogramProducer());
    expect(ofSdk[0]?.dataPoints).toHaveLength(2);
    expect(timeless(kept)).toEqual(timeless(ofSdk));
  });

  it('says since when and until when it has counted', async () => {
    const beforeMs = Date.now();
    const [metric] = await readAfter(
      () => histogramSeries(DEFINITION, {}).record(1),
      new KeptHistogramProducer(),
    );
    const [point] = metric?.dataPoints ?? [];
    const [sinceMs, untilMs] = [point?.startTime, point?.endTime].map(
      ([seconds, nanos] = [0, 0]) => seconds * 1_000 + nanos / 1e6,
    );
    expect(sinceMs).toBeGreaterThanOrEqual(beforeMs);
    expect(untilMs).toBeGreaterThanOrEqual(sinceMs ?? Infinity);
    expect(untilMs).toBeLessThanOrEqual(Date.now());
  });

  it('gives nothing of a histogram without values', async () => {
    expect(await readAfter(() => histogramSeries(DEFINITION, {}), new KeptHistogramProducer())).toEqual([]);
  });
});
