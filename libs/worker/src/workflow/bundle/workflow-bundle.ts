import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@tidewheel/common';
import { build, formatMessages } from 'esbuild';
import type { BuildFailure, BuildOptions, Message } from 'esbuild';
import { makeImportRules, refusedImports } from './import-rules.js';

/** What to bundle. */
export interface BundleWorkflowOptions {
  /** File whose exported async functions are the workflows; TypeScript or JavaScript, a path or a `file:` URL. */
  readonly workflowsPath: string;
  /** Modules that workflow code imports but never uses while it runs; using one throws. */
  readonly ignoreModules?: readonly string[];
  readonly logger?: Logger;
}

/** Workflow code in one piece, as a worker takes it. */
export interface WorkflowBundle {
  /** A CommonJS module; for the SDK it calls `require`. */
  readonly code: string;
  /** JSON; without it, stack traces show places in the bundle. */
  readonly sourceMap?: string;
}

/** A bundle made ahead of time: itself, or the file it is in. */
export type WorkflowBundleOption = WorkflowBundle | { readonly codePath: string };

/** Workflow code that cannot be bundled; the message says where and why. Thrown by {@link bundleWorkflowCode}. */
export class WorkflowBundleError extends Error {
  override readonly name = 'WorkflowBundleError';
}

const SOURCE_MAP_COMMENT = /\n\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

/**
 * Puts the workflows of a file and everything they import into one piece of code.
 *
 * @throws WorkflowBundleError when the code does not parse, imports what cannot be found, or needs Node.js; then the
 * message shows the chain of imports that leads there
 */
export async function bundleWorkflowCode(options: BundleWorkflowOptions): Promise<WorkflowBundle> {
  const startedAt = performance.now();
  const entry = options.workflowsPath.startsWith('file:')
    ? fileURLToPath(options.workflowsPath)
    : path.resolve(options.workflowsPath);
  const { outputFiles, metafile } = await runBuild({
    entryPoints: [entry],
    absWorkingDir: path.dirname(entry),
    outfile: 'workflows.js',
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    target: 'node20',
    define: { 'process.env.NODE_ENV': '"production"' },
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [makeImportRules(options.ignoreModules ?? [])],
  });
  const refused = refusedImports(metafile, path.dirname(entry));
  if (refused.length > 0) throw new WorkflowBundleError(refused.join('\n'));
  const textOf = (suffix: string) => outputFiles.find((file) => file.path.endsWith(suffix))?.text;
  const code = exportDirectly(textOf('.js') ?? '');
  const sourceMap = textOf('.map');
  const milliseconds = Math.round(performance.now() - startedAt);
  options.logger?.info('Workflow code bundled', {
    workflowsPath: entry,
    bytes: Buffer.byteLength(code),
    milliseconds,
  });
  return { code, ...(sourceMap !== undefined && { sourceMap }) };
}

/**
 * esbuild copies the exports into a second object, marked as having been a module. Nobody looks for the mark here, and
 * the copying would be repeated for every execution, of which it is a tenth of the cost.
 */
function exportDirectly(code: string): string {
  return code.replace(/^module\.exports = __toCommonJS\((\w+)\);$/m, 'module.exports = $1;');
}

/** Reads a bundle that was made ahead of time; a source map may follow the code as an inline comment. */
export async function loadWorkflowBundle(option: WorkflowBundleOption): Promise<WorkflowBundle> {
  const bundle = 'codePath' in option ? { code: await readFile(option.codePath, 'utf8') } : option;
  if (bundle.sourceMap !== undefined) return bundle;
  const inline = SOURCE_MAP_COMMENT.exec(bundle.code)?.[1];
  return inline === undefined ? bundle : { ...bundle, sourceMap: Buffer.from(inline, 'base64').toString() };
}

type BundleBuildOptions = BuildOptions & { write: false; metafile: true };

async function runBuild(options: BundleBuildOptions) {
  try {
    return await build<BundleBuildOptions>(options);
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new WorkflowBundleError(await describeFailures(error.errors), { cause: error });
  }
}

async function describeFailures(errors: Message[]): Promise<string> {
  const lines = await formatMessages(errors, { kind: 'error', color: false });
  return `workflow code cannot be bundled:\n${lines.join('\n')}`;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors);
}
