import type { Engine } from '@tidewheel/engine';
import { readQuota } from '@tidewheel/routing';
import { BreakableRead, notePresence, WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry, Redis } from '@tidewheel/store';
import type { Logger } from '@tidewheel/common';
import type { PolledStream, Poller } from './poller.js';
import { Throttle } from './throttle.js';
import type { ThrottleCounts } from './throttle.js';

/** How long a read blocks when there is nothing to do. */
const BLOCK_MS = 3_000;
/** A read that gives no reply for this long has a dead connection: its socket is thrown away. */
const SILENCE_LIMIT_MS = BLOCK_MS + 2_000;
/** A silence that is longer than a blocked read and some slack shows that something is wrong. */
const UNHEALTHY_SILENCE_MS = BLOCK_MS + 1_000;
/** How long after a read began to look whether its reply has come. */
const WATCH_MS = SILENCE_LIMIT_MS + 50;
/** How often the process shows on all its streams that it is there. */
const PRESENCE_PERIOD_MS = 5_000;
const RETRY_MS = 100;
const UNBLOCK_AGAIN_MS = 5;
/** How long a read blocks that had to leave streams out for want of slots: others come soon. */
const PARTIAL_BLOCK_MS = 100;

type ReadReply = readonly (readonly [stream: string, entries: readonly RawStreamEntry[]])[] | null;

interface ReadPlan {
  readonly poller: Poller;
  readonly streams: readonly PolledStream[];
  readonly perStream: number;
  readonly reserved: number;
  /** Whether it looks through some of the streams, to see whether tasks wait in any. */
  readonly sweeps: boolean;
}

/**
 * Reads the task streams of all pollers of a process with one blocking connection: however many queues are polled, an
 * idle process costs one command every three seconds.
 *
 * It is always in one of three modes: reading (a blocking read over the streams of all pollers that have free slots),
 * waiting (no poller has any), or recovering (the connection is being replaced, or Redis refuses). A poller that gets
 * free slots while a read without its streams is under way has that read unblocked. What a poll may bring is reserved
 * in the poller's slots, so nothing is ever read that there is no slot for, except for pollers that give it back.
 */
export class TaskReader {
  private static readonly readers = new WeakMap<Engine, TaskReader>();

  /** The one reader of an engine's process. */
  static of(engine: Engine, logger: Logger): TaskReader {
    let reader = this.readers.get(engine);
    if (!reader) this.readers.set(engine, (reader = new TaskReader(engine, logger)));
    return reader;
  }

  /** With the number of streams in a row, of those that return surplus, in which nothing was found. */
  private readonly pollers = new Map<Poller, number>();
  /** Of the pollers whose queue may have a dispatch rate. */
  private readonly throttles = new Map<Poller, Throttle>();
  private readonly consumer: string;
  private connection: Redis | undefined;
  private readonly underWay = new BreakableRead();
  private clientId: number | undefined;
  private running: Promise<void> | undefined;
  /** Resolves when the reads before have stopped, and others may begin. */
  private stopping = Promise.resolve();
  /** Put off by every read, so that an idle process is hardly ever woken for it. */
  private watchdog: NodeJS.Timeout | undefined;
  private presence: NodeJS.Timeout | undefined;
  /** Pollers for which the read under way may bring something; undefined while no read is under way. */
  private readFor: ReadonlySet<Poller> | undefined;
  /** Those of them all of whose streams it covers. */
  private covered: ReadonlySet<Poller> | undefined;
  /** When the first read began that no reply has come to yet; 0 when none is due. */
  private silentSinceMs = 0;
  private connectedSinceMs = 0;
  private wakeUp: (() => void) | undefined;
  private unblockRequested = false;
  private turn = 0;
  private readPending = false;
  private reconnections = 0;

  private constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
  ) {
    this.consumer = engine.context.identity;
  }

  /** Starts to poll. Resolves when all the poller's streams can be read. */
  async add(poller: Poller): Promise<void> {
    await this.ensureStreams(poller.streams);
    let stopped: Promise<void> | undefined;
    while (stopped !== this.stopping) await (stopped = this.stopping);
    await this.addThrottle(poller);
    this.pollers.set(poller, 0);
    poller.slots.onFreed(() => this.noteFreed(poller));
    if (this.running) this.noteFreed(poller);
    else this.start();
  }

  /** Stops polling. Entries of a read under way may still be delivered; the returned promise resolves when not any more. */
  async remove(poller: Poller): Promise<void> {
    if (!this.pollers.delete(poller)) return;
    const throttled = this.throttles.get(poller)?.stop();
    this.wakeUp?.();
    while (this.readFor?.has(poller)) {
      await this.unblock();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await throttled;
    this.throttles.delete(poller);
    // Of several that are removed at once, the first to get here stops the reads.
    if (this.pollers.size === 0 && this.running) this.stopping = this.stop(this.running);
    await this.stopping;
  }

  /** Milliseconds since the blocking connection last gave a reply, while one is due; 0 otherwise. */
  silenceMs(): number {
    return this.silentSinceMs === 0 ? 0 : Date.now() - this.silentSinceMs;
  }

  /** Whether blocking reads get their replies in time. */
  get isAlive(): boolean {
    return this.running !== undefined && this.silenceMs() <= UNHEALTHY_SILENCE_MS;
  }

  /** How often the blocking connection was thrown away for being silent. */
  get connectionsReplaced(): number {
    return this.reconnections;
  }

  /** What the dispatch rate of a poller's queue has done to it so far; undefined when it is not polled for. */
  throttling(poller: Poller): ThrottleCounts | undefined {
    return this.throttles.get(poller)?.counts;
  }

  private start(): void {
    this.connection = this.connect();
    this.watchdog = setInterval(() => this.checkSilence(), WATCH_MS).unref();
    this.presence = setInterval(() => this.showPresence(), PRESENCE_PERIOD_MS).unref();
    this.running = this.read();
    this.showPresence();
  }

  private async stop(running: Promise<void>): Promise<void> {
    clearInterval(this.watchdog);
    clearInterval(this.presence);
    this.running = undefined;
    this.wakeUp?.();
    this.underWay.discard(this.connection);
    await running;
    const { redis, keys } = this.engine.context;
    for (let partition = 0; partition < keys.partitions; partition++) {
      // Not waited for: whoever is not taken off the list is found absent.
      redis.zrem(keys.partition(partition).presence, this.consumer).catch(() => undefined);
    }
  }

  private connect(): Redis {
    const connection = this.engine.connect('tasks');
    this.clientId = undefined;
    this.connectedSinceMs = Date.now();
    this.watchdog?.refresh();
    // Asked before anything is read: the answer would have to wait for a blocked read.
    this.identify(connection);
    connection.on('ready', () => {
      // What the last connection read and never got the reply of is handed out again.
      this.readPending = true;
      this.identify(connection);
    });
    return connection;
  }

  /** Finds out by which number Redis knows the connection, so that its reads can be unblocked. */
  private identify(connection: Redis): void {
    connection.client('ID').then(
      (id) => {
        if (connection === this.connection) this.clientId = id;
      },
      () => undefined,
    );
  }

  private async read(): Promise<void> {
    await Promise.resolve();
    while (this.running) {
      const plans = this.plan();
      if (plans.length === 0) {
        await new Promise<void>((resolve) => (this.wakeUp = resolve));
        this.wakeUp = undefined;
        continue;
      }
      await this.readOnce(plans);
    }
    this.silentSinceMs = 0;
  }

  /** Which streams to read for whom. Reserves what may come. */
  private plan(): ReadPlan[] {
    const plans: ReadPlan[] = [];
    this.turn++;
    for (const [poller, quietStreams] of this.pollers) {
      if (this.throttles.get(poller)?.listens === false) continue;
      const all = poller.streams.length;
      const quota = readQuota(poller.slots.readable(all), all);
      if (quota.streams === 0) continue;
      const reserved = quota.streams * quota.perStream;
      const { perStream } = quota;
      const partial = quota.streams < all;
      const whole = !partial || (poller.returnsSurplus && quietStreams >= all);
      const streams = whole ? poller.streams : takeTurns(poller.streams, quota.streams, this.turn);
      poller.slots.reserve(reserved);
      plans.push({ poller, streams, perStream, reserved, sweeps: !whole && poller.returnsSurplus === true });
    }
    return plans;
  }

  private async readOnce(plans: readonly ReadPlan[]): Promise<void> {
    const count = plans.reduce((least, { perStream }) => Math.min(least, perStream), Infinity);
    const keys = plans.flatMap((plan) => plan.streams.map((stream) => stream.key));
    const pending = this.readPending;
    this.readPending = false;
    const whole = plans.filter(({ poller, streams }) => streams.length === poller.streams.length);
    this.covered = new Set(whole.map(({ poller }) => poller));
    this.readFor = new Set(plans.map(({ poller }) => poller));
    this.unblockRequested = false;
    this.noteReading();
    let reply: ReadReply = null;
    let fault: unknown;
    try {
      const ids = keys.map(() => (pending ? '0' : '>'));
      const blockMs = whole.length === plans.length ? BLOCK_MS : PARTIAL_BLOCK_MS;
      const block = pending || plans.some(({ sweeps }) => sweeps) ? [] : ['BLOCK', blockMs];
      const read = this.connection?.call(
        'XREADGROUP',
        ...['GROUP', WORKERS_GROUP, this.consumer, 'COUNT', count, ...block, 'STREAMS', ...keys, ...ids],
      );
      reply = (await this.underWay.of(read)) as ReadReply;
      this.silentSinceMs = 0;
    } catch (error) {
      fault = error;
    }
    this.covered = undefined;
    this.readFor = undefined;
    const byKey = new Map(reply ?? []);
    // A read that was unblocked brought nothing, and that says nothing.
    const broken = this.wasUnblocked();
    for (const { poller, streams, reserved } of plans) {
      const found = streams.map((stream) => byKey.get(stream.key) ?? []);
      const taken = found.reduce((sum, entries) => sum + entries.length, 0);
      if (fault === undefined) this.noteFound(poller, streams.length, taken, reserved);
      const leftSome = broken || found.some((entries) => entries.length >= count);
      const all = found.map((entries, i) => ({ stream: streams[i] as PolledStream, entries }));
      const brought = all.filter(({ entries }) => entries.length > 0);
      const throttle = this.throttles.get(poller);
      if (taken > 0 && throttle?.isLimiting) throttle.admit(brought, reserved);
      else {
        poller.slots.settle(reserved, taken, leftSome);
        for (const { stream, entries } of brought) poller.deliver(stream, entries);
      }
    }
    if (fault !== undefined) await this.recover(fault, plans);
  }

  private wasUnblocked(): boolean {
    return this.unblockRequested;
  }

  /** Keeps count of the streams in a row in which a poller that returns surplus found nothing. */
  private noteFound(poller: Poller, streams: number, taken: number, reserved: number): void {
    const quietStreams = this.pollers.get(poller);
    if (quietStreams === undefined || !poller.returnsSurplus) return;
    const whole = streams === poller.streams.length;
    if (taken === 0) this.pollers.set(poller, quietStreams + streams);
    else if (taken > reserved || !whole) this.pollers.set(poller, 0);
  }

  private async recover(fault: unknown, plans: readonly ReadPlan[]): Promise<void> {
    const message = fault instanceof Error ? fault.message : String(fault);
    if (!this.running) return;
    if (isReply(message)) this.silentSinceMs = 0;
    if (message.startsWith('UNBLOCKED')) return;
    this.readPending = true;
    if (message.startsWith('NOGROUP')) {
      await this.ensureStreams(plans.flatMap((plan) => plan.streams)).catch(() => undefined);
      return;
    }
    this.logger.debug('reading tasks failed; trying again', { error: message });
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }

  /**
   * Creates streams with their group and this consumer, and notes them where abandoned tasks are looked for. All three
   * at once: a stream that is noted and has no consumer counts as one whose worker is gone. The consumer is created by
   * name, because Redis does not store one that has only tried to read.
   */
  private async ensureStreams(streams: readonly PolledStream[]): Promise<void> {
    const { redis, keys } = this.engine.context;
    await Promise.all(
      streams.map(async ({ key, partition }) => {
        const replies = await redis
          .multi()
          .xgroup('CREATE', key, WORKERS_GROUP, '0', 'MKSTREAM')
          .xgroup('CREATECONSUMER', key, WORKERS_GROUP, this.consumer)
          .sadd(keys.partition(partition).streams, key)
          .exec();
        for (const [error] of replies ?? []) {
          if (error && !error.message.startsWith('BUSYGROUP')) throw error;
        }
      }),
    );
  }

  private async addThrottle(poller: Poller): Promise<void> {
    const { ratedQueue } = poller;
    if (!ratedQueue) return;
    const { engine, consumer, logger } = this;
    const host = {
      engine,
      consumer,
      logger,
      onListening: (listening: Poller) => this.noteFreed(listening),
      ensureStreams: (streams: readonly PolledStream[]) => this.ensureStreams(streams),
    };
    this.throttles.set(poller, await Throttle.open(host, poller, ratedQueue));
  }

  /** A poller has free slots: it is read for at once, or, if a read without it is under way, after that is unblocked. */
  private noteFreed(poller: Poller): void {
    const throttle = this.throttles.get(poller);
    throttle?.noteFreed();
    if (throttle?.listens === false) return;
    if (this.wakeUp) this.wakeUp();
    else if (
      this.covered &&
      !this.covered.has(poller) &&
      this.pollers.has(poller) &&
      !this.unblockRequested
    ) {
      this.unblockRequested = true;
      setImmediate(() => void this.unblock());
    }
  }

  /** Ends the read under way, so that it begins anew with everybody who has room by then. */
  private async unblock(): Promise<void> {
    const read = this.covered;
    if (!read) return;
    const { redis } = this.engine.context;
    const id = this.clientId;
    const unblocked = id === undefined ? 0 : await redis.client('UNBLOCK', id).catch(() => 0);
    // It may not have blocked yet when it was told, or its connection may still be without a number.
    if (unblocked === 0 && this.covered === read) {
      setTimeout(() => {
        if (this.covered === read) void this.unblock();
      }, UNBLOCK_AGAIN_MS).unref();
    }
  }

  /**
   * Makes Redis note that this consumer is there: to servers before 7.2, a blocking read that finds nothing is no sign of
   * life, and a poller that seems to be away for long loses its sticky queue.
   */
  private showPresence(): void {
    if (!this.isAlive) return;
    const keys = [...this.pollers.keys()].flatMap((poller) => poller.streams.map((stream) => stream.key));
    if (keys.length === 0) return;
    const { context } = this.engine;
    for (let partition = 0; partition < context.keys.partitions; partition++) {
      const presenceKey = context.keys.partition(partition).presence;
      notePresence(context.run, { presenceKey, consumer: this.consumer }).catch(() => undefined);
    }
    const ids = keys.map(() => '0');
    // A stream that is not there is created anew by the reads.
    context.redis
      .call('XREADGROUP', 'GROUP', WORKERS_GROUP, this.consumer, 'COUNT', 1, 'STREAMS', ...keys, ...ids)
      .catch(() => undefined);
  }

  private noteReading(): void {
    if (this.silentSinceMs !== 0) return;
    this.silentSinceMs = Date.now();
    this.watchdog?.refresh();
  }

  private checkSilence(): void {
    if (this.silenceMs() <= SILENCE_LIMIT_MS || Date.now() - this.connectedSinceMs <= SILENCE_LIMIT_MS)
      return;
    this.logger.warn('the blocking connection for tasks is silent; replacing it', {
      silentMs: this.silenceMs(),
    });
    this.reconnections++;
    const dead = this.connection;
    this.connection = this.connect();
    this.underWay.discard(dead);
  }
}

/** Errors that a living server replied, unlike those of a broken connection or of a server that cannot serve. */
function isReply(message: string): boolean {
  return message.startsWith('UNBLOCKED') || message.startsWith('NOGROUP');
}

/** `count` of the streams, beginning further on with each turn. */
function takeTurns<T>(streams: readonly T[], count: number, turn: number): readonly T[] {
  if (count >= streams.length) return streams;
  return Array.from({ length: count }, (_, i) => streams[(turn * count + i) % streams.length] as T);
}
