import type { PollSize } from './poll-size.js';

/** What a poller has room for, as a reader of tasks sees it. */
export interface TaskRoom {
  /** How many tasks a read of that many streams may bring. */
  readable(streams: number): number;
  /** Sets room for `count` tasks aside, which a read may bring. */
  reserve(count: number): void;
  /** Ends a reservation for `count` tasks, of which `taken` came; `leftSome` when more may be waiting. */
  settle(count: number, taken: number, leftSome?: boolean): void;
  /** Calls back whenever there is more room. */
  onFreed(listener: () => void): void;
}

/** A slot that a task holds until it is over. */
export interface HeldSlot {
  release(): void;
}

/** Room for tasks that a worker runs. A poll reserves slots for what it may bring; a task holds one while it runs. */
export interface TaskSlots<Info> extends TaskRoom {
  /** Slots that tasks hold. */
  readonly inUse: number;
  /** Slots that are there now, in use or not. */
  readonly size: number;
  /** Takes a slot for a task that comes without a poll; false when there is none. */
  tryTake(): boolean;
  /** Says what a taken slot is used for; whoever does the task releases it. */
  use(info: Info): HeldSlot;
  /** Gives back a taken slot for which no task came after all. */
  release(): void;
  /** Resolves when no task runs. */
  whenUnused(): Promise<void>;
}

/** A fixed number of slots. */
export class Slots implements TaskSlots<unknown>, HeldSlot {
  private used = 0;
  private reserved = 0;
  private freed: (() => void)[] = [];
  private emptied: (() => void)[] = [];

  constructor(
    /** How many there are. */
    readonly size: number,
    /** How many tasks one read may bring; undefined: half of the free slots. */
    private readonly pollSize?: PollSize,
  ) {}

  /** Neither used nor reserved. */
  get free(): number {
    return this.size - this.used - this.reserved;
  }

  get inUse(): number {
    return this.used;
  }

  /** Half of the free slots, as tasks come without a poll as well; but one for each stream if there are as many. */
  readable(streams: number): number {
    const wanted = Math.min(Math.ceil(this.free / 2), this.pollSize?.current ?? Infinity);
    return Math.max(wanted, Math.min(this.free, streams));
  }

  /** Takes a free slot for a task; false when there is none. */
  tryTake(): boolean {
    if (this.free <= 0) return false;
    this.used++;
    return true;
  }

  /** Sets `count` free slots aside for what a poll may bring. */
  reserve(count: number): void {
    this.reserved += count;
  }

  /** Ends a reservation of `count` slots, of which `taken` are used from now on. */
  settle(count: number, taken: number, leftSome = false): void {
    this.reserved -= count;
    this.used += taken;
    this.pollSize?.note(taken, leftSome);
    if (taken < count) this.notifyFreed();
  }

  /** All slots are alike. */
  use(): HeldSlot {
    return this;
  }

  /** Gives back a slot that a task held. */
  release(): void {
    this.used--;
    this.notifyFreed();
    if (this.used === 0) {
      const waiting = this.emptied;
      this.emptied = [];
      for (const resolve of waiting) resolve();
    }
  }

  /** Calls back whenever slots become free. */
  onFreed(listener: () => void): void {
    this.freed.push(listener);
  }

  /** Resolves when no task runs. */
  whenUnused(): Promise<void> {
    if (this.used === 0) return Promise.resolve();
    return new Promise((resolve) => this.emptied.push(resolve));
  }

  private notifyFreed(): void {
    for (const listener of this.freed) listener();
  }
}
