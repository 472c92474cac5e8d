import type { SearchAttributeTypes, VersioningOverride, WorkerDeploymentVersion } from '@tidewheel/core';
import type { Namespace, NamespaceSpec } from '@tidewheel/store';
import type { TaskQueueRates } from './rate-limit/rate-limit.js';
import type { UpdateTaskQueueConfigRequest } from './rate-limit/update-task-queue-config.js';
import type {
  WorkerDeploymentDescription,
  WorkerDeploymentVersionDescription,
} from './worker-deployments/describe-deployments.js';
import type {
  SetCurrentVersionRequest,
  SetCurrentVersionResponse,
} from './worker-deployments/set-current-version.js';
import type {
  SetRampingVersionRequest,
  SetRampingVersionResponse,
} from './worker-deployments/set-ramping-version.js';
import type { UpdateOptionsRequest } from './worker-deployments/update-options.js';
import type { ListQuarantinedTasksRequest, QuarantinedTasksPage } from './quarantine/quarantined-tasks.js';
import type {
  CancelWorkflowRequest,
  CountWorkflowsRequest,
  ExecutionAddress,
  HistoryPage,
  HistoryRequest,
  ListWorkflowsPage,
  ListWorkflowsRequest,
  QueryWorkflowRequest,
  QueryWorkflowResponse,
  ResultRequest,
  SearchAttributeList,
  SignalWithStartRequest,
  SignalWorkflowRequest,
  StartWorkflowRequest,
  StartWorkflowResponse,
  TaskQueueDescription,
  TerminateWorkflowRequest,
  WorkflowCount,
  WorkflowExecutionDescription,
  WorkflowOutcome,
} from './requests.js';
import type { ListWorkersPage, ListWorkersRequest } from './workers/list-workers.js';
import type { ScalingTargets, TaskQueueScaling } from './workers/scale-task-queue.js';
import type { WorkerInfo } from './workers/worker-heartbeat.js';

/**
 * What clients of the engine can do, whichever way they reach it. Everything is refused with a TidewheelError of
 * \@tidewheel/core when it cannot be done; unsound input with an InvalidArgumentError that names the field.
 */
export interface WorkflowService {
  /** @throws WorkflowExecutionAlreadyStartedError, NamespaceNotFoundError */
  startWorkflow(request: StartWorkflowRequest): Promise<StartWorkflowResponse>;
  /** @throws WorkflowExecutionAlreadyStartedError, BusyWorkflowError, LimitExceededError, NamespaceNotFoundError */
  signalWithStart(request: SignalWithStartRequest): Promise<StartWorkflowResponse>;
  /** @throws WorkflowNotFoundError when none is running, BusyWorkflowError, LimitExceededError */
  signalWorkflow(request: SignalWorkflowRequest): Promise<void>;
  /** @throws WorkflowNotFoundError when there is none at all */
  requestCancelWorkflow(request: CancelWorkflowRequest): Promise<void>;
  /** @throws WorkflowNotFoundError when none is running */
  terminateWorkflow(request: TerminateWorkflowRequest): Promise<void>;
  /** Deletes a run with its history; terminates a running one first. */
  deleteWorkflow(address: ExecutionAddress): Promise<void>;
  /** @throws QueryFailedError, WorkflowNotReadyError, NoPollerError, DeadlineExceededError */
  queryWorkflow(request: QueryWorkflowRequest): Promise<QueryWorkflowResponse>;
  describeWorkflow(address: ExecutionAddress): Promise<WorkflowExecutionDescription>;
  getHistory(request: HistoryRequest): Promise<HistoryPage>;
  /** Waits for the end of the run up to the given time, then tells that it still runs. */
  getResult(request: ResultRequest): Promise<WorkflowOutcome>;
  listWorkflows(request: ListWorkflowsRequest): Promise<ListWorkflowsPage>;
  countWorkflows(request: CountWorkflowsRequest): Promise<WorkflowCount>;
  /** Tasks that are kept back because their workers died with them. */
  listQuarantinedTasks(request: ListQuarantinedTasksRequest): Promise<QuarantinedTasksPage>;
  /** How many there are in all namespaces. */
  countQuarantinedTasks(): Promise<number>;
  /** @throws QuarantinedTaskNotFoundError, WorkflowNotFoundError */
  releaseQuarantinedTask(
    request: ExecutionAddress & { readonly activityId?: string | undefined },
  ): Promise<void>;
  describeTaskQueue(namespace: string, taskQueue: string): Promise<TaskQueueDescription>;
  /** @throws NamespaceNotFoundError */
  updateTaskQueueConfig(request: UpdateTaskQueueConfigRequest): Promise<TaskQueueRates>;
  listWorkerDeployments(namespace: string): Promise<WorkerDeploymentDescription[]>;
  /** @throws WorkerDeploymentNotFoundError */
  describeWorkerDeployment(namespace: string, deploymentName: string): Promise<WorkerDeploymentDescription>;
  /** @throws WorkerDeploymentNotFoundError */
  describeWorkerDeploymentVersion(
    namespace: string,
    version: WorkerDeploymentVersion,
  ): Promise<WorkerDeploymentVersionDescription>;
  /** @throws WorkerDeploymentNotFoundError, WorkerDeploymentConflictError, WorkerDeploymentNotReadyError */
  setWorkerDeploymentCurrentVersion(request: SetCurrentVersionRequest): Promise<SetCurrentVersionResponse>;
  /** @throws WorkerDeploymentNotFoundError, WorkerDeploymentConflictError, WorkerDeploymentNotReadyError */
  setWorkerDeploymentRampingVersion(request: SetRampingVersionRequest): Promise<SetRampingVersionResponse>;
  /** @throws WorkerDeploymentNotFoundError, WorkerDeploymentNotReadyError */
  deleteWorkerDeployment(namespace: string, deploymentName: string): Promise<void>;
  /** @throws WorkerDeploymentNotFoundError, WorkerDeploymentNotReadyError */
  deleteWorkerDeploymentVersion(
    namespace: string,
    version: WorkerDeploymentVersion,
    options?: { readonly skipDrainage?: boolean },
  ): Promise<void>;
  /** @throws WorkflowNotFoundError when none is running, WorkerDeploymentNotFoundError */
  updateWorkflowOptions(
    request: UpdateOptionsRequest,
  ): Promise<{ readonly versioningOverride?: VersioningOverride }>;
  /** How many workers a task queue wants, and why. */
  scaleTaskQueue(namespace: string, taskQueue: string, targets?: ScalingTargets): Promise<TaskQueueScaling>;
  /** The same for the task queues of a namespace that have workers, `most` of them at most, by name. */
  scaleTaskQueues(namespace: string, most: number): Promise<TaskQueueScaling[]>;
  /**
   * The task queues of all namespaces that workers poll, polled some minutes ago, or have left with tasks in them. To be asked
   * seldom.
   */
  listPolledTaskQueues(): Promise<Pick<TaskQueueScaling, 'namespace' | 'taskQueue'>[]>;
  listWorkers(request: ListWorkersRequest): Promise<ListWorkersPage>;
  countWorkers(request: Pick<ListWorkersRequest, 'namespace' | 'query'>): Promise<number>;
  /** @throws WorkerNotFoundError */
  describeWorker(namespace: string, workerInstanceKey: string): Promise<WorkerInfo>;
  createNamespace(spec: NamespaceSpec): Promise<Namespace>;
  /** @throws NamespaceNotFoundError */
  updateNamespace(spec: NamespaceSpec): Promise<Namespace>;
  /** @throws NamespaceNotFoundError */
  describeNamespace(name: string): Promise<Namespace>;
  listNamespaces(): Promise<Namespace[]>;
  /** @throws NamespaceNotFoundError */
  listSearchAttributes(namespace: string): Promise<SearchAttributeList>;
  /** @throws SearchAttributeAlreadyExistsError, NamespaceNotFoundError */
  addSearchAttributes(namespace: string, types: SearchAttributeTypes): Promise<void>;
  /** @throws SearchAttributeNotFoundError, NamespaceNotFoundError */
  removeSearchAttributes(namespace: string, names: readonly string[]): Promise<void>;
}
