/**
 * The engine: everything that can be done to executions and tasks, and the background duties.
 *
 * @example
 * ```ts
 * import { Engine } from '@tidewheel/engine';
 *
 * const engine = await Engine.open({ connection: { url: 'redis://127.0.0.1:7379' } });
 * await engine.startDuties();
 * await engine.startWorkflow({ namespace: 'default', workflowId: 'hello-1', workflowType: 'hello', taskQueue: 'main' });
 * ```
 */
export { Engine } from './engine.js';
export { awaitClose } from './read-history.js';
export type { AwaitedClose } from './read-history.js';
export type { EngineOptions } from './engine.js';
export { DurabilityError } from './durability-watch.js';
export type { WorkflowService } from './engine-api.js';
export type { EngineContext, EngineLogger, LogFields, RunAddress } from './engine-context.js';
export { runAddress, SILENT_LOGGER } from './engine-context.js';
export type { ClosedStatus, EngineMetrics } from './engine-metrics.js';
export type { EngineHealth, HealthCheck } from './health.js';
export type {
  CancelWorkflowRequest,
  CountWorkflowsRequest,
  ExecutionAddress,
  HistoryPage,
  HistoryRequest,
  ListWorkflowsPage,
  ListWorkflowsRequest,
  PendingActivityInfo,
  PendingTimerInfo,
  PendingWorkflowTaskInfo,
  PollerInfo,
  QueryRejectCondition,
  QueryWorkflowRequest,
  QueryWorkflowResponse,
  ResultRequest,
  SignalWithStartRequest,
  SignalWorkflowRequest,
  StartWorkflowRequest,
  StartWorkflowResponse,
  TaskQueueDescription,
  TaskQueuePoller,
  TaskQueueStats,
  TerminateWorkflowRequest,
  WorkflowCount,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowOutcome,
  WorkflowVersioningInfo,
} from './requests.js';
export type {
  VersionSummary,
  WorkerDeploymentDescription,
  WorkerDeploymentVersionDescription,
} from './worker-deployments/describe-deployments.js';
export { registerVersion } from './worker-deployments/register-version.js';
export type { VersionQueue } from './worker-deployments/deployment-records.js';
export { answerQuery } from './query-workflow.js';
export { returnPermits, takePermits } from './rate-limit/permits.js';
export type { Permits } from './rate-limit/permits.js';
export type {
  EffectiveRateLimit,
  QueueName,
  QueueRateLimit,
  RateLimitSource,
  TaskQueueRates,
} from './rate-limit/rate-limit.js';
export type { UpdateTaskQueueConfigRequest } from './rate-limit/update-task-queue-config.js';
export { WORKER_RATE_PERIOD_MS } from './rate-limit/worker-rates.js';
export type { WorkerRate } from './rate-limit/worker-rates.js';
export { notePollers } from './poller-registry.js';
export type { NotedPollers } from './poller-registry.js';
export { startWorkflowTasks } from './workflow-task/start-workflow-tasks.js';
export type { WorkflowTaskSource } from './workflow-task/start-workflow-tasks.js';
export { completeWorkflowTask } from './workflow-task/complete-workflow-task.js';
export type {
  WorkflowTaskCompletion,
  WorkflowTaskCompletionOutcome,
} from './workflow-task/complete-workflow-task.js';
export {
  failWorkflowTask,
  returnWorkflowTask,
  timeOutWorkflowTask,
} from './workflow-task/end-workflow-task.js';
export type { WorkflowTaskFailure, WorkflowTaskStamp } from './workflow-task/end-workflow-task.js';
export { leaveStickyQueue } from './workflow-task/leave-sticky-queue.js';
export type { StickyQueueDeparture } from './workflow-task/leave-sticky-queue.js';
export { resetStickyTaskQueue } from './workflow-task/reset-sticky.js';
export { returnQuery, returnTaskEntries } from './workflow-task/return-tasks.js';
export { readStoredEvents } from './workflow-task/read-events.js';
export { takeQuery } from './workflow-task/take-query.js';
export type { QueryTask } from './workflow-task/take-query.js';
export type { TaskQuery, WorkflowTask } from './workflow-task/workflow-task.js';
export { startActivityTasks } from './activity-task/start-activity-tasks.js';
export type { ActivityAttempt, ActivityTask } from './activity-task/activity-task.js';
export { handBackUnregisteredActivity } from './activity-task/hand-back-activity.js';
export type { HandBackOutcome } from './activity-task/hand-back-activity.js';
export { cancelActivity, completeActivity, failActivity } from './activity-task/resolve-activity.js';
export type { ActivityReporter, ActivityReportOutcome } from './activity-task/resolve-activity.js';
export { heartbeatActivity, returnActivity } from './activity-task/heartbeat.js';
export type { HeartbeatResponse } from './activity-task/heartbeat.js';
export {
  forgetSeenWorkers,
  forgetWorkers,
  recordSeenWorkers,
  recordWorkers,
} from './workers/record-workers.js';
export type { RecordWorkersOptions } from './workers/record-workers.js';
export { SLOT_KINDS, WORKER_TRANSPORTS } from './workers/worker-heartbeat.js';
export type {
  SlotKind,
  WorkerDeploymentVersion,
  WorkerHeartbeat,
  WorkerInfo,
  WorkerKind,
  WorkerPollers,
  WorkerRunStatus,
  WorkerSlots,
  WorkerTransport,
} from './workers/worker-heartbeat.js';
export type { ListWorkersPage, ListWorkersRequest } from './workers/list-workers.js';
export type { RegistrationMismatch } from './workers/registrations.js';
export type {
  KindScaling,
  ScalingTargets,
  TaskQueueScaling,
  VersionLoad,
} from './workers/scale-task-queue.js';
