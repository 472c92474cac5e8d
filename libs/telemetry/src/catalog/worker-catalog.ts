import { LATENCY_BOUNDS, LIFE_BOUNDS, TASK_QUEUE } from './metric-definition.js';
import type { MetricDefinition, MetricTable } from './metric-definition.js';

const WORKFLOW = { ...TASK_QUEUE, workflow_type: 'Type of the workflow.' } as const;
const ACTIVITY = { ...TASK_QUEUE, activity_type: 'Type of the activity.' } as const;

const COUNTER = { kind: 'counter', source: 'worker' } as const satisfies Partial<MetricDefinition>;
const LATENCY = {
  kind: 'histogram',
  unit: 's',
  source: 'worker',
  bounds: LATENCY_BOUNDS,
} as const satisfies Partial<MetricDefinition>;

/** Metrics that workers record as things happen, called as Temporal's workers call them. */
export const WORKER_METRICS = {
  workerStart: {
    ...COUNTER,
    name: 'tidewheel_worker_start',
    unit: '{worker}',
    description: 'Workers that began to poll.',
    attributes: TASK_QUEUE,
  },
  workflowCompleted: {
    ...COUNTER,
    name: 'tidewheel_workflow_completed',
    unit: '{execution}',
    description: 'Runs that the worker completed.',
    attributes: WORKFLOW,
  },
  workflowFailed: {
    ...COUNTER,
    name: 'tidewheel_workflow_failed',
    unit: '{execution}',
    description: 'Runs that failed because their code threw a failure.',
    attributes: WORKFLOW,
  },
  workflowCanceled: {
    ...COUNTER,
    name: 'tidewheel_workflow_canceled',
    unit: '{execution}',
    description: 'Runs that were cancelled and accepted it.',
    attributes: WORKFLOW,
  },
  workflowEndToEndLatency: {
    ...LATENCY,
    name: 'tidewheel_workflow_endtoend_latency_seconds',
    description: 'From the start of a run to its end by one of its workflow tasks.',
    attributes: WORKFLOW,
    bounds: LIFE_BOUNDS,
  },
  workflowTaskScheduleToStartLatency: {
    ...LATENCY,
    name: 'tidewheel_workflow_task_schedule_to_start_latency_seconds',
    description:
      'How long workflow tasks waited for a worker; 0 for those that the worker began at once by itself.',
    attributes: WORKFLOW,
  },
  workflowTaskExecutionLatency: {
    ...LATENCY,
    name: 'tidewheel_workflow_task_execution_latency_seconds',
    description: 'How long the worker took for workflow tasks, from having them to having reported them.',
    attributes: WORKFLOW,
  },
  workflowTaskReplayLatency: {
    ...LATENCY,
    name: 'tidewheel_workflow_task_replay_latency_seconds',
    description: 'How long it took to run through the history of executions that were not in memory.',
    attributes: WORKFLOW,
  },
  workflowTaskExecutionFailed: {
    ...COUNTER,
    name: 'tidewheel_workflow_task_execution_failed',
    unit: '{task}',
    description: 'Workflow tasks that failed.',
    attributes: {
      ...WORKFLOW,
      failure_reason:
        '`NonDeterminismError`: the code does not fit the history; `WorkflowError`: it threw something else than a ' +
        'failure; `UnhandledCommand`: it closed without having seen all events; `BadCommand`: a command was refused; ' +
        '`NotFound`: the report came too late.',
    },
  },
  workflowTaskQueuePollSucceed: {
    ...COUNTER,
    name: 'tidewheel_workflow_task_queue_poll_succeed',
    unit: '{poll}',
    description: 'Reads that brought workflow tasks.',
    attributes: TASK_QUEUE,
  },
  workflowTaskQueuePollEmpty: {
    ...COUNTER,
    name: 'tidewheel_workflow_task_queue_poll_empty',
    unit: '{poll}',
    description: 'Reads that waited for workflow tasks in vain.',
    attributes: TASK_QUEUE,
  },
  activityPollNoTask: {
    ...COUNTER,
    name: 'tidewheel_activity_poll_no_task',
    unit: '{poll}',
    description: 'Reads that waited for activity tasks in vain.',
    attributes: TASK_QUEUE,
  },
  activityTaskReceived: {
    ...COUNTER,
    name: 'tidewheel_activity_task_received',
    unit: '{task}',
    description: 'Activity tasks that the worker got, also those that it began at once by itself.',
    attributes: ACTIVITY,
  },
  activityScheduleToStartLatency: {
    ...LATENCY,
    name: 'tidewheel_activity_schedule_to_start_latency_seconds',
    description:
      'How long attempts of activities waited for a worker; 0 for those that it began at once by itself.',
    attributes: ACTIVITY,
  },
  activityExecutionLatency: {
    ...LATENCY,
    name: 'tidewheel_activity_execution_latency_seconds',
    description: 'How long attempts of activities ran, however they ended.',
    attributes: ACTIVITY,
    bounds: LIFE_BOUNDS,
  },
  activitySucceedEndToEndLatency: {
    ...LATENCY,
    name: 'tidewheel_activity_succeed_endtoend_latency_seconds',
    description: 'From scheduling an activity to its success, all attempts together.',
    attributes: ACTIVITY,
    bounds: LIFE_BOUNDS,
  },
  activityExecutionFailed: {
    ...COUNTER,
    name: 'tidewheel_activity_execution_failed',
    unit: '{attempt}',
    description: 'Attempts of activities that failed, other than by failures of the category `BENIGN`.',
    attributes: {
      ...ACTIVITY,
      failure_type:
        "The type of the application failure, which is the error's name where the activity threw an ordinary error; " +
        'otherwise `CancelledFailure` and the like.',
    },
  },
} as const satisfies MetricTable;
