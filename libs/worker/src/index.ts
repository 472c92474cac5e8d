/**
 * Runs workflows and activities.
 *
 * @example
 * ```ts
 * import { NativeConnection, Worker } from '@tidewheel/worker';
 * import * as activities from './activities.js';
 *
 * const connection = await NativeConnection.connect({ url: 'redis://127.0.0.1:7379' });
 * const worker = await Worker.create({
 *   connection,
 *   taskQueue: 'main',
 *   workflowsPath: new URL('./workflows.ts', import.meta.url).pathname,
 *   activities,
 * });
 * process.once('SIGTERM', () => worker.shutdown());
 * await worker.run();
 * await connection.close();
 * ```
 */
export { Worker } from './worker.js';
export type { WorkerState, WorkerStatus } from './worker-status.js';
export type { Activities, WorkerConnection, WorkerOptions } from './worker-options.js';
export type {
  ActivitySlotInfo,
  AutoscalingPollerBehavior,
  CustomSlotSupplier,
  FixedSizeSlotSupplier,
  PollerBehavior,
  ResourceBasedSlotOptions,
  ResourceBasedSlotsForType,
  ResourceBasedTuner,
  ResourceBasedTunerOptions,
  SimpleMaximumPollerBehavior,
  SlotMarkUsedContext,
  SlotPermit,
  SlotReleaseContext,
  SlotReserveContext,
  SlotSupplier,
  TunerHolder,
  WorkerTuner,
  WorkflowSlotInfo,
} from './slots/index.js';
export type { WorkerDeploymentOptions } from './worker-versioning.js';
export { NativeConnection } from './worker-connection.js';
export type { NativeConnectionOptions } from './worker-connection.js';
export { GracefulShutdownPeriodExpiredError, IllegalStateError } from './worker-errors.js';
export {
  bundleWorkflowCode,
  DeterminismViolationError,
  ReplayError,
  runReplayHistory,
  WorkflowBundleError,
} from './workflow/index.js';
export type {
  BundleWorkflowOptions,
  ReplayWorkerOptions,
  WorkflowBundle,
  WorkflowBundleOption,
} from './workflow/index.js';
