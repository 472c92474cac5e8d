import type { RedisFsync } from '@tidewheel/testing';
import { parseArgs } from 'node:util';

/** How much telemetry the processes of the bench have: none, metrics that can be scraped, or all with export by OTLP. */
const TELEMETRY_LEVELS = ['off', 'metrics', 'all'] as const;

/** One of {@link TELEMETRY_LEVELS}. */
export type TelemetryLevel = (typeof TELEMETRY_LEVELS)[number];

/** What the bench runs on: complete and checked. */
export interface BenchOptions {
  /** Names of scenarios; empty for the default ones. */
  readonly scenarios: readonly string[];
  /** Undefined: as each scenario likes it. */
  readonly inFlight: number | undefined;
  /** Length of a round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly fsync: RedisFsync;
  readonly partitions: number;
  /** Primaries of a Redis Cluster; undefined: one server that is none. */
  readonly cluster: number | undefined;
  /** Worker processes of a load. */
  readonly workers: number;
  /** Tasks and queues of the report `backlog`. */
  readonly tasks: number;
  readonly queues: number;
  /** One JSON object a line instead of a table. */
  readonly json: boolean;
  /** Prints what each Redis command costs, too. */
  readonly verbose: boolean;
  /** Runs an API process in scenarios that could do without, too. */
  readonly withApi: boolean;
  /** What the workers and the client record and export. */
  readonly telemetry: TelemetryLevel;
}

/** Arguments that the bench cannot run with. Thrown by {@link readOptions}. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** With fewer there is no majority without one of them; Redis' own tool makes no such cluster. */
const LEAST_PRIMARIES = 3;

const FSYNC: readonly RedisFsync[] = ['none', 'everysec', 'always'];

const CONFIG = {
  allowPositionals: true,
  options: {
    'in-flight': { type: 'string' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    fsync: { type: 'string', default: 'everysec' },
    partitions: { type: 'string', default: '1' },
    cluster: { type: 'string' },
    workers: { type: 'string', default: '1' },
    tasks: { type: 'string', default: '1000000' },
    queues: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    'with-api': { type: 'boolean', default: false },
    telemetry: { type: 'string', default: 'off' },
  },
} as const;

/**
 * Reads the command line.
 *
 * @param known names of all scenarios
 * @param onOneServer those of them that cannot run on a cluster
 * @throws UsageError naming the argument
 */
export function readOptions(
  args: readonly string[],
  known: readonly string[],
  onOneServer: readonly string[] = [],
): BenchOptions {
  const { values, positionals } = parse(args);
  for (const name of positionals) {
    if (!known.includes(name)) throw new UsageError(`no scenario "${name}"; there are: ${known.join(', ')}`);
  }
  const inFlight = values['in-flight'];
  const unfit = positionals.filter((name) => onOneServer.includes(name));
  if (values.cluster !== undefined && unfit.length > 0) {
    throw new UsageError(`--cluster cannot be had with ${unfit.join(', ')}, which runs on one server only`);
  }
  const fsync = FSYNC.find((level) => level === values.fsync);
  if (!fsync) throw new UsageError(`--fsync must be one of ${FSYNC.join(', ')}; got "${values.fsync}"`);
  const telemetry = TELEMETRY_LEVELS.find((level) => level === values.telemetry);
  if (!telemetry) {
    throw new UsageError(
      `--telemetry must be one of ${TELEMETRY_LEVELS.join(', ')}; got "${values.telemetry}"`,
    );
  }
  return {
    scenarios: positionals,
    inFlight: inFlight === undefined ? undefined : integer('--in-flight', inFlight, 10_000),
    seconds: integer('--seconds', values.seconds, 3_600),
    rounds: integer('--rounds', values.rounds, 1_000),
    fsync,
    partitions: integer('--partitions', values.partitions, 1_024),
    cluster:
      values.cluster === undefined ? undefined : integer('--cluster', values.cluster, 16, LEAST_PRIMARIES),
    workers: integer('--workers', values.workers, 64),
    tasks: integer('--tasks', values.tasks, 10_000_000),
    queues: integer('--queues', values.queues, 1_000_000),
    json: values.json,
    verbose: values.verbose,
    withApi: values['with-api'],
    telemetry,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ ...CONFIG, args: [...args] });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function integer(name: string, text: string, max: number, min = 1): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    throw new UsageError(`${name} must be a whole number from ${min} to ${max}; got "${text}"`);
  }
  return value;
}
