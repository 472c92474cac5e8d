import type { Measures } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { ReportRow } from './reports.js';
import { median } from './statistics.js';
import { measureInTurns } from './turns.js';

const PARTITIONS = 4;
const PRIMARIES = 3;

const COMPARED = [
  { measure: 'perSecond', what: 'workflows a second' },
  { measure: 'redisScriptCallsPerItem', what: 'scripts' },
  { measure: 'redisCommandsPerItem', what: 'commands' },
  { measure: 'redisCpuMicrosPerItem', what: 'us of Redis' },
  { measure: 'redisSystemCpuMicrosPerItem', what: 'us of Redis, system' },
  { measure: 'redisBytesPerItem', what: 'bytes' },
] as const satisfies readonly { measure: keyof Measures; what: string }[];

/** The numbers of one round on each deployment. */
interface ComparedRound {
  readonly one: Measures;
  readonly partitioned: Measures;
  readonly cluster: Measures;
}

/** What a workflow with one activity costs on one server, there with several partitions, and with these on a cluster. */
export async function measureClusterCost(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const rounds = await measureInTurns(
    {
      one: { cluster: undefined, partitions: 1 },
      partitioned: { cluster: undefined, partitions: PARTITIONS },
      cluster: { cluster: options.cluster ?? PRIMARIES, partitions: PARTITIONS },
    },
    options,
    tell,
  );
  return compareRounds(rounds);
}

/** Medians of all numbers, and round by round how many times as much they are as on one server with one partition. */
export function compareRounds(rounds: readonly ComparedRound[]): readonly ReportRow[] {
  return COMPARED.flatMap(({ measure, what }) => {
    const of = (deployment: keyof ComparedRound) =>
      rounds.map((round) => round[deployment][measure] ?? Number.NaN);
    const base = of('one');
    const compared = (deployment: keyof ComparedRound, where: string): ReportRow[] => {
      const values = of(deployment);
      const ratios = values.map((value, round) => value / (base[round] ?? Number.NaN));
      return [
        { measure: `${what}, ${where}`, value: median(values), unit: 'median' },
        { measure: `${what}, ${where}`, value: median(ratios), unit: 'times, median of rounds' },
        { measure: `${what}, ${where}`, value: Math.min(...ratios), unit: 'times, least' },
        { measure: `${what}, ${where}`, value: Math.max(...ratios), unit: 'times, most' },
      ];
    };
    return [
      { measure: `${what}, one server`, value: median(base), unit: 'median' },
      { measure: `${what}, one server`, value: Math.min(...base), unit: 'least' },
      { measure: `${what}, one server`, value: Math.max(...base), unit: 'most' },
      ...compared('partitioned', `${PARTITIONS} partitions`),
      ...compared('cluster', 'cluster'),
    ];
  });
}
