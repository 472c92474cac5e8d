import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchDeployment } from './deployment.js';
import type { ControlledProcess } from './processes/calls.js';
import type { UsageCalls } from './processes/usage.js';
import { countCalls, startRedisMeasurement, sumUses } from './redis-stats.js';
import type { CommandUse } from './redis-stats.js';
import { median } from './statistics.js';

/** The numbers of one round; null where a scenario has no such number. */
export interface Measures {
  readonly perSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly redisScriptCallsPerItem: number | null;
  readonly redisCommandsPerItem: number | null;
  readonly redisCpuMicrosPerItem: number | null;
  /** The part of it that the system took: waiting for and moving bytes. */
  readonly redisSystemCpuMicrosPerItem: number | null;
  readonly redisBytesPerItem: number | null;
  readonly workerCpuMicrosPerItem: number | null;
  readonly clientCpuMicrosPerItem: number | null;
  readonly apiCpuMicrosPerItem: number | null;
}

/** Names of the numbers, in the order of the table. */
export const MEASURES: readonly (keyof Measures)[] = [
  'perSecond',
  'p50Ms',
  'p99Ms',
  'redisScriptCallsPerItem',
  'redisCommandsPerItem',
  'redisCpuMicrosPerItem',
  'redisSystemCpuMicrosPerItem',
  'redisBytesPerItem',
  'workerCpuMicrosPerItem',
  'clientCpuMicrosPerItem',
  'apiCpuMicrosPerItem',
];

/** What one round came to. */
export interface Round {
  readonly measures: Measures;
  /** Uses of each Redis command for one item. */
  readonly commandsPerItem: ReadonlyMap<string, CommandUse>;
}

/** The processes whose processor time is counted. */
interface MeasuredProcesses {
  readonly workers: readonly ControlledProcess<UsageCalls>[];
  readonly client?: ControlledProcess<UsageCalls>;
  readonly api?: ControlledProcess<UsageCalls> | undefined;
}

/** What people notice of a load; the other numbers are what it costs. */
type Noticed = Pick<Measures, 'perSecond' | 'p50Ms' | 'p99Ms'>;

/** What a round did. */
export interface Work {
  readonly noticed: Noticed;
  /** Items to divide the costs by. */
  readonly items: number;
  /** Whether something stays stored of each item. */
  readonly storesItems: boolean;
}

/** Does some work and measures what it costs Redis and the processes. */
export async function measure(
  deployment: BenchDeployment,
  processes: MeasuredProcesses,
  work: () => Promise<Work>,
): Promise<Round> {
  const endRedis = await Promise.all(
    deployment.servers.map((server) => startRedisMeasurement(server, deployment.fixedKeys)),
  );
  const endCpu = await startCpuMeasurement(processes);
  const { noticed, items, storesItems } = await work();
  const { workers, client, api } = await endCpu();
  const redis = sumUses(await Promise.all(endRedis.map((end) => end())));
  const calls = countCalls(redis.commands);
  const perItem = (amount: number | null) => (amount === null || items === 0 ? null : amount / items);
  return {
    measures: {
      ...noticed,
      redisScriptCallsPerItem: perItem(calls.scripts),
      redisCommandsPerItem: perItem(calls.all),
      redisCpuMicrosPerItem: perItem(redis.userCpuMicros + redis.systemCpuMicros),
      redisSystemCpuMicrosPerItem: perItem(redis.systemCpuMicros),
      redisBytesPerItem: storesItems ? perItem(redis.bytes) : null,
      workerCpuMicrosPerItem: perItem(workers),
      clientCpuMicrosPerItem: perItem(client),
      apiCpuMicrosPerItem: perItem(api),
    },
    commandsPerItem: new Map(
      [...redis.commands].map(([name, use]) => [
        name,
        { calls: use.calls / items, micros: use.micros / items },
      ]),
    ),
  };
}

/** Work of which each second is an item: waiting. */
export async function doNothing(seconds: number): Promise<Work> {
  const startedMs = performance.now();
  await sleep(seconds * 1_000);
  return {
    noticed: { perSecond: null, p50Ms: null, p99Ms: null },
    items: (performance.now() - startedMs) / 1_000,
    storesItems: false,
  };
}

/** The median of each number over the rounds. */
export function medians(rounds: readonly Round[]): Measures {
  return reduceRounds(rounds, median);
}

/** The smallest and the largest of each number over the rounds. */
export function spread(rounds: readonly Round[]): { readonly min: Measures; readonly max: Measures } {
  return {
    min: reduceRounds(rounds, (values) => Math.min(...values)),
    max: reduceRounds(rounds, (values) => Math.max(...values)),
  };
}

function reduceRounds(rounds: readonly Round[], reduce: (values: readonly number[]) => number): Measures {
  const reduced = MEASURES.map((name) => {
    const values = rounds.map(({ measures }) => measures[name]).filter((value) => value !== null);
    return [name, values.length === 0 ? null : reduce(values)] as const;
  });
  return Object.fromEntries(reduced) as unknown as Measures;
}

interface CpuUse {
  readonly workers: number;
  readonly client: number | null;
  readonly api: number | null;
}

async function startCpuMeasurement(processes: MeasuredProcesses): Promise<() => Promise<CpuUse>> {
  const read = async (): Promise<CpuUse> => {
    const { workers, client, api } = processes;
    const ofWorkers = await Promise.all(workers.map((worker) => worker.call('cpuMicros')));
    return {
      workers: ofWorkers.reduce((sum, micros) => sum + micros, 0),
      client: (await client?.call('cpuMicros')) ?? null,
      api: (await api?.call('cpuMicros')) ?? null,
    };
  };
  const before = await read();
  return async () => {
    const after = await read();
    const growth = (now: number | null, then: number | null) => (now === null ? null : now - (then ?? 0));
    return {
      workers: after.workers - before.workers,
      client: growth(after.client, before.client),
      api: growth(after.api, before.api),
    };
  };
}
