/**
 * Pure decisions about where tasks go.
 *
 * @example
 * ```ts
 * import { partitionOf } from '@tidewheel/routing';
 *
 * partitionOf('default', 'order-17', 4); // 0, 1, 2 or 3, always the same
 * ```
 */
export { desiredWorkers } from './desired-workers.js';
export type { WorkerDemand } from './desired-workers.js';
export { partitionOf } from './partition.js';
export { burstOf, newBucket, returnPermits, takePermits } from './permit-bucket.js';
export type { DispatchRate, PermitBucket, PermitGrant } from './permit-bucket.js';
export { readQuota } from './read-quota.js';
export type { ReadQuota } from './read-quota.js';
export {
  formatVersion,
  parseRoute,
  parseVersion,
  pinnedRoute,
  queueOfRoute,
  sameVersion,
  sharedStreamName,
  unpinnedRoute,
} from './task-route.js';
export type { DeploymentVersion, SharedStream, TaskRoute } from './task-route.js';
export { abandonedStreams, chooseTarget, streamsOfVersion, versionOfStream } from './version-routing.js';
export type { QueueRouting, Ramp, TaskTarget } from './version-routing.js';
