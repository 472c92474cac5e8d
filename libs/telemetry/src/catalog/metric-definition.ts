/** Kinds of metrics. A gauge may go up and down; a counter only goes up, and Prometheus shows it with `_total`. */
export const METRIC_KINDS = ['counter', 'gauge', 'histogram'] as const;

/** One of {@link METRIC_KINDS}. */
export type MetricKind = (typeof METRIC_KINDS)[number];

/** Who records a metric. */
export type MetricSource = 'every process' | 'api' | 'worker';

/** A metric as it is declared: once, in the catalogue, from which its instrument and its documentation are made. */
export interface MetricDefinition {
  /** With the unit last, because Prometheus wants it in the name. */
  readonly name: string;
  readonly kind: MetricKind;
  /** As UCUM writes it: `s`, `By`, `1` for a share, `{task}` for things that are counted. */
  readonly unit: string;
  readonly description: string;
  readonly source: MetricSource;
  /** What each attribute says, by its name. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Upper bounds of the buckets of a histogram, in its unit. */
  readonly bounds?: readonly number[];
}

/** A part of the catalogue: definitions by the names that code has for them. */
export type MetricTable = Readonly<Record<string, MetricDefinition>>;

/** Bounds of latencies that people wait for, in seconds. */
export const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/** Bounds of the lives of workflows and activities, in seconds: up to a week. */
export const LIFE_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 3_600, 21_600, 86_400, 604_800];

/** Attributes that mean the same wherever they occur. */
export const NAMESPACE = { namespace: 'Namespace.' } as const;
export const TASK_QUEUE = { ...NAMESPACE, task_queue: 'Task queue.' } as const;
