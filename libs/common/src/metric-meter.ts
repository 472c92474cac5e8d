import { ValueError } from './sdk-errors.js';

/** Attributes of what is recorded. */
export type MetricTags = Readonly<Record<string, string | number | boolean>>;

/** Whether the values of a metric are whole numbers. */
export type NumericMetricValueType = 'int' | 'float';

/** What every metric has. */
interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly description?: string;
  readonly valueType: NumericMetricValueType;
}

/** Adds up. */
export interface MetricCounter extends Metric {
  readonly kind: 'counter';
  /** @throws ValueError when the value is negative or no number */
  add(value: number, extraTags?: MetricTags): void;
  /** The same counter, with these tags on all it records. */
  withTags(tags: MetricTags): MetricCounter;
}

/** Keeps how values are distributed. */
export interface MetricHistogram extends Metric {
  readonly kind: 'histogram';
  /** @throws ValueError when the value is negative, no number, or not whole where it has to be */
  record(value: number, extraTags?: MetricTags): void;
  /** The same histogram, with these tags on all it records. */
  withTags(tags: MetricTags): MetricHistogram;
}

/** Keeps the latest value. */
export interface MetricGauge extends Metric {
  readonly kind: 'gauge';
  /** @throws ValueError when the value is no number, or not whole where it has to be */
  set(value: number, extraTags?: MetricTags): void;
  /** The same gauge, with these tags on all it records. */
  withTags(tags: MetricTags): MetricGauge;
}

/** Makes metrics of your own. Names are those of OpenTelemetry: letters, digits, `_`, `.`, `-` and `/`. */
export interface MetricMeter {
  /** @throws ValueError when the name cannot be used */
  createCounter(name: string, unit?: string, description?: string): MetricCounter;
  /** @throws ValueError when the name cannot be used */
  createHistogram(
    name: string,
    valueType?: NumericMetricValueType,
    unit?: string,
    description?: string,
  ): MetricHistogram;
  /** @throws ValueError when the name cannot be used */
  createGauge(
    name: string,
    valueType?: NumericMetricValueType,
    unit?: string,
    description?: string,
  ): MetricGauge;
  /** The same meter, with these tags on all that its metrics record. */
  withTags(tags: MetricTags): MetricMeter;
}

/** One value that was recorded; plain data, because it may come from another thread. */
export interface MetricUpdate extends Metric {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly value: number;
  readonly tags: MetricTags;
}

const NAME = /^[a-zA-Z][a-zA-Z0-9_./-]{0,254}$/;
/** What our own metrics begin with. */
const RESERVED = /^tidewheel[_./-]/;

/**
 * A meter of which only is given what happens to each value.
 *
 * @param record gets the values, with the tags of meter, metric and call together
 */
export function makeMetricMeter(record: (update: MetricUpdate) => void, tags: MetricTags = {}): MetricMeter {
  return {
    createCounter: (name, unit, description) =>
      makeCounter(record, describeMetric(name, 'int', unit, description), tags),
    createHistogram: (name, valueType = 'int', unit, description) =>
      makeHistogram(record, describeMetric(name, valueType, unit, description), tags),
    createGauge: (name, valueType = 'int', unit, description) =>
      makeGauge(record, describeMetric(name, valueType, unit, description), tags),
    withTags: (more) => makeMetricMeter(record, { ...tags, ...more }),
  };
}

type Recorder = (update: MetricUpdate) => void;

function makeCounter(record: Recorder, metric: Metric, tags: MetricTags): MetricCounter {
  const kind = 'counter';
  return {
    ...metric,
    kind,
    add(value, extraTags) {
      // Counters may count seconds, too.
      checkValue(metric.name, value, { least: 0, whole: false });
      record({ ...metric, kind, value, tags: joinTags(metric.name, tags, extraTags) });
    },
    withTags: (more) => makeCounter(record, metric, { ...tags, ...more }),
  };
}

function makeHistogram(record: Recorder, metric: Metric, tags: MetricTags): MetricHistogram {
  const kind = 'histogram';
  return {
    ...metric,
    kind,
    record(value, extraTags) {
      checkValue(metric.name, value, { least: 0, whole: metric.valueType === 'int' });
      record({ ...metric, kind, value, tags: joinTags(metric.name, tags, extraTags) });
    },
    withTags: (more) => makeHistogram(record, metric, { ...tags, ...more }),
  };
}

function makeGauge(record: Recorder, metric: Metric, tags: MetricTags): MetricGauge {
  const kind = 'gauge';
  return {
    ...metric,
    kind,
    set(value, extraTags) {
      checkValue(metric.name, value, { least: -Infinity, whole: metric.valueType === 'int' });
      record({ ...metric, kind, value, tags: joinTags(metric.name, tags, extraTags) });
    },
    withTags: (more) => makeGauge(record, metric, { ...tags, ...more }),
  };
}

function describeMetric(
  name: string,
  valueType: NumericMetricValueType,
  unit: string | undefined,
  description: string | undefined,
): Metric {
  if (!NAME.test(name)) {
    throw new ValueError(
      `metric name "${name}": must begin with a letter and have letters, digits, "_", ".", "-" and "/" only`,
    );
  }
  if (RESERVED.test(name)) {
    throw new ValueError(`metric name "${name}": names that begin with "tidewheel" are taken`);
  }
  return {
    name,
    valueType,
    ...(unit !== undefined && { unit }),
    ...(description !== undefined && { description }),
  };
}

/** Tags travel between threads and to exporters, which take nothing else. */
function joinTags(name: string, tags: MetricTags, extraTags: MetricTags | undefined): MetricTags {
  const joined = { ...tags, ...extraTags };
  for (const [tag, value] of Object.entries(joined)) {
    if (['string', 'number', 'boolean'].includes(typeof value)) continue;
    throw new ValueError(`metric ${name}: tag ${tag} must be a string, a number or a boolean`);
  }
  return joined;
}

function checkValue(name: string, value: number, { least, whole }: { least: number; whole: boolean }): void {
  if (!Number.isFinite(value)) throw new ValueError(`metric ${name}: ${value} is no number`);
  if (value < least) throw new ValueError(`metric ${name}: must not be negative; got ${value}`);
  if (whole && !Number.isInteger(value)) {
    throw new ValueError(`metric ${name}: has the value type "int"; got ${value}, which needs "float"`);
  }
}
