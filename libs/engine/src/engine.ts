import { SYSTEM_SEARCH_ATTRIBUTES } from '@tidewheel/core';
import type { SearchAttributeTypes } from '@tidewheel/core';
import type { DurabilityFinding, Namespace, NamespaceSpec, RedisConnectionOptions } from '@tidewheel/store';
import {
  loadScripts,
  NamespaceStore,
  openDeployment,
  RedisConnections,
  SCRIPTS,
  scriptRunner,
} from '@tidewheel/store';
import { LIMITS } from '@tidewheel/core';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { findActivity } from './activity-task/find-activity.js';
import { BackgroundDuties } from './background-duties.js';
import type { DutyOptions } from './background-duties.js';
import { DurabilityWatch } from './durability-watch.js';
import { countWorkflows } from './count-workflows.js';
import { deleteWorkflow } from './delete-workflow.js';
import { describeTaskQueue } from './describe-task-queue.js';
import { describeWorkflow } from './describe-workflow.js';
import { deleteExpiredExecutions } from './duties/retention.js';
import { SILENT_LOGGER } from './engine-context.js';
import type { EngineContext, EngineLogger } from './engine-context.js';
import { NO_METRICS } from './engine-metrics.js';
import type { EngineMetrics } from './engine-metrics.js';
import { HealthProbe } from './health.js';
import type { EngineHealth } from './health.js';
import type { WorkflowService } from './engine-api.js';
import { listWorkflows } from './list-workflows.js';
import { NamespaceRegistry } from './namespace-registry.js';
import { queryTraced, signalTraced, signalWithStartTraced, startTraced } from './traced-calls.js';
import { DeploymentRegistry } from './worker-deployments/deployment-registry.js';
import { Notices } from './notices.js';
import {
  countQuarantinedTasks,
  listQuarantinedTasks,
  releaseQuarantinedTask,
} from './quarantine/quarantined-tasks.js';
import type { ListQuarantinedTasksRequest } from './quarantine/quarantined-tasks.js';
import { growPartitions } from './grow-partitions.js';
import type { GrowPartitionsRequest } from './grow-partitions.js';
import { Placement } from './placement.js';
import { RateLimits } from './rate-limit/rate-limits.js';
import { updateTaskQueueConfig } from './rate-limit/update-task-queue-config.js';
import type { UpdateTaskQueueConfigRequest } from './rate-limit/update-task-queue-config.js';
import { WorkerRates } from './rate-limit/worker-rates.js';
import { getHistory, getResult } from './read-history.js';
import { requestCancelWorkflow } from './record-event.js';
import type {
  CancelWorkflowRequest,
  CountWorkflowsRequest,
  ExecutionAddress,
  HistoryRequest,
  ListWorkflowsRequest,
  QueryWorkflowRequest,
  ResultRequest,
  SearchAttributeList,
  SignalWithStartRequest,
  SignalWorkflowRequest,
  StartWorkflowRequest,
  TerminateWorkflowRequest,
} from './requests.js';
import { withoutSearchAttributes, withSearchAttributes } from './search-attributes/registered-attributes.js';
import { timedScripts } from './timed-scripts.js';
import { terminateWorkflow } from './terminate-workflow.js';
import {
  deleteWorkerDeployment,
  deleteWorkerDeploymentVersion,
} from './worker-deployments/delete-deployments.js';
import {
  describeWorkerDeployment,
  describeWorkerDeploymentVersion,
  listWorkerDeployments,
} from './worker-deployments/describe-deployments.js';
import { setCurrentVersion } from './worker-deployments/set-current-version.js';
import type { SetCurrentVersionRequest } from './worker-deployments/set-current-version.js';
import { setRampingVersion } from './worker-deployments/set-ramping-version.js';
import type { SetRampingVersionRequest } from './worker-deployments/set-ramping-version.js';
import { updateWorkflowOptions } from './worker-deployments/update-options.js';
import type { UpdateOptionsRequest } from './worker-deployments/update-options.js';
import { countWorkers, describeWorker, listWorkers } from './workers/list-workers.js';
import type { ListWorkersRequest } from './workers/list-workers.js';
import { listPolledTaskQueues } from './workers/polled-queues.js';
import { scaleTaskQueue, scaleTaskQueues } from './workers/scale-task-queue.js';
import type { ScalingTargets } from './workers/scale-task-queue.js';

/** How to open an {@link Engine}. */
export interface EngineOptions {
  readonly connection: RedisConnectionOptions;
  /** Partitions to create a new deployment with; an existing one must have as many. Default: 1, or what is there. */
  readonly partitions?: number | undefined;
  /** First part of every key; default `tw`. */
  readonly prefix?: string | undefined;
  /**
   * For tests that cannot wait a minute: how long the engine may act by what it knows of the number of partitions. It has to
   * be the same in all processes of a deployment.
   */
  readonly placementLeaseMs?: number | undefined;
  /** Default `pid@hostname`. */
  readonly identity?: string | undefined;
  readonly logger?: EngineLogger | undefined;
  /** Hears what the engine does; default: nobody. */
  readonly metrics?: EngineMetrics | undefined;
  /** Refuse a Redis whose settings endanger acknowledged work, instead of warning. Default: false. */
  readonly strictDurability?: boolean | undefined;
  /** Workers that may be lost in a row with one task before its duties quarantine it; 0: any number. Default: 5. */
  readonly quarantineAfter?: number | undefined;
}

/** The engine over one Redis. It keeps no state of its own: any number may run on the same deployment. */
export class Engine implements WorkflowService {
  private duties: Promise<BackgroundDuties> | undefined;

  private constructor(
    /** What the use-cases work with; for workers and gateways that are built on the engine. */
    readonly context: EngineContext,
    private readonly probe: HealthProbe,
    private readonly durability: DurabilityWatch,
  ) {}

  /**
   * Connects and opens the deployment, creating it when there is none. Waits for Redis as long as it takes.
   *
   * @throws PartitionCountMismatchError
   * @throws DurabilityError when `strictDurability` and Redis may lose acknowledged work
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const identity = options.identity ?? `${process.pid}@${hostname()}`;
    const { logger = SILENT_LOGGER, metrics = NO_METRICS } = options;
    const connections = new RedisConnections(
      options.connection,
      (purpose) => `tidewheel:${purpose}:${identity}`,
      (error, connection) => logger.debug({ error, connection }, 'Redis connection failed; retrying'),
    );
    const redis = connections.commands;
    try {
      const keys = await openDeployment(redis, {
        ...(options.partitions !== undefined && { partitions: options.partitions }),
        ...(options.prefix !== undefined && { prefix: options.prefix }),
      });
      await loadScripts(redis, SCRIPTS);
      const notices = new Notices(connections, keys, logger);
      const run = options.metrics ? timedScripts(scriptRunner(redis), metrics) : scriptRunner(redis);
      const namespaces = new NamespaceRegistry(new NamespaceStore(redis, run, options.prefix));
      const context: EngineContext = {
        redis,
        connections,
        run,
        keys,
        placement: await Placement.open(redis, run, keys, options.placementLeaseMs),
        namespaces,
        notices,
        rateLimits: new RateLimits(() => context),
        workerRates: new WorkerRates(),
        deployments: new DeploymentRegistry(redis, run, keys, notices),
        identity,
        worker: randomInt(1, 2 ** 48 - 1),
        quarantineAfter: options.quarantineAfter ?? LIMITS.lostWorkersPerTask,
        logger,
        metrics,
      };
      const durability = await DurabilityWatch.start(redis, logger, options.strictDurability ?? false);
      return new Engine(context, new HealthProbe(context, durability), durability);
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }

  startWorkflow(request: StartWorkflowRequest) {
    return startTraced(this.context, request);
  }

  signalWithStart(request: SignalWithStartRequest) {
    return signalWithStartTraced(this.context, request);
  }

  /** The started attempt that is pending under an activity id, for reporting on it without its task. */
  findActivity(request: ExecutionAddress & { readonly activityId: string }) {
    return findActivity(this.context, request);
  }

  signalWorkflow(request: SignalWorkflowRequest) {
    return signalTraced(this.context, request);
  }

  requestCancelWorkflow(request: CancelWorkflowRequest) {
    return requestCancelWorkflow(this.context, request);
  }

  terminateWorkflow(request: TerminateWorkflowRequest) {
    return terminateWorkflow(this.context, request);
  }

  deleteWorkflow(address: ExecutionAddress) {
    return deleteWorkflow(this.context, address);
  }

  queryWorkflow(request: QueryWorkflowRequest) {
    return queryTraced(this.context, request);
  }

  describeWorkflow(address: ExecutionAddress) {
    return describeWorkflow(this.context, address);
  }

  getHistory(request: HistoryRequest) {
    return getHistory(this.context, request);
  }

  getResult(request: ResultRequest) {
    return getResult(this.context, request);
  }

  listWorkflows(request: ListWorkflowsRequest) {
    return listWorkflows(this.context, request);
  }

  countWorkflows(request: CountWorkflowsRequest) {
    return countWorkflows(this.context, request);
  }

  listQuarantinedTasks(request: ListQuarantinedTasksRequest) {
    return listQuarantinedTasks(this.context, request);
  }

  countQuarantinedTasks() {
    return countQuarantinedTasks(this.context);
  }

  releaseQuarantinedTask(request: ExecutionAddress & { readonly activityId?: string | undefined }) {
    return releaseQuarantinedTask(this.context, request);
  }

  describeTaskQueue(namespace: string, taskQueue: string) {
    return describeTaskQueue(this.context, namespace, taskQueue);
  }

  /** Sets or removes the dispatch rate of a task queue's activity tasks. */
  updateTaskQueueConfig(request: UpdateTaskQueueConfigRequest) {
    return updateTaskQueueConfig(this.context, request);
  }

  listWorkerDeployments(namespace: string) {
    return listWorkerDeployments(this.context, namespace);
  }

  describeWorkerDeployment(namespace: string, deploymentName: string) {
    return describeWorkerDeployment(this.context, namespace, deploymentName);
  }

  describeWorkerDeploymentVersion(namespace: string, version: WorkerDeploymentVersion) {
    return describeWorkerDeploymentVersion(this.context, namespace, version);
  }

  setWorkerDeploymentCurrentVersion(request: SetCurrentVersionRequest) {
    return setCurrentVersion(this.context, request);
  }

  setWorkerDeploymentRampingVersion(request: SetRampingVersionRequest) {
    return setRampingVersion(this.context, request);
  }

  deleteWorkerDeployment(namespace: string, deploymentName: string) {
    return deleteWorkerDeployment(this.context, namespace, deploymentName);
  }

  deleteWorkerDeploymentVersion(
    namespace: string,
    version: WorkerDeploymentVersion,
    options?: { readonly skipDrainage?: boolean },
  ) {
    return deleteWorkerDeploymentVersion(this.context, namespace, version, options);
  }

  updateWorkflowOptions(request: UpdateOptionsRequest) {
    return updateWorkflowOptions(this.context, request);
  }

  /** How many workers a task queue wants, and why. */
  scaleTaskQueue(namespace: string, taskQueue: string, targets?: ScalingTargets) {
    return scaleTaskQueue(this.context, namespace, taskQueue, targets);
  }

  /** The same for the task queues of a namespace that have workers, `most` of them at most, by name. */
  scaleTaskQueues(namespace: string, most: number) {
    return scaleTaskQueues(this.context, namespace, most);
  }

  /**
   * The task queues of all namespaces that workers poll, polled some minutes ago, or have left with tasks in them. To be asked
   * seldom.
   */
  listPolledTaskQueues() {
    return listPolledTaskQueues(this.context);
  }

  listWorkers(request: ListWorkersRequest) {
    return listWorkers(this.context, request);
  }

  countWorkers(request: Pick<ListWorkersRequest, 'namespace' | 'query'>) {
    return countWorkers(this.context, request);
  }

  describeWorker(namespace: string, workerInstanceKey: string) {
    return describeWorker(this.context, namespace, workerInstanceKey);
  }

  /** Gives the deployment more partitions; processes have to be restarted for it. */
  growPartitions(request: GrowPartitionsRequest) {
    return growPartitions(this.context, request);
  }

  async createNamespace(spec: NamespaceSpec): Promise<Namespace> {
    return this.context.namespaces.create(spec);
  }

  /** Changes what is given of a namespace; what is left out stays. Other processes know of it within seconds. */
  updateNamespace(spec: NamespaceSpec): Promise<Namespace> {
    return this.context.namespaces.update(spec);
  }

  async listSearchAttributes(namespace: string): Promise<SearchAttributeList> {
    const { searchAttributes } = await this.context.namespaces.requireFresh(namespace);
    return { custom: searchAttributes ?? {}, system: SYSTEM_SEARCH_ATTRIBUTES };
  }

  /** Lets executions of a namespace have search attributes of these names and types; all or none. */
  async addSearchAttributes(namespace: string, types: SearchAttributeTypes): Promise<void> {
    await this.context.namespaces.change(namespace, (current) => ({
      ...current,
      searchAttributes: withSearchAttributes(current.searchAttributes, types),
    }));
  }

  /** Unregisters search attributes. Executions keep the values that they have, and can no longer be found by them. */
  async removeSearchAttributes(namespace: string, names: readonly string[]): Promise<void> {
    await this.context.namespaces.change(namespace, (current) => ({
      ...current,
      searchAttributes: withoutSearchAttributes(current.searchAttributes, names),
    }));
  }

  describeNamespace(name: string): Promise<Namespace> {
    return this.context.namespaces.require(name);
  }

  listNamespaces(): Promise<Namespace[]> {
    return this.context.namespaces.list();
  }

  /** Deletes at most `most` closed executions whose retention has passed; returns how many. */
  deleteExpiredExecutions(most: number): Promise<number> {
    return deleteExpiredExecutions(this.context, most);
  }

  /** Starts the background duties of this process; once is enough. */
  async startDuties(options?: DutyOptions): Promise<void> {
    this.duties ??= BackgroundDuties.start(this.context, options);
    await this.duties;
  }

  async stopDuties(): Promise<void> {
    const duties = await this.duties;
    this.duties = undefined;
    await duties?.stop();
  }

  /** What works and what does not, and since when. */
  health(): Promise<EngineHealth> {
    return this.probe.check();
  }

  /** What endangers acknowledged work on this Redis, as last looked at. */
  get durabilityFindings(): readonly DurabilityFinding[] {
    return this.durability.findings;
  }

  async close(): Promise<void> {
    this.durability.stop();
    await this.stopDuties();
    this.probe.stop();
    this.context.rateLimits.stop();
    await this.context.notices.close();
    this.context.redis.disconnect();
  }
}
