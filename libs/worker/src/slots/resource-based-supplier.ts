import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceUsage } from './resource-usage.js';
import type { CustomSlotSupplier, SlotPermit, SlotReserveContext } from './slot-supplier.js';

/** A resource-based supplier's options, complete and checked. */
export interface ResourceBasedSupplierOptions {
  readonly targetMemoryUsage: number;
  readonly targetCpuUsage: number;
  readonly minimumSlots: number;
  readonly maximumSlots: number;
  readonly rampThrottleMs: number;
}

/** How often to look whether there are resources again. */
const LOOK_AGAIN_MS = 100;

/**
 * Gives slots as processor and memory allow: a minimum at once; above that one at a time, `rampThrottleMs` apart, while
 * both are used less than their targets; never more than a maximum.
 */
export class ResourceBasedSupplier<Info> implements CustomSlotSupplier<Info> {
  readonly type = 'custom';
  private given = 0;
  private latestMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: ResourceBasedSupplierOptions,
    private readonly usage: ResourceUsage,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  async reserveSlot(_context: SlotReserveContext, signal: AbortSignal): Promise<SlotPermit> {
    for (;;) {
      const permit = this.tryReserveSlot();
      if (permit) return permit;
      const throttledMs = this.latestMs + this.options.rampThrottleMs - this.nowMs();
      await sleep(throttledMs > 0 ? throttledMs : LOOK_AGAIN_MS, undefined, { signal, ref: false });
    }
  }

  tryReserveSlot(): SlotPermit | null {
    const { minimumSlots, maximumSlots, rampThrottleMs } = this.options;
    if (this.given >= maximumSlots) return null;
    const nowMs = this.nowMs();
    if (this.given >= minimumSlots && (nowMs - this.latestMs < rampThrottleMs || !this.hasResources())) {
      return null;
    }
    this.given++;
    this.latestMs = nowMs;
    return {};
  }

  markSlotUsed(): void {
    // Slots count from when they are given.
  }

  releaseSlot(): void {
    this.given--;
  }

  private hasResources(): boolean {
    const { cpu, memory } = this.usage.read();
    return cpu < this.options.targetCpuUsage && memory < this.options.targetMemoryUsage;
  }
}
