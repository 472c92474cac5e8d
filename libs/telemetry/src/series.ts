import { metrics } from '@opentelemetry/api';
import type { Attributes, Histogram } from '@opentelemetry/api';
import type { MetricDefinition } from './catalog/metric-definition.js';
import { makeHistogram, observeMetrics } from './instruments.js';
import { KeptHistogram, keptHistograms } from './kept-histograms.js';

/** One series of a counter. */
export interface CounterSeries {
  add(amount?: number): void;
}

/** One series of a histogram. */
export interface HistogramSeries {
  /** @param value in the unit of the metric */
  record(value: number): void;
}

/** Series of a metric at most; what comes after them shares one, as OpenTelemetry does it. */
const MAX_SERIES = 2_000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/** A number that is only looked at when metrics are collected: adding to it costs next to nothing. */
class Count implements CounterSeries {
  value = 0;

  constructor(readonly attributes: Attributes) {}

  add(amount = 1): void {
    this.value += amount;
  }
}

/** A histogram with the attributes of one series. */
class BoundHistogram implements HistogramSeries {
  constructor(
    private readonly histogram: Histogram,
    readonly attributes: Attributes,
  ) {}

  record(value: number): void {
    this.histogram.record(value, this.attributes);
  }
}

/** The series of a metric, by their attributes. */
class Family<Series> {
  private readonly series = new Map<string, Series>();

  constructor(private readonly make: (attributes: Attributes) => Series) {}

  all(): IterableIterator<Series> {
    return this.series.values();
  }

  of(attributes: Attributes): Series {
    const key = JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.series.get(key);
    if (known) return known;
    if (this.series.size >= MAX_SERIES && attributes !== OVERFLOW) return this.of(OVERFLOW);
    const made = this.make(attributes);
    this.series.set(key, made);
    return made;
  }
}

/**
 * What a process has counted and timed, by metric. The provider that is registered is the key: all workers of a process
 * share the series, and a process that starts telemetry anew begins anew.
 */
const counters = new WeakMap<object, Map<string, Family<Count>>>();
const histograms = new WeakMap<object, Map<string, Family<HistogramSeries>>>();

/**
 * A series of a counter of the catalogue. Whoever counts often keeps it.
 *
 * @param attributes all of the metric's
 */
export function counterSeries(definition: MetricDefinition, attributes: Attributes): CounterSeries {
  return familyOf(counters, definition, () => {
    const family = new Family((of) => new Count(of));
    observeMetrics({ counted: definition }, (observe) => {
      for (const count of family.all()) observe('counted', count.value, count.attributes);
    });
    return family;
  }).of(attributes);
}

/**
 * A series of a histogram of the catalogue. Whoever records often keeps it.
 *
 * @param attributes all of the metric's
 */
export function histogramSeries(definition: MetricDefinition, attributes: Attributes): HistogramSeries {
  return familyOf(histograms, definition, () => {
    const { bounds } = definition;
    const kept = keptHistograms();
    if (!kept || !bounds) {
      const histogram = makeHistogram(definition);
      return new Family<HistogramSeries>((of) => new BoundHistogram(histogram, of));
    }
    const family = new Family((of) => new KeptHistogram(of, bounds));
    kept.push({ definition, series: () => family.all() });
    return family;
  }).of(attributes);
}

function familyOf<Series>(
  all: WeakMap<object, Map<string, Family<Series>>>,
  { name }: MetricDefinition,
  make: () => Family<Series>,
): Family<Series> {
  const provider = metrics.getMeterProvider();
  let families = all.get(provider);
  if (!families) all.set(provider, (families = new Map<string, Family<Series>>()));
  let family = families.get(name);
  if (!family) families.set(name, (family = make()));
  return family;
}
