/**
 * Hands tasks to workers that reach Redis through a server process, whatever protocol they speak with it: their polls wait
 * here, one task reader reads for all of them, and a task whose poller has gone goes back.
 *
 * @example
 * ```ts
 * import { TaskHub } from '@tidewheel/remote-polling';
 *
 * const hub = new TaskHub(engine, logger);
 * const queue = { kind: 'activity', namespace: 'default', name: 'orders', normalName: 'orders' } as const;
 * const poller = { identity: 'worker-1', workerInstanceKey: '' };
 * const task = await hub.poll(queue, poller, { signal: callerGone, deadlineMs: Infinity });
 * ```
 */
export type { PolledTask } from './poll.js';
export type { PolledQueue } from './polled-queue.js';
export { RemoteWorkers } from './remote-workers.js';
export type { HandedActivityTask, HandedWorkflowTask } from './remote-workers.js';
export {
  activityAttemptOf,
  activityTaskTokenOf,
  workflowTaskOf,
  workflowTaskTokenOf,
} from './reported-tasks.js';
export { sentWithQuery, sentWithTask } from './sent-history.js';
export { TaskHub } from './task-hub.js';
export {
  decodeActivityTaskToken,
  decodeHistoryToken,
  decodeQueryTaskToken,
  decodeWorkflowTaskToken,
  encodeHistoryToken,
  encodeQueryTaskToken,
} from './tokens.js';
export type { HistoryToken } from './tokens.js';
export { workerLogger } from './worker-logger.js';
export type { WorkerFacts } from './worker-notes.js';
