import type { VersioningBehavior } from '@tidewheel/core';
import { isRedisAddress, REDIS_ADDRESS_FORMS } from '@tidewheel/store';
import { hidePassword, LOG_LEVELS } from '@tidewheel/telemetry';
import type { LogThreshold } from '@tidewheel/telemetry';
import { readConfigurationFile } from './configuration-file.js';
import type { ConfigurationFile } from './configuration-file.js';
import * as settings from './settings.js';
import type { Setting } from './settings.js';

/** What a worker process runs on: complete and checked. */
export interface Configuration {
  readonly redisUrl: string;
  /** Partitions to create a new deployment with; undefined: whatever it has. */
  readonly partitions: number | undefined;
  /** First part of every Redis key. */
  readonly keyPrefix: string;
  readonly namespace: string;
  /** One worker for each. */
  readonly taskQueues: readonly string[];
  /** Whether there is one worker more, for activities, on a queue that only this process serves. */
  readonly hostQueue: boolean;
  /** Absolute path of the workflows; undefined: only activities are run. */
  readonly workflowsPath: string | undefined;
  /** Absolute paths of the modules with activities; none: only workflows are run. */
  readonly activitiesPaths: readonly string[];
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

/** A configuration that the process must not start with; one line for each fault. Thrown by {@link readConfiguration}. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the configuration file. */
const FILE_VARIABLE = 'TIDEWHEEL_CONFIG_FILE';
/** Commonly set for several programs at once; the longer name wins. */
const REDIS_ALIAS = 'REDIS_URL';
const GIBIBYTE = 2 ** 30;
const KINDS = ['workflow', 'activity'] as const;

/** Every variable but the one of the configuration file. */
const SETTINGS = {
  TIDEWHEEL_REDIS_URL: {
    key: 'redisUrl',
    fallback: 'redis://127.0.0.1:7379',
    allowed: REDIS_ADDRESS_FORMS,
    parse: (text) => (isRedisAddress(text) ? text : undefined),
    show: hidePassword,
  } satisfies Setting<string>,
  TIDEWHEEL_PARTITIONS: settings.integer('partitions', '', 1, 1_024, ' to create a new deployment with'),
  TIDEWHEEL_KEY_PREFIX: {
    key: 'keyPrefix',
    fallback: 'tw',
    allowed: '1 to 32 letters, digits, "-", "_" or "."',
    parse: (text) => (/^[A-Za-z0-9._-]{1,32}$/.test(text) ? text : undefined),
  } satisfies Setting<string>,
  TIDEWHEEL_WORKER_NAMESPACE: settings.namespaceName('namespace', 'default'),
  TIDEWHEEL_WORKER_TASK_QUEUES: settings.list(settings.identifier('taskQueues')),
  TIDEWHEEL_WORKER_HOST_QUEUE: settings.onOff('hostQueue', 'off'),
  TIDEWHEEL_WORKER_KINDS: settings.list(settings.oneOf<string>('kinds', '', KINDS)),
  TIDEWHEEL_WORKER_WORKFLOWS: settings.file(
    'workflows',
    ['.ts', '.mts', '.js', '.mjs', '.cjs'],
    'a module that exports workflows; it is bundled at the start',
  ),
  TIDEWHEEL_WORKER_ACTIVITIES: settings.list(
    settings.file(
      'activities',
      ['.js', '.mjs', '.cjs'],
      'a module that exports activities, compiled to JavaScript',
    ),
  ),
  TIDEWHEEL_WORKER_IDENTITY: settings.identifier('identity'),
  TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES: settings.integer(
    'maxConcurrentActivities',
    '',
    1,
    100_000,
    '; unset: 100, or 2000 at most with targets',
  ),
  TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS: settings.integer(
    'maxConcurrentWorkflowTasks',
    '',
    2,
    100_000,
    '; unset: 100, or 1000 at most with targets',
  ),
  TIDEWHEEL_WORKER_TARGET_CPU_USAGE: settings.percentage('targetCpuUsage', 'of the processors'),
  TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE: settings.percentage('targetMemoryUsage', 'of the memory'),
  TIDEWHEEL_WORKER_DEPLOYMENT_NAME: settings.deploymentPart('deploymentName'),
  TIDEWHEEL_WORKER_BUILD_ID: settings.deploymentPart('buildId'),
  TIDEWHEEL_WORKER_VERSIONING_BEHAVIOR: {
    ...settings.oneOf<VersioningBehavior>('versioningBehavior', 'PINNED', ['PINNED', 'AUTO_UPGRADE']),
    fallback: '',
  } satisfies Setting<VersioningBehavior>,
  TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS: settings.integer(
    'maxConcurrentSessions',
    '',
    1,
    100_000,
    '; unset: no sessions',
  ),
  TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL: settings.integer(
    'maxTasksPerPoll',
    '',
    1,
    10_000,
    '; unset: half of the free slots',
  ),
  TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND: settings.rate('maxActivitiesPerSecond'),
  TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND: settings.rate('maxTaskQueueActivitiesPerSecond'),
  TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS: settings.integer(
    'maxCachedWorkflows',
    '',
    0,
    10_000_000,
    '; unset: as many as fit into a quarter of the heap',
  ),
  TIDEWHEEL_WORKER_MAX_CACHED_BYTES: settings.integer(
    'maxCachedBytes',
    '',
    0,
    64 * GIBIBYTE,
    '; unset: a quarter of the heap',
  ),
  TIDEWHEEL_WORKER_STICKY_TIMEOUT: settings.duration('stickyTimeout', '10s', 100, 600_000),
  TIDEWHEEL_WORKER_WORKFLOW_THREADS: settings.integer('workflowThreads', '1', 1, 64),
  TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL: settings.duration('heartbeatInterval', '10s', 1_000, 60_000),
  TIDEWHEEL_WORKER_DUTIES: settings.onOff('duties', 'off'),
  TIDEWHEEL_WORKER_HOST: {
    key: 'host',
    fallback: '127.0.0.1',
    allowed: 'an address or host name to listen on, for example 0.0.0.0',
    parse: (text) => (/^[A-Za-z0-9.:_-]{1,255}$/.test(text) ? text : undefined),
  } satisfies Setting<string>,
  TIDEWHEEL_WORKER_PORT: settings.integer('port', '8080', 0, 65_535, '; 0 for any free one'),
  TIDEWHEEL_SHUTDOWN_TIMEOUT: settings.duration('shutdownTimeout', '30s', 0, 600_000),
  TIDEWHEEL_LOG_LEVEL: settings.oneOf('logLevel', 'info', LOG_LEVELS),
} as const;

type VariableName = keyof typeof SETTINGS;

/** Variables of other parts, which may share an environment with this one. */
const FOREIGN = /^TIDEWHEEL_(API_|GRPC_|RETENTION_|DUTIES$|TEST_|STAGE_|REDIS_SERVER$)/;

/**
 * Reads the environment, and the configuration file when it names one; the environment wins. A variable that is set to
 * nothing counts as not set.
 *
 * @throws ConfigurationError naming everything that is unknown, missing or has a wrong value
 */
export function readConfiguration(environment: Environment): Configuration {
  const reader = new Reader(environment);
  const kinds = reader.read('TIDEWHEEL_WORKER_KINDS', SETTINGS.TIDEWHEEL_WORKER_KINDS);
  const workflowsPath = reader.read('TIDEWHEEL_WORKER_WORKFLOWS', SETTINGS.TIDEWHEEL_WORKER_WORKFLOWS);
  const activitiesPaths =
    reader.read('TIDEWHEEL_WORKER_ACTIVITIES', SETTINGS.TIDEWHEEL_WORKER_ACTIVITIES) ?? [];
  const runs = (kind: (typeof KINDS)[number]): boolean => kinds === undefined || kinds.includes(kind);
  const configuration = {
    redisUrl: reader.read('TIDEWHEEL_REDIS_URL', SETTINGS.TIDEWHEEL_REDIS_URL),
    partitions: reader.read('TIDEWHEEL_PARTITIONS', SETTINGS.TIDEWHEEL_PARTITIONS),
    keyPrefix: reader.read('TIDEWHEEL_KEY_PREFIX', SETTINGS.TIDEWHEEL_KEY_PREFIX),
    namespace: reader.read('TIDEWHEEL_WORKER_NAMESPACE', SETTINGS.TIDEWHEEL_WORKER_NAMESPACE),
    taskQueues: reader.read('TIDEWHEEL_WORKER_TASK_QUEUES', SETTINGS.TIDEWHEEL_WORKER_TASK_QUEUES),
    hostQueue: reader.read('TIDEWHEEL_WORKER_HOST_QUEUE', SETTINGS.TIDEWHEEL_WORKER_HOST_QUEUE),
    workflowsPath: runs('workflow') ? workflowsPath : undefined,
    activitiesPaths: runs('activity') ? activitiesPaths : [],
    identity: reader.read('TIDEWHEEL_WORKER_IDENTITY', SETTINGS.TIDEWHEEL_WORKER_IDENTITY),
    maxConcurrentActivities: reader.read(
      'TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES',
      SETTINGS.TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES,
    ),
    maxConcurrentWorkflowTasks: reader.read(
      'TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS',
      SETTINGS.TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS,
    ),
    targetCpuUsage: reader.read(
      'TIDEWHEEL_WORKER_TARGET_CPU_USAGE',
      SETTINGS.TIDEWHEEL_WORKER_TARGET_CPU_USAGE,
    ),
    targetMemoryUsage: reader.read(
      'TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE',
      SETTINGS.TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE,
    ),
    deploymentName: reader.read(
      'TIDEWHEEL_WORKER_DEPLOYMENT_NAME',
      SETTINGS.TIDEWHEEL_WORKER_DEPLOYMENT_NAME,
    ),
    buildId: reader.read('TIDEWHEEL_WORKER_BUILD_ID', SETTINGS.TIDEWHEEL_WORKER_BUILD_ID),
    versioningBehavior: reader.read(
      'TIDEWHEEL_WORKER_VERSIONING_BEHAVIOR',
      SETTINGS.TIDEWHEEL_WORKER_VERSIONING_BEHAVIOR,
    ),
    maxConcurrentSessions: reader.read(
      'TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS',
      SETTINGS.TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS,
    ),
    maxTasksPerPoll: reader.read(
      'TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL',
      SETTINGS.TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL,
    ),
    maxActivitiesPerSecond: reader.read(
      'TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND',
      SETTINGS.TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND,
    ),
    maxTaskQueueActivitiesPerSecond: reader.read(
      'TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND',
      SETTINGS.TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND,
    ),
    maxCachedWorkflows: reader.read(
      'TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS',
      SETTINGS.TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS,
    ),
    maxCachedBytes: reader.read(
      'TIDEWHEEL_WORKER_MAX_CACHED_BYTES',
      SETTINGS.TIDEWHEEL_WORKER_MAX_CACHED_BYTES,
    ),
    stickyTimeoutMs: reader.read('TIDEWHEEL_WORKER_STICKY_TIMEOUT', SETTINGS.TIDEWHEEL_WORKER_STICKY_TIMEOUT),
    workflowThreads: reader.read(
      'TIDEWHEEL_WORKER_WORKFLOW_THREADS',
      SETTINGS.TIDEWHEEL_WORKER_WORKFLOW_THREADS,
    ),
    heartbeatIntervalMs: reader.read(
      'TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL',
      SETTINGS.TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL,
    ),
    duties: reader.read('TIDEWHEEL_WORKER_DUTIES', SETTINGS.TIDEWHEEL_WORKER_DUTIES),
    host: reader.read('TIDEWHEEL_WORKER_HOST', SETTINGS.TIDEWHEEL_WORKER_HOST),
    port: reader.read('TIDEWHEEL_WORKER_PORT', SETTINGS.TIDEWHEEL_WORKER_PORT),
    shutdownTimeoutMs: reader.read('TIDEWHEEL_SHUTDOWN_TIMEOUT', SETTINGS.TIDEWHEEL_SHUTDOWN_TIMEOUT),
    logLevel: reader.read('TIDEWHEEL_LOG_LEVEL', SETTINGS.TIDEWHEEL_LOG_LEVEL),
  };
  reader.require('TIDEWHEEL_WORKER_TASK_QUEUES');
  if (kinds?.includes('workflow')) reader.require('TIDEWHEEL_WORKER_WORKFLOWS');
  if (kinds?.includes('activity') || configuration.hostQueue) reader.require('TIDEWHEEL_WORKER_ACTIVITIES');
  if (!kinds) reader.requireOneOf('TIDEWHEEL_WORKER_WORKFLOWS', 'TIDEWHEEL_WORKER_ACTIVITIES');
  if (kinds && !kinds.includes('activity') && configuration.hostQueue) {
    reader.faults.push(
      'TIDEWHEEL_WORKER_HOST_QUEUE: got "on"; allowed is off where kinds leave activities out',
    );
  }
  if (configuration.deploymentName !== undefined) reader.require('TIDEWHEEL_WORKER_BUILD_ID');
  if (configuration.buildId !== undefined || configuration.versioningBehavior !== undefined) {
    reader.require('TIDEWHEEL_WORKER_DEPLOYMENT_NAME');
  }
  if (configuration.maxConcurrentSessions !== undefined) reader.require('TIDEWHEEL_WORKER_ACTIVITIES');
  if (configuration.targetCpuUsage !== undefined) reader.require('TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE');
  if (configuration.targetMemoryUsage !== undefined) reader.require('TIDEWHEEL_WORKER_TARGET_CPU_USAGE');
  if (reader.faults.length > 0) throw new ConfigurationError(reader.faults);
  // Without faults, only what has no fallback can be undefined.
  return configuration as Configuration;
}

/** Looks settings up, first in the environment and then in the file, and collects what is wrong. */
class Reader {
  readonly faults: string[] = [];
  private readonly file: ConfigurationFile;

  constructor(private readonly environment: Environment) {
    const known = [...Object.keys(SETTINGS), FILE_VARIABLE];
    for (const name of Object.keys(environment)) {
      if (!name.startsWith('TIDEWHEEL_') || known.includes(name) || FOREIGN.test(name)) continue;
      this.faults.push(`${name}: is not a known variable; allowed are ${known.join(', ')}`);
    }
    const path = environment[FILE_VARIABLE] ?? '';
    const keys = Object.values(SETTINGS).map(({ key }) => key);
    this.file =
      path === '' ? { values: new Map(), folder: '', faults: [] } : readConfigurationFile(path, keys);
    this.faults.push(...this.file.faults.map((fault) => `${FILE_VARIABLE}: ${fault}`));
  }

  /** The value of a setting; undefined when it is not set and has no fallback, or when it is wrong. */
  read<Value>(name: VariableName, setting: Setting<Value>): Value | undefined {
    const { text, shownName, folder } = this.find(name, setting.key);
    const wanted = text === '' ? setting.fallback : text;
    if (wanted === '') return undefined;
    const value = setting.parse(wanted, { folder });
    if (value !== undefined) return value;
    const shown = (setting.show ?? shorten)(wanted);
    this.faults.push(`${shownName}: got "${shown}"; allowed is ${setting.allowed}`);
    return undefined;
  }

  /** Notes a fault when a setting is missing. */
  require(name: VariableName): void {
    const { allowed } = SETTINGS[name];
    if (!this.isSet(name)) this.faults.push(`${name}: is not set; allowed is ${allowed}`);
  }

  isSet(name: VariableName): boolean {
    return this.find(name, SETTINGS[name].key).text !== '';
  }

  /** Notes a fault when both settings are missing. */
  requireOneOf(one: VariableName, other: VariableName): void {
    if (this.isSet(one) || this.isSet(other)) return;
    this.faults.push(`${one}: is not set, and ${other} is not either; one of them is needed`);
  }

  private find(name: VariableName, key: string): { text: string; shownName: string; folder: string } {
    const folder = process.cwd();
    const aliases = name === 'TIDEWHEEL_REDIS_URL' ? [name, REDIS_ALIAS] : [name];
    for (const variable of aliases) {
      const text = this.environment[variable] ?? '';
      if (text !== '') return { text, shownName: variable, folder };
    }
    const text = this.file.values.get(key) ?? '';
    return { text, shownName: text === '' ? name : `"${key}" in ${FILE_VARIABLE}`, folder: this.file.folder };
  }
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
