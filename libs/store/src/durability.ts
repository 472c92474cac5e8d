import type { Redis, RedisServer } from './redis-connection.js';
import { primariesOf } from './redis-nodes.js';

/** Something about a Redis that endangers what it stores, and what to do about it. */
export interface DurabilityFinding {
  /** The setting or state, for example `maxmemory-policy`. */
  readonly subject: string;
  /** What it is. */
  readonly actual: string;
  /** What is wrong with it and what to do. */
  readonly advice: string;
}

const RULES: readonly {
  readonly setting: string;
  isSound(value: string): boolean;
  readonly advice: string;
}[] = [
  {
    setting: 'maxmemory-policy',
    isSound: (value) => value === 'noeviction',
    advice: 'Redis may throw executions away when memory runs out: set maxmemory-policy noeviction',
  },
  {
    setting: 'appendonly',
    isSound: (value) => value === 'yes',
    advice: 'a restart of Redis loses what was acknowledged since its last snapshot: set appendonly yes',
  },
  {
    setting: 'appendfsync',
    isSound: (value) => value !== 'no',
    advice:
      'the operating system decides when data reaches the disk: set appendfsync always, or everysec to risk a second',
  },
];

/**
 * Looks for settings and states of a Redis under which acknowledged work may be lost. A managed service that does not
 * tell its settings is not blamed for them.
 */
export async function findDurabilityFaults(redis: Redis): Promise<DurabilityFinding[]> {
  const found = await Promise.all(primariesOf(redis).map(findFaultsOf));
  // What several primaries of a cluster have in common is said once.
  const distinct = new Map(found.flat().map((finding) => [`${finding.subject}=${finding.actual}`, finding]));
  return [...distinct.values()];
}

async function findFaultsOf(redis: RedisServer): Promise<DurabilityFinding[]> {
  const settings = await readSettings(redis);
  const findings: DurabilityFinding[] = [];
  for (const rule of RULES) {
    const value = settings.get(rule.setting);
    if (value !== undefined && !rule.isSound(value)) {
      findings.push({ subject: rule.setting, actual: value, advice: rule.advice });
    }
  }
  const persistence = await redis.info('persistence');
  for (const state of ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status']) {
    const value = new RegExp(`^${state}:(\\S+)`, 'm').exec(persistence)?.[1];
    if (value !== undefined && value !== 'ok') {
      findings.push({
        subject: state,
        actual: value,
        advice: 'Redis cannot write to its disk: look at its log and free space',
      });
    }
  }
  return findings;
}

async function readSettings(redis: RedisServer): Promise<Map<string, string>> {
  try {
    const pairs = await Promise.all(RULES.map(({ setting }) => redis.config('GET', setting)));
    return new Map(
      pairs.flatMap(([name, value]) => (name !== undefined && value !== undefined ? [[name, value]] : [])),
    );
  } catch {
    return new Map();
  }
}
