/** What a poller has room for, as a reader of tasks sees it. */
export interface TaskRoom {
  /** How many tasks a read of that many streams may bring. */
  readable(streams: number): number;
  /** Sets room for `count` tasks aside, which a read may bring. */
  reserve(count: number): void;
  /** Ends a reservation for `count` tasks, of which `taken` came. */
  settle(count: number, taken: number): void;
  /** Calls back whenever there is more room. */
  onFreed(listener: () => void): void;
}

/** Room for a number of tasks at once. A poll reserves slots for what it may bring; a task holds one while it runs. */
export class Slots implements TaskRoom {
  private used = 0;
  private reserved = 0;
  private freed: (() => void)[] = [];
  private emptied: (() => void)[] = [];

  constructor(
    /** How many there are. */
    readonly size: number,
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
    return Math.max(Math.ceil(this.free / 2), Math.min(this.free, streams));
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
  settle(count: number, taken: number): void {
    this.reserved -= count;
    this.used += taken;
    if (taken < count) this.notifyFreed();
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
