import type { TaskRoom } from '@tidewheel/polling';
import type { Poll } from './poll.js';

/** The polls that wait for tasks of one queue, the oldest first: as many tasks may be read as there are polls. */
export class WaitingPolls implements TaskRoom {
  private readonly waiting = new Set<Poll>();
  private reserved = 0;
  private listeners: (() => void)[] = [];

  get size(): number {
    return this.waiting.size;
  }

  /** Lets a poll wait. */
  add(poll: Poll): void {
    this.waiting.add(poll);
    for (const listener of this.listeners) listener();
  }

  /** Takes a poll out; false when it does not wait: a task is being started for it. */
  remove(poll: Poll): boolean {
    return this.waiting.delete(poll);
  }

  /** The poll that has waited longest, which gets what comes; it waits no more. */
  take(): Poll | undefined {
    for (const poll of this.waiting) {
      this.waiting.delete(poll);
      return poll;
    }
    return undefined;
  }

  /** Ends the polls that fit, with nothing. */
  end(fits: (poll: Poll) => boolean): void {
    for (const poll of this.waiting) {
      if (!fits(poll)) continue;
      this.waiting.delete(poll);
      poll.end();
    }
  }

  readable(): number {
    return Math.max(0, this.waiting.size - this.reserved);
  }

  reserve(count: number): void {
    this.reserved += count;
  }

  settle(count: number): void {
    this.reserved -= count;
    // No listener is told: whoever reads goes on reading.
  }

  onFreed(listener: () => void): void {
    this.listeners.push(listener);
  }
}
