import type { Logger as SdkLogger } from '@tidewheel/common';
import type { EngineHealth } from '@tidewheel/engine';
import { bundleWorkflowCode, NativeConnection, Worker } from '@tidewheel/worker';
import type { Activities, WorkerOptions, WorkerStatus, WorkflowBundle } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { loadActivities } from './activity-modules.js';
import type { Configuration } from './configuration.js';

/**
 * The workers of a process, on one connection: one for each task queue, and one for activities on the process's own
 * queue where that is wanted.
 */
export class WorkerGroup {
  /** The queue that only this process serves, named after the host and an id that no other process has. */
  readonly hostTaskQueue: string | undefined;
  private connection: NativeConnection | undefined;
  private workers: readonly Worker[] = [];
  private stopping = false;
  private stopAsked: () => void = () => undefined;
  private readonly whenStopAsked = new Promise<undefined>((resolve) => {
    this.stopAsked = () => resolve(undefined);
  });

  constructor(
    private readonly configuration: Configuration,
    private readonly logger: SdkLogger,
  ) {
    this.hostTaskQueue = configuration.hostQueue ? `host:${hostname()}:${randomUUID()}` : undefined;
  }

  /** Whether all workers have been created and were told to poll. */
  get isStarted(): boolean {
    return this.workers.length > 0 && this.statuses().every(({ runState }) => runState !== 'INITIALIZED');
  }

  /** What the workers are doing; empty until they are created. */
  statuses(): WorkerStatus[] {
    return this.workers.map((worker) => worker.getStatus());
  }

  /** How the engine is; undefined while it is not connected. */
  async engineHealth(): Promise<EngineHealth | undefined> {
    return this.connection?.engine.health();
  }

  /**
   * Connects, creates the workers and runs them until {@link stop} has been called and all is wound up. When it is
   * called before there is a connection, nothing has to be wound up.
   *
   * @throws what the SDK throws when the workers cannot be created, and when one cannot be wound up in time
   */
  async run(): Promise<void> {
    const { configuration } = this;
    const parts = Promise.all([
      loadActivities(configuration.activitiesPaths, { hostTaskQueue: this.hostTaskQueue }),
      this.bundleWorkflows(),
      this.connect(),
    ]);
    const prepared = await Promise.race([parts, this.whenStopAsked]);
    if (!prepared) return;
    const [activities, workflowBundle, connection] = prepared;
    this.connection = connection;
    try {
      if (configuration.duties) await connection.engine.startDuties();
      this.workers = await this.createWorkers(connection, activities, workflowBundle);
      if (!this.stopping) await this.runWorkers();
    } finally {
      await connection.close();
    }
  }

  /** Begins to wind up; {@link run} resolves when it is done. */
  stop(): void {
    this.stopping = true;
    this.stopAsked();
    for (const worker of this.workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  private connect(): Promise<NativeConnection> {
    const { redisUrl, partitions, keyPrefix, quarantineAfter, identity } = this.configuration;
    return NativeConnection.connect({
      url: redisUrl,
      partitions,
      prefix: keyPrefix,
      quarantineAfter,
      identity,
      logger: this.logger,
    });
  }

  private async bundleWorkflows(): Promise<WorkflowBundle | undefined> {
    const { workflowsPath } = this.configuration;
    return workflowsPath === undefined
      ? undefined
      : bundleWorkflowCode({ workflowsPath, logger: this.logger });
  }

  private createWorkers(
    connection: NativeConnection,
    activities: Activities,
    workflowBundle: WorkflowBundle | undefined,
  ): Promise<Worker[]> {
    const common = { ...this.commonOptions(connection), activities };
    const create = (options: WorkerOptions): Promise<Worker> => Worker.create(options);
    return Promise.all([
      ...this.configuration.taskQueues.map((taskQueue) =>
        create({
          ...common,
          taskQueue,
          ...(workflowBundle && { workflowBundle }),
          ...sessionOptions(this.configuration),
          ...versionOptions(this.configuration),
        }),
      ),
      ...(this.hostTaskQueue === undefined ? [] : [create({ ...common, taskQueue: this.hostTaskQueue })]),
    ]);
  }

  private commonOptions(connection: NativeConnection): Omit<WorkerOptions, 'taskQueue'> {
    const { configuration, logger } = this;
    const { maxCachedWorkflows, maxCachedBytes, maxActivitiesPerSecond, maxTaskQueueActivitiesPerSecond } =
      configuration;
    return {
      connection,
      logger,
      namespace: configuration.namespace,
      ...slotOptions(configuration),
      ...(maxActivitiesPerSecond !== undefined && { maxActivitiesPerSecond }),
      ...(maxTaskQueueActivitiesPerSecond !== undefined && { maxTaskQueueActivitiesPerSecond }),
      ...(maxCachedWorkflows !== undefined && { maxCachedWorkflows }),
      ...(maxCachedBytes !== undefined && { maxCachedBytes }),
      stickyQueueScheduleToStartTimeout: configuration.stickyTimeoutMs,
      workflowThreadPoolSize: configuration.workflowThreads,
      workerHeartbeatInterval: configuration.heartbeatIntervalMs,
      shutdownTimeout: configuration.shutdownTimeoutMs,
    };
  }

  /** When one worker cannot go on, the others wind up too: a process that is half alive helps nobody. */
  private async runWorkers(): Promise<void> {
    const runs = this.workers.map((worker) => worker.run());
    this.logger.info('polling', { taskQueues: this.statuses().map(({ taskQueue }) => taskQueue) });
    try {
      await Promise.all(runs);
    } catch (error) {
      this.stop();
      await Promise.allSettled(runs);
      throw error;
    }
  }
}

function versionOptions({
  deploymentName,
  buildId,
  versioningBehavior,
}: Configuration): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (deploymentName === undefined || buildId === undefined) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      ...(versioningBehavior && { defaultVersioningBehavior: versioningBehavior }),
    },
  };
}

function sessionOptions({ maxConcurrentSessions }: Configuration): Partial<WorkerOptions> {
  if (maxConcurrentSessions === undefined) return {};
  return { enableSessionWorker: true, maxConcurrentSessionExecutionSize: maxConcurrentSessions };
}

/** How many tasks at once: as processor and memory allow when there are targets, else fixed numbers. */
function slotOptions(configuration: Configuration): Partial<WorkerOptions> {
  const { maxConcurrentActivities, maxConcurrentWorkflowTasks, maxTasksPerPoll } = configuration;
  const { targetCpuUsage, targetMemoryUsage } = configuration;
  const polls = {
    ...(maxTasksPerPoll !== undefined && {
      maxConcurrentActivityTaskPolls: maxTasksPerPoll,
      maxConcurrentWorkflowTaskPolls: maxTasksPerPoll,
    }),
  };
  if (targetCpuUsage === undefined || targetMemoryUsage === undefined) {
    return {
      ...polls,
      ...(maxConcurrentActivities !== undefined && { maxConcurrentActivities }),
      ...(maxConcurrentWorkflowTasks !== undefined && { maxConcurrentWorkflowTasks }),
    };
  }
  const atMost = (maximumSlots: number | undefined) => (maximumSlots === undefined ? {} : { maximumSlots });
  return {
    ...polls,
    tuner: {
      tunerOptions: { targetCpuUsage, targetMemoryUsage },
      activityTaskSlotOptions: atMost(maxConcurrentActivities),
      workflowTaskSlotOptions: atMost(maxConcurrentWorkflowTasks),
    },
  };
}
