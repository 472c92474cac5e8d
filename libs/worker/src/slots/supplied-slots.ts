import type { Logger } from '@tidewheel/common';
import type { HeldSlot, PollSize } from '@tidewheel/polling';
import type { CustomSlotSupplier, SlotPermit, SlotReserveContext } from './slot-supplier.js';
import type { WorkerSlots } from './worker-slots.js';

/** How soon a supplier that failed is asked again. */
const RETRY_MS = 1_000;

/**
 * Slots that a supplier gives out one by one. Permits are idle (a read may reserve them), reserved by a read, taken for a
 * task that was read and is not known yet, or used by a task. As many as one read may bring are asked for ahead.
 */
export class SuppliedSlots<Info> implements WorkerSlots<Info> {
  private readonly idle: SlotPermit[] = [];
  private readonly reserved: SlotPermit[] = [];
  private readonly taken: SlotPermit[] = [];
  private used = 0;
  private readonly freed: (() => void)[] = [];
  private emptied: (() => void)[] = [];
  /** While the worker polls. */
  private isOpen = false;
  /** Of the question that is not answered yet; each has its own, or listeners of suppliers would pile up on it. */
  private asking: AbortController | undefined;
  /** That are read; each should have a permit, as a read would have to leave out the others. */
  private streams = 0;

  constructor(
    private readonly supplier: CustomSlotSupplier<Info>,
    private readonly context: SlotReserveContext,
    private readonly pollSize: PollSize,
    private readonly logger: Logger,
  ) {}

  get inUse(): number {
    return this.used + this.taken.length;
  }

  get size(): number {
    return this.inUse + this.idle.length + this.reserved.length;
  }

  open(): void {
    this.isOpen = true;
    this.askAhead();
  }

  close(): void {
    this.isOpen = false;
    this.asking?.abort();
    this.giveIdleBack();
  }

  readable(streams: number): number {
    this.streams = streams;
    return this.idle.length;
  }

  reserve(count: number): void {
    this.reserved.push(...this.idle.splice(0, count));
  }

  settle(count: number, taken: number, leftSome = false): void {
    const permits = this.reserved.splice(0, count);
    this.taken.push(...permits.splice(0, taken));
    this.idle.push(...permits);
    this.pollSize.note(taken, leftSome);
    this.giveIdleBack(this.isOpen ? -this.missing : Infinity);
    this.askAhead();
    if (permits.length > 0) this.notifyFreed();
  }

  tryTake(): boolean {
    const permit = this.idle.pop() ?? this.supplier.tryReserveSlot(this.context);
    if (!permit) return false;
    this.taken.push(permit);
    this.askAhead();
    return true;
  }

  use(slotInfo: Info): HeldSlot {
    const permit = this.taken.shift();
    if (!permit) throw new Error('a task has no slot');
    this.used++;
    this.supplier.markSlotUsed({ slotInfo, permit });
    return {
      release: () => {
        this.used--;
        this.supplier.releaseSlot({ slotInfo, permit });
        this.noteReleased();
      },
    };
  }

  release(): void {
    const permit = this.taken.shift();
    if (!permit) throw new Error('there is no slot to give back');
    this.supplier.releaseSlot({ permit });
    this.noteReleased();
  }

  onFreed(listener: () => void): void {
    this.freed.push(listener);
  }

  whenUnused(): Promise<void> {
    if (this.inUse === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptied.push(resolve));
  }

  private noteReleased(): void {
    this.askAhead();
    if (this.inUse > 0) return;
    for (const resolve of this.emptied) resolve();
    this.emptied = [];
  }

  /** How many permits a read could use in addition; negative when there are more than it may use. */
  private get missing(): number {
    return Math.max(this.pollSize.current, this.streams) - this.idle.length - this.reserved.length;
  }

  /** Asks for the next permit, if a read may bring more tasks than there are permits, and nobody asks yet. */
  private askAhead(): void {
    if (!this.isOpen || this.asking || this.missing <= 0) return;
    const asking = new AbortController();
    this.asking = asking;
    this.ask(asking.signal).then(
      (permit) => {
        this.asking = undefined;
        this.idle.push(permit);
        if (!this.isOpen) this.giveIdleBack();
        else this.notifyFreed();
        this.askAhead();
      },
      (error: unknown) => {
        this.asking = undefined;
        if (asking.signal.aborted) return;
        const { slotType, taskQueue } = this.context;
        this.logger.error('a slot supplier failed', { slotType, taskQueue, error: String(error) });
        setTimeout(() => this.askAhead(), RETRY_MS).unref();
      },
    );
  }

  /** Turns a supplier that throws into one that rejects. */
  private async ask(signal: AbortSignal): Promise<SlotPermit> {
    return await this.supplier.reserveSlot(this.context, signal);
  }

  private giveIdleBack(most = Infinity): void {
    const permits = this.idle.splice(0, Math.max(0, Math.min(most, this.idle.length)));
    for (const permit of permits) this.supplier.releaseSlot({ permit });
  }

  private notifyFreed(): void {
    for (const listener of this.freed) listener();
  }
}
