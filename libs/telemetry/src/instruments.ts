import { metrics } from '@opentelemetry/api';
import type {
  Attributes,
  BatchObservableResult,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  UpDownCounter,
} from '@opentelemetry/api';
import type { MetricDefinition } from './catalog/metric-definition.js';

/** Name of the meter that everything of Tidewheel records with. */
export const METER_NAME = 'tidewheel';

/** The meter of the provider that is registered with the OpenTelemetry API now. */
function meter(): Meter {
  return metrics.getMeter(METER_NAME);
}

/** A histogram of the catalogue. */
export function makeHistogram(definition: MetricDefinition): Histogram {
  return meter().createHistogram(definition.name, optionsOf(definition));
}

/** A gauge of the catalogue that is counted up and down. */
export function makeUpDownCounter(definition: MetricDefinition): UpDownCounter {
  return meter().createUpDownCounter(definition.name, optionsOf(definition));
}

/** Takes down one value of a metric. */
export type Observe<Key extends string> = (key: Key, value: number, attributes?: Attributes) => void;

/**
 * Lets the registered meter ask for values whenever metrics are collected.
 *
 * @param table what will be observed, by the names under which `look` knows it
 * @param look takes down what is the case now
 * @returns ends it
 */
export function observeMetrics<Key extends string>(
  table: Readonly<Record<Key, MetricDefinition>>,
  look: (observe: Observe<Key>) => void | Promise<void>,
): () => void {
  const instruments = new Map<Key, Observable>();
  for (const [key, definition] of Object.entries(table) as [Key, MetricDefinition][]) {
    const make = definition.kind === 'counter' ? 'createObservableCounter' : 'createObservableGauge';
    instruments.set(key, meter()[make](definition.name, optionsOf(definition)));
  }
  const callback = (result: BatchObservableResult): void | Promise<void> =>
    look((key, value, attributes) => result.observe(instruments.get(key) as Observable, value, attributes));
  const observed = [...instruments.values()];
  const observing = meter();
  observing.addBatchObservableCallback(callback, observed);
  return () => observing.removeBatchObservableCallback(callback, observed);
}

function optionsOf({ description, unit, bounds }: MetricDefinition): MetricOptions {
  return { description, unit, ...(bounds && { advice: { explicitBucketBoundaries: [...bounds] } }) };
}
