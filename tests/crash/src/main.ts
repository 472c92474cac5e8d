// The crash test. See crash-options.ts, or scripts/crash --help.
import { writeFile } from 'node:fs/promises';
import { CrashRun } from './crash-run.js';
import type { CrashOptions } from './crash-options.js';
import { readOptions, USAGE } from './crash-options.js';

const MAX_SHOWN = 50;

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    print(USAGE);
    return 0;
  }
  let options: CrashOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return 2;
  }
  const { seed, partitions, growTo, on, victims } = options;
  const growth = growTo === undefined ? '' : ` --grow-to ${growTo}`;
  const repeat = `--seed ${seed} --partitions ${partitions}${growth} --on ${on}`;
  print(`crash test: ${repeat} --kill ${victims.join(',')}`);
  const startedMs = Date.now();
  const since = (): string => `${((Date.now() - startedMs) / 1_000).toFixed(1)} s`;
  const report = await new CrashRun(options, (line) => print(`${since()} ${line}`)).run();
  for (const violation of report.violations.slice(0, MAX_SHOWN)) print(`VIOLATION ${violation}`);
  const more = report.violations.length - MAX_SHOWN;
  if (more > 0) print(`... and ${more} more`);
  print(
    `crash test: ${report.passed} workflows passed, ${report.failed} failed, ${report.violations.length} violations in ${since()}; ${repeat}`,
  );
  const { TIDEWHEEL_STAGE_RESULT: resultFile } = process.env;
  if (resultFile) {
    const failed = report.violations.length === 0 ? 0 : Math.max(1, report.failed);
    await writeFile(resultFile, JSON.stringify({ passed: report.passed, failed }));
  }
  return report.violations.length === 0 ? 0 : 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main();
