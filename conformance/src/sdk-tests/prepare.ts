import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Folder of a checkout's tests that can be run. */
export interface PreparedTests {
  /** Where the tests are run. */
  readonly folder: string;
  /** Version of the published packages that they run with. */
  readonly version: string;
  /** Compiled test files, relative to the folder. */
  readonly files: readonly string[];
  /** The program that runs them. */
  readonly ava: string;
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const PACKAGES = ['test-helpers', 'test'] as const;
/** Tools that the checkout has at its root. */
const TOOLS = ['@tsconfig/node20', '@types/node', 'tsx', 'typescript'];
const OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024;

async function readManifest(file: string): Promise<Manifest> {
  return JSON.parse(await readFile(file, 'utf8')) as Manifest;
}

/**
 * Copies the tests of a checkout of temporalio/sdk-typescript, installs the published packages of the same version
 * instead of building those of the checkout, and compiles the tests. Does nothing twice.
 */
export async function prepareTests(
  checkout: string,
  folder: string,
  tell: (line: string) => void,
): Promise<PreparedTests> {
  const packages = join(folder, 'packages');
  const { version } = await readManifest(join(checkout, 'packages', 'test', 'package.json'));
  const done = join(folder, `prepared-${version}`);
  const isDone = await readFile(done).then(
    () => true,
    () => false,
  );
  if (!isDone) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(packages, { recursive: true });
    for (const name of PACKAGES) {
      await cp(join(checkout, 'packages', name), join(packages, name), {
        recursive: true,
        filter: (source) => !source.includes('node_modules'),
      });
    }
    await cp(join(checkout, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
    await writeManifest(checkout, folder);
    tell(`installing the published packages of version ${version}`);
    await execute(folder, 'npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      '--ignore-scripts',
    ]);
    tell('compiling the tests');
    await compile(folder);
    await writeFile(done, '');
  }
  const compiled = await readdir(join(packages, 'test', 'lib'));
  return {
    folder: join(packages, 'test'),
    version,
    files: compiled.filter((name) => /^test-.*\.js$/.test(name)).sort(),
    ava: join(folder, 'node_modules', 'ava', 'entrypoints', 'cli.mjs'),
  };
}

async function writeManifest(checkout: string, folder: string): Promise<void> {
  const root = await readManifest(join(checkout, 'package.json'));
  const lock = await readFile(join(checkout, 'pnpm-lock.yaml'), 'utf8');
  const dependencies: Record<string, string> = {};
  for (const name of PACKAGES) {
    const pinned = pinnedVersions(lock, `packages/${name}`);
    const manifest = await readManifest(join(checkout, 'packages', name, 'package.json'));
    for (const [dependency, range] of Object.entries({
      ...manifest.devDependencies,
      ...manifest.dependencies,
    })) {
      dependencies[dependency] = range.startsWith('workspace:')
        ? manifest.version
        : (pinned.get(dependency) ?? range);
    }
  }
  // It is not published: the copy is used.
  delete dependencies['@temporalio/test-helpers'];
  for (const tool of TOOLS) dependencies[tool] = root.devDependencies?.[tool] ?? '*';
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'sdk-tests', private: true, dependencies }, undefined, 2),
  );
}

/** The versions that the checkout's lock names for the direct dependencies of one of its packages. */
function pinnedVersions(lock: string, importer: string): Map<string, string> {
  const section = lock.split(`\n  ${importer}:\n`)[1]?.split(/\n {2}\S/)[0] ?? '';
  const entries = section.matchAll(/^ {6}'?([^'\s]+)'?:\n.*specifier: .*\n.*version: ([\d.]+[\w.-]*)/gm);
  return new Map([...entries].map(([, name = '', version = '']) => [name, version]));
}

async function compile(folder: string): Promise<void> {
  const tool = (name: string): string => join(folder, 'node_modules', '.bin', name);
  for (const name of PACKAGES) {
    const file = join(folder, 'packages', name, 'tsconfig.json');
    const settings = JSON.parse(await readFile(file, 'utf8')) as {
      compilerOptions: object;
      references?: unknown;
    };
    delete settings.references;
    settings.compilerOptions = {
      ...settings.compilerOptions,
      ...{ composite: false, incremental: false, declaration: name === 'test-helpers', skipLibCheck: true },
    };
    await writeFile(file, JSON.stringify(settings, undefined, 2));
    await symlink(join('..', '..', 'packages', name), join(folder, 'node_modules', '@temporalio', name));
  }
  // Tests compare stack traces, and read files of other packages: they have to be where the checkout has them.
  const scope = join(folder, 'node_modules', '@temporalio');
  for (const name of await readdir(scope)) {
    if (PACKAGES.some((copied) => copied === name)) continue;
    await rename(join(scope, name), join(folder, 'packages', name));
    await symlink(join('..', '..', 'packages', name), join(scope, name));
  }
  await execute(join(folder, 'packages', 'test'), tool('tsx'), ['scripts/compile-proto.ts']);
  for (const name of PACKAGES) await execute(folder, tool('tsc'), ['-p', join('packages', name)]);
}

async function execute(folder: string, command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, [...args], { cwd: folder, maxBuffer: OUTPUT_LIMIT_BYTES });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
