import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ReportRow } from '../reports.js';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SCOPE = '@tidewheel/';
/** What people name in their package.json to write a worker with workflows. */
const WANTED = ['@tidewheel/worker', '@tidewheel/workflow', '@tidewheel/activity'];
const NPM_TIMEOUT_MS = 180_000;

/** Disk that the production dependencies of a worker take, installed from packed packages into an empty folder. */
export async function measureInstallSize(): Promise<readonly ReportRow[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tidewheel-bench-'));
  try {
    const names = await withTheirOwn(WANTED);
    const packed = await npm(ROOT, [
      'pack',
      ...names.map((name) => `./${folderOf(name)}`),
      '--ignore-scripts',
      '--pack-destination',
      folder,
    ]);
    const archives = packed.split('\n').filter((line) => line.endsWith('.tgz'));
    await writeFile(path.join(folder, 'package.json'), '{"private":true}');
    await npm(folder, [
      'install',
      ...archives.map((archive) => `./${archive}`),
      '--omit=dev',
      '--ignore-scripts',
      '--prefer-offline',
    ]);
    const { dependencies } = JSON.parse(await npm(folder, ['ls', '--all', '--json'])) as Tree;
    return [
      { measure: 'install size of a worker', value: await mebibytesOf(folder, 'node_modules'), unit: 'MiB' },
      {
        measure: '  of it the packages of Tidewheel',
        value: await mebibytesOf(folder, 'node_modules/@tidewheel'),
        unit: 'MiB',
      },
      {
        measure: 'packages that a worker installs',
        value: packageNames(dependencies).size,
        unit: 'packages',
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The packages and all packages of this repository that they need. */
async function withTheirOwn(names: readonly string[]): Promise<string[]> {
  const all = new Set(names);
  for (const name of all) {
    const text = await readFile(path.join(ROOT, folderOf(name), 'package.json'), 'utf8');
    const { dependencies = {} } = JSON.parse(text) as { dependencies?: Readonly<Record<string, string>> };
    for (const dependency of Object.keys(dependencies)) if (dependency.startsWith(SCOPE)) all.add(dependency);
  }
  return [...all];
}

function folderOf(name: string): string {
  return `libs/${name.slice(SCOPE.length)}`;
}

async function npm(folder: string, args: readonly string[]): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const { stdout } = await run('npm', [...args, ...quiet], { cwd: folder, timeout: NPM_TIMEOUT_MS });
  return stdout;
}

async function mebibytesOf(folder: string, name: string): Promise<number> {
  const { stdout } = await run('du', ['-sk', name], { cwd: folder });
  return Number.parseInt(stdout, 10) / 1_024;
}

interface Tree {
  readonly dependencies?: Readonly<Record<string, Tree>>;
}

function packageNames(dependencies: Tree['dependencies'] = {}): Set<string> {
  const names = new Set<string>();
  for (const [name, tree] of Object.entries(dependencies)) {
    names.add(name);
    for (const inner of packageNames(tree.dependencies)) names.add(inner);
  }
  return names;
}
