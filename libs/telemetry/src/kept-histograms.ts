import { metrics } from '@opentelemetry/api';
import type { Attributes } from '@opentelemetry/api';
import type { MetricDefinition } from './catalog/metric-definition.js';

/** What has been recorded of one series of a histogram since it began. */
export interface HistogramState {
  readonly attributes: Attributes;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Upper bounds of the buckets, ascending, in the unit of the metric. */
  readonly bounds: readonly number[];
  /** How many values each bucket has; the last one has those above all bounds. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
  /** Infinite as long as nothing was recorded, as is `max`. */
  readonly min: number;
  readonly max: number;
}

/** A histogram of the catalogue and its series. */
export interface HistogramFamily {
  readonly definition: MetricDefinition;
  /** All series so far. */
  readonly series: () => Iterable<HistogramState>;
}

/** One series of a histogram. To record a value is to add it up: a busy worker does so a dozen times for a workflow. */
export class KeptHistogram implements HistogramState {
  readonly sinceMs = Date.now();
  readonly counts: number[];
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;

  constructor(
    readonly attributes: Attributes,
    readonly bounds: readonly number[],
  ) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  record(value: number): void {
    if (Number.isNaN(value)) return;
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.count++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }
}

const kept = new WeakMap<object, HistogramFamily[]>();

/**
 * Has the histograms of the catalogue added up here, for the meter provider that is registered now, instead of by it:
 * its instruments look a series up anew for every value and every reader. Whoever reads that provider's metrics reads
 * these beside them.
 *
 * @returns the histograms; they grow as instruments are made
 */
export function keepHistograms(): readonly HistogramFamily[] {
  const families: HistogramFamily[] = [];
  kept.set(metrics.getMeterProvider(), families);
  return families;
}

/** Where the histograms of the registered provider are kept; undefined when the provider makes them itself. */
export function keptHistograms(): HistogramFamily[] | undefined {
  return kept.get(metrics.getMeterProvider());
}
