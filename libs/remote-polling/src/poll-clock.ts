import type { Poll } from './poll.js';

const TICK_MS = 250;

/**
 * Ends polls whose time is over. One interval serves them all, so that a poll costs no timer of its own; it stands still
 * while there is nothing to do, so that a process without polls is not woken.
 */
export class PollClock {
  private readonly byTick = new Map<number, Set<Poll>>();
  private interval: NodeJS.Timeout | undefined;
  private lastTick = 0;

  constructor(
    /** Takes a poll out of wherever it waits, and ends it. */
    private readonly onOver: (poll: Poll) => void,
    /** Says whether it wants to be called again though no poll waits. */
    private readonly onTick: (nowMs: number) => boolean,
  ) {}

  /** Sets it going, unless it goes already. */
  start(): void {
    if (this.interval) return;
    this.lastTick = tickOf(Date.now());
    this.interval = setInterval(() => this.turn(Date.now()), TICK_MS).unref();
  }

  add(poll: Poll): void {
    this.start();
    // Never into a tick that has been seen to.
    const tick = Math.max(tickOf(poll.untilMs), this.lastTick + 1);
    const polls = this.byTick.get(tick);
    if (polls) polls.add(poll);
    else this.byTick.set(tick, new Set([poll]));
  }

  remove(poll: Poll): void {
    const tick = tickOf(poll.untilMs);
    const polls = this.byTick.get(tick);
    if (polls?.delete(poll) && polls.size === 0) this.byTick.delete(tick);
  }

  stop(): void {
    this.pause();
    this.byTick.clear();
  }

  private pause(): void {
    clearInterval(this.interval);
    this.interval = undefined;
  }

  private turn(nowMs: number): void {
    const now = tickOf(nowMs);
    for (const [tick, polls] of this.byTick) {
      if (tick > now) continue;
      this.byTick.delete(tick);
      for (const poll of polls) this.onOver(poll);
    }
    this.lastTick = now;
    if (!this.onTick(nowMs) && this.byTick.size === 0) this.pause();
  }
}

function tickOf(ms: number): number {
  return Math.floor(ms / TICK_MS);
}
