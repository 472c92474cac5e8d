/**
 * The Redis adapter: keys, connections, one script per transition.
 *
 * @example
 * ```ts
 * import { openDeployment, openRedis } from '@tidewheel/store';
 *
 * const redis = openRedis({ url: 'redis://127.0.0.1:7379' });
 * const keys = await openDeployment(redis, { partitions: 4 });
 * ```
 */
export { ACTIVITY_RECORD_BYTES, readActivityRecord, readHandBack } from './activity-record.js';
export type { ActivityRecord, ActivityState } from './activity-record.js';
export type { BlockingConnection } from './blocking-connection.js';
export {
  growDeployment,
  NamespaceStore,
  openDeployment,
  PartitionCountMismatchError,
  readDeploymentSizes,
} from './deployment.js';
export type { DeploymentSize, DeploymentSizes, Namespace, NamespaceSpec } from './deployment.js';
export { findDurabilityFaults } from './durability.js';
export type { DurabilityFinding } from './durability.js';
export {
  EXECUTION_STATE_FIELDS,
  readExecutionState,
  readTaskSilence,
  RUN_PROPERTY_FIELDS,
  WORKFLOW_TASK_STATES,
} from './execution-state.js';
export type { ExecutionState, RunningState, StoredVersioning, WorkflowTaskState } from './execution-state.js';
export { Keyspace, parseMember, parseRunMember, WORKERS_GROUP } from './keys.js';
export type { ExecutionKeys, PartitionKeys, RunKeys, TaskKind, WorkerKeys } from './keys.js';
export { isRedisAddress, REDIS_ADDRESS_FORMS } from './redis-address.js';
export { openRedis, scriptRunner } from './redis-connection.js';
export type { Redis, RedisConnectionOptions, RedisServer } from './redis-connection.js';
export { RedisConnections } from './redis-connections.js';
export type { BlockingReads } from './redis-connections.js';
export { loadMissingScripts, loadScripts, primariesOf, primaryOf } from './redis-nodes.js';
export {
  answerQuery,
  changeDeployments,
  checkQuarantined,
  closeExecution,
  completeWorkflowTask,
  createQuery,
  deleteExecution,
  dispatchActivity,
  dispatchWorkflowTask,
  endWorkflowTask,
  fireTimers,
  forgetAbsent,
  handBackActivity,
  forgetWorkers,
  leavePresence,
  leaveSticky,
  moveTasks,
  listWorkerQueues,
  notePresence,
  openStream,
  raiseRevision,
  quarantineActivity,
  quarantineWorkflowTask,
  readHistory,
  readWorkerTotals,
  recordEvent,
  recordHeartbeat,
  recordWorkers,
  releaseActivity,
  releaseWorkflowTask,
  resetSticky,
  resolveActivity,
  retryActivity,
  returnPermits,
  returnTasks,
  SCRIPTS,
  setApiRate,
  setWorkerRate,
  startActivityTasks,
  startExecution,
  startWorkflowTasks,
  takeOver,
  takePermits,
  takeQuery,
  updateOptions,
} from './scripts.generated.js';
export type { Script, ScriptArgument, ScriptRunner, ScriptText } from './script.js';
export { parseTaskEntry } from './task-entry.js';
export type {
  ActivityTaskEntry,
  QueryEntry,
  RawStreamEntry,
  TaskEntry,
  WorkflowTaskEntry,
} from './task-entry.js';
