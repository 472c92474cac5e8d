/** Room for a number of tasks at once. A poll reserves slots for what it may bring; a task holds one while it runs. */
export class Slots {
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
