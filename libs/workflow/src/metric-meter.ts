import { makeMetricMeter } from '@tidewheel/common';
import type { MetricMeter } from '@tidewheel/common';
import { currentExecution } from './execution/current-execution.js';

/**
 * Makes metrics of the workflow's own. What they record reaches the worker's metrics once, not again in a replay, with
 * `namespace`, `task_queue` and `workflow_type` as tags. Records of a workflow task that fails count, too, and again when
 * it is tried again.
 *
 * @example
 * ```ts
 * const orders = metricMeter.createCounter('orders', '{order}', 'Orders that were taken.');
 *
 * export async function order(item: string): Promise<void> {
 *   orders.add(1, { item });
 * }
 * ```
 */
export const metricMeter: MetricMeter = makeMetricMeter((update) => {
  currentExecution('metricMeter').recordMetric(update);
});
