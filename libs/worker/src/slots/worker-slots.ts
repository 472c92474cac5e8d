import type { Logger } from '@tidewheel/common';
import { PollSize, Slots } from '@tidewheel/polling';
import type { PollSizeLimits, TaskSlots } from '@tidewheel/polling';
import { ResourceBasedSupplier } from './resource-based-supplier.js';
import type { ResourceBasedSupplierOptions } from './resource-based-supplier.js';
import { processUsage } from './resource-usage.js';
import type { CustomSlotSupplier, SlotReserveContext } from './slot-supplier.js';
import { SuppliedSlots } from './supplied-slots.js';

/** Slots that are only given out while the worker polls. */
export interface WorkerSlots<Info> extends TaskSlots<Info> {
  /** The worker begins to poll. */
  open(): void;
  /** The worker has stopped to poll; what is in use may go on. */
  close(): void;
}

/** Where the slots of one kind come from, complete and checked. */
export type CompiledSlots<Info> =
  | { readonly kind: 'fixed'; readonly size: number; readonly poll: PollSizeLimits | undefined }
  | {
      readonly kind: 'resource';
      readonly options: ResourceBasedSupplierOptions;
      readonly poll: PollSizeLimits;
    }
  | { readonly kind: 'custom'; readonly supplier: CustomSlotSupplier<Info>; readonly poll: PollSizeLimits };

/** Makes the slots of one kind. */
export function createSlots<Info>(
  compiled: CompiledSlots<Info>,
  context: SlotReserveContext,
  logger: Logger,
): WorkerSlots<Info> {
  switch (compiled.kind) {
    case 'fixed':
      return new FixedSlots(compiled.size, compiled.poll && new PollSize(compiled.poll));
    case 'resource': {
      const supplier = new ResourceBasedSupplier<Info>(compiled.options, processUsage());
      return new SuppliedSlots(supplier, context, new PollSize(compiled.poll), logger);
    }
    case 'custom':
      return new SuppliedSlots(compiled.supplier, context, new PollSize(compiled.poll), logger);
  }
}

/** A fixed number of slots, which are there all the time. */
class FixedSlots extends Slots implements WorkerSlots<unknown> {
  open(): void {
    // Nothing has to be asked for.
  }

  close(): void {
    // Nothing has to be given back.
  }
}
