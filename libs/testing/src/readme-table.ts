import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
const ROW = /^\| `(\w+)` +\| (?:`(.*?)`)? *\|/gm;

/** Variables and defaults of the table that follows `<!-- mark -->` in the README, as a reader finds them there. */
export function readmeTable(mark: string): Map<string, string> {
  const [, table = ''] = readFileSync(README, 'utf8').split(`<!-- ${mark} -->`);
  const [rows = ''] = table.split('\n#');
  return new Map([...rows.matchAll(ROW)].map(([, name = '', fallback = '']) => [name, fallback]));
}
