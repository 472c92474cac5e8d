import { bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';

/** Modules of workflows that scenarios run, each made into a bundle when first asked for. */
const MODULES = {
  main: {},
  'version-before-change': {},
  'version-after-change': {},
  'version-without-old-path': {},
  'version-out-of-step': {},
  'version-broken': {},
  'with-interceptors': { interceptors: true },
  'with-encoded-failures': { failureConverter: 'encoding-failure-converter' },
} as const satisfies Readonly<
  Record<string, { readonly interceptors?: boolean; readonly failureConverter?: string }>
>;

export type BundleName = keyof typeof MODULES;

const bundles = new Map<BundleName, Promise<WorkflowBundleWithSourceMap>>();

/** Where the compiled modules of workflows are. */
export function workflowModule(name: string): string {
  return fileURLToPath(new URL(`../workflows/${name}.js`, import.meta.url));
}

export async function bundleOf(name: BundleName): Promise<WorkflowBundleWithSourceMap> {
  const known = bundles.get(name);
  if (known) return await known;
  const settings: { interceptors?: boolean; failureConverter?: string } = MODULES[name];
  const workflowsPath = workflowModule(name);
  const options: BundleOptions = {
    workflowsPath,
    ...(settings.interceptors ? { workflowInterceptorModules: [workflowsPath] } : {}),
    ...(settings.failureConverter ? { failureConverterPath: workflowModule(settings.failureConverter) } : {}),
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
    },
  };
  const bundle = bundleWorkflowCode(options);
  bundles.set(name, bundle);
  return await bundle;
}
