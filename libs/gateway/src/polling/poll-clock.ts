import type { Poll } from './poll.js';

const TICK_MS = 250;

/** Ends polls whose time is over. One interval serves them all, so that a poll costs no timer of its own. */
export class PollClock {
  private readonly byTick = new Map<number, Set<Poll>>();
  private readonly interval: NodeJS.Timeout;
  private lastTick = tickOf(Date.now());

  constructor(
    /** Takes a poll out of wherever it waits, and ends it. */
    private readonly onOver: (poll: Poll) => void,
    private readonly onTick: (nowMs: number) => void,
  ) {
    this.interval = setInterval(() => this.turn(Date.now()), TICK_MS).unref();
  }

  add(poll: Poll): void {
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
    clearInterval(this.interval);
    this.byTick.clear();
  }

  private turn(nowMs: number): void {
    const now = tickOf(nowMs);
    for (const [tick, polls] of this.byTick) {
      if (tick > now) continue;
      this.byTick.delete(tick);
      for (const poll of polls) this.onOver(poll);
    }
    this.lastTick = now;
    this.onTick(nowMs);
  }
}

function tickOf(ms: number): number {
  return Math.floor(ms / TICK_MS);
}
