import { measureBacklog } from './backlog/backlog.js';
import { measureManyPollers } from './backlog/many-pollers.js';
import { measureClusterCost } from './cluster-cost.js';
import { measureFootprint } from './footprint/footprint.js';
import type { BenchOptions } from './options.js';
import { measureScaling } from './scaling/scaling.js';
import { measureSticky } from './sticky/sticky.js';
import { measureTelemetryCost } from './telemetry-cost.js';
import { measureThrottledQueue } from './throttling/throttled-queue.js';

/** One number about something, for a person to read. */
export interface ReportRow {
  readonly measure: string;
  readonly value: number;
  readonly unit: string;
}

/** What is measured in a way of its own, and printed as rows instead of a line of the table; only when asked for. */
export interface Report {
  readonly name: string;
  /** Whether it can be measured on a cluster, too; default no. */
  readonly runsOnCluster?: boolean;
  readonly measure: (options: BenchOptions, tell: (message: string) => void) => Promise<readonly ReportRow[]>;
}

export const REPORTS: readonly Report[] = [
  { name: 'footprint', measure: measureFootprint },
  { name: 'backlog', measure: measureBacklog },
  { name: 'pollers', measure: measureManyPollers },
  { name: 'sticky', measure: measureSticky },
  { name: 'scaling', measure: measureScaling },
  { name: 'telemetry', runsOnCluster: true, measure: measureTelemetryCost },
  { name: 'cluster', runsOnCluster: true, measure: measureClusterCost },
  { name: 'throttled-queue', measure: measureThrottledQueue },
];
