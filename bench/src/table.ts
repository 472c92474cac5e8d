import { MEASURES, medians, spread } from './measurement.js';
import type { Measures, Round } from './measurement.js';
import type { BenchOptions } from './options.js';

/** The rounds of one scenario at one load. */
export interface Result {
  readonly scenario: string;
  readonly system: string;
  readonly inFlight: number;
  readonly rounds: readonly Round[];
}

const HEADINGS: Readonly<Record<keyof Measures, readonly [string, string]>> = {
  perSecond: ['', 'per second'],
  p50Ms: ['latency', 'p50 ms'],
  p99Ms: ['latency', 'p99 ms'],
  redisScriptCallsPerItem: ['Redis', 'scripts'],
  redisCommandsPerItem: ['Redis', 'commands'],
  redisCpuMicrosPerItem: ['Redis', 'us CPU'],
  redisSystemCpuMicrosPerItem: ['Redis', 'us system'],
  redisBytesPerItem: ['Redis', 'bytes'],
  workerCpuMicrosPerItem: ['worker', 'us CPU'],
  clientCpuMicrosPerItem: ['client', 'us CPU'],
  apiCpuMicrosPerItem: ['API', 'us CPU'],
};

/** What applies to every line. */
const NOTES = [
  'First line: medians over the rounds. Second line: smallest .. largest.',
  'All columns after the latency are for one item.',
  'Redis commands count those inside of scripts, too. Redis bytes: growth of what is stored, without buffers.',
];

/** Lines of a table with two lines for each result, and notes below. */
export function formatTable(results: readonly Result[], notes: readonly string[]): string[] {
  const rows = [
    ['', '', '', ...MEASURES.map((name) => HEADINGS[name][0])],
    ['scenario', 'system', 'in flight', ...MEASURES.map((name) => HEADINGS[name][1])],
    ...results.flatMap(resultRows),
  ];
  return [...alignColumns(rows, 2), '', ...[...NOTES, ...notes].map((note) => `- ${note}`)];
}

function resultRows({ scenario, system, inFlight, rounds }: Result): string[][] {
  const middle = medians(rounds);
  const { min, max } = spread(rounds);
  return [
    [
      scenario,
      system,
      inFlight === 0 ? '-' : String(inFlight),
      ...MEASURES.map((name) => formatNumber(middle[name])),
    ],
    ['', '', '', ...MEASURES.map((name) => formatSpread(min[name], max[name]))],
  ];
}

/** Pads cells so that columns line up: the first `leftCount` to the left, numbers to the right. */
export function alignColumns(rows: readonly (readonly string[])[], leftCount: number): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < leftCount ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Three significant digits or all integer ones, thousands grouped. */
export function formatNumber(value: number | null): string {
  if (value === null) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatSpread(min: number | null, max: number | null): string {
  return min === null ? '' : `${formatNumber(min)}..${formatNumber(max)}`;
}

/** The result as people want it in a file: medians, unrounded. */
export function resultJson(
  { scenario, system, inFlight, rounds }: Result,
  { cluster, partitions, fsync }: Pick<BenchOptions, 'cluster' | 'partitions' | 'fsync'>,
): string {
  const settings = { inFlight, cluster: cluster ?? null, partitions, fsync };
  return JSON.stringify({ scenario, system, ...settings, ...medians(rounds), rounds: rounds.length });
}

/** How often each Redis command ran for one item in the last round, and what it took, the dearest first. */
export function formatCommands({ scenario, inFlight, rounds }: Result): string[] {
  const commands = [...(rounds.at(-1)?.commandsPerItem ?? [])].sort(([, a], [, b]) => b.micros - a.micros);
  const rows = commands
    .filter(([, { calls }]) => calls >= LEAST_CALLS)
    .map(([name, { calls, micros }]) => [
      `  ${name}`,
      calls.toFixed(2),
      micros.toFixed(1),
      (micros / calls).toFixed(1),
    ]);
  return [
    `${scenario}, ${inFlight} in flight: Redis commands of an item`,
    ...alignColumns([['  command', 'calls', 'us', 'us a call'], ...rows], 1),
  ];
}

/** Rarer commands are those of starting and watching. */
const LEAST_CALLS = 0.005;
