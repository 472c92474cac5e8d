import { ValueType } from '@opentelemetry/api';
import type { HrTime } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type { CollectionResult, HistogramMetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import { keepHistograms, METER_NAME } from '@tidewheel/telemetry/instrumentation';
import type { HistogramFamily, HistogramState } from '@tidewheel/telemetry/instrumentation';

/** Gives readers of metrics the histograms that are added up in this process rather than by the SDK. */
export class KeptHistogramProducer implements MetricProducer {
  private families: readonly HistogramFamily[] = [];

  /** Histograms that are made from now on are kept. Call it when the provider of metrics is registered. */
  start(): void {
    this.families = keepHistograms();
  }

  collect(): Promise<CollectionResult> {
    const now = hrTimeOf(Date.now());
    const metrics = this.families
      .map((family) => metricOf(family, now))
      .filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics = metrics.length > 0 ? [{ scope: { name: METER_NAME }, metrics }] : [];
    // Readers take the resource of the SDK instead.
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] });
  }
}

function metricOf({ definition, series }: HistogramFamily, endTime: HrTime): HistogramMetricData {
  const { name, description, unit } = definition;
  return {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [...series()]
      .filter(({ count }) => count > 0)
      .map((state) => ({
        startTime: hrTimeOf(state.sinceMs),
        endTime,
        attributes: state.attributes,
        value: valueOf(state),
      })),
  };
}

function valueOf({ bounds, counts, count, sum, min, max }: HistogramState) {
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, count, sum, min, max };
}

function hrTimeOf(ms: number): HrTime {
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];
}
