import { observeMetrics, WORKER_STATUS_METRICS } from '@tidewheel/telemetry';
import type { WorkerStatus } from '@tidewheel/worker';

type Values = readonly (readonly [value: number, attributes?: Readonly<Record<string, string>>])[];
/** What to record of one worker: values, and attributes beside namespace and task queue. */
type Read = (status: WorkerStatus) => Values;
type Key = keyof typeof WORKER_STATUS_METRICS;

const READS: Readonly<Record<Key, Read>> = {
  workerTaskSlotsAvailable: (status) => slotsOf(status, ({ size, used }) => size - used),
  workerTaskSlotsUsed: (status) => slotsOf(status, ({ used }) => used),
  numPollers: ({ pollers }) =>
    Object.entries(pollers).map(([poller_type, count]) => [count, { poller_type }] as const),
  stickyCacheSize: ({ workflowCache: cache }) => (cache ? [[cache.cachedWorkflows]] : []),
  stickyCacheSizeBytes: ({ workflowCache: cache }) => (cache ? [[cache.cachedBytes]] : []),
  stickyCacheHit: ({ workflowCache: cache }) => (cache ? [[cache.hits]] : []),
  stickyCacheMiss: ({ workflowCache: cache }) => (cache ? [[cache.misses]] : []),
  workflowTaskReplayed: ({ workflowCache: cache }) => (cache ? [[cache.replays]] : []),
  stickyCacheTotalForcedEviction: ({ workflowCache: cache }) => (cache ? [[cache.evictions]] : []),
  workflowTaskExecutionCompleted: ({ workflowTasks }) => [[workflowTasks.completed]],
  activityExecutionCompleted: ({ activities }) => [[activities.completed]],
  activityExecutionCanceled: ({ activities }) => [[activities.canceled]],
  workerSessionsOpen: ({ sessions }) => (sessions ? [[sessions.open]] : []),
  activityTaskUnregistered: ({ activities }) => [[activities.unregistered]],
  workerThrottledSeconds: ({ throttling }) => (throttling ? [[throttling.waitedMs / 1_000]] : []),
  workerThrottledTasksReturned: ({ throttling }) => (throttling ? [[throttling.returned]] : []),
  workerPollSilence: ({ pollSilenceMs }) => [[pollSilenceMs / 1_000]],
  workerPollConnectionsReplaced: ({ pollConnectionsReplaced }) => [[pollConnectionsReplaced]],
};

/** Of the kinds of task that the worker takes; slots of others are there and serve nobody. */
function slotsOf(
  { taskKinds, workflowSlots, activitySlots }: WorkerStatus,
  value: (slots: WorkerStatus['workflowSlots']) => number,
): Values {
  return taskKinds.map((kind) =>
    kind === 'workflow'
      ? [value(workflowSlots), { worker_type: 'WorkflowWorker' }]
      : [value(activitySlots), { worker_type: 'ActivityWorker' }],
  );
}

/**
 * Lets the registered meter look at the workers whenever metrics are collected.
 *
 * @returns ends it
 */
export function observeWorkers(statuses: () => readonly WorkerStatus[]): () => void {
  return observeMetrics(WORKER_STATUS_METRICS, (observe) => {
    for (const status of statuses()) {
      const { namespace, taskQueue } = status;
      for (const [key, read] of Object.entries(READS) as [Key, Read][]) {
        for (const [value, attributes] of read(status)) {
          observe(key, value, { namespace, task_queue: taskQueue, ...attributes });
        }
      }
    }
  });
}
