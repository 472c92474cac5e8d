import { PROCESS_METRICS } from './catalog/process-catalog.js';
import { TASK_QUEUE_METRICS } from './catalog/task-queue-catalog.js';
import { WORKER_METRICS } from './catalog/worker-catalog.js';
import { WORKER_STATUS_METRICS } from './catalog/worker-status-catalog.js';

/** Every metric that Tidewheel emits. Nothing is recorded that is not declared here. */
export const METRICS = {
  ...TASK_QUEUE_METRICS,
  ...WORKER_METRICS,
  ...WORKER_STATUS_METRICS,
  ...PROCESS_METRICS,
} as const;
