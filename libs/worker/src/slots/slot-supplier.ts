import type { Duration } from '@tidewheel/core';

/** A slot that a supplier has given out. Suppliers may add what they like to it; the worker only hands it back. */
export type SlotPermit = object;

/** Who wants a slot. */
export interface SlotReserveContext {
  readonly slotType: 'workflow' | 'activity';
  readonly taskQueue: string;
  readonly workerIdentity: string;
}

/** The workflow task, or query, that uses a slot. */
export interface WorkflowSlotInfo {
  readonly type: 'workflow';
  readonly workflowId: string;
  readonly runId: string;
  /** Whether it continues an execution that the worker caches. */
  readonly isSticky: boolean;
}

/** The activity task that uses a slot. */
export interface ActivitySlotInfo {
  readonly type: 'activity';
  readonly activityType: string;
}

/** A slot begins to be used. */
export interface SlotMarkUsedContext<Info> {
  readonly slotInfo: Info;
  readonly permit: SlotPermit;
}

/** A slot comes back; without `slotInfo` no task ever used it. */
export interface SlotReleaseContext<Info> {
  readonly slotInfo?: Info;
  readonly permit: SlotPermit;
}

/**
 * Decides by code of yours how many tasks of a kind run at once. The worker asks for slots ahead of tasks, one after the
 * other, as many as one read may bring (see `workflowTaskPollerBehavior`), and gives each back when its task is over.
 */
export interface CustomSlotSupplier<Info> {
  readonly type: 'custom';
  /**
   * Waits until there is a slot. `abortSignal`, which is this call's alone, is aborted when the worker does not want it any
   * more; the promise should reject then. When it rejects otherwise, the worker logs that and asks again a second later.
   */
  reserveSlot(context: SlotReserveContext, abortSignal: AbortSignal): Promise<SlotPermit>;
  /** A slot at once, for a task that would come without a poll; null when there is none. Must not throw. */
  tryReserveSlot(context: SlotReserveContext): SlotPermit | null;
  /** A task begins to use a slot. Must not throw. */
  markSlotUsed(context: SlotMarkUsedContext<Info>): void;
  /** A slot is not needed any more. Must not throw. */
  releaseSlot(context: SlotReleaseContext<Info>): void;
}

/** A fixed number of slots. */
export interface FixedSizeSlotSupplier {
  readonly type: 'fixed-size';
  readonly numSlots: number;
}

/** What the resource-based suppliers of a worker aim at. */
export interface ResourceBasedTunerOptions {
  /** Share of the memory in use, 0 to 1, above which no slots are added. 0.8 is a good start. */
  readonly targetMemoryUsage: number;
  /** The same for the processors. Above 0.9 there is little left for other processes. */
  readonly targetCpuUsage: number;
}

/** Bounds of a resource-based supplier. */
export interface ResourceBasedSlotOptions {
  /** Given whatever the usage. Default 2 for workflow tasks, 1 for activities. */
  readonly minimumSlots?: number;
  /** Default 1000 for workflow tasks, 2000 for activities. */
  readonly maximumSlots?: number;
  /**
   * Least time between two slots above the minimum, so that the effect of one is seen before the next is given.
   * Default 10 ms for workflow tasks, 50 ms for activities.
   */
  readonly rampThrottle?: Duration;
}

/** As many slots as processor and memory allow. */
export interface ResourceBasedSlotsForType extends ResourceBasedSlotOptions {
  readonly type: 'resource-based';
  readonly tunerOptions: ResourceBasedTunerOptions;
}

/** Where the slots of one kind come from. */
export type SlotSupplier<Info> = FixedSizeSlotSupplier | ResourceBasedSlotsForType | CustomSlotSupplier<Info>;

/** Both kinds of tasks as processor and memory allow. */
export interface ResourceBasedTuner {
  readonly tunerOptions: ResourceBasedTunerOptions;
  readonly workflowTaskSlotOptions?: ResourceBasedSlotOptions;
  readonly activityTaskSlotOptions?: ResourceBasedSlotOptions;
}

/** A supplier for each kind of task. */
export interface TunerHolder {
  readonly workflowTaskSlotSupplier: SlotSupplier<WorkflowSlotInfo>;
  readonly activityTaskSlotSupplier: SlotSupplier<ActivitySlotInfo>;
}

/** Decides how many tasks of each kind a worker runs at once. */
export type WorkerTuner = ResourceBasedTuner | TunerHolder;

/** A read brings this many tasks at most. */
export interface SimpleMaximumPollerBehavior {
  readonly type: 'simple-maximum';
  readonly maximum: number;
}

/** A read may bring more tasks while reads bring many, and fewer while they bring none. */
export interface AutoscalingPollerBehavior {
  readonly type: 'autoscaling';
  /** Default 1. */
  readonly minimum?: number;
  /** Default 5. */
  readonly initial?: number;
  /** Default 100. */
  readonly maximum?: number;
}

/** How many tasks one read may bring; at least one for each stream that is read, as long as there are slots. */
export type PollerBehavior = SimpleMaximumPollerBehavior | AutoscalingPollerBehavior;
