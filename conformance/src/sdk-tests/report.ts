import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileResult } from './tap.js';

/** Writes `sdk-tests.json` and `sdk-tests.md`. */
export async function writeReport(
  folder: string,
  version: string,
  results: readonly FileResult[],
): Promise<void> {
  const files = [...results].sort((a, b) => (a.file < b.file ? -1 : 1));
  await writeFile(join(folder, 'sdk-tests.json'), JSON.stringify({ version, files }, undefined, 2));
  await writeFile(join(folder, 'sdk-tests.md'), markdownOf(version, files));
}

/** What an earlier run with the same tests left; nothing when there was none. */
export async function readReport(folder: string, version: string): Promise<readonly FileResult[]> {
  const text = await readFile(join(folder, 'sdk-tests.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return [];
  const report = JSON.parse(text) as { version: string; files: FileResult[] };
  return report.version === version ? report.files : [];
}

function markdownOf(version: string, results: readonly FileResult[]): string {
  const row = ({ file, passed, failed, notRun }: FileResult): string =>
    `| ${file} | ${passed.length} | ${failed.length} | ${notRun} |`;
  const total = (count: (result: FileResult) => number): number =>
    results.reduce((sum, result) => sum + count(result), 0);
  const failures = results.flatMap(({ file, failed, troubles }) =>
    [...failed, ...troubles].map(
      ({ title, message }) => `### ${file}: ${title}\n\n\`\`\`\n${message}\n\`\`\`\n`,
    ),
  );
  return [
    `# Tests of the official TypeScript SDK ${version}`,
    '',
    '| file | passed | failed | not run |',
    '| --- | --- | --- | --- |',
    ...results.map(row),
    `| all | ${total(({ passed }) => passed.length)} | ${total(({ failed }) => failed.length)} | ${total(({ notRun }) => notRun)} |`,
    '',
    '## Failures',
    '',
    ...failures,
  ].join('\n');
}
