import type { Redis } from '@tidewheel/store';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often one command ran, and the processor time it took inside of Redis. */
export interface CommandUse {
  readonly calls: number;
  readonly micros: number;
}

/** What Redis did between two moments. */
interface RedisUse {
  /** Processor time of the whole server process, its writing threads included, in microseconds. */
  readonly userCpuMicros: number;
  readonly systemCpuMicros: number;
  /** Growth of what is stored; see {@link storedBytes}. */
  readonly bytes: number;
  /** By command, those that scripts call included. The time of a script includes that of its commands. */
  readonly commands: ReadonlyMap<string, CommandUse>;
}

/** Commands that run a script. */
const SCRIPT_CALLS: readonly string[] = ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'];

/** The one command of the bench itself that falls between the two moments. */
const OWN_COMMAND = 'config|resetstat';

/** Redis looks at the buffers of all connections several times a second; after this it has seen them empty. */
const SETTLE_MS = 300;

/**
 * Measures what a Redis server does from now on. It resets the statistics of the server: one at a time only.
 *
 * @param fixedKeys keys of limited size, which fill once and are not part of what an item takes
 */
export async function startRedisMeasurement(
  redis: Redis,
  fixedKeys: readonly string[],
): Promise<() => Promise<RedisUse>> {
  const bytesBefore = await settledBytes(redis, fixedKeys);
  const cpuBefore = cpuSeconds(await redis.info('cpu'));
  await redis.config('RESETSTAT');
  return async () => {
    const commands = parseCommandStats(await redis.info('commandstats'));
    const cpu = cpuSeconds(await redis.info('cpu'));
    const bytes = (await settledBytes(redis, fixedKeys)) - bytesBefore;
    return {
      userCpuMicros: (cpu.user - cpuBefore.user) * 1e6,
      systemCpuMicros: (cpu.system - cpuBefore.system) * 1e6,
      bytes,
      commands,
    };
  };
}

/** Adds up what the servers of a cluster did. */
export function sumUses(uses: readonly RedisUse[]): RedisUse {
  const sum = (of: (use: RedisUse) => number) => uses.reduce((total, use) => total + of(use), 0);
  const commands = new Map<string, CommandUse>();
  for (const [name, { calls, micros }] of uses.flatMap((use) => [...use.commands])) {
    const before = commands.get(name) ?? { calls: 0, micros: 0 };
    commands.set(name, { calls: before.calls + calls, micros: before.micros + micros });
  }
  return {
    userCpuMicros: sum((use) => use.userCpuMicros),
    systemCpuMicros: sum((use) => use.systemCpuMicros),
    bytes: sum((use) => use.bytes),
    commands,
  };
}

/**
 * What is stored once all buffers are empty, `fixedKeys` apart. It resets the statistics: Redis 7 keeps a histogram of some 20 KB
 * for each command that ran since, and those of the start would be missing after the first round.
 */
async function settledBytes(redis: Redis, fixedKeys: readonly string[]): Promise<number> {
  await redis.config('RESETSTAT');
  await sleep(SETTLE_MS);
  const sizes = await Promise.all(fixedKeys.map((key) => sizeOf(redis, key)));
  const fixedBytes = sizes.reduce((sum, size) => sum + size, 0);
  return storedBytes(await redis.info('memory')) - fixedBytes;
}

/** Bytes of a key; 0 when it is not there, or on another server of the cluster, which counts it. */
async function sizeOf(redis: Redis, key: string): Promise<number> {
  try {
    return Number((await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')) ?? 0);
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('MOVED ')) return 0;
    throw error;
  }
}

/** Calls of all commands, and those of them that run a script. */
export function countCalls(commands: ReadonlyMap<string, CommandUse>): { all: number; scripts: number } {
  let all = 0;
  let scripts = 0;
  for (const [name, { calls }] of commands) {
    all += calls;
    if (SCRIPT_CALLS.includes(name)) scripts += calls;
  }
  return { all, scripts };
}

/** Reads the section `commandstats` of INFO. */
export function parseCommandStats(info: string): Map<string, CommandUse> {
  const commands = new Map<string, CommandUse>();
  for (const [, name = '', calls, micros] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)) {
    if (name !== OWN_COMMAND) commands.set(name, { calls: Number(calls), micros: Number(micros) });
  }
  return commands;
}

/**
 * Bytes of the keyspace: the memory in use without the buffers of connections and of the append-only file, which come
 * and go with the load.
 */
export function storedBytes(info: string): number {
  return (
    numberOf(info, 'used_memory') - numberOf(info, 'mem_clients_normal') - numberOf(info, 'mem_aof_buffer')
  );
}

function cpuSeconds(info: string): { readonly user: number; readonly system: number } {
  return { user: numberOf(info, 'used_cpu_user'), system: numberOf(info, 'used_cpu_sys') };
}

/** A number of an INFO section; 0 when the server does not tell it. */
function numberOf(info: string, field: string): number {
  return Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
}
