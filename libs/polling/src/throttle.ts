import type { Logger } from '@tidewheel/common';
import { returnPermits, returnTaskEntries, takePermits } from '@tidewheel/engine';
import type { Engine, Permits, QueueName } from '@tidewheel/engine';
import { WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry } from '@tidewheel/store';
import type { PolledStream, Poller } from './poller.js';

/** Entries that were read from one stream. */
interface FoundEntries {
  readonly stream: PolledStream;
  readonly entries: readonly RawStreamEntry[];
}

/** What a throttle needs of its reader. */
interface ThrottleHost {
  readonly engine: Engine;
  readonly consumer: string;
  readonly logger: Logger;
  /** The poller is to be read for by the blocking reads again. */
  onListening(poller: Poller): void;
  ensureStreams(streams: readonly PolledStream[]): Promise<void>;
}

/** What a dispatch rate did to a poller so far. */
export interface ThrottleCounts {
  /** Tasks that were given a permit. */
  granted: number;
  /** Times that there were fewer permits than there was room for, or fewer than tasks that had been read. */
  denied: number;
  /** Tasks that had been read and went back to their stream. */
  returned: number;
  /** Milliseconds in which it had room and waited for permits. */
  waitedMs: number;
}

/** Permits older than this are not used any more: the process stood still meanwhile, and others count on the rate. */
const PERMIT_LIFE_MS = 2_000;
/** Longest time until the next turn: a rate that is raised is known by then, whatever else was missed. */
const LONGEST_WAIT_MS = 60_000;
const RETRY_MS = 500;

/**
 * Lets a poller of a queue with a dispatch rate have only as many tasks as there are permits for. It is in one of these
 * modes:
 * - listening: the queue seems to be empty, and the blocking reads wait for it without permits. What they bring has to
 *   have a permit (`admit`); what gets none goes back to its stream, and the poller waits for its turn;
 * - waiting: for its turn to ask for permits, while the tasks wait on their streams;
 * - asking: it takes permits for what it has room for, and reads as many tasks. When there are fewer, the queue is empty:
 *   the rest of the permits goes back, and it listens;
 * - full: there are permits, but the poller has no room.
 * The poller of a queue without a rate listens, and what comes passes.
 */
export class Throttle {
  readonly counts: ThrottleCounts = { granted: 0, denied: 0, returned: 0, waitedMs: 0 };
  private mode: 'listening' | 'waiting' | 'asking' | 'full' = 'listening';
  private limited = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private waitingSinceMs = 0;
  private unwatch: () => void = () => undefined;
  private readonly underWay = new Set<Promise<void>>();
  private turn = 0;

  private constructor(
    private readonly host: ThrottleHost,
    private readonly poller: Poller,
    private readonly queue: QueueName,
  ) {}

  /** Resolves when it is known whether the queue has a rate. */
  static async open(host: ThrottleHost, poller: Poller, queue: QueueName): Promise<Throttle> {
    const throttle = new Throttle(host, poller, queue);
    const { rateLimits } = host.engine.context;
    throttle.unwatch = await rateLimits.watch(queue, (limited) => throttle.noteLimited(limited));
    throttle.limited = await rateLimits.isLimited(queue);
    return throttle;
  }

  /** Whether the blocking reads are for this poller, too. */
  get listens(): boolean {
    return this.mode === 'listening';
  }

  /** Whether what was read has to be admitted. */
  get isLimiting(): boolean {
    return this.limited;
  }

  /** There is more room. */
  noteFreed(): void {
    if (this.mode === 'full') this.ask();
  }

  /** Lets as many of the entries pass as there are permits for; `reserved` is what was reserved for them. */
  admit(found: readonly FoundEntries[], reserved: number): void {
    this.track(this.admitSome(found, reserved));
  }

  /** Resolves when nothing is delivered any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.unwatch();
    clearTimeout(this.timer);
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private noteLimited(limited: boolean): void {
    this.limited = limited;
    if (this.mode === 'waiting' || this.mode === 'full') this.ask();
  }

  private async admitSome(found: readonly FoundEntries[], reserved: number): Promise<void> {
    const { engine } = this.host;
    const { slots, streams } = this.poller;
    // Some pollers are brought more than they have room for.
    const wanted = Math.min(countOf(found), reserved + slots.readable(streams.length));
    let passed = 0;
    try {
      const permits = await takePermits(engine.context, this.queue, wanted);
      passed = this.notePermits(permits, wanted);
      if (permits && passed < wanted && this.mode === 'listening') this.wait(permits.waitMs);
    } catch (error) {
      this.host.logger.debug('permits could not be asked for', { error: String(error) });
    }
    const admitted: FoundEntries[] = [];
    const refused: FoundEntries[] = [];
    let left = passed;
    for (const { stream, entries } of found) {
      if (left > 0) admitted.push({ stream, entries: entries.slice(0, left) });
      if (entries.length > left) refused.push({ stream, entries: entries.slice(left) });
      left = Math.max(0, left - entries.length);
    }
    this.deliver(admitted, reserved);
    await Promise.all(refused.map((some) => this.putBack(some)));
  }

  /** What was granted; everything when it turns out that the queue has no rate. */
  private notePermits(permits: Permits | undefined, wanted: number): number {
    if (!permits) {
      this.host.engine.context.rateLimits.noteLapsed(this.queue);
      return wanted;
    }
    this.counts.granted += permits.granted;
    if (permits.granted < wanted) this.counts.denied++;
    return permits.granted;
  }

  private async putBack({ stream, entries }: FoundEntries): Promise<void> {
    const { engine, logger } = this.host;
    try {
      this.counts.returned += await returnTaskEntries(
        engine.context,
        stream.key,
        entries.map(([id]) => id),
      );
    } catch (error) {
      // They stay with this process until they are taken over as abandoned.
      logger.warn('tasks above the dispatch rate could not be put back', {
        count: entries.length,
        error: String(error),
      });
    }
  }

  private wait(ms: number): void {
    if (this.stopped) return;
    this.mode = 'waiting';
    this.waitingSinceMs = performance.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), Math.min(ms, LONGEST_WAIT_MS));
  }

  private listen(): void {
    this.mode = 'listening';
    if (!this.stopped) this.host.onListening(this.poller);
  }

  private ask(): void {
    clearTimeout(this.timer);
    if (this.mode === 'waiting') this.counts.waitedMs += performance.now() - this.waitingSinceMs;
    if (this.stopped) return;
    if (!this.limited) {
      this.listen();
      return;
    }
    this.mode = 'asking';
    this.track(this.takeTurn());
  }

  private async takeTurn(): Promise<void> {
    const { slots, streams } = this.poller;
    const want = slots.readable(streams.length);
    if (want <= 0) {
      this.mode = 'full';
      return;
    }
    slots.reserve(want);
    const askedMs = performance.now();
    let permits: Permits | undefined;
    let found: FoundEntries[] = [];
    let isDrained = false;
    let fault: unknown;
    try {
      permits = await takePermits(this.host.engine.context, this.queue, want);
      const granted = this.notePermits(permits, want);
      if (permits && granted > 0) {
        ({ found, isDrained, fault } = await this.read(granted, askedMs + PERMIT_LIFE_MS));
        if (isDrained)
          await returnPermits(this.host.engine.context, this.queue, permits, granted - countOf(found));
      }
    } catch (error) {
      fault = error;
    }
    this.deliver(found, want);
    if (fault !== undefined) {
      this.host.logger.debug('reading tasks with permits failed; trying again', {
        error: messageOf(fault),
      });
      this.wait(RETRY_MS);
    } else if (!permits || isDrained) this.listen();
    else if (permits.granted < want) this.wait(permits.waitMs);
    else setImmediate(() => this.ask());
  }

  /** Reads at most so many tasks, from one stream after the other, beginning with another each time. */
  private async read(
    most: number,
    untilMs: number,
  ): Promise<{ found: FoundEntries[]; isDrained: boolean; fault?: unknown }> {
    const { streams } = this.poller;
    const { redis } = this.host.engine.context;
    const found: FoundEntries[] = [];
    this.turn++;
    for (let i = 0; i < streams.length; i++) {
      const left = most - countOf(found);
      if (left === 0 || performance.now() > untilMs || this.stopped) return { found, isDrained: false };
      const stream = streams[(this.turn + i) % streams.length] as PolledStream;
      try {
        const reply = (await redis.call(
          'XREADGROUP',
          ...['GROUP', WORKERS_GROUP, this.host.consumer, 'COUNT', left, 'STREAMS', stream.key, '>'],
        )) as [string, RawStreamEntry[]][] | null;
        const entries = reply?.[0]?.[1] ?? [];
        if (entries.length > 0) found.push({ stream, entries });
      } catch (fault) {
        if (messageOf(fault).includes('NOGROUP')) await this.host.ensureStreams([stream]);
        return { found, isDrained: false, fault };
      }
    }
    return { found, isDrained: countOf(found) < most };
  }

  /** Ends a reservation and hands over what came; also while stopping, as it was read. */
  private deliver(found: readonly FoundEntries[], reserved: number): void {
    this.poller.slots.settle(reserved, countOf(found));
    for (const { stream, entries } of found) this.poller.deliver(stream, entries);
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.underWay.delete(tracked));
    this.underWay.add(tracked);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function countOf(found: readonly FoundEntries[]): number {
  return found.reduce((sum, { entries }) => sum + entries.length, 0);
}
