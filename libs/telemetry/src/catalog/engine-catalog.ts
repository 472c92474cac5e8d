import { LATENCY_BOUNDS, NAMESPACE, TASK_QUEUE } from './metric-definition.js';
import type { MetricDefinition, MetricTable } from './metric-definition.js';

const RUNS = {
  kind: 'counter',
  unit: '{execution}',
  source: 'every process',
  attributes: NAMESPACE,
} as const satisfies Partial<MetricDefinition>;
const TIMEOUTS = { ...RUNS, unit: '{attempt}' } as const;
const POLLS = {
  ...RUNS,
  unit: '{poll}',
  source: 'api',
  attributes: { ...TASK_QUEUE, kind: '`workflow` or `activity`.' },
} as const;
const SCRIPTS = { source: 'every process', attributes: { operation: 'Name of the script.' } } as const;

/**
 * Metrics of the engine, recorded by whichever process does the thing: their sum over all processes is what happened.
 * They are called as Temporal's servers call them. `server` is in the names of how runs end, because Temporal's workers
 * have a `workflow_failed` of their own.
 */
export const ENGINE_METRICS = {
  serverWorkflowSuccess: {
    ...RUNS,
    name: 'tidewheel_server_workflow_success',
    description: 'Runs that completed.',
  },
  serverWorkflowFailed: {
    ...RUNS,
    name: 'tidewheel_server_workflow_failed',
    description: 'Runs that failed, by their code or for a limit that they broke.',
  },
  serverWorkflowTimeout: {
    ...RUNS,
    name: 'tidewheel_server_workflow_timeout',
    description: 'Runs whose run or execution timeout passed.',
  },
  serverWorkflowTerminate: {
    ...RUNS,
    name: 'tidewheel_server_workflow_terminate',
    description: 'Runs that were terminated.',
  },
  serverWorkflowCancel: {
    ...RUNS,
    name: 'tidewheel_server_workflow_cancel',
    description: 'Runs that were cancelled and accepted it.',
  },
  scheduleToStartTimeout: {
    ...TIMEOUTS,
    name: 'tidewheel_schedule_to_start_timeout',
    description: 'Activities that no worker took in time.',
  },
  scheduleToCloseTimeout: {
    ...TIMEOUTS,
    name: 'tidewheel_schedule_to_close_timeout',
    description: 'Activities that were not over in time, with all their attempts.',
  },
  startToCloseTimeout: {
    ...TIMEOUTS,
    name: 'tidewheel_start_to_close_timeout',
    description: 'Attempts of activities that took too long.',
  },
  heartbeatTimeout: {
    ...TIMEOUTS,
    name: 'tidewheel_heartbeat_timeout',
    description: 'Attempts of activities that were silent for too long.',
  },
  persistenceLatency: {
    ...SCRIPTS,
    name: 'tidewheel_persistence_latency_seconds',
    kind: 'histogram',
    unit: 's',
    description:
      'How long Redis took for scripts, from handing the call over to the reply; its count is that of the calls.',
    bounds: LATENCY_BOUNDS,
  },
  persistenceErrors: {
    ...SCRIPTS,
    name: 'tidewheel_persistence_errors',
    kind: 'counter',
    unit: '{call}',
    description: 'Calls of scripts that Redis refused, or that were given up.',
  },
  pollSuccess: {
    ...POLLS,
    name: 'tidewheel_poll_success',
    description: 'Polls over REST and gRPC that got a task.',
  },
  pollTimeouts: {
    ...POLLS,
    name: 'tidewheel_poll_timeouts',
    description: 'Polls over REST and gRPC that ended without a task.',
  },
} as const satisfies MetricTable;
