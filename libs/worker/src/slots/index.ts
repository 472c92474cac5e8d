/**
 * How many tasks a worker runs at once.
 *
 * @example
 * ```ts
 * import { compileTuner, createSlots } from './slots/index.js';
 *
 * const { activitySlots } = compileTuner({ maxConcurrentActivities: 10 });
 * const slots = createSlots(activitySlots, { slotType: 'activity', taskQueue, workerIdentity }, logger);
 * ```
 */
export { compileTuner } from './compile-tuner.js';
export { processUsage } from './resource-usage.js';
export { createSlots } from './worker-slots.js';
export type { CompiledSlots, WorkerSlots } from './worker-slots.js';
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
} from './slot-supplier.js';
