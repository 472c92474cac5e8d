import { metrics, ValueType } from '@opentelemetry/api';
import type { Attributes, Meter, MetricOptions } from '@opentelemetry/api';
import { LATENCY_BOUNDS, LIFE_BOUNDS } from './catalog/metric-definition.js';

/** Name of the meter of metrics that users record. */
const USER_METER_NAME = 'tidewheel-user';

/** One value of a metric that code of users recorded. */
interface UserMetricUpdate {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
  readonly valueType: 'int' | 'float';
  readonly value: number;
  readonly tags: Readonly<Record<string, string | number | boolean>>;
}

type RecordValue = (value: number, attributes: Attributes) => void;

/** Seconds need finer buckets than OpenTelemetry has by itself, which are for milliseconds. */
const SECONDS_BOUNDS = [...LATENCY_BOUNDS, ...LIFE_BOUNDS.filter((bound) => bound > 25)];

/** Instruments by what tells one from another, for each registered provider. */
const instruments = new WeakMap<object, Map<string, RecordValue>>();

/**
 * Records a value that code of users recorded with its meter.
 *
 * @param tags of the execution or activity; they go before the update's own
 */
export function recordUserMetric(update: UserMetricUpdate, tags: Attributes): void {
  const provider = metrics.getMeterProvider();
  let known = instruments.get(provider);
  if (!known) instruments.set(provider, (known = new Map<string, RecordValue>()));
  const key = `${update.kind} ${update.valueType} ${update.name}`;
  let record = known.get(key);
  if (!record) known.set(key, (record = makeRecord(metrics.getMeter(USER_METER_NAME), update)));
  record(update.value, { ...tags, ...update.tags });
}

function makeRecord(
  meter: Meter,
  { kind, name, unit, description, valueType }: UserMetricUpdate,
): RecordValue {
  const options: MetricOptions = {
    ...(unit !== undefined && { unit }),
    ...(description !== undefined && { description }),
    valueType: valueType === 'int' && kind !== 'counter' ? ValueType.INT : ValueType.DOUBLE,
  };
  switch (kind) {
    case 'counter': {
      const counter = meter.createCounter(name, options);
      return (value, attributes) => counter.add(value, attributes);
    }
    case 'gauge': {
      const gauge = meter.createGauge(name, options);
      return (value, attributes) => gauge.record(value, attributes);
    }
    case 'histogram': {
      const isSeconds = unit === 's' || name.endsWith('seconds');
      const advice = isSeconds ? { advice: { explicitBucketBoundaries: SECONDS_BOUNDS } } : {};
      const histogram = meter.createHistogram(name, { ...options, ...advice });
      return (value, attributes) => histogram.record(value, attributes);
    }
  }
}
