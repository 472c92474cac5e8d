import { isBuiltin } from 'node:module';
import path from 'node:path';
import type { Metafile, Plugin } from 'esbuild';
import { SHARED_MODULES } from './sdk-bundle.js';

const STUB_NAMESPACE = 'ignored-module';

/**
 * Resolves the imports that workflow bundles treat in their own way: the SDK stays outside, modules of Node.js stay
 * outside too (and are refused afterwards, if they are still needed then), ignored modules become stubs.
 */
export function makeImportRules(ignoreModules: readonly string[]): Plugin {
  const ignored = new Set(ignoreModules.flatMap((name) => [name, name.replace(/^node:/, '')]));
  return {
    name: 'tidewheel-workflow-imports',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path: name, kind }) => {
        if (kind === 'entry-point') return undefined;
        if (ignored.has(name) || ignored.has(name.replace(/^node:/, ''))) {
          return { path: name, namespace: STUB_NAMESPACE };
        }
        if (SHARED_MODULES.some((shared) => name === shared)) return { path: name, external: true };
        if (isBuiltin(name) || name === '@tidewheel/workflow/runtime') {
          // Without side effects, esbuild drops the import where nothing of it is used.
          return { path: name, external: true, sideEffects: false };
        }
        return undefined;
      });
      build.onLoad({ filter: /.*/, namespace: STUB_NAMESPACE }, ({ path: name }) => ({
        contents: stubOf(name),
        loader: 'js',
      }));
    },
  };
}

/**
 * One message for each module that the bundle still needs and must not have, with the imports that lead to it.
 *
 * @param baseDirectory what esbuild's paths are relative to
 */
export function refusedImports(metafile: Metafile, baseDirectory: string): string[] {
  const needed = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const names = new Set(needed.filter(({ external }) => external).map(({ path: name }) => name));
  for (const shared of SHARED_MODULES) names.delete(shared);
  return [...names].map((name) => {
    const chain = chainTo(name, metafile).map((file) => displayName(file, baseDirectory));
    return (
      `workflow code cannot use "${name}": it runs in a deterministic sandbox without Node.js.\n` +
      `  ${[...chain, name].join(' -> ')}\n` +
      '  Move what needs it into an activity and import only its types (import type), or, if it is never used while ' +
      `a workflow runs, name it in ignoreModules.`
    );
  });
}

/** Shortest way from the entry to the import of an external module. */
function chainTo(target: string, { inputs, outputs }: Metafile): string[] {
  const entry = Object.values(outputs).find((output) => output.entryPoint !== undefined)?.entryPoint;
  if (entry === undefined) return [];
  const queue: string[][] = [[entry]];
  const seen = new Set<string>([entry]);
  for (let chain = queue.shift(); chain; chain = queue.shift()) {
    const file = chain.at(-1) ?? entry;
    for (const { path: imported, external } of inputs[file]?.imports ?? []) {
      if (external === true) {
        if (imported === target) return chain;
      } else if (!seen.has(imported)) {
        seen.add(imported);
        queue.push([...chain, imported]);
      }
    }
  }
  return [];
}

/** Packages are shown from their names on, other files relative to the workflows. */
function displayName(file: string, baseDirectory: string): string {
  const inPackage = file.split('node_modules/').at(-1);
  if (inPackage !== undefined && inPackage !== file) return inPackage;
  return path.relative(baseDirectory, path.resolve(baseDirectory, file));
}

/** A module of which everything may be imported and nothing used. */
function stubOf(name: string): string {
  const message = JSON.stringify(
    `workflow code uses "${name}", which ignoreModules leaves out of the workflow bundle`,
  );
  return `
    const refuse = () => { throw new Error(${message}); };
    const passive = new Set(['__esModule', 'default', 'then', 'prototype']);
    const stub = new Proxy(function () {}, {
      get: (target, key) => (typeof key === 'symbol' || passive.has(key) ? target[key] : refuse()),
      // What esbuild makes of a module for "import" inherits from the module's prototype.
      getPrototypeOf: () => stub,
      apply: refuse,
      construct: refuse,
    });
    module.exports = stub;
  `;
}
