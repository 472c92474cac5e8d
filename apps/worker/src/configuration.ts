import type { VersioningBehavior } from '@tidewheel/core';
import {
  deploymentPart,
  duration,
  file,
  identifier,
  integer,
  list,
  listenAddress,
  namespaceName,
  oneOf,
  onOff,
  percentage,
  rate,
  REDIS_ALIAS,
  SettingsReader,
  SHARED_SETTINGS,
  variablesOf,
} from '@tidewheel/process';
import type { Environment } from '@tidewheel/process';
import type { LogThreshold } from '@tidewheel/telemetry';

/** What a worker process runs on: complete and checked. */
export interface Configuration {
  readonly redisUrl: string;
  /** Partitions to create a new deployment with; undefined: whatever it has. */
  readonly partitions: number | undefined;
  /** First part of every Redis key. */
  readonly keyPrefix: string;
  /** Workers lost in a row with one task before its duties, if it has any, quarantine the task; 0: any number. */
  readonly quarantineAfter: number;
  readonly namespace: string;
  /** One worker for each. */
  readonly taskQueues: readonly string[];
  /** Whether there is one worker more, for activities, on a queue that only this process serves. */
  readonly hostQueue: boolean;
  /** Absolute path of the workflows; undefined: only activities are run. */
  readonly workflowsPath: string | undefined;
  /** Absolute paths of the modules with activities; none: only workflows are run. */
  readonly activitiesPaths: readonly string[];
  /** Absolute paths of modules that export health checks, beside those that modules with activities export. */
  readonly healthCheckPaths: readonly string[];
  /** Undefined: `pid@hostname`. */
  readonly identity: string | undefined;
  /** Of each worker: how many at once, or how many at most when there are targets. */
  readonly maxConcurrentActivities: number | undefined;
  /** The same for workflow tasks. */
  readonly maxConcurrentWorkflowTasks: number | undefined;
  /** Share of the processors, 0 to 1, below which tasks are added; undefined together with the next: fixed numbers. */
  readonly targetCpuUsage: number | undefined;
  readonly targetMemoryUsage: number | undefined;
  /** The worker deployment and build that the workers of the task queues belong to; undefined: they have no version. */
  readonly deploymentName: string | undefined;
  readonly buildId: string | undefined;
  /** For workflows that do not say it themselves. */
  readonly versioningBehavior: VersioningBehavior | undefined;
  /** Sessions that may be open on each worker at once; undefined: it opens none. */
  readonly maxConcurrentSessions: number | undefined;
  /** Most tasks of each kind that one read may bring; undefined: half of the free slots. */
  readonly maxTasksPerPoll: number | undefined;
  /** Of each worker; undefined: no limit. */
  readonly maxActivitiesPerSecond: number | undefined;
  /** Of all workers of a task queue together; undefined: none is asked for. */
  readonly maxTaskQueueActivitiesPerSecond: number | undefined;
  /** Of each worker; undefined: as many as fit into a quarter of the heap. */
  readonly maxCachedWorkflows: number | undefined;
  /** Of each worker; undefined: a quarter of the heap. */
  readonly maxCachedBytes: number | undefined;
  readonly stickyTimeoutMs: number;
  readonly workflowThreads: number;
  /** How often each worker says in the registry what it does. */
  readonly heartbeatIntervalMs: number;
  /** Whether this process takes part in timers, outbox and take-over, as API processes do. */
  readonly duties: boolean;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogThreshold;
}

const GIBIBYTE = 2 ** 30;
const KINDS = ['workflow', 'activity'] as const;

/** Every variable but the one of the configuration file. */
const SETTINGS = {
  ...SHARED_SETTINGS,
  TIDEWHEEL_WORKER_NAMESPACE: namespaceName('default'),
  TIDEWHEEL_WORKER_TASK_QUEUES: list(identifier()),
  TIDEWHEEL_WORKER_HOST_QUEUE: onOff('off'),
  TIDEWHEEL_WORKER_KINDS: list(oneOf('', KINDS)),
  TIDEWHEEL_WORKER_WORKFLOWS: file(
    ['.ts', '.mts', '.js', '.mjs', '.cjs'],
    'a module that exports workflows; it is bundled at the start',
  ),
  TIDEWHEEL_WORKER_ACTIVITIES: list(
    file(['.js', '.mjs', '.cjs'], 'a module that exports activities, compiled to JavaScript'),
  ),
  TIDEWHEEL_WORKER_HEALTH_CHECKS: list(
    file(['.js', '.mjs', '.cjs'], 'a module that exports "healthChecks", compiled to JavaScript'),
  ),
  TIDEWHEEL_WORKER_IDENTITY: identifier(),
  TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES: integer(
    '',
    1,
    100_000,
    '; unset: 100, or 2000 at most with targets',
  ),
  TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS: integer(
    '',
    2,
    100_000,
    '; unset: 100, or 1000 at most with targets',
  ),
  TIDEWHEEL_WORKER_TARGET_CPU_USAGE: percentage('of the processors'),
  TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE: percentage('of the memory'),
  TIDEWHEEL_WORKER_DEPLOYMENT_NAME: deploymentPart(),
  TIDEWHEEL_WORKER_BUILD_ID: deploymentPart(),
  TIDEWHEEL_WORKER_VERSIONING_BEHAVIOR: oneOf('', ['PINNED', 'AUTO_UPGRADE']),
  TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS: integer('', 1, 100_000, '; unset: no sessions'),
  TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL: integer('', 1, 10_000, '; unset: half of the free slots'),
  TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND: rate(),
  TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND: rate(),
  TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS: integer(
    '',
    0,
    10_000_000,
    '; unset: as many as fit into a quarter of the heap',
  ),
  TIDEWHEEL_WORKER_MAX_CACHED_BYTES: integer('', 0, 64 * GIBIBYTE, '; unset: a quarter of the heap'),
  TIDEWHEEL_WORKER_STICKY_TIMEOUT: duration('10s', 100, 600_000),
  TIDEWHEEL_WORKER_WORKFLOW_THREADS: integer('1', 1, 64),
  TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL: duration('10s', 1_000, 60_000),
  TIDEWHEEL_WORKER_DUTIES: onOff('off'),
  TIDEWHEEL_WORKER_HOST: listenAddress('127.0.0.1'),
  TIDEWHEEL_WORKER_PORT: integer('8080', 0, 65_535, '; 0 for any free one'),
} as const;

const SOURCES = {
  table: SETTINGS,
  foreign: /^TIDEWHEEL_(API_|GRPC_|RETENTION_|STRICT_DURABILITY$|DUTIES$|TEST_|STAGE_|REDIS_SERVER$)/,
  aliases: REDIS_ALIAS,
  fileVariable: 'TIDEWHEEL_CONFIG_FILE',
};

/** Every variable with its default; empty: it may stay unset. */
export const VARIABLES = variablesOf(SOURCES);

/**
 * Reads the environment, and the configuration file when it names one; the environment wins. A variable that is set to
 * nothing counts as not set.
 *
 * @throws ConfigurationError naming everything that is unknown, missing or has a wrong value
 */
export function readConfiguration(environment: Environment): Configuration {
  const reader = new SettingsReader(environment, SOURCES);
  const kinds = reader.read('TIDEWHEEL_WORKER_KINDS');
  const workflowsPath = reader.read('TIDEWHEEL_WORKER_WORKFLOWS');
  const activitiesPaths = reader.read('TIDEWHEEL_WORKER_ACTIVITIES') ?? [];
  const runs = (kind: (typeof KINDS)[number]): boolean => kinds === undefined || kinds.includes(kind);
  const configuration = {
    redisUrl: reader.read('TIDEWHEEL_REDIS_URL'),
    partitions: reader.read('TIDEWHEEL_PARTITIONS'),
    keyPrefix: reader.read('TIDEWHEEL_KEY_PREFIX'),
    quarantineAfter: reader.read('TIDEWHEEL_QUARANTINE_AFTER'),
    namespace: reader.read('TIDEWHEEL_WORKER_NAMESPACE'),
    taskQueues: reader.read('TIDEWHEEL_WORKER_TASK_QUEUES'),
    hostQueue: reader.read('TIDEWHEEL_WORKER_HOST_QUEUE'),
    workflowsPath: runs('workflow') ? workflowsPath : undefined,
    activitiesPaths: runs('activity') ? activitiesPaths : [],
    healthCheckPaths: reader.read('TIDEWHEEL_WORKER_HEALTH_CHECKS') ?? [],
    identity: reader.read('TIDEWHEEL_WORKER_IDENTITY'),
    maxConcurrentActivities: reader.read('TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES'),
    maxConcurrentWorkflowTasks: reader.read('TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS'),
    targetCpuUsage: reader.read('TIDEWHEEL_WORKER_TARGET_CPU_USAGE'),
    targetMemoryUsage: reader.read('TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE'),
    deploymentName: reader.read('TIDEWHEEL_WORKER_DEPLOYMENT_NAME'),
    buildId: reader.read('TIDEWHEEL_WORKER_BUILD_ID'),
    versioningBehavior: reader.read('TIDEWHEEL_WORKER_VERSIONING_BEHAVIOR'),
    maxConcurrentSessions: reader.read('TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS'),
    maxTasksPerPoll: reader.read('TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL'),
    maxActivitiesPerSecond: reader.read('TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND'),
    maxTaskQueueActivitiesPerSecond: reader.read('TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND'),
    maxCachedWorkflows: reader.read('TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS'),
    maxCachedBytes: reader.read('TIDEWHEEL_WORKER_MAX_CACHED_BYTES'),
    stickyTimeoutMs: reader.read('TIDEWHEEL_WORKER_STICKY_TIMEOUT'),
    workflowThreads: reader.read('TIDEWHEEL_WORKER_WORKFLOW_THREADS'),
    heartbeatIntervalMs: reader.read('TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL'),
    duties: reader.read('TIDEWHEEL_WORKER_DUTIES'),
    host: reader.read('TIDEWHEEL_WORKER_HOST'),
    port: reader.read('TIDEWHEEL_WORKER_PORT'),
    shutdownTimeoutMs: reader.read('TIDEWHEEL_SHUTDOWN_TIMEOUT'),
    logLevel: reader.read('TIDEWHEEL_LOG_LEVEL'),
  };
  reader.require('TIDEWHEEL_WORKER_TASK_QUEUES');
  if (kinds?.includes('workflow')) reader.require('TIDEWHEEL_WORKER_WORKFLOWS');
  if (kinds?.includes('activity') || configuration.hostQueue) reader.require('TIDEWHEEL_WORKER_ACTIVITIES');
  if (!kinds) reader.requireOneOf('TIDEWHEEL_WORKER_WORKFLOWS', 'TIDEWHEEL_WORKER_ACTIVITIES');
  if (kinds && !kinds.includes('activity') && configuration.hostQueue) {
    reader.refuse('TIDEWHEEL_WORKER_HOST_QUEUE', 'off where kinds leave activities out');
  }
  if (configuration.deploymentName !== undefined) reader.require('TIDEWHEEL_WORKER_BUILD_ID');
  if (configuration.buildId !== undefined || configuration.versioningBehavior !== undefined) {
    reader.require('TIDEWHEEL_WORKER_DEPLOYMENT_NAME');
  }
  if (configuration.maxConcurrentSessions !== undefined) reader.require('TIDEWHEEL_WORKER_ACTIVITIES');
  if (configuration.targetCpuUsage !== undefined) reader.require('TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE');
  if (configuration.targetMemoryUsage !== undefined) reader.require('TIDEWHEEL_WORKER_TARGET_CPU_USAGE');
  reader.throwFaults();
  // Without faults, only what has no fallback can be undefined.
  return configuration as Configuration;
}
