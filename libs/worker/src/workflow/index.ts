/**
 * Runs workflow code: bundles it, keeps it in sandboxed threads, and turns histories into commands.
 *
 * @example
 * ```ts
 * const bundle = await bundleWorkflowCode({ workflowsPath: './workflows.ts' });
 * const runtime = await WorkflowRuntime.create({
 *   bundle, threads: 1, maxCachedWorkflows: 1_000, maxCachedBytes: 256 << 20, isolateExecutionTimeoutMs: 5_000,
 * });
 * const result = await runtime.activate(request);
 * ```
 */
export { bundleWorkflowCode, loadWorkflowBundle, WorkflowBundleError } from './bundle/workflow-bundle.js';
export type {
  BundleWorkflowOptions,
  WorkflowBundle,
  WorkflowBundleOption,
} from './bundle/workflow-bundle.js';
export { bundleSdk } from './bundle/sdk-bundle.js';
export { WorkflowSandbox } from './sandbox/workflow-sandbox.js';
export type { EventDecoder } from './sandbox/workflow-sandbox.js';
export { WorkflowRuntime } from './threads/workflow-runtime.js';
export type { WorkflowRuntimeOptions, WorkflowRuntimeStats } from './threads/workflow-runtime.js';
export { DeterminismViolationError, ReplayError, runReplayHistory } from './replay.js';
export type { ReplayWorkerOptions } from './replay.js';
export type {
  ActivationRequest,
  ActivationResult,
  WorkflowCacheStats,
  WorkflowLogEntry,
  WorkflowQuery,
} from './activation-request.js';
