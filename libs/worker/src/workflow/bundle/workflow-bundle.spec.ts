import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeEvents } from '@tidewheel/codec';
import { FakeHistory, resultOf } from '../sandbox/fake-history.fixture.js';
import { bundleSdk } from './sdk-bundle.js';
import { bundleWorkflowCode, loadWorkflowBundle, WorkflowBundleError } from './workflow-bundle.js';
import type { BundleWorkflowOptions } from './workflow-bundle.js';
import { WorkflowSandbox } from '../sandbox/workflow-sandbox.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tidewheel-bundle-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Bundles files given by name; the entry is workflows.ts. */
async function bundle(files: Readonly<Record<string, string>>, options: Partial<BundleWorkflowOptions> = {}) {
  for (const [name, contents] of Object.entries(files)) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  return bundleWorkflowCode({ workflowsPath: path.join(directory, 'workflows.ts'), ...options });
}

/** What the workflow `main` of a bundle returns in its first workflow task. */
async function run(code: string): Promise<unknown> {
  const limits = { maxCachedWorkflows: 1, maxCachedBytes: 1_000_000 };
  const sandbox = new WorkflowSandbox({ sdk: await bundleSdk(), workflows: code }, limits, decodeEvents);
  return resultOf(new FakeHistory('main').run(sandbox));
}

test('TypeScript, ESM and CommonJS sources become one piece; the SDK stays outside', async () => {
  const { code, sourceMap } = await bundle({
    'workflows.ts': `
      import { inWorkflowContext } from '@tidewheel/workflow';
      import { double } from './math.js';
      import { triple } from 'tripling';
      export async function main(): Promise<unknown> { return [inWorkflowContext(), double(2), triple(2)]; }`,
    'math.ts': 'export const double = (n: number): number => 2 * n;',
    'node_modules/tripling/package.json': '{"name":"tripling","main":"index.js"}',
    'node_modules/tripling/index.js': 'exports.triple = (n) => 3 * n;',
  });
  expect(code).toContain('require("@tidewheel/workflow")');
  expect(code).not.toContain('class CancellationScope');
  expect(sourceMap).toContain('math.ts');
  expect(await run(code)).toEqual([true, 4, 6]);
});

test('the file may be given as a URL, and without its extension', async () => {
  await bundle({ 'workflows.ts': 'export async function main() { return 1; }' });
  for (const workflowsPath of [
    pathToFileURL(path.join(directory, 'workflows.ts')).href,
    path.join(directory, 'workflows'),
  ]) {
    expect(await run((await bundleWorkflowCode({ workflowsPath })).code)).toBe(1);
  }
});

test('a module of Node.js is refused with the imports that lead to it', async () => {
  const bundling = bundle({
    'workflows.ts': "import { load } from './lib/loader.js'; export async function main() { return load(); }",
    'lib/loader.ts': "import { readFileSync } from 'node:fs'; export const load = () => readFileSync('x');",
  });
  await expect(bundling).rejects.toThrow(WorkflowBundleError);
  await expect(bundling).rejects.toThrow('workflows.ts -> lib/loader.ts -> node:fs');
  await expect(bundling).rejects.toThrow(
    /workflow code cannot use "node:fs".*Move what needs it into an activity/s,
  );
});

test('a package that needs one is refused, named by its name; a call of require counts too', async () => {
  const bundling = bundle({
    'workflows.ts': "import fetcher from 'fetcher'; export async function main() { return fetcher(); }",
    'node_modules/fetcher/package.json': '{"name":"fetcher","main":"lib.js"}',
    'node_modules/fetcher/lib.js': "const http = require('http'); module.exports = () => http.get('x');",
  });
  await expect(bundling).rejects.toThrow('workflows.ts -> fetcher/lib.js -> http');
});

test('what is imported and not used, or only for its types, is not refused', async () => {
  const { code } = await bundle({
    'workflows.ts': `
      import { greet } from './activities.js';
      import type { Stats } from 'node:fs';
      export async function main(stats?: Stats) { return typeof stats + (null as unknown as typeof greet); }`,
    'activities.ts':
      "import { readFileSync } from 'node:fs'; export async function greet() { return readFileSync('x'); }",
  });
  expect(await run(code)).toBe('undefinednull');
});

test('an ignored module may be imported, and throws when it is used', async () => {
  const files = {
    'workflows.ts': `
      import { readFileSync } from 'node:fs';
      import * as os from 'os';
      import parse from 'parser';
      const attempt = (use: () => unknown) => { try { return use(); } catch (error) { return (error as Error).message; } };
      export async function main() {
        return [attempt(() => readFileSync('x')), attempt(() => os.cpus()), attempt(() => parse('x'))];
      }`,
  };
  const { code } = await bundle(files, { ignoreModules: ['fs', 'node:os', 'parser'] });
  const message = (name: string) =>
    `workflow code uses "${name}", which ignoreModules leaves out of the workflow bundle`;
  expect(await run(code)).toEqual(['node:fs', 'os', 'parser'].map(message));
});

test('what cannot be found or read is refused with its place', async () => {
  await expect(bundle({ 'workflows.ts': "import 'nowhere';" })).rejects.toThrow(
    /Could not resolve "nowhere".*workflows\.ts:1:7/s,
  );
  await expect(bundle({ 'workflows.ts': 'export const = 1;' })).rejects.toThrow(/workflows\.ts:1:13/);
  await expect(bundle({ 'workflows.ts': 'await null; export const a = 1;' })).rejects.toThrow(
    /Top-level await/,
  );
});

test('the part of the SDK that is for workers is refused', async () => {
  const bundling = bundle({
    'workflows.ts':
      "import { createExecution } from '@tidewheel/workflow/runtime'; export const main = createExecution;",
  });
  await expect(bundling).rejects.toThrow('workflow code cannot use "@tidewheel/workflow/runtime"');
});

test('a bundle made ahead of time is read from its file, with a source map at its end', async () => {
  const made = await bundle({ 'workflows.ts': 'export async function main() { return 2; }' });
  const codePath = path.join(directory, 'bundle.js');
  const encodedMap = Buffer.from(made.sourceMap ?? '').toString('base64');
  await writeFile(
    codePath,
    `${made.code}\n//# sourceMappingURL=data:application/json;base64,${encodedMap}\n`,
  );
  const loaded = await loadWorkflowBundle({ codePath });
  expect(loaded.sourceMap).toBe(made.sourceMap);
  expect(await run(loaded.code)).toBe(2);
  expect(await loadWorkflowBundle({ code: 'x' })).toEqual({ code: 'x' });
});
