import { TASK_QUEUE } from './metric-definition.js';
import type { MetricDefinition, MetricTable } from './metric-definition.js';

const GAUGE = {
  kind: 'gauge',
  source: 'worker',
  attributes: TASK_QUEUE,
} as const satisfies Partial<MetricDefinition>;
const COUNTER = { ...GAUGE, kind: 'counter' } as const;
const WORKER_TYPE = { ...TASK_QUEUE, worker_type: '`WorkflowWorker` or `ActivityWorker`.' } as const;

/** Metrics of workers that are read off their status whenever metrics are collected. */
export const WORKER_STATUS_METRICS = {
  workerTaskSlotsAvailable: {
    ...GAUGE,
    name: 'tidewheel_worker_task_slots_available',
    unit: '{task}',
    description: 'Tasks that could be taken in addition, of each kind that the worker takes.',
    attributes: WORKER_TYPE,
  },
  workerTaskSlotsUsed: {
    ...GAUGE,
    name: 'tidewheel_worker_task_slots_used',
    unit: '{task}',
    description: 'Tasks that are being worked on, of each kind that the worker takes.',
    attributes: WORKER_TYPE,
  },
  numPollers: {
    ...GAUGE,
    name: 'tidewheel_num_pollers',
    unit: '{poller}',
    description: 'Kinds of tasks that the worker reads; one blocking read of its process serves them all.',
    attributes: { ...TASK_QUEUE, poller_type: '`workflow_task`, `sticky_workflow_task` or `activity_task`.' },
  },
  stickyCacheSize: {
    ...GAUGE,
    name: 'tidewheel_sticky_cache_size',
    unit: '{execution}',
    description: 'Workflow executions that are kept in memory.',
  },
  stickyCacheSizeBytes: {
    ...GAUGE,
    name: 'tidewheel_sticky_cache_size_bytes',
    unit: 'By',
    description: 'Estimated memory of the workflow executions that are kept in memory.',
  },
  stickyCacheHit: {
    ...COUNTER,
    name: 'tidewheel_sticky_cache_hit',
    unit: '{task}',
    description: 'Workflow tasks whose execution was found in memory.',
  },
  stickyCacheMiss: {
    ...COUNTER,
    name: 'tidewheel_sticky_cache_miss',
    unit: '{task}',
    description: 'Workflow tasks whose execution was expected in memory and was not there.',
  },
  workflowTaskReplayed: {
    ...COUNTER,
    name: 'tidewheel_workflow_task_replayed',
    unit: '{task}',
    description:
      'Workflow tasks, beside the first of a run, that were run from the beginning of the history: after a miss, or ' +
      'because another worker had the execution before.',
  },
  stickyCacheTotalForcedEviction: {
    ...COUNTER,
    name: 'tidewheel_sticky_cache_total_forced_eviction',
    unit: '{execution}',
    description: 'Workflow executions that were dropped from memory to make room.',
  },
  workflowTaskExecutionCompleted: {
    ...COUNTER,
    name: 'tidewheel_workflow_task_execution_completed',
    unit: '{task}',
    description: 'Workflow tasks that were completed.',
  },
  activityExecutionCompleted: {
    ...COUNTER,
    name: 'tidewheel_activity_execution_completed',
    unit: '{attempt}',
    description: 'Attempts of activities that were completed.',
  },
  activityExecutionCanceled: {
    ...COUNTER,
    name: 'tidewheel_activity_execution_canceled',
    unit: '{attempt}',
    description: 'Activities that were cancelled and accepted it.',
  },
  workerSessionsOpen: {
    ...GAUGE,
    name: 'tidewheel_worker_sessions_open',
    unit: '{session}',
    description: 'Sessions that are open on this worker.',
  },
  activityTaskUnregistered: {
    ...COUNTER,
    name: 'tidewheel_activity_task_unregistered',
    unit: '{task}',
    description: 'Activity tasks that were handed back because this worker does not have the activity.',
  },
  workerThrottledSeconds: {
    ...COUNTER,
    name: 'tidewheel_worker_throttled_seconds',
    unit: 's',
    description: 'Time in which the worker had room for activities and waited for permits of its task queue.',
  },
  workerThrottledTasksReturned: {
    ...COUNTER,
    name: 'tidewheel_worker_throttled_tasks_returned',
    unit: '{task}',
    description: 'Activity tasks that were read above the rate of their task queue and went back to it.',
  },
  workerPollSilence: {
    ...GAUGE,
    name: 'tidewheel_worker_poll_silence_seconds',
    unit: 's',
    description:
      'How long the blocking read of tasks has given no reply; at most about three when all is well.',
  },
  workerPollConnectionsReplaced: {
    ...COUNTER,
    name: 'tidewheel_worker_poll_connections_replaced',
    unit: '{connection}',
    description: 'Connections for blocking reads that were thrown away for being silent.',
  },
} as const satisfies MetricTable;
