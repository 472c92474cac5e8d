// The bench: runs scenarios and prints what they came to. README.md explains how to read the numbers.
import { cpus, loadavg } from 'node:os';
import { stopDeployments } from './deployment.js';
import { REPORTS } from './reports.js';
import type { Report } from './reports.js';
import { readOptions, UsageError } from './options.js';
import type { BenchOptions } from './options.js';
import { SCENARIOS } from './scenarios/catalog.js';
import { alignColumns, formatCommands, formatNumber, formatTable, resultJson } from './table.js';
import type { Result } from './table.js';

const SYSTEM = 'tidewheel';

/** Progress goes to standard error, results to standard output. */
const tell = (message: string): void => void process.stderr.write(`bench: ${message}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const options = optionsOrExit();
  endOnSignals();
  tell(circumstances(options));
  const chosen = SCENARIOS.filter(({ name }) =>
    options.scenarios.length === 0 ? true : options.scenarios.includes(name),
  );
  const results: Result[] = [];
  for (const { name, inFlight, run } of chosen) {
    // A scenario without a number in flight has no use for another one.
    const asked = options.inFlight === undefined || inFlight.includes(0) ? inFlight : [options.inFlight];
    for (const count of asked) {
      tell(count === 0 ? name : `${name}, ${count} in flight`);
      const result = { scenario: name, system: SYSTEM, inFlight: count, rounds: await run(options, count) };
      results.push(result);
      if (options.json) print(resultJson(result, options));
      if (options.verbose) formatCommands(result).forEach(options.json ? tell : print);
    }
  }
  if (!options.json && results.length > 0) {
    const items = chosen.map(({ name, item }) => `${name}: an item is ${item}.`);
    formatTable(results, items).forEach(print);
  }
  for (const report of REPORTS) {
    if (options.scenarios.includes(report.name)) await printReport(report, options);
  }
  tell(`done; ${load()}`);
}

async function printReport({ name, measure }: Report, options: BenchOptions): Promise<void> {
  const rows = await measure(options, tell);
  if (options.json) {
    for (const row of rows) print(JSON.stringify({ scenario: name, system: SYSTEM, ...row }));
  } else {
    alignColumns(
      rows.map(({ measure, value, unit }) => [measure, unit, formatNumber(value)]),
      2,
    ).forEach(print);
  }
}

function optionsOrExit(): BenchOptions {
  try {
    return readOptions(
      process.argv.slice(2),
      [...SCENARIOS, ...REPORTS].map(({ name }) => name),
      REPORTS.filter(({ runsOnCluster }) => !runsOnCluster).map(({ name }) => name),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    tell(error.message);
    process.exit(2);
  }
}

function circumstances({ cluster, fsync, partitions, workers, rounds, seconds }: BenchOptions): string {
  const machine = `Node.js ${process.version}, ${cpus().length} processors, ${load()}`;
  const redis = cluster === undefined ? 'one server' : `cluster of ${cluster} primaries`;
  return `${machine}; ${redis}, fsync ${fsync}, partitions ${partitions}, workers ${workers}, rounds ${rounds} of ${seconds} s`;
}

function load(): string {
  return `load average ${(loadavg()[0] ?? 0).toFixed(2)}`;
}

function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stopDeployments().finally(() => process.exit(1)));
  }
}

await main();
