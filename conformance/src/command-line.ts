import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/** What `--help` prints. */
export const USAGE = `scripts/conformance [--scenario NAME]... [--api HOST:PORT]
scripts/conformance --crash SECONDS [--seed S] [--workers N]
scripts/conformance bench [--seconds S] [--rounds R] [--idle-polls N]
scripts/conformance sdk-tests --checkout FOLDER [--work FOLDER] [--output FOLDER] [--api HOST:PORT] [FILE]...

Runs the unmodified official Temporal client and worker against the gateway: scenarios of our own; workflows whose
processes are killed; how fast and dear it is (Linux only); or the tests of a checkout of temporalio/sdk-typescript. A Redis and an API process are started
for it, and stopped again, unless --api names a gateway.

  --scenario NAME     only scenarios whose name contains NAME
  --partitions N      of the deployment that is started (default 4)
  --list              print the names of the scenarios
  --output FOLDER     where logs, histories and reports go (default tmp/conformance)
  --seed S            repeats the choices of a crash run
  --checkout FOLDER   the checkout (default: $TEMPORAL_SDK_CHECKOUT)
  --work FOLDER       where its tests are compiled (default: a folder beside the system's temporary files)`;

/** What was asked for: complete and checked. */
export interface CommandLine {
  readonly task: 'help' | 'list' | 'scenarios' | 'crash' | 'sdk-tests';
  readonly scenarios: readonly string[];
  readonly api: string | undefined;
  readonly partitions: number;
  readonly outputFolder: string;
  readonly crashSeconds: number;
  readonly seed: number;
  readonly workers: number;
  readonly checkout: string | undefined;
  readonly workFolder: string | undefined;
  /** Test files of the checkout; none: all. */
  readonly files: readonly string[];
}

/**
 * Reads the command line.
 *
 * @throws Error saying what is wrong with it
 */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      list: { type: 'boolean' },
      scenario: { type: 'string', multiple: true },
      api: { type: 'string' },
      partitions: { type: 'string', default: '4' },
      output: { type: 'string', default: 'tmp/conformance' },
      crash: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string', default: '3' },
      checkout: { type: 'string' },
      work: { type: 'string' },
    },
  });
  const [command, ...files] = positionals;
  if (command !== undefined && command !== 'sdk-tests') throw new Error(`there is no command "${command}"`);
  return {
    task: values.help
      ? 'help'
      : values.list
        ? 'list'
        : (command ?? (values.crash === undefined ? 'scenarios' : 'crash')),
    scenarios: values.scenario ?? [],
    api: values.api,
    partitions: integer('partitions', values.partitions, 1),
    outputFolder: values.output,
    crashSeconds: values.crash === undefined ? 0 : integer('crash', values.crash, 1),
    seed: values.seed === undefined ? randomInt(2 ** 32) : integer('seed', values.seed, 0),
    workers: integer('workers', values.workers, 1),
    checkout: values.checkout ?? environment['TEMPORAL_SDK_CHECKOUT'],
    workFolder: values.work,
    files,
  };
}

function integer(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`--${name} ${text}: must be an integer, ${least} or more`);
}
