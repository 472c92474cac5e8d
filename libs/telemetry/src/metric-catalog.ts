import { ENGINE_METRICS } from './catalog/engine-catalog.js';
import { PROCESS_METRICS } from './catalog/process-catalog.js';
import { QUARANTINE_METRICS } from './catalog/quarantine-catalog.js';
import { CONNECTION_METRICS, REDIS_METRICS, SERVICE_METRICS } from './catalog/service-catalog.js';
import { TASK_QUEUE_METRICS } from './catalog/task-queue-catalog.js';
import { WORKER_METRICS } from './catalog/worker-catalog.js';
import { WORKER_STATUS_METRICS } from './catalog/worker-status-catalog.js';

/** Every metric that Tidewheel emits. Nothing is recorded that is not declared here. */
export const METRICS = {
  ...QUARANTINE_METRICS,
  ...TASK_QUEUE_METRICS,
  ...WORKER_METRICS,
  ...WORKER_STATUS_METRICS,
  ...ENGINE_METRICS,
  ...SERVICE_METRICS,
  ...REDIS_METRICS,
  ...CONNECTION_METRICS,
  ...PROCESS_METRICS,
} as const;
