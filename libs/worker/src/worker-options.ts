import { DEFAULTS, identifierFault, InvalidArgumentError, namespaceFault } from '@tidewheel/core';
import type { Duration } from '@tidewheel/core';
import { makeLogger } from '@tidewheel/common';
import type { ActivityFunction, Logger } from '@tidewheel/common';
import type { Engine } from '@tidewheel/engine';
import { getHeapStatistics } from 'node:v8';
import { count, ms, rate } from './option-checks.js';
import { compileTuner } from './slots/index.js';
import type {
  ActivitySlotInfo,
  CompiledSlots,
  PollerBehavior,
  WorkerTuner,
  WorkflowSlotInfo,
} from './slots/index.js';
import { compileWorkerVersioning } from './worker-versioning.js';
import type { WorkerDeploymentOptions, WorkerVersioning } from './worker-versioning.js';
import type { WorkflowBundleOption } from './workflow/index.js';

/** Anything that holds an open engine: a `NativeConnection`, or a client's `Connection`. */
export interface WorkerConnection {
  readonly engine: Engine;
}

/** Activities by name; values that are no functions are passed by. */
export type Activities = object;

/** What people write to create a worker. */
export interface WorkerOptions {
  /** The deployment to work for. */
  readonly connection: WorkerConnection;
  /** Default `default`. */
  readonly namespace?: string;
  readonly taskQueue: string;
  /** The module whose exported functions are the workflows; bundled when the worker is created. */
  readonly workflowsPath?: string;
  /** A bundle that was made before; instead of `workflowsPath`. */
  readonly workflowBundle?: WorkflowBundleOption;
  /** The activities, by name. A worker without workflows only runs activities, one without activities only workflows. */
  readonly activities?: Activities;
  /** Shown wherever the worker appears. Default `pid@hostname`. */
  readonly identity?: string;
  /** Activities at once. Default 100. */
  readonly maxConcurrentActivities?: number;
  /** The longer name that Temporal has for the same. */
  readonly maxConcurrentActivityTaskExecutions?: number;
  /**
   * Activities a second that this worker starts at most, whatever other workers do. Fractions are fine. Default: no limit.
   * Set `maxTaskQueueActivitiesPerSecond` to limit all workers of the queue together.
   */
  readonly maxActivitiesPerSecond?: number;
  /**
   * Activities a second that are started at most on the task queue, by all workers of it together. It is kept in the
   * deployment: of workers that ask for different rates, the one that started last wins, and a rate that was set for the
   * queue through the API goes before. It holds for a minute after the last worker that asked for one has gone.
   * Activities of a queue with a rate are not started eagerly. Default: no limit; 100,000 and more is none.
   */
  readonly maxTaskQueueActivitiesPerSecond?: number;
  /** Workflow tasks at once; more than the CPU can do only helps where they wait for Redis. Default 100, at least 2. */
  readonly maxConcurrentWorkflowTasks?: number;
  /** The longer name that Temporal has for the same. */
  readonly maxConcurrentWorkflowTaskExecutions?: number;
  /**
   * Decides how many tasks of each kind run at once, instead of the fixed numbers above: as processor and memory allow
   * (`ResourceBasedTuner`), or by a supplier of slots for each kind.
   */
  readonly tuner?: WorkerTuner;
  /**
   * How many workflow tasks a read may bring, that is how many slots are set aside while the worker waits for tasks.
   * All workers of a process share one blocking read, so there are no pollers to count. Default: half of the free slots.
   */
  readonly workflowTaskPollerBehavior?: PollerBehavior;
  /** The same for activity tasks. */
  readonly activityTaskPollerBehavior?: PollerBehavior;
  /** Temporal's older name for `{ type: 'simple-maximum', maximum }`. */
  readonly maxConcurrentWorkflowTaskPolls?: number;
  /** The same for activity tasks. */
  readonly maxConcurrentActivityTaskPolls?: number;
  /**
   * Executions kept in memory between their workflow tasks; a cached one is sent only what is new. Default: as many as
   * fit into a quarter of the heap at 60 KB each, at least 10. With 0 the whole history is replayed each time.
   */
  readonly maxCachedWorkflows?: number;
  /** Estimated bytes of cached executions. Default: a quarter of the heap limit. */
  readonly maxCachedBytes?: number;
  /** How long a task for a cached execution waits for this worker before any other takes it. Default 10 s. */
  readonly stickyQueueScheduleToStartTimeout?: Duration;
  /** Threads that run workflow code. Default 1. */
  readonly workflowThreadPoolSize?: number;
  /** A workflow that computes longer than this without giving way fails its task. Default 5 s. */
  readonly isolateExecutionTimeout?: Duration;
  /** Activities that one workflow task may start at once on this worker, without a detour over the queue. Default 3. */
  readonly maxEagerActivityReservationsPerWorkflowTask?: number;
  /**
   * How long running tasks may go on at shutdown before activities are cancelled. Those that do not stop then are handed
   * back halfway to `shutdownForceTime`: their attempts fail with type `WorkerShutdown`, and other workers try again, as
   * far as the retry policy allows. Default 30 s.
   */
  readonly shutdownTimeout?: Duration;
  /** Temporal's name for the same. */
  readonly shutdownGraceTime?: Duration;
  /** After this `run()` rejects even if tasks still run. Default: `shutdownTimeout` and 10 s. */
  readonly shutdownForceTime?: Duration;
  /** Longest time that heartbeat details are held back. Default 60 s. */
  readonly maxHeartbeatThrottleInterval?: Duration;
  /** How long they are held back for activities without heartbeat timeout. Default 30 s. */
  readonly defaultHeartbeatThrottleInterval?: Duration;
  /**
   * How long the task of an activity that this worker does not have is handed back, for another worker that has it; then
   * the attempt fails with an `ApplicationFailure` of type `NotFoundError`. Counted from the first worker that handed the
   * attempt back. With 0 it fails at once, as under Temporal. Default 1 minute.
   */
  readonly unregisteredActivityTimeout?: Duration;
  /** Whether workflows may open sessions on this worker: see `createSession` of `@tidewheel/workflow`. Default false. */
  readonly enableSessionWorker?: boolean;
  /** Sessions that may be open on this worker at once; others wait, or are opened on other workers. Default 1000. */
  readonly maxConcurrentSessionExecutionSize?: number;
  /** The worker's version, and whether its tasks are chosen by it. */
  readonly workerDeploymentOptions?: WorkerDeploymentOptions;
  /**
   * How often the worker says in the registry what it does, from 1 s to 60 s; every third time, or every 60 s, while it
   * does nothing. It counts as gone when three in a row have failed to come. Default 10 s.
   */
  readonly workerHeartbeatInterval?: Duration;
  /** Modules that workflow code may import but must not use. */
  readonly bundlerOptions?: { readonly ignoreModules?: readonly string[] };
  readonly logger?: Logger;
}

/** What a worker runs on: complete and validated. */
export interface CompiledWorkerOptions {
  readonly engine: Engine;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly workflowsPath: string | undefined;
  readonly workflowBundle: WorkflowBundleOption | undefined;
  readonly activities: ReadonlyMap<string, ActivityFunction>;
  readonly identity: string;
  readonly workflowSlots: CompiledSlots<WorkflowSlotInfo>;
  readonly activitySlots: CompiledSlots<ActivitySlotInfo>;
  readonly maxActivitiesPerSecond: number | undefined;
  readonly maxTaskQueueActivitiesPerSecond: number | undefined;
  readonly maxCachedWorkflows: number;
  readonly maxCachedBytes: number;
  readonly stickyScheduleToStartTimeoutMs: number;
  readonly workflowThreadPoolSize: number;
  readonly isolateExecutionTimeoutMs: number;
  readonly maxEagerActivities: number;
  readonly shutdownTimeoutMs: number;
  readonly shutdownForceTimeMs: number;
  readonly maxHeartbeatThrottleMs: number;
  readonly defaultHeartbeatThrottleMs: number;
  readonly unregisteredActivityTimeoutMs: number;
  /** 0: it opens none. */
  readonly maxSessions: number;
  readonly versioning: WorkerVersioning | undefined;
  readonly workerHeartbeatMs: number;
  readonly ignoreModules: readonly string[];
  readonly logger: Logger;
}

const BYTES_PER_CACHED_WORKFLOW = 60_000;
const FORCE_AFTER_MS = 10_000;
const DEFAULT_SESSIONS = 1_000;
const MIN_WORKER_HEARTBEAT_MS = 1_000;
const MAX_WORKER_HEARTBEAT_MS = 60_000;

/**
 * Completes and validates what people wrote; the only home of defaults.
 *
 * @throws InvalidArgumentError naming the option
 */
export function compileWorkerOptions(options: WorkerOptions): CompiledWorkerOptions {
  const taskQueueFault = identifierFault(options.taskQueue);
  if (taskQueueFault) throw new InvalidArgumentError('taskQueue', taskQueueFault);
  const namespace = options.namespace ?? 'default';
  const fault = namespaceFault(namespace);
  if (fault) throw new InvalidArgumentError('namespace', fault);
  const activities = activityMap(options.activities);
  if (options.workflowsPath !== undefined && options.workflowBundle !== undefined) {
    throw new InvalidArgumentError('workflowBundle', 'cannot go with workflowsPath: give one of them');
  }
  const hasWorkflows = options.workflowsPath !== undefined || options.workflowBundle !== undefined;
  if (!hasWorkflows && activities.size === 0) {
    throw new InvalidArgumentError(
      'activities',
      'a worker needs workflowsPath, workflowBundle or activities',
    );
  }
  const heapBytes = getHeapStatistics().heap_size_limit;
  const shutdownTimeoutMs = ms(
    'shutdownTimeout',
    options.shutdownTimeout ?? options.shutdownGraceTime,
    30_000,
  );
  return {
    engine: options.connection.engine,
    namespace,
    taskQueue: options.taskQueue,
    workflowsPath: options.workflowsPath,
    workflowBundle: options.workflowBundle,
    activities,
    identity: options.identity ?? options.connection.engine.context.identity,
    ...compileTuner(options),
    maxActivitiesPerSecond: rate('maxActivitiesPerSecond', options.maxActivitiesPerSecond),
    maxTaskQueueActivitiesPerSecond: rate(
      'maxTaskQueueActivitiesPerSecond',
      options.maxTaskQueueActivitiesPerSecond,
    ),
    maxCachedWorkflows: count(
      'maxCachedWorkflows',
      options.maxCachedWorkflows,
      Math.max(10, Math.floor(heapBytes / 4 / BYTES_PER_CACHED_WORKFLOW)),
      0,
    ),
    maxCachedBytes: count('maxCachedBytes', options.maxCachedBytes, Math.floor(heapBytes / 4), 0),
    stickyScheduleToStartTimeoutMs: ms(
      'stickyQueueScheduleToStartTimeout',
      options.stickyQueueScheduleToStartTimeout,
      DEFAULTS.stickyScheduleToStartTimeoutMs,
    ),
    workflowThreadPoolSize: count('workflowThreadPoolSize', options.workflowThreadPoolSize, 1, 1),
    isolateExecutionTimeoutMs: ms('isolateExecutionTimeout', options.isolateExecutionTimeout, 5_000),
    maxEagerActivities: count(
      'maxEagerActivityReservationsPerWorkflowTask',
      options.maxEagerActivityReservationsPerWorkflowTask,
      3,
      0,
    ),
    shutdownTimeoutMs,
    shutdownForceTimeMs: ms(
      'shutdownForceTime',
      options.shutdownForceTime,
      shutdownTimeoutMs + FORCE_AFTER_MS,
    ),
    maxHeartbeatThrottleMs: ms('maxHeartbeatThrottleInterval', options.maxHeartbeatThrottleInterval, 60_000),
    defaultHeartbeatThrottleMs: ms(
      'defaultHeartbeatThrottleInterval',
      options.defaultHeartbeatThrottleInterval,
      30_000,
    ),
    unregisteredActivityTimeoutMs: ms(
      'unregisteredActivityTimeout',
      options.unregisteredActivityTimeout,
      DEFAULTS.unregisteredActivityMs,
    ),
    maxSessions: maxSessions(options, activities),
    versioning: compileWorkerVersioning(options.workerDeploymentOptions),
    workerHeartbeatMs: heartbeatMs(options.workerHeartbeatInterval),
    ignoreModules: options.bundlerOptions?.ignoreModules ?? [],
    logger: options.logger ?? consoleLogger(),
  };
}

function maxSessions(options: WorkerOptions, activities: ReadonlyMap<string, ActivityFunction>): number {
  const most = count(
    'maxConcurrentSessionExecutionSize',
    options.maxConcurrentSessionExecutionSize,
    DEFAULT_SESSIONS,
    1,
  );
  if (!options.enableSessionWorker) return 0;
  if (activities.size === 0) {
    throw new InvalidArgumentError('enableSessionWorker', 'needs activities, which sessions run');
  }
  return most;
}

function activityMap(activities: Activities | undefined): Map<string, ActivityFunction> {
  const map = new Map<string, ActivityFunction>();
  for (const [name, value] of Object.entries(activities ?? {})) {
    if (typeof value !== 'function') continue;
    const fault = identifierFault(name);
    if (fault) throw new InvalidArgumentError(`activities.${name}`, fault);
    map.set(name, value as ActivityFunction);
  }
  return map;
}

function heartbeatMs(value: Duration | undefined): number {
  const given = ms('workerHeartbeatInterval', value, DEFAULTS.workerHeartbeatMs);
  if (given >= MIN_WORKER_HEARTBEAT_MS && given <= MAX_WORKER_HEARTBEAT_MS) return given;
  throw new InvalidArgumentError('workerHeartbeatInterval', `must be from 1 s to 60 s; got ${given} ms`);
}

/** Warnings and errors to standard error, one JSON object a line. */
function consoleLogger(): Logger {
  return makeLogger((level, message, meta) => {
    if (level !== 'WARN' && level !== 'ERROR') return;
    process.stderr.write(`${JSON.stringify({ level: level.toLowerCase(), msg: message, ...meta })}\n`);
  });
}
