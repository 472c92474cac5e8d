import { DEFAULTS } from '@tidewheel/core';
import type { ActivityTask, Engine, WorkflowTask } from '@tidewheel/engine';
import { leaveStickyQueue, registerVersion } from '@tidewheel/engine';
import type { VersionQueue } from '@tidewheel/engine';
import type { Logger } from '@tidewheel/common';
import { randomUUID } from 'node:crypto';
import { ActivityExecutor, bindActivities } from './activity/activity-executor.js';
import { ActivityPoller } from './activity/activity-poller.js';
import { ActivityRates } from './activity/activity-rates.js';
import { TaskReader } from '@tidewheel/polling';
import { isTracingOn, RunTraces } from '@tidewheel/telemetry/instrumentation';
import { METRICS } from '@tidewheel/telemetry';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import { createSlots } from './slots/index.js';
import type { ActivitySlotInfo, WorkerSlots, WorkflowSlotInfo } from './slots/index.js';
import { SelfDescription } from './registry/self-description.js';
import { WorkerRegistrar } from './registry/worker-registrar.js';
import type { Registrant } from './registry/worker-registrar.js';
import { GracefulShutdownPeriodExpiredError, IllegalStateError } from './worker-errors.js';
import { SessionWorker } from './sessions/session-worker.js';
import { compileWorkerOptions } from './worker-options.js';
import type { CompiledWorkerOptions, WorkerOptions } from './worker-options.js';
import { bundleWorkflowCode, loadWorkflowBundle, WorkflowRuntime } from './workflow/index.js';
import type { WorkflowRuntimeStats } from './workflow/index.js';
import type { WorkerState, WorkerStatus } from './worker-status.js';
import { WorkflowPoller } from './workflow-tasks/workflow-poller.js';
import { WorkflowTaskHandler } from './workflow-tasks/workflow-task-handler.js';

interface WorkerParts {
  readonly runtime: WorkflowRuntime | undefined;
}

/**
 * Does the tasks of one task queue: workflow tasks, activities or both. Any number of workers may do the same queue, and
 * a process may hold several workers.
 */
export class Worker {
  /** Unique among all workers; part of the name of its sticky queue. */
  readonly workerId: string;
  private readonly engine: Engine;
  private readonly logger: Logger;
  private readonly metrics: WorkerMetrics;
  private readonly reader: TaskReader;
  private readonly workflowSlots: WorkerSlots<WorkflowSlotInfo>;
  private readonly activitySlots: WorkerSlots<ActivitySlotInfo>;
  private readonly activityRates: ActivityRates;
  private readonly executor: ActivityExecutor;
  private readonly sessionWorker: SessionWorker | undefined;
  private readonly handler: WorkflowTaskHandler | undefined;
  private readonly workflowPoller: WorkflowPoller | undefined;
  private readonly activityPoller: ActivityPoller | undefined;
  private readonly registrar: WorkerRegistrar;
  private readonly registrant: Registrant;
  private currentState: WorkerState = 'INITIALIZED';
  private shutdownRequested: () => void = () => undefined;
  private readonly shutdownAsked = new Promise<void>((resolve) => (this.shutdownRequested = resolve));

  /**
   * Bundles the workflows and gets everything ready; polls nothing before {@link run}.
   *
   * @throws InvalidArgumentError, WorkflowBundleError, NamespaceNotFoundError
   */
  static async create(options: WorkerOptions): Promise<Worker> {
    const compiled = compileWorkerOptions(options);
    const [, runtime] = await Promise.all([
      compiled.engine.describeNamespace(compiled.namespace),
      createRuntime(compiled),
    ]);
    return new Worker(compiled, { runtime });
  }

  private constructor(
    private readonly options: CompiledWorkerOptions,
    private readonly parts: WorkerParts,
  ) {
    this.engine = options.engine;
    this.logger = options.logger;
    this.workerId = randomUUID();
    this.metrics = new WorkerMetrics(options);
    this.reader = TaskReader.of(this.engine, this.logger);
    const reserver = { taskQueue: options.taskQueue, workerIdentity: options.identity };
    this.workflowSlots = createSlots(
      options.workflowSlots,
      { ...reserver, slotType: 'workflow' },
      this.logger,
    );
    this.activitySlots = createSlots(
      options.activitySlots,
      { ...reserver, slotType: 'activity' },
      this.logger,
    );
    this.activityRates = new ActivityRates({ ...options, slots: this.activitySlots });
    const isTracing = isTracingOn();
    const execution = {
      isTracing,
      engine: this.engine,
      options,
      workerId: this.workerId,
      metrics: this.metrics,
      takeWorkflowTask: () => this.takeWorkflowTask(),
      returnWorkflowTask: () => this.workflowSlots.release(),
      runWorkflowTask: (task: WorkflowTask) => {
        void this.handler?.handle(task);
      },
    };
    this.executor = new ActivityExecutor({
      ...execution,
      activities: bindActivities(options.activities),
      slots: this.activitySlots,
    });
    if (options.maxSessions > 0) {
      this.sessionWorker = new SessionWorker({
        executor: execution,
        activities: this.executor,
        activitySlots: this.activitySlots,
        activityRoom: this.activityRates.room,
        maxSessions: options.maxSessions,
      });
    }
    const { runtime } = parts;
    if (runtime) {
      this.handler = new WorkflowTaskHandler({
        engine: this.engine,
        runtime,
        logger: this.logger,
        metrics: this.metrics,
        identity: options.identity,
        slots: this.workflowSlots,
        sticky: () => this.sticky(),
        takeEagerActivity: (command) =>
          this.takeEagerActivity(command.attributes.taskQueue, command.attributes.activityType),
        returnEagerActivities: (count) => this.activityRates.giveBack(count),
        runActivity: (task: ActivityTask) => void this.executor.execute(task),
        unregisteredRetryMs: DEFAULTS.unregisteredRetryMs,
        maxEagerActivities: options.maxEagerActivities,
        versioning: options.versioning,
        traces: isTracing ? new RunTraces() : undefined,
      });
      this.workflowPoller = new WorkflowPoller({
        engine: this.engine,
        namespace: options.namespace,
        taskQueue: options.taskQueue,
        stickyQueue: options.maxCachedWorkflows > 0 ? this.stickyQueue : undefined,
        identity: options.identity,
        slots: this.workflowSlots,
        handler: this.handler,
        logger: this.logger,
        metrics: this.metrics,
        version: options.versioning?.version,
      });
    }
    if (options.activities.size > 0) {
      this.activityPoller = new ActivityPoller({
        engine: this.engine,
        namespace: options.namespace,
        taskQueue: options.taskQueue,
        slots: this.activitySlots,
        room: this.activityRates.room,
        executor: this.executor,
        logger: this.logger,
        metrics: this.metrics,
        version: options.versioning?.version,
      });
    }
    this.registrar = WorkerRegistrar.of(this.engine, this.logger);
    const description = new SelfDescription({
      pollerIdentity: this.engine.context.identity,
      deploymentVersion: options.versioning?.version,
      workflows: runtime && { types: () => runtime.workflowTypes, supplier: options.workflowSlots.kind },
      activities:
        options.activities.size > 0
          ? { types: () => [...options.activities.keys()], supplier: options.activitySlots.kind }
          : undefined,
    });
    this.registrant = {
      workerInstanceKey: this.workerId,
      namespace: options.namespace,
      intervalMs: options.workerHeartbeatMs,
      isIdle: () => description.isIdle(this.getStatus()),
      heartbeat: () => description.heartbeat(this.getStatus()),
    };
  }

  getState(): WorkerState {
    return this.currentState;
  }

  getStatus(): WorkerStatus {
    const { options, workflowSlots, activitySlots } = this;
    const cache = this.parts.runtime?.stats();
    return {
      runState: this.currentState,
      workerId: this.workerId,
      namespace: options.namespace,
      taskQueue: options.taskQueue,
      identity: options.identity,
      taskKinds: this.taskKinds,
      workflowSlots: { used: workflowSlots.inUse, size: workflowSlots.size },
      activitySlots: { used: activitySlots.inUse, size: activitySlots.size },
      pollers: {
        workflow_task: this.polls(this.workflowPoller),
        sticky_workflow_task: this.options.maxCachedWorkflows > 0 ? this.polls(this.workflowPoller) : 0,
        activity_task: this.polls(this.activityPoller),
      },
      sessions: this.sessionWorker?.status,
      workflowCache: cache,
      stickyCacheHitRate: cache && cache.hits + cache.replays > 0 ? hitRate(cache) : undefined,
      workflowTasks: this.handler?.counts ?? { completed: 0, failed: 0, cacheMisses: 0 },
      activities: this.executor.counts,
      throttling: this.activityPoller && this.reader.throttling(this.activityPoller),
      pollSilenceMs: this.reader.silenceMs(),
      pollAlive: this.currentState !== 'RUNNING' || this.reader.isAlive,
      pollConnectionsReplaced: this.reader.connectionsReplaced,
    };
  }

  /**
   * Polls and does tasks until {@link shutdown} is called and all is wound up.
   *
   * @throws IllegalStateError when it was run before
   * @throws GracefulShutdownPeriodExpiredError when tasks still ran after `shutdownForceTime`
   */
  async run(): Promise<void> {
    if (this.currentState !== 'INITIALIZED')
      throw new IllegalStateError(`the worker is ${this.currentState}`);
    this.currentState = 'RUNNING';
    try {
      this.workflowSlots.open();
      this.activitySlots.open();
      await this.registerVersion();
      if (this.activityPoller) await this.activityRates.start();
      await Promise.all([
        this.workflowPoller && this.reader.add(this.workflowPoller),
        this.activityPoller && this.reader.add(this.activityPoller),
        ...(this.sessionWorker?.pollers ?? []).map((poller) => this.reader.add(poller)),
      ]);
      this.metrics.counter(METRICS.workerStart).add();
      this.registrar.add(this.registrant);
      void this.parts.runtime?.typesKnown.then(() => this.registrar.tellSoon(this.registrant));
      await this.shutdownAsked;
      this.registrar.tellSoon(this.registrant);
      await this.windUp();
      this.currentState = 'STOPPED';
    } catch (error) {
      this.currentState = 'FAILED';
      throw error;
    } finally {
      this.activityRates.stop();
      await this.registrar.remove(this.registrant);
      await this.parts.runtime?.close();
    }
  }

  /** Runs until `until` settles, then shuts down; gives or throws what it gave or threw. */
  async runUntil<T>(until: Promise<T> | (() => Promise<T>)): Promise<T> {
    const running = this.run();
    try {
      return await Promise.race([
        typeof until === 'function' ? until() : until,
        running.then(() => never<T>()),
      ]);
    } finally {
      if (this.currentState === 'RUNNING' || this.currentState === 'INITIALIZED') this.shutdown();
      await running;
    }
  }

  /**
   * Begins to wind up: polls stop, running tasks may end, and after `shutdownTimeout` activities are asked to stop.
   * {@link run} resolves when it is done. May be called again.
   *
   * @throws IllegalStateError when the worker does not run
   */
  shutdown(): void {
    if (this.currentState === 'STOPPING' || this.currentState === 'DRAINING') return;
    if (this.currentState !== 'RUNNING') throw new IllegalStateError(`the worker is ${this.currentState}`);
    this.currentState = 'STOPPING';
    this.shutdownRequested();
  }

  /** Lets the version be known before anything is polled for it. */
  private async registerVersion(): Promise<void> {
    const { namespace, taskQueue, versioning } = this.options;
    if (!versioning) return;
    const queues: VersionQueue[] = [];
    if (this.workflowPoller) queues.push({ taskQueue, kind: 'workflow' });
    if (this.activityPoller) queues.push({ taskQueue, kind: 'activity' });
    await registerVersion(this.engine.context, namespace, versioning.version, queues);
  }

  private async windUp(): Promise<void> {
    const { options, logger } = this;
    logger.info('worker is stopping', {
      taskQueue: options.taskQueue,
      shutdownTimeoutMs: options.shutdownTimeoutMs,
    });
    this.executor.announceShutdown();
    this.sessionWorker?.shutDown();
    let forced: NodeJS.Timeout | undefined;
    const force = new Promise<never>((_, reject) => {
      forced = setTimeout(
        () => reject(new GracefulShutdownPeriodExpiredError(options.shutdownForceTimeMs)),
        options.shutdownForceTimeMs,
      );
    });
    const cancel = setTimeout(() => {
      this.currentState = 'DRAINING';
      this.executor.cancelAll();
    }, options.shutdownTimeoutMs);
    const handBack = setTimeout(
      () => this.executor.handBackAll(),
      (options.shutdownTimeoutMs + options.shutdownForceTimeMs) / 2,
    );
    try {
      await Promise.race([force, this.drain()]);
    } finally {
      clearTimeout(cancel);
      clearTimeout(handBack);
      clearTimeout(forced);
    }
    logger.info('worker has stopped', { taskQueue: options.taskQueue });
  }

  private async drain(): Promise<void> {
    await Promise.all([
      this.workflowPoller && this.reader.remove(this.workflowPoller),
      this.activityPoller && this.reader.remove(this.activityPoller),
      ...(this.sessionWorker?.pollers ?? []).map((poller) => this.reader.remove(poller)),
    ]);
    // One may have been opened by a task that was read before.
    this.sessionWorker?.shutDown();
    this.workflowSlots.close();
    this.activitySlots.close();
    const { namespace, taskQueue } = this.options;
    if (this.workflowPoller && this.options.maxCachedWorkflows > 0) {
      const departure = { namespace, stickyQueue: this.stickyQueue, taskQueue };
      // Running tasks matter more: what waits in the queue times out from it, or is taken over.
      await leaveStickyQueue(this.engine.context, departure).catch((error: unknown) =>
        this.logger.warn('the sticky queue could not be handed back', { error: String(error) }),
      );
    }
    await Promise.all([
      this.workflowSlots.whenUnused(),
      this.activitySlots.whenUnused(),
      this.sessionWorker?.whenUnused(),
    ]);
  }

  private get taskKinds(): WorkerStatus['taskKinds'] {
    return [
      ...(this.workflowPoller ? ['workflow' as const] : []),
      ...(this.activityPoller ? ['activity' as const] : []),
    ];
  }

  /** How many pollers of a kind read for the worker now. */
  private polls(poller: WorkflowPoller | ActivityPoller | undefined): number {
    return poller && this.currentState === 'RUNNING' ? 1 : 0;
  }

  private get stickyQueue(): string {
    return this.workerId;
  }

  private sticky(): { readonly queue: string; readonly timeoutMs: number } | undefined {
    if (this.options.maxCachedWorkflows === 0 || this.currentState !== 'RUNNING') return undefined;
    return { queue: this.stickyQueue, timeoutMs: this.options.stickyScheduleToStartTimeoutMs };
  }

  /** A slot for a workflow task that an activity's completion makes due, and the sticky queue that claims it. */
  private takeWorkflowTask(): string | undefined {
    const sticky = this.handler && this.sticky();
    return sticky && this.workflowSlots.tryTake() ? sticky.queue : undefined;
  }

  private takeEagerActivity(taskQueue: string | undefined, activityType: string): boolean {
    const { options } = this;
    return (
      this.currentState === 'RUNNING' &&
      (taskQueue === undefined ||
        taskQueue === options.taskQueue ||
        taskQueue === this.sessionWorker?.taskQueue) &&
      options.activities.has(activityType) &&
      this.activityRates.tryTake()
    );
  }
}

async function createRuntime(options: CompiledWorkerOptions): Promise<WorkflowRuntime | undefined> {
  const { workflowsPath, workflowBundle } = options;
  if (workflowsPath === undefined && workflowBundle === undefined) return undefined;
  const bundle = workflowBundle
    ? await loadWorkflowBundle(workflowBundle)
    : await bundleWorkflowCode({
        workflowsPath: workflowsPath as string,
        ignoreModules: options.ignoreModules,
        logger: options.logger,
      });
  return WorkflowRuntime.create({
    bundle,
    threads: options.workflowThreadPoolSize,
    maxCachedWorkflows: options.maxCachedWorkflows,
    maxCachedBytes: options.maxCachedBytes,
    isolateExecutionTimeoutMs: options.isolateExecutionTimeoutMs,
    logger: options.logger,
  });
}

function hitRate({ hits, replays }: WorkflowRuntimeStats): number {
  return hits / (hits + replays);
}

/** A promise that stays open: the worker was shut down while something was being waited for. */
function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
