import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandLine } from '../command-line.js';
import { startDeployment } from '../deployment/deployment.js';
import type { Counts } from '../harness/run-scenarios.js';
import { prepareTests } from './prepare.js';
import type { PreparedTests } from './prepare.js';
import { readReport, writeReport } from './report.js';
import { HANGS, readTap } from './tap.js';
import type { Failure, FileResult, TapResult } from './tap.js';

/** Where many of the tests expect a server. */
const PORT = 7233;
const FILE_LIMIT_MS = 240_000;
/** How long a file that hangs may go on to say so of each of its tests. */
const LAST_WORDS_MS = 1_000;
const MAX_ROUNDS = 9;
const REDIRECTION = fileURLToPath(new URL('./redirect-local-servers.cjs', import.meta.url));

/** Runs the tests of a checkout of temporalio/sdk-typescript, file by file, and writes a report. */
export async function runSdkTests(
  commandLine: CommandLine,
  folder: string,
  log: WriteStream,
  tell: (line: string) => void,
): Promise<Counts> {
  const { api, checkout, partitions } = commandLine;
  if (checkout === undefined) throw new Error('--checkout or TEMPORAL_SDK_CHECKOUT names no checkout');
  const workFolder = resolve(commandLine.workFolder ?? join(tmpdir(), 'tidewheel-sdk-tests'));
  const tests = await prepareTests(resolve(checkout), workFolder, tell);
  const files = tests.files.filter(
    (file) =>
      commandLine.files.length === 0 || commandLine.files.some((wanted) => file === `${stem(wanted)}.js`),
  );
  if (api !== undefined) return await runFiles(tests, files, api, folder, log, tell);
  const redisFolder = join(folder, 'sdk-tests-redis');
  await rm(redisFolder, { recursive: true, force: true });
  const deployment = await startDeployment({ port: PORT, partitions, folder: redisFolder, log });
  try {
    return await runFiles(tests, files, deployment.address, folder, log, tell);
  } finally {
    await deployment.stop();
  }
}

function stem(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.[jt]s$/, '');
}

async function runFiles(
  tests: PreparedTests,
  files: readonly string[],
  address: string,
  folder: string,
  log: WriteStream,
  tell: (line: string) => void,
): Promise<Counts> {
  const results: FileResult[] = [];
  const earlier = await readReport(folder, tests.version);
  for (const file of files) {
    const result = await runFile(tests, file, address, log);
    results.push(result);
    const { passed, failed, notRun, troubles, seconds } = result;
    const trouble = troubles[0] ? `; ${troubles[0].title}` : '';
    tell(
      `${file}: ${passed.length} passed, ${failed.length} failed, ${notRun} not run (${seconds} s)${trouble}`,
    );
    // After every file: a run that is cut off leaves what it has. Files that are not run again keep their results.
    const others = earlier.filter((result) => results.every((each) => each.file !== result.file));
    await writeReport(folder, tests.version, [...others, ...results]);
  }
  return {
    passed: results.reduce((sum, { passed }) => sum + passed.length, 0),
    failed: results.reduce((sum, { failed, troubles }) => sum + failed.length + troubles.length, 0),
  };
}

/**
 * Runs a file. When it hangs, the first test that did not end is taken for the one that hangs, and the others are run
 * again without it: many files run their tests one after the other.
 */
async function runFile(
  tests: PreparedTests,
  file: string,
  address: string,
  log: WriteStream,
): Promise<FileResult> {
  const startedMs = Date.now();
  let result = await runOnce(tests, file, address, log, []);
  const hung: Failure[] = [];
  for (let round = 1; result.hung.length > 1 && round < MAX_ROUNDS; round++) {
    const [first, ...others] = result.hung;
    if (first) hung.push(first);
    const titles = others.map(({ title }) => title);
    const again = await runOnce(tests, file, address, log, titles);
    result = {
      passed: [...result.passed, ...again.passed],
      failed: [...result.failed, ...again.failed],
      hung: again.hung,
      notRun: result.notRun,
      troubles: result.troubles,
    };
  }
  const { passed, failed, notRun, troubles } = result;
  const seconds = Math.round((Date.now() - startedMs) / 1_000);
  return { file, passed, failed: byTitle([...failed, ...hung, ...result.hung]), notRun, troubles, seconds };
}

/** A test that failed may be reported once more as one that hung. */
function byTitle(failures: readonly Failure[]): Failure[] {
  const isFirst = ({ title }: Failure, index: number): boolean =>
    failures.findIndex((each) => each.title === title) === index;
  return failures.filter(isFirst);
}

/** Runs the tests of a file that have one of these titles; all when there are none. */
async function runOnce(
  { ava, folder }: PreparedTests,
  file: string,
  address: string,
  log: WriteStream,
  titles: readonly string[],
): Promise<TapResult> {
  const matches = titles.map((title) => `--match=${title}`);
  const child = spawn(process.execPath, [ava, '--tap', '--timeout=20s', ...matches, join('lib', file)], {
    cwd: folder,
    env: {
      ...process.env,
      CONFORMANCE_ADDRESS: address,
      NODE_OPTIONS: `--require=${REDIRECTION}`,
      NO_COLOR: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the processes which tests start end with them.
    detached: true,
  });
  let isOver = false;
  const killAll = (): void => {
    if (child.pid !== undefined && !isOver) process.kill(-child.pid, 'SIGKILL');
  };
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
    if (text.includes(HANGS)) setTimeout(killAll, LAST_WORDS_MS);
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort();
    killAll();
  }, FILE_LIMIT_MS);
  process.once('exit', killAll);
  await once(child, 'close');
  isOver = true;
  process.off('exit', killAll);
  clearTimeout(timer);
  const result = readTap(text);
  if (!limit.signal.aborted) return result;
  const trouble = { title: `given up after ${FILE_LIMIT_MS / 1_000} s`, message: '' };
  return { ...result, troubles: [...result.troubles, trouble] };
}
