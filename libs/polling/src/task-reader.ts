import type { Logger } from '@tidewheel/common';
import type { Engine } from '@tidewheel/engine';
import { leavePresence, notePresence, openStream, WORKERS_GROUP } from '@tidewheel/store';
import type { ChangingStreams, PolledStream, Poller, PollerState } from './poller.js';
import { ReadLane, UNHEALTHY_SILENCE_MS } from './read-lane.js';
import { Throttle } from './throttle.js';
import type { ThrottleCounts } from './throttle.js';

/** How often the process shows on all its streams that it is there. */
const PRESENCE_PERIOD_MS = 5_000;
/** How soon a change of a poller's streams that failed is tried again. */
const CHANGE_AGAIN_MS = 100;

/**
 * Reads the task streams of all pollers of a process with one blocking connection: however many queues are polled, an
 * idle process costs one command every three seconds. On a cluster, where no read spans partitions, it is one connection
 * and one such command for each partition.
 */
export class TaskReader {
  private static readonly readers = new WeakMap<Engine, TaskReader>();

  /** The one reader of an engine's process. */
  static of(engine: Engine, logger: Logger): TaskReader {
    let reader = this.readers.get(engine);
    if (!reader) this.readers.set(engine, (reader = new TaskReader(engine, logger)));
    return reader;
  }

  private readonly pollers = new Map<Poller, PollerState>();
  /** How to stop following the changes of a poller's streams. */
  private readonly following = new Map<Poller, () => void>();
  private readonly consumer: string;
  /** By partition; a single one if reads span partitions. None while there is no poller. */
  private lanes: ReadonlyMap<number, ReadLane> = new Map();
  /** Lanes that wait for slots take turns: the first of these is asked first. */
  private readonly order: ReadLane[] = [];
  /** Number, start and name, by which it is on the list of those present. */
  private readonly process: string;
  /** Resolves when the reads before have stopped, and others may begin. */
  private stopping = Promise.resolve();
  private presence: NodeJS.Timeout | undefined;
  /** Connections replaced of lanes that are no more. */
  private replacedBefore = 0;

  private constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
  ) {
    const { identity, worker } = engine.context;
    this.consumer = identity;
    this.process = `${worker} ${Date.now()} ${identity}`;
  }

  /** Starts to poll. Resolves when all the poller's streams can be read. */
  async add(poller: Poller): Promise<void> {
    await this.ensureStreams(poller.streams);
    const throttle = await this.openThrottle(poller);
    let stopped: Promise<void> | undefined;
    while (stopped !== this.stopping) await (stopped = this.stopping);
    if (this.lanes.size === 0) this.start();
    const byLane = this.byLane(poller.streams);
    const state = { lanes: byLane.size, quietStreams: 0, throttle };
    this.pollers.set(poller, state);
    for (const [lane, streams] of byLane) lane.add(poller, state, streams);
    poller.slots.onFreed(() => this.noteFreed(poller));
    if (this.presence === undefined) this.beginPresence();
    if (poller.changing) this.follow(poller, poller.changing);
  }

  /** Stops polling. Entries of a read under way may still be delivered; the returned promise resolves when not any more. */
  async remove(poller: Poller): Promise<void> {
    const state = this.pollers.get(poller);
    if (!state) return;
    this.pollers.delete(poller);
    this.following.get(poller)?.();
    this.following.delete(poller);
    const throttled = state.throttle?.stop();
    await Promise.all([...this.lanes.values()].map((lane) => lane.remove(poller)));
    await throttled;
    // Of several that are removed at once, the first to get here stops the reads.
    if (this.pollers.size === 0 && this.lanes.size > 0) this.stopping = this.stop();
    await this.stopping;
  }

  /** Milliseconds since the most silent blocking connection last gave a reply, while one is due; 0 otherwise. */
  silenceMs(): number {
    return Math.max(0, ...[...this.lanes.values()].map((lane) => lane.silenceMs));
  }

  /** Whether blocking reads get their replies in time. */
  get isAlive(): boolean {
    return this.lanes.size > 0 && this.silenceMs() <= UNHEALTHY_SILENCE_MS;
  }

  /** What is wrong with the blocking reads; undefined when they get their replies in time, or none is under way. */
  get fault(): string | undefined {
    const silentMs = this.silenceMs();
    return silentMs > UNHEALTHY_SILENCE_MS
      ? `the blocking read of tasks has been silent for ${silentMs} ms; allowed are ${UNHEALTHY_SILENCE_MS}`
      : undefined;
  }

  /** How often a blocking connection was thrown away for being silent. */
  get connectionsReplaced(): number {
    let replaced = this.replacedBefore;
    for (const lane of this.lanes.values()) replaced += lane.connectionsReplaced;
    return replaced;
  }

  /** What the dispatch rate of a poller's queue has done to it so far; undefined when it is not polled for. */
  throttling(poller: Poller): ThrottleCounts | undefined {
    return this.pollers.get(poller)?.throttle?.counts;
  }

  private start(): void {
    const { connections, keys } = this.engine.context;
    const partitions = connections.spanPartitions ? 1 : keys.partitions;
    this.lanes = new Map(
      Array.from({ length: partitions }, (_, partition) => [partition, this.newLane(partition)]),
    );
    this.order.splice(0, this.order.length, ...this.lanes.values());
  }

  private newLane(partition: number): ReadLane {
    const { connections, keys } = this.engine.context;
    return new ReadLane(keys.partition(partition).streams, {
      connections,
      consumer: this.consumer,
      logger: this.logger,
      ensureStreams: (streams) => this.ensureStreams(streams),
      starves: (poller) => this.order.some((lane) => lane.waits && lane.neglects(poller)),
      isNeglected: (poller, by) => this.order.some((lane) => lane !== by && lane.neglects(poller)),
      onTurn: (poller) => this.noteFreed(poller),
      onStarved: (poller) => {
        for (const lane of this.order) lane.giveWay(poller);
      },
    });
  }

  private byLane(streams: readonly PolledStream[]): ReadonlyMap<ReadLane, readonly PolledStream[]> {
    const byLane = new Map<ReadLane, PolledStream[]>();
    for (const stream of streams) {
      const lane = this.laneOf(stream);
      byLane.set(lane, [...(byLane.get(lane) ?? []), stream]);
    }
    return byLane;
  }

  /**
   * Lets the streams of a poller change; some of them stay in every partition, so that the lanes are the same. What was read
   * from one that is left is delivered as before.
   */
  private follow(poller: Poller, changing: ChangingStreams): void {
    let behind = Promise.resolve();
    const change = async (): Promise<void> => {
      const next = changing.next();
      if (!this.following.has(poller) || sameStreams(next, poller.streams)) return;
      await this.ensureStreams(next);
      changing.use(next);
      for (const [lane, streams] of this.byLane(next)) lane.change(poller, streams);
    };
    const changed = (): void => {
      // One after the other, so that the last change is the one that stays.
      behind = behind.then(change).catch((error: unknown) => {
        this.logger.warn('the streams of a task queue could not be changed; trying again', {
          error: String(error),
        });
        if (this.following.has(poller)) setTimeout(changed, CHANGE_AGAIN_MS).unref();
      });
    };
    this.following.set(poller, changing.watch(changed));
    // It may have changed between the making of the poller and now.
    changed();
  }

  private laneOf({ partition }: PolledStream): ReadLane {
    return (this.lanes.get(partition) ?? this.lanes.get(0)) as ReadLane;
  }

  private async stop(): Promise<void> {
    clearInterval(this.presence);
    this.presence = undefined;
    const lanes = [...this.lanes.values()];
    this.replacedBefore = this.connectionsReplaced;
    this.lanes = new Map();
    await Promise.all(lanes.map((lane) => lane.stop()));
    const { run, keys } = this.engine.context;
    for (let partition = 0; partition < keys.partitions; partition++) {
      const { presence, departed } = keys.partition(partition);
      const process = { presenceKey: presence, departedKey: departed, consumer: this.process };
      // Not waited for: whoever is not taken off the list is found absent.
      leavePresence(run, process).catch(() => undefined);
    }
  }

  /**
   * Creates streams with their group and this consumer. By a script, which the connection sends again when it is lost: of a
   * transaction it would only say that it failed, and the process would not come through a failover.
   */
  private async ensureStreams(streams: readonly PolledStream[]): Promise<void> {
    const { run, keys } = this.engine.context;
    await Promise.all(
      streams.map(({ key, partition }) =>
        openStream(run, {
          streamKey: key,
          streamsKey: keys.partition(partition).streams,
          group: WORKERS_GROUP,
          consumer: this.consumer,
        }),
      ),
    );
  }

  private async openThrottle(poller: Poller): Promise<Throttle | undefined> {
    const { ratedQueue } = poller;
    if (!ratedQueue) return undefined;
    const { engine, consumer, logger } = this;
    const host = {
      engine,
      consumer,
      logger,
      onListening: (listening: Poller) => this.noteFreed(listening),
      ensureStreams: (streams: readonly PolledStream[]) => this.ensureStreams(streams),
    };
    return Throttle.open(host, poller, ratedQueue);
  }

  /** A poller has free slots, or a lane that read for it has had its turn: the lane that had one longest ago comes first. */
  private noteFreed(poller: Poller): void {
    const state = this.pollers.get(poller);
    if (!state) return;
    state.throttle?.noteFreed();
    if (state.throttle?.listens === false) return;
    if (this.order.length > 1) {
      const next = this.order.findIndex((lane) => lane.waits);
      if (next >= 0) this.order.push(...this.order.splice(0, next));
    }
    for (const lane of [...this.order]) lane.noteFreed(poller);
  }

  private beginPresence(): void {
    this.presence = setInterval(() => this.showPresence(), PRESENCE_PERIOD_MS).unref();
    this.showPresence();
  }

  /**
   * Makes Redis note that this consumer is there: to servers before 7.2, a blocking read that finds nothing is no sign of
   * life, and a poller that seems to be away for long loses its sticky queue.
   */
  private showPresence(): void {
    if (!this.isAlive) return;
    const { context } = this.engine;
    if (this.pollers.size === 0) return;
    for (let partition = 0; partition < context.keys.partitions; partition++) {
      const presenceKey = context.keys.partition(partition).presence;
      notePresence(context.run, { presenceKey, consumer: this.process }).catch(() => undefined);
    }
    for (const { keys } of this.lanes.values()) {
      if (keys.length === 0) continue;
      const ids = keys.map(() => '0');
      // A stream that is not there is created anew by the reads.
      context.redis
        .call('XREADGROUP', 'GROUP', WORKERS_GROUP, this.consumer, 'COUNT', 1, 'STREAMS', ...keys, ...ids)
        .catch(() => undefined);
    }
  }
}

function sameStreams(a: readonly PolledStream[], b: readonly PolledStream[]): boolean {
  return a.length === b.length && a.every(({ key }, i) => key === b[i]?.key);
}
