import { AggregationTemporality, InstrumentType } from '@opentelemetry/sdk-metrics';
import type { MetricReader } from '@opentelemetry/sdk-metrics';

/**
 * Has a reader leave out what gauges showed before and do not observe any more, such as namespaces that have gone. Readers of
 * totals repeat the last value for ever; of gauges, those of differences give values as they are, from since their last look.
 */
export function withoutStaleGauges<Reader extends MetricReader>(reader: Reader): Reader {
  const others = reader.selectAggregationTemporality.bind(reader);
  reader.selectAggregationTemporality = (type) =>
    type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : others(type);
  return reader;
}
