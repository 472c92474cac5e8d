import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Modules that workflow code shares instead of carrying them in its bundle. */
export const SHARED_MODULES = ['@tidewheel/core', '@tidewheel/common', '@tidewheel/workflow'] as const;

const ENTRY = `
export * as core from '@tidewheel/core';
export * as common from '@tidewheel/common';
export * as workflow from '@tidewheel/workflow';
export * as runtime from '@tidewheel/workflow/runtime';
`;

let bundle: Promise<string> | undefined;

/**
 * The SDK's part of a workflow realm as one CommonJS module. It is made of the packages installed beside this one, once
 * per process, so it always fits this version of the worker.
 */
export function bundleSdk(): Promise<string> {
  bundle ??= buildSdk();
  return bundle;
}

async function buildSdk(): Promise<string> {
  const here = fileURLToPath(import.meta.url);
  const result = await build({
    stdin: { contents: ENTRY, resolveDir: path.dirname(here), sourcefile: 'sdk-entry.js' },
    // Run from its sources, as in tests, this library takes the others' sources too.
    conditions: here.endsWith('.ts') ? ['@tidewheel/source'] : [],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'neutral',
    target: 'node20',
    logLevel: 'silent',
    // Functions that are not strict show their arguments and callers, which lead to the host.
    banner: { js: '"use strict";' },
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error('esbuild gave no output for the workflow SDK');
  return file.text;
}
