/** What became of one file of tests. */
export interface FileResult {
  readonly file: string;
  readonly passed: readonly string[];
  readonly failed: readonly Failure[];
  /** Skipped, planned for later, or never reached. */
  readonly notRun: number;
  /** Why tests were never reached: a hook that failed, a file that was given up. */
  readonly troubles: readonly Failure[];
  readonly seconds: number;
}

export interface Failure {
  readonly title: string;
  readonly message: string;
}

/** What became of one run of a file. */
export interface TapResult extends Omit<FileResult, 'file' | 'seconds'> {
  /** Tests that did not end. */
  readonly hung: readonly Failure[];
}

const MESSAGE_LINES = 40;

/** What AVA says, again and again, of each test of a file that hangs. */
export const HANGS = 'Exited because no new tests completed';

/** Reads what AVA prints with `--tap`. */
export function readTap(text: string): TapResult {
  const passed: string[] = [];
  const failed: Failure[] = [];
  const hung: Failure[] = [];
  const troubles: Failure[] = [];
  let notRun = 0;
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    const remaining = /^# (\d+) tests? remaining in /.exec(line);
    if (remaining) notRun += Number(remaining[1]);
    const test = /^(not ok|ok) \d+ - (.*)$/.exec(line);
    if (!test) return;
    const [, verdict, title = ''] = test;
    const diagnosis = diagnosisAfter(lines, index);
    if (diagnosis.includes(HANGS)) hung.push({ title, message: diagnosis });
    // What comes after that belongs to the end of the process.
    else if (hung.length > 0) return;
    else if (/ # (SKIP|TODO)\b/.test(title)) notRun++;
    else if (verdict === 'ok') passed.push(title);
    else (isTest(title) ? failed : troubles).push({ title, message: diagnosis });
  });
  return { passed, failed, hung, notRun, troubles };
}

/** AVA reports hooks, uncaught errors and its own time limits beside the tests. */
function isTest(title: string): boolean {
  return !/(^|› )(before|after|beforeEach|afterEach)(\.always)? hook|^\w*Error: |^Uncaught |^Unhandled |^Exited because|failed to exit|No tests found|^lib\//.test(
    title,
  );
}

function diagnosisAfter(lines: readonly string[], index: number): string {
  if (lines[index + 1] !== '  ---') return '';
  const end = lines.indexOf('  ...', index);
  return lines
    .slice(index + 2, end < 0 ? undefined : end)
    .slice(0, MESSAGE_LINES)
    .join('\n');
}
