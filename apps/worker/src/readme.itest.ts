import { spawnProcess } from '@tidewheel/testing';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const ROW = /^\| `(\w+)` +\| (?:`(.*?)`)? *\|/gm;

/** Variables and defaults of a table in the README. */
function tableAfter(mark: string): Map<string, string> {
  const readme = readFileSync(`${REPOSITORY}README.md`, 'utf8');
  const [, table = ''] = readme.split(`<!-- ${mark} -->`);
  const [rows = ''] = table.split('\n#');
  return new Map([...rows.matchAll(ROW)].map(([, name = '', fallback = '']) => [name, fallback]));
}

/** What a process says that is not to start, without the names that come first in each line. */
async function faultsOf(app: string, env: Record<string, string>): Promise<string[]> {
  const cleared = Object.keys(process.env).filter((name) => /^TIDEWHEEL_|^REDIS_URL$/.test(name));
  const running = await spawnProcess({
    command: process.execPath,
    args: [`${REPOSITORY}apps/${app}/dist/main.js`],
    env: { ...Object.fromEntries(cleared.map((name) => [name, undefined])), ...env },
  });
  await expect(running.exited).resolves.toEqual({ code: 1, signal: null });
  return running.lines.map((line) => line.replace(/^[\w-]+: /, ''));
}

describe.each([
  ['worker', 'worker variables'],
  ['api', 'API variables'],
])("the README's table of the variables of apps/%s", (app, mark) => {
  const table = tableAfter(mark);

  it('names all of them and no other', async () => {
    const faults = await faultsOf(app, { TIDEWHEEL_NO_SUCH_VARIABLE: 'x' });
    const known = faults.map((fault) => /^TIDEWHEEL_NO_SUCH_VARIABLE: .* allowed are (.*)$/.exec(fault)?.[1]);
    const names = known.find((list) => list !== undefined)?.split(', ');
    expect([...table.keys()].sort()).toEqual(names?.sort());
  });

  it('tells defaults that are allowed', async () => {
    const defaults = Object.fromEntries([...table].filter(([, fallback]) => fallback !== ''));
    const faults = await faultsOf(app, { ...defaults, TIDEWHEEL_NO_SUCH_VARIABLE: 'x' });
    const complained = faults.map((fault) => fault.split(':')[0]).filter((name) => name && name in defaults);
    expect(complained).toEqual([]);
  });
});
