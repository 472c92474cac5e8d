import { TASK_QUEUE } from './metric-definition.js';
import type { MetricDefinition, MetricTable } from './metric-definition.js';

const ATTRIBUTES = { ...TASK_QUEUE, kind: '`workflow` or `activity`.' } as const;
const SHARED = {
  kind: 'gauge',
  source: 'api',
  attributes: ATTRIBUTES,
} as const satisfies Partial<MetricDefinition>;

/**
 * Metrics of task queues that have workers, of which every API process shows the same, and of those that have none any more:
 * each process shows those that it has seen with workers or found at its start.
 */
export const TASK_QUEUE_METRICS = {
  approximateBacklogCount: {
    ...SHARED,
    name: 'tidewheel_approximate_backlog_count',
    unit: '{task}',
    description: 'Tasks that wait and were not started.',
  },
  approximateBacklogAge: {
    ...SHARED,
    name: 'tidewheel_approximate_backlog_age_seconds',
    unit: 's',
    description: 'Age of the oldest task that waits; 0 when none does.',
  },
  taskQueueInFlight: {
    ...SHARED,
    name: 'tidewheel_task_queue_in_flight',
    unit: '{task}',
    description: 'Tasks that are being run, as the workers last said.',
  },
  taskQueuePollers: {
    ...SHARED,
    name: 'tidewheel_task_queue_pollers',
    unit: '{worker}',
    description: 'Workers that take such tasks.',
  },
  taskQueueSlots: {
    ...SHARED,
    name: 'tidewheel_task_queue_slots',
    unit: '{task}',
    description: 'Tasks that the workers can run at once.',
  },
  taskQueueDesiredWorkers: {
    ...SHARED,
    name: 'tidewheel_task_queue_desired_workers',
    unit: '{worker}',
    description: 'Workers that are wanted, at one task for each slot.',
  },
  taskQueueRegistrationMismatches: {
    ...SHARED,
    name: 'tidewheel_task_queue_registration_mismatches',
    unit: '{registration}',
    description: 'Registrations that are not those of the other workers of a version; 0 when all agree.',
  },
} as const satisfies MetricTable;
