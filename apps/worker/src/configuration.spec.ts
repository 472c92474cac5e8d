import { ConfigurationError } from '@tidewheel/process';
import type { Environment } from '@tidewheel/process';
import { readmeTable } from '@tidewheel/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration, VARIABLES } from './configuration.js';

let folder: string;
let least: Record<string, string>;

const at = (name: string): string => join(folder, name);

function writeFile(name: string, content = ''): string {
  writeFileSync(at(name), content);
  return at(name);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidewheel-configuration-'));
  least = {
    TIDEWHEEL_WORKER_TASK_QUEUES: 'orders',
    TIDEWHEEL_WORKER_WORKFLOWS: writeFile('workflows.ts'),
    TIDEWHEEL_WORKER_ACTIVITIES: writeFile('activities.js'),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

function faultsOf(environment: Environment): readonly string[] {
  try {
    readConfiguration(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}

describe('readConfiguration', () => {
  it('needs task queues and a module, and fills in the rest', () => {
    expect(readConfiguration(least)).toEqual({
      redisUrl: 'redis://127.0.0.1:7379',
      partitions: undefined,
      keyPrefix: 'tw',
      quarantineAfter: 5,
      namespace: 'default',
      taskQueues: ['orders'],
      hostQueue: false,
      workflowsPath: at('workflows.ts'),
      activitiesPaths: [at('activities.js')],
      healthCheckPaths: [],
      identity: undefined,
      maxConcurrentActivities: undefined,
      maxConcurrentWorkflowTasks: undefined,
      targetCpuUsage: undefined,
      targetMemoryUsage: undefined,
      maxConcurrentSessions: undefined,
      maxTasksPerPoll: undefined,
      maxCachedWorkflows: undefined,
      maxCachedBytes: undefined,
      stickyTimeoutMs: 10_000,
      workflowThreads: 1,
      heartbeatIntervalMs: 10_000,
      duties: false,
      host: '127.0.0.1',
      port: 8080,
      shutdownTimeoutMs: 30_000,
      logLevel: 'info',
    });
  });

  it('reads every variable', () => {
    const environment = {
      TIDEWHEEL_REDIS_URL: 'rediss://user:secret@redis.example:6380/2',
      TIDEWHEEL_PARTITIONS: '4',
      TIDEWHEEL_KEY_PREFIX: 'prod-1',
      TIDEWHEEL_QUARANTINE_AFTER: '0',
      TIDEWHEEL_WORKER_NAMESPACE: 'billing',
      TIDEWHEEL_WORKER_TASK_QUEUES: 'orders, invoices',
      TIDEWHEEL_WORKER_HOST_QUEUE: 'on',
      TIDEWHEEL_WORKER_KINDS: 'activity,workflow',
      TIDEWHEEL_WORKER_WORKFLOWS: at('workflows.ts'),
      TIDEWHEEL_WORKER_ACTIVITIES: `${at('activities.js')},${writeFile('more.mjs')}`,
      TIDEWHEEL_WORKER_HEALTH_CHECKS: writeFile('health.js'),
      TIDEWHEEL_WORKER_IDENTITY: 'worker-7',
      TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES: '1',
      TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS: '2',
      TIDEWHEEL_WORKER_TARGET_CPU_USAGE: '90%',
      TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE: '72.5%',
      TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS: '3',
      TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL: '20',
      TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND: '0.5',
      TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND: '200',
      TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS: '0',
      TIDEWHEEL_WORKER_MAX_CACHED_BYTES: '1000000',
      TIDEWHEEL_WORKER_STICKY_TIMEOUT: '5s',
      TIDEWHEEL_WORKER_WORKFLOW_THREADS: '2',
      TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL: '20s',
      TIDEWHEEL_WORKER_DUTIES: 'on',
      TIDEWHEEL_WORKER_HOST: '0.0.0.0',
      TIDEWHEEL_WORKER_PORT: '0',
      TIDEWHEEL_SHUTDOWN_TIMEOUT: '1.5s',
      TIDEWHEEL_LOG_LEVEL: 'silent',
    };
    expect(readConfiguration(environment)).toEqual({
      redisUrl: 'rediss://user:secret@redis.example:6380/2',
      partitions: 4,
      keyPrefix: 'prod-1',
      quarantineAfter: 0,
      namespace: 'billing',
      taskQueues: ['orders', 'invoices'],
      hostQueue: true,
      workflowsPath: at('workflows.ts'),
      activitiesPaths: [at('activities.js'), at('more.mjs')],
      healthCheckPaths: [at('health.js')],
      identity: 'worker-7',
      maxConcurrentActivities: 1,
      maxConcurrentWorkflowTasks: 2,
      targetCpuUsage: 0.9,
      targetMemoryUsage: 0.725,
      maxConcurrentSessions: 3,
      maxTasksPerPoll: 20,
      maxActivitiesPerSecond: 0.5,
      maxTaskQueueActivitiesPerSecond: 200,
      maxCachedWorkflows: 0,
      maxCachedBytes: 1_000_000,
      stickyTimeoutMs: 5_000,
      workflowThreads: 2,
      heartbeatIntervalMs: 20_000,
      duties: true,
      host: '0.0.0.0',
      port: 0,
      shutdownTimeoutMs: 1_500,
      logLevel: 'silent',
    });
  });

  it('takes REDIS_URL, and TIDEWHEEL_REDIS_URL before it', () => {
    const url = (more: Environment): string => readConfiguration({ ...least, ...more }).redisUrl;
    expect(url({ REDIS_URL: 'redis://a' })).toBe('redis://a');
    expect(url({ REDIS_URL: 'redis://a', TIDEWHEEL_REDIS_URL: 'redis://b' })).toBe('redis://b');
    expect(faultsOf({ ...least, REDIS_URL: 'a:1' })).toEqual([
      expect.stringMatching(/^REDIS_URL: got "a:1"/),
    ]);
  });

  it('runs only the kinds that are named, whatever else is given', () => {
    expect(readConfiguration({ ...least, TIDEWHEEL_WORKER_KINDS: 'workflow' })).toMatchObject({
      workflowsPath: at('workflows.ts'),
      activitiesPaths: [],
    });
    expect(readConfiguration({ ...least, TIDEWHEEL_WORKER_KINDS: 'activity' })).toMatchObject({
      workflowsPath: undefined,
      activitiesPaths: [at('activities.js')],
    });
  });

  it.each([
    ['TIDEWHEEL_WORKER_PORT', '80800', 'a whole number from 0 to 65535; 0 for any free one'],
    ['TIDEWHEEL_WORKER_TASK_QUEUES', 'a,a', 'none is repeated'],
    ['TIDEWHEEL_WORKER_TASK_QUEUES', 'a,,b', 'text of 1 to 1000 characters'],
    ['TIDEWHEEL_WORKER_NAMESPACE', '-x', 'starts with a letter or digit'],
    ['TIDEWHEEL_WORKER_KINDS', 'workflows', 'one of workflow, activity'],
    ['TIDEWHEEL_WORKER_HOST_QUEUE', 'yes', 'on or off'],
    ['TIDEWHEEL_WORKER_DUTIES', '1', 'on or off'],
    ['TIDEWHEEL_WORKER_MAX_CONCURRENT_ACTIVITIES', '0', 'a whole number from 1 to 100000'],
    ['TIDEWHEEL_WORKER_MAX_CONCURRENT_WORKFLOW_TASKS', '1', 'a whole number from 2 to 100000'],
    ['TIDEWHEEL_WORKER_TARGET_CPU_USAGE', '0.8', 'a percentage of the processors such as "80%"'],
    ['TIDEWHEEL_WORKER_TARGET_CPU_USAGE', '101%', 'a percentage of the processors such as "80%"'],
    ['TIDEWHEEL_WORKER_TARGET_MEMORY_USAGE', '0%', 'a percentage of the memory such as "80%"'],
    ['TIDEWHEEL_WORKER_MAX_CONCURRENT_SESSIONS', '0', 'a whole number from 1 to 100000'],
    ['TIDEWHEEL_WORKER_MAX_TASKS_PER_POLL', '0', 'a whole number from 1 to 10000'],
    ['TIDEWHEEL_WORKER_MAX_ACTIVITIES_PER_SECOND', '0', 'a number greater than 0'],
    ['TIDEWHEEL_WORKER_MAX_TASK_QUEUE_ACTIVITIES_PER_SECOND', 'NaN', 'a number greater than 0'],
    ['TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS', 'all', 'a whole number from 0'],
    ['TIDEWHEEL_WORKER_MAX_CACHED_BYTES', '1GB', 'a whole number from 0'],
    ['TIDEWHEEL_WORKER_STICKY_TIMEOUT', '0s', 'from 0.1s to 600s'],
    ['TIDEWHEEL_WORKER_WORKFLOW_THREADS', '0', 'a whole number from 1 to 64'],
    ['TIDEWHEEL_WORKER_HOST', 'http://x', 'an address or host name'],
    ['TIDEWHEEL_WORKER_HEARTBEAT_INTERVAL', '0s', 'a duration such as "10s" or "5m" from 1s to 60s'],
    ['TIDEWHEEL_SHUTDOWN_TIMEOUT', 'soon', 'a duration such as "10s" or "5m" from 0s to 600s'],
    ['TIDEWHEEL_LOG_LEVEL', 'verbose', 'one of trace, debug, info, warn, error, fatal, silent'],
    ['TIDEWHEEL_PARTITIONS', '0', 'a whole number from 1 to 1024'],
    ['TIDEWHEEL_KEY_PREFIX', '{tw}', '1 to 32 letters'],
    ['TIDEWHEEL_REDIS_URL', 'localhost:6379', 'redis://'],
    ['TIDEWHEEL_REDIS_URL', 'redis+cluster://a,,b', 'redis+cluster://'],
  ])('refuses %s=%s and says what is allowed', (name, value, allowed) => {
    const faults = faultsOf({ ...least, [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${name}: got "${value}"; allowed is `);
    expect(faults[0]).toContain(allowed);
  });

  it('refuses modules that are not there, and activities that are not compiled', () => {
    expect(faultsOf({ ...least, TIDEWHEEL_WORKER_WORKFLOWS: at('missing.ts') })).toEqual([
      expect.stringContaining('allowed is the path of an existing file ending in .ts, .mts, .js, .mjs, .cjs'),
    ]);
    expect(faultsOf({ ...least, TIDEWHEEL_WORKER_ACTIVITIES: writeFile('activities.ts') })).toEqual([
      expect.stringContaining('a module that exports activities, compiled to JavaScript'),
    ]);
  });

  it('tells what is missing', () => {
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^TIDEWHEEL_WORKER_TASK_QUEUES: is not set; allowed is /),
      'TIDEWHEEL_WORKER_WORKFLOWS: is not set, and TIDEWHEEL_WORKER_ACTIVITIES is not either; one of them is needed',
    ]);
    const onlyQueue = { TIDEWHEEL_WORKER_TASK_QUEUES: 'q' };
    expect(faultsOf({ ...onlyQueue, TIDEWHEEL_WORKER_KINDS: 'workflow,activity' })).toEqual([
      expect.stringMatching(/^TIDEWHEEL_WORKER_WORKFLOWS: is not set/),
      expect.stringMatching(/^TIDEWHEEL_WORKER_ACTIVITIES: is not set/),
    ]);
    expect(
      faultsOf({ ...least, TIDEWHEEL_WORKER_KINDS: 'workflow', TIDEWHEEL_WORKER_HOST_QUEUE: 'on' }),
    ).toEqual([expect.stringMatching(/^TIDEWHEEL_WORKER_HOST_QUEUE: got "on"; allowed is off/)]);
  });

  it('refuses variables that it does not know, but not those of other parts', () => {
    expect(
      faultsOf({ ...least, TIDEWHEEL_WORKER_PROT: '1', TIDEWHEEL_API_PORT: '1', TIDEWHEEL_DUTIES: 'on' }),
    ).toEqual([
      expect.stringMatching(
        /^TIDEWHEEL_WORKER_PROT: is not a known variable; did you mean TIDEWHEEL_WORKER_PORT\? allowed are /,
      ),
    ]);
  });

  it('never repeats a password', () => {
    const [fault] = faultsOf({ ...least, REDIS_URL: 'redis://user:hunter2@host/wrong' });
    expect(fault).toContain('redis://user:[hidden]@host/wrong');
    expect(fault).not.toContain('hunter2');
  });
});

describe('the configuration file', () => {
  it('holds the same settings; the environment wins, and paths start at the file', () => {
    const content = {
      redisUrl: 'redis://from-file',
      taskQueues: ['a', 'b'],
      workflows: './workflows.ts',
      activities: ['activities.js'],
      maxConcurrentActivities: 7,
      duties: true,
      port: 0,
    };
    const file = writeFile('worker.json', JSON.stringify(content));
    expect(readConfiguration({ TIDEWHEEL_CONFIG_FILE: file, TIDEWHEEL_WORKER_PORT: '9' })).toMatchObject({
      redisUrl: 'redis://from-file',
      taskQueues: ['a', 'b'],
      workflowsPath: at('workflows.ts'),
      activitiesPaths: [at('activities.js')],
      maxConcurrentActivities: 7,
      duties: true,
      port: 9,
    });
  });

  it.each([
    [
      '{"taskQueue": "a"}',
      /^TIDEWHEEL_CONFIG_FILE: got the unknown key "taskQueue" in .*allowed are .*taskQueues/,
    ],
    ['{"port": null}', /^TIDEWHEEL_CONFIG_FILE: got null for "port" in .*; allowed is text, a number/],
    ['{"taskQueues": ["a,b"]}', /^TIDEWHEEL_CONFIG_FILE: got a list for "taskQueues"/],
    ['{"port": 70000}', /^"port" in TIDEWHEEL_CONFIG_FILE: got "70000"; allowed is a whole number/],
    ['[]', /^TIDEWHEEL_CONFIG_FILE: got ".*", which holds no object; allowed is the path of a readable file/],
    ['{', /^TIDEWHEEL_CONFIG_FILE: got ".*" \(.*JSON.*\); allowed is the path of a readable file/],
  ])('refuses %s', (content, fault) => {
    const file = writeFile('wrong.json', content);
    expect(faultsOf({ ...least, TIDEWHEEL_CONFIG_FILE: file })).toEqual([expect.stringMatching(fault)]);
  });

  it.each(['{"redisUrl": redis://:hunter2@host}', '{"redisUrl": ["redis://:hunter2@a,b"]}'])(
    'is refused without repeating what may be a password: %s',
    (content) => {
      const [fault] = faultsOf({ ...least, TIDEWHEEL_CONFIG_FILE: writeFile('wrong.json', content) });
      expect(fault).toMatch(/^TIDEWHEEL_CONFIG_FILE: got /);
      expect(fault).not.toMatch(/redis:|hunter2/);
    },
  );

  it('must be there', () => {
    expect(faultsOf({ ...least, TIDEWHEEL_CONFIG_FILE: at('none.json') })).toEqual([
      expect.stringMatching(/^TIDEWHEEL_CONFIG_FILE: got ".*none.json" \(.*ENOENT.*\); allowed is /),
    ]);
  });
});

describe("the README's table of variables", () => {
  it('holds for both processes together: those of the API may be set for a worker, too', () => {
    const theirs = Object.fromEntries(
      [...readmeTable('API variables').keys()].map((variable) => [variable, '']),
    );
    expect(Object.keys(theirs).length).toBeGreaterThan(5);
    expect(faultsOf({ ...theirs, ...least })).toEqual([]);
  });

  it('has every variable with its default, and no other', () => {
    const sorted = (variables: Iterable<[string, string]>): unknown => [...variables].sort();
    expect(sorted(readmeTable('worker variables'))).toEqual(sorted(VARIABLES));
  });
});
