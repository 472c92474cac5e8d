import type { Logger } from '@tidewheel/common';
import { readQuota } from '@tidewheel/routing';
import type { BlockingConnection, RawStreamEntry, RedisConnections } from '@tidewheel/store';
import { WORKERS_GROUP } from '@tidewheel/store';
import { outsideOfTraces } from '@tidewheel/telemetry/instrumentation';
import type { PolledStream, Poller, PollerState } from './poller.js';

/** How long a read blocks when there is nothing to do. */
const BLOCK_MS = 3_000;
/** A read that gives no reply for this long has a dead connection: its socket is thrown away. */
const SILENCE_LIMIT_MS = BLOCK_MS + 2_000;
/** A silence that is longer than a blocked read and some slack shows that something is wrong. */
export const UNHEALTHY_SILENCE_MS = BLOCK_MS + 1_000;
const RETRY_MS = 100;
const UNBLOCK_AGAIN_MS = 5;
/** How long a read blocks that had to leave streams out for want of slots: others come soon. */
const PARTIAL_BLOCK_MS = 100;

type ReadReply = readonly (readonly [stream: string, entries: readonly RawStreamEntry[]])[] | null;

interface ReadPlan {
  readonly poller: Poller;
  readonly state: PollerState;
  /** All its streams on this lane. */
  readonly all: readonly PolledStream[];
  readonly streams: readonly PolledStream[];
  readonly perStream: number;
  readonly reserved: number;
  /** Whether there is not room enough for all lanes. */
  readonly scarce: boolean;
  /** Whether it looks through some of the streams, to see whether tasks wait in any. */
  readonly sweeps: boolean;
}

/** What a {@link ReadLane} works with. */
interface ReadLaneOptions {
  readonly connections: RedisConnections;
  /** Who reads, as the consumer group knows it. */
  readonly consumer: string;
  readonly logger: Logger;
  /** Creates streams that have gone. */
  readonly ensureStreams: (streams: readonly PolledStream[]) => Promise<void>;
  /** Whether some lane that has streams of a poller does not read them for want of its slots. */
  readonly starves: (poller: Poller) => boolean;
  /** Whether some other lane that has streams of a poller does not read them now; it may read for others meanwhile. */
  readonly isNeglected: (poller: Poller, by: ReadLane) => boolean;
  /** Called after a read for a poller whose streams are on several lanes: another may have its turn. */
  readonly onTurn: (poller: Poller) => void;
  /** Called when a lane cannot read for such a poller for want of slots, which others may have set aside. */
  readonly onStarved: (poller: Poller) => void;
}

/**
 * Reads task streams with one blocking connection.
 *
 * It is always in one of three modes: reading (a blocking read over the streams of all its pollers that have free slots),
 * waiting (no poller has any), or recovering (the connection is being replaced, or Redis refuses). A poller that gets
 * free slots while a read without its streams is under way has that read unblocked. What a poll may bring is reserved
 * in the poller's slots, so nothing is ever read that there is no slot for, except for pollers that give it back.
 */
export class ReadLane {
  private readonly pollers = new Map<
    Poller,
    { readonly state: PollerState; readonly streams: readonly PolledStream[] }
  >();
  private readonly connection: BlockingConnection;
  private readonly running: Promise<void>;
  private stopped = false;
  /** Pollers for which the read under way may bring something; undefined while no read is under way. */
  private readFor: ReadonlySet<Poller> | undefined;
  /** Those of them all of whose streams on this lane it covers. */
  private covered: ReadonlySet<Poller> | undefined;
  private wakeUp: (() => void) | undefined;
  private unblockRequested = false;
  private blocksLong = false;
  private turn = 0;
  /** Whom the read before this one was for. */
  private servedLast: ReadonlySet<Poller> = new Set();
  /** Whether to read next what was read before and may not have arrived, as after every fault and at the beginning. */
  private readPending = true;

  /** @param key on a cluster, a key beside which all streams of this lane are */
  constructor(
    key: string,
    private readonly options: ReadLaneOptions,
  ) {
    const { connections, logger } = options;
    this.connection = connections.openBlocking({
      name: 'tasks',
      key,
      silenceLimitMs: SILENCE_LIMIT_MS,
      onSilent: (silentMs) =>
        logger.warn('the blocking connection for tasks is silent; replacing it', { silentMs }),
      // What the last connection read and never got the reply of is handed out again.
      onReconnected: () => (this.readPending = true),
    });
    this.running = outsideOfTraces(() => this.read());
  }

  /** Milliseconds since the blocking connection last gave a reply, while one is due; 0 otherwise. */
  get silenceMs(): number {
    return this.connection.silenceMs;
  }

  /** How often the blocking connection was thrown away for being silent. */
  get connectionsReplaced(): number {
    return this.connection.replaced;
  }

  /** The keys of all streams, of all pollers. */
  get keys(): string[] {
    return [...this.pollers.values()].flatMap(({ streams }) => streams.map(({ key }) => key));
  }

  /** Whether it has streams of a poller and does not read them now. */
  neglects(poller: Poller): boolean {
    return this.pollers.has(poller) && this.readFor?.has(poller) !== true;
  }

  /** Ends a long read that keeps slots from other lanes; the reads that follow are short. */
  giveWay(poller: Poller): void {
    if (this.blocksLong && this.readFor?.has(poller)) this.requestUnblock();
  }

  /** Whether it waits for slots. */
  get waits(): boolean {
    return this.wakeUp !== undefined;
  }

  add(poller: Poller, state: PollerState, streams: readonly PolledStream[]): void {
    this.pollers.set(poller, { state, streams });
    this.noteFreed(poller);
  }

  /** Reads other streams for a poller from the next read on, which begins at once. */
  change(poller: Poller, streams: readonly PolledStream[]): void {
    const known = this.pollers.get(poller);
    if (!known) return;
    this.pollers.set(poller, { ...known, streams });
    if (this.readFor?.has(poller)) this.requestUnblock();
    else this.noteFreed(poller);
  }

  /** Stops reading for a poller. Entries of a read under way may be delivered until the returned promise resolves. */
  async remove(poller: Poller): Promise<void> {
    if (!this.pollers.delete(poller)) return;
    this.wakeUp?.();
    while (this.readFor?.has(poller)) {
      await this.unblock();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wakeUp?.();
    this.connection.close();
    await this.running;
  }

  /** A poller has free slots: it is read for at once, or, if a read without it is under way, after that is unblocked. */
  noteFreed(poller: Poller): void {
    if (!this.pollers.has(poller)) return;
    if (this.wakeUp) this.wakeUp();
    else if (this.covered && !this.covered.has(poller)) this.requestUnblock();
  }

  private requestUnblock(): void {
    if (this.unblockRequested) return;
    this.unblockRequested = true;
    setImmediate(() => void this.unblock());
  }

  private async read(): Promise<void> {
    await Promise.resolve();
    while (!this.isStopped()) {
      const plans = this.plan();
      if (plans.length === 0) {
        await new Promise<void>((resolve) => (this.wakeUp = resolve));
        this.wakeUp = undefined;
        continue;
      }
      await this.readOnce(plans);
    }
    this.connection.rest();
  }

  /** Which streams to read for whom. Reserves what may come. */
  private plan(): ReadPlan[] {
    const plans: ReadPlan[] = [];
    this.turn++;
    for (const [poller, { state, streams: all }] of this.pollers) {
      if (state.throttle?.listens === false) continue;
      const ofAllLanes = poller.streams.length;
      const quiet = poller.returnsSurplus === true && state.quietStreams >= ofAllLanes;
      // Several lanes that read for one that returns surplus need not share its room while little comes.
      const overlaps = quiet && state.lanes > 1;
      const room = poller.slots.readable(ofAllLanes);
      const scarce = state.lanes > 1 && !overlaps && room < state.lanes;
      // It has had its turn. A lane that reads for others comes to this poller only when its read has been unblocked.
      if (scarce && this.servedLast.has(poller) && this.options.isNeglected(poller, this)) continue;
      const quota = readQuota(overlaps ? room : Math.ceil(room / state.lanes), all.length);
      if (quota.streams === 0) {
        if (state.lanes > 1) this.options.onStarved(poller);
        continue;
      }
      const { perStream } = quota;
      const reserved = overlaps ? 0 : quota.streams * perStream;
      const whole = quota.streams === all.length || quiet;
      const streams = whole ? all : takeTurns(all, quota.streams, this.turn);
      poller.slots.reserve(reserved);
      const sweeps = !whole && poller.returnsSurplus === true;
      plans.push({ poller, state, all, streams, perStream, reserved, scarce, sweeps });
    }
    this.servedLast = new Set(plans.map(({ poller }) => poller));
    return plans;
  }

  private async readOnce(plans: readonly ReadPlan[]): Promise<void> {
    const whole = plans.filter(({ all, streams }) => streams.length === all.length);
    this.covered = new Set(whole.map(({ poller }) => poller));
    this.readFor = new Set(plans.map(({ poller }) => poller));
    this.unblockRequested = false;
    const pending = this.readPending;
    this.readPending = false;
    const count = plans.reduce((least, { perStream }) => Math.min(least, perStream), Infinity);
    let reply: ReadReply = null;
    let fault: unknown;
    try {
      reply = await this.ask(plans, count, pending, whole.length === plans.length);
    } catch (error) {
      fault = error;
    }
    this.covered = undefined;
    this.readFor = undefined;
    const byKey = new Map(reply ?? []);
    // A read that was unblocked brought nothing, and that says nothing.
    const broken = this.wasUnblocked();
    for (const plan of plans) {
      const { poller, state, streams, reserved } = plan;
      const found = streams.map((stream) => byKey.get(stream.key) ?? []);
      const taken = found.reduce((sum, entries) => sum + entries.length, 0);
      if (fault === undefined && !pending) noteFound(plan, taken);
      if (taken > 0 || (fault === undefined && !pending && !broken)) poller.noteRead?.(taken);
      const leftSome = broken || found.some((entries) => entries.length >= count);
      const all = found.map((entries, i) => ({ stream: streams[i] as PolledStream, entries }));
      const brought = all.filter(({ entries }) => entries.length > 0);
      if (taken > 0 && state.throttle?.isLimiting) state.throttle.admit(brought, reserved);
      else {
        poller.slots.settle(reserved, taken, leftSome);
        for (const { stream, entries } of brought) poller.deliver(stream, entries);
      }
      if (state.lanes > 1) this.options.onTurn(poller);
    }
    if (fault !== undefined) await this.recover(fault, plans);
  }

  private async ask(
    plans: readonly ReadPlan[],
    count: number,
    pending: boolean,
    complete: boolean,
  ): Promise<ReadReply> {
    const keys = plans.flatMap((plan) => plan.streams.map((stream) => stream.key));
    const ids = keys.map(() => (pending ? '0' : '>'));
    const starves = plans.some(
      ({ poller, state, scarce }) =>
        state.lanes > 1 &&
        (this.options.starves(poller) || (scarce && this.options.isNeglected(poller, this))),
    );
    const blockMs = complete && !starves ? BLOCK_MS : PARTIAL_BLOCK_MS;
    this.blocksLong = blockMs === BLOCK_MS;
    const block = pending || plans.some(({ sweeps }) => sweeps) ? [] : ['BLOCK', blockMs];
    const options = ['GROUP', WORKERS_GROUP, this.options.consumer, 'COUNT', count, ...block];
    const reply = await this.connection.read((server) =>
      server.call('XREADGROUP', ...options, 'STREAMS', ...keys, ...ids),
    );
    return (reply ?? null) as ReadReply;
  }

  private async recover(fault: unknown, plans: readonly ReadPlan[]): Promise<void> {
    const message = fault instanceof Error ? fault.message : String(fault);
    if (this.stopped || message.startsWith('UNBLOCKED')) return;
    this.readPending = true;
    if (message.startsWith('NOGROUP')) {
      const streams = plans.flatMap((plan) => plan.streams);
      await this.options.ensureStreams(streams).catch(() => undefined);
      return;
    }
    this.options.logger.debug('reading tasks failed; trying again', { error: message });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }

  /** Ends the read under way, so that it begins anew with everybody who has room by then. */
  private async unblock(): Promise<void> {
    const read = this.covered;
    if (!read) return;
    const unblocked = await this.connection.unblock();
    // It may not have blocked yet when it was told, or its connection may still be without a number.
    if (!unblocked && this.covered === read) {
      setTimeout(() => {
        if (this.covered === read) void this.unblock();
      }, UNBLOCK_AGAIN_MS).unref();
    }
  }

  private wasUnblocked(): boolean {
    return this.unblockRequested;
  }

  /** A function, because it changes while a read is waited for. */
  private isStopped(): boolean {
    return this.stopped;
  }
}

/** Keeps count of the streams in a row in which a poller that returns surplus found nothing. */
function noteFound({ poller, state, all, streams, reserved }: ReadPlan, taken: number): void {
  if (!poller.returnsSurplus) return;
  const whole = streams.length === all.length;
  if (taken === 0) state.quietStreams += streams.length;
  else if (state.lanes > 1 || taken > reserved || !whole) state.quietStreams = 0;
}

/** `count` of the streams, beginning further on with each turn. */
function takeTurns<T>(streams: readonly T[], count: number, turn: number): readonly T[] {
  if (count >= streams.length) return streams;
  return Array.from({ length: count }, (_, i) => streams[(turn * count + i) % streams.length] as T);
}
