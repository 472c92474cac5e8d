import { metrics } from '@opentelemetry/api';
import type { Attributes, BatchObservableResult, MetricOptions } from '@opentelemetry/api';
import { METER_NAME } from '@tidewheel/telemetry';
import type { WorkerStatus } from '@tidewheel/worker';

interface WorkerMetric extends MetricOptions {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  /** What to record of one worker: value and attributes beside namespace and task queue. */
  readonly read: (status: WorkerStatus) => readonly (readonly [value: number, attributes?: Attributes])[];
}

const WORKFLOW = { worker_type: 'WorkflowWorker' };
const ACTIVITY = { worker_type: 'ActivityWorker' };

/**
 * Every metric of workers. They are called as Temporal's workers call them where the concept is the same, with
 * `tidewheel` for `temporal`; the exporter adds `_total` to counters. Attributes: `namespace`, `task_queue`, and
 * `worker_type` where both kinds of tasks have their own.
 */
const WORKER_METRICS: readonly WorkerMetric[] = [
  {
    name: 'tidewheel_worker_task_slots_available',
    description: 'Tasks that could be taken in addition, by kind of task.',
    kind: 'gauge',
    read: ({ workflowSlots, activitySlots }) => [
      [workflowSlots.size - workflowSlots.used, WORKFLOW],
      [activitySlots.size - activitySlots.used, ACTIVITY],
    ],
  },
  {
    name: 'tidewheel_worker_task_slots_used',
    description: 'Tasks that are being worked on, by kind of task.',
    kind: 'gauge',
    read: ({ workflowSlots, activitySlots }) => [
      [workflowSlots.used, WORKFLOW],
      [activitySlots.used, ACTIVITY],
    ],
  },
  {
    name: 'tidewheel_sticky_cache_size',
    description: 'Workflow executions that are kept in memory.',
    kind: 'gauge',
    read: ({ workflowCache: cache }) => (cache ? [[cache.cachedWorkflows]] : []),
  },
  {
    name: 'tidewheel_sticky_cache_size_bytes',
    description: 'Estimated memory of the workflow executions that are kept in memory.',
    kind: 'gauge',
    read: ({ workflowCache: cache }) => (cache ? [[cache.cachedBytes]] : []),
  },
  {
    name: 'tidewheel_sticky_cache_hit',
    description: 'Workflow tasks whose execution was found in memory.',
    kind: 'counter',
    read: ({ workflowCache: cache }) => (cache ? [[cache.hits]] : []),
  },
  {
    name: 'tidewheel_sticky_cache_miss',
    description: 'Workflow tasks whose execution was expected in memory and was not there.',
    kind: 'counter',
    read: ({ workflowCache: cache }) => (cache ? [[cache.misses]] : []),
  },
  {
    name: 'tidewheel_workflow_task_replayed',
    description:
      'Workflow tasks, beside the first of a run, that were run from the beginning of the history: after a miss, or ' +
      'because another worker had the execution before.',
    kind: 'counter',
    read: ({ workflowCache: cache }) => (cache ? [[cache.replays]] : []),
  },
  {
    name: 'tidewheel_sticky_cache_total_forced_eviction',
    description: 'Workflow executions that were dropped from memory to make room.',
    kind: 'counter',
    read: ({ workflowCache: cache }) => (cache ? [[cache.evictions]] : []),
  },
  {
    name: 'tidewheel_workflow_task_execution_completed',
    description: 'Workflow tasks that were completed.',
    kind: 'counter',
    read: ({ workflowTasks }) => [[workflowTasks.completed]],
  },
  {
    name: 'tidewheel_workflow_task_execution_failed',
    description: 'Workflow tasks that failed.',
    kind: 'counter',
    read: ({ workflowTasks }) => [[workflowTasks.failed]],
  },
  {
    name: 'tidewheel_activity_execution_completed',
    description: 'Attempts of activities that were completed.',
    kind: 'counter',
    read: ({ activities }) => [[activities.completed]],
  },
  {
    name: 'tidewheel_activity_execution_failed',
    description: 'Attempts of activities that failed.',
    kind: 'counter',
    read: ({ activities }) => [[activities.failed]],
  },
  {
    name: 'tidewheel_activity_execution_canceled',
    description: 'Activities that were cancelled and accepted it.',
    kind: 'counter',
    read: ({ activities }) => [[activities.canceled]],
  },
  {
    name: 'tidewheel_worker_sessions_open',
    description: 'Sessions that are open on this worker.',
    kind: 'gauge',
    read: ({ sessions }) => (sessions ? [[sessions.open]] : []),
  },
  {
    name: 'tidewheel_activity_task_unregistered',
    description: 'Activity tasks that were handed back because this worker does not have the activity.',
    kind: 'counter',
    read: ({ activities }) => [[activities.unregistered]],
  },
  {
    name: 'tidewheel_worker_throttled_seconds',
    description: 'Time in which the worker had room for activities and waited for permits of its task queue.',
    kind: 'counter',
    read: ({ throttling }) => (throttling ? [[throttling.waitedMs / 1_000]] : []),
  },
  {
    name: 'tidewheel_worker_throttled_tasks_returned',
    description: 'Activity tasks that were read above the rate of their task queue and went back to it.',
    kind: 'counter',
    read: ({ throttling }) => (throttling ? [[throttling.returned]] : []),
  },
  {
    name: 'tidewheel_worker_poll_silence_seconds',
    description:
      'How long the blocking read of tasks has given no reply; at most about two when all is well.',
    kind: 'gauge',
    read: ({ pollSilenceMs }) => [[pollSilenceMs / 1_000]],
  },
  {
    name: 'tidewheel_worker_poll_connections_replaced',
    description: 'Connections for blocking reads that were thrown away for being silent.',
    kind: 'counter',
    read: ({ pollConnectionsReplaced }) => [[pollConnectionsReplaced]],
  },
];

/**
 * Lets the registered meter look at the workers whenever metrics are collected.
 *
 * @returns ends it
 */
export function observeWorkers(statuses: () => readonly WorkerStatus[]): () => void {
  const meter = metrics.getMeter(METER_NAME);
  const observed = WORKER_METRICS.map((metric) => ({
    metric,
    instrument:
      metric.kind === 'gauge'
        ? meter.createObservableGauge(metric.name, metric)
        : meter.createObservableCounter(metric.name, metric),
  }));
  const instruments = observed.map(({ instrument }) => instrument);
  const observe = (result: BatchObservableResult): void => {
    for (const status of statuses()) {
      const { namespace, taskQueue } = status;
      for (const { metric, instrument } of observed) {
        for (const [value, attributes] of metric.read(status)) {
          result.observe(instrument, value, { namespace, task_queue: taskQueue, ...attributes });
        }
      }
    }
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}
