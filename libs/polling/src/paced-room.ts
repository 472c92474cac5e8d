import { newBucket, takePermits } from '@tidewheel/routing';
import type { DispatchRate, PermitBucket } from '@tidewheel/routing';
import type { TaskRoom } from './slots.js';

/** Longest time that setTimeout can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Room of one poller that fills no faster than a rate, whatever other pollers of its queue do. A task costs a permit when
 * it is taken; what a read may bring is set aside before.
 */
export class PacedRoom implements TaskRoom {
  private bucket: PermitBucket;
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly room: TaskRoom,
    private readonly rate: DispatchRate,
    private readonly nowMicros: () => number = () => performance.now() * 1_000,
  ) {
    this.bucket = newBucket(this.nowMicros());
  }

  readable(streams: number): number {
    const room = this.room.readable(streams);
    if (room <= 0) return room;
    const permits = this.permits();
    if (permits < 1) this.tellLater();
    return Math.min(room, permits);
  }

  reserve(count: number): void {
    this.room.reserve(count);
    this.take(count);
  }

  settle(count: number, taken: number, leftSome?: boolean): void {
    // What was taken beyond the reservation is paid for as well.
    this.take(taken - count);
    this.room.settle(count, taken, leftSome);
  }

  onFreed(listener: () => void): void {
    this.listeners.push(listener);
    this.room.onFreed(listener);
  }

  /** Takes a permit for a task that comes without a read; false when there is none. */
  tryTake(): boolean {
    if (this.permits() < 1) return false;
    this.take(1);
    return true;
  }

  /** Gives back permits of tasks that were not started after all. */
  giveBack(count: number): void {
    this.take(-count);
  }

  /** No more tasks are wanted. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private permits(): number {
    this.refill();
    return Math.floor(this.bucket.tokens);
  }

  private refill(): void {
    this.bucket = takePermits(this.bucket, this.rate, 0, this.nowMicros()).bucket;
  }

  private take(count: number): void {
    this.refill();
    this.bucket = { ...this.bucket, tokens: this.bucket.tokens - count };
  }

  private tellLater(): void {
    if (this.timer) return;
    const { waitMicros } = takePermits(this.bucket, this.rate, 1, this.nowMicros());
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        for (const listener of this.listeners) listener();
      },
      Math.min(Math.ceil(waitMicros / 1_000), MAX_TIMER_MS),
    );
  }
}
