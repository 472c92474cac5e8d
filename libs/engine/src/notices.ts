import { BreakableRead } from '@tidewheel/store';
import type { Keyspace, Redis } from '@tidewheel/store';
import type { EngineLogger } from './engine-context.js';

/** What a partition tells those who wait. */
export type Notice =
  | {
      readonly kind: 'closed';
      readonly runId: string;
      readonly closeEvent: Buffer | undefined;
      readonly eventId: number;
    }
  | { readonly kind: 'events'; readonly runId: string }
  | { readonly kind: 'answered'; readonly queryId: string }
  /** A timer of the partition is due sooner than pumps would look. */
  | { readonly kind: 'timer'; readonly dueMs: number }
  | { readonly kind: 'outbox' }
  /** The worker deployments of a namespace have changed. */
  | { readonly kind: 'deployments'; readonly namespace: string };

/** What to listen to for notices that concern a partition as a whole. */
export function partitionSubject(partition: number): string {
  return `partition:${partition}`;
}

/** What to listen to for changes of a namespace's worker deployments. */
export function deploymentsSubject(namespace: string): string {
  return `deployments:${namespace}`;
}

type Listener = (notice: Notice) => void;

/** How long one read blocks; also how long an idle connection may be silent. */
const BLOCK_MS = 4_000;
/** A read that gives no reply for this long has a dead connection. */
const SILENCE_LIMIT_MS = BLOCK_MS + 3_000;
/** How long after a read began to look whether its reply has come. */
const WATCH_MS = SILENCE_LIMIT_MS + 50;
const RETRY_MS = 200;

/**
 * Tails the partitions' streams of notices on a connection of its own, while anybody listens. A notice can be missed (a
 * reconnection, a trimmed stream), so who waits also looks for itself from time to time.
 */
export class Notices {
  private readonly listeners = new Map<string, Set<Listener>>();
  private connection: Redis | undefined;
  private readonly underWay = new BreakableRead();
  private closed = false;
  private tailing: Promise<void> | undefined;
  private ready: Promise<void> | undefined;
  /** When the first read began that no reply has come to yet; 0 when none is due. */
  private silentSinceMs = 0;
  private connectedSinceMs = 0;
  /** Put off by every read, so that an idle process is hardly ever woken for it. */
  private watchdog: NodeJS.Timeout | undefined;

  constructor(
    private readonly commands: Redis,
    private readonly connect: () => Redis,
    private readonly keys: Keyspace,
    private readonly logger: EngineLogger,
  ) {}

  /** Calls `listener` for notices about a run id or query id until the returned function is called. */
  listen(subject: string, listener: Listener): () => void {
    let listeners = this.listeners.get(subject);
    if (!listeners) this.listeners.set(subject, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(subject) === listeners) this.listeners.delete(subject);
    };
  }

  /** Resolves once notices are being read: what is noticed after that is not missed. */
  start(): Promise<void> {
    this.ready ??= this.begin();
    return this.ready;
  }

  /** Milliseconds since the last reply while a read is under way; 0 otherwise. */
  silenceMs(): number {
    return this.silentSinceMs === 0 ? 0 : Date.now() - this.silentSinceMs;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.watchdog);
    this.underWay.discard(this.connection);
    await this.tailing;
  }

  private async begin(): Promise<void> {
    const streams = this.streams();
    const lastIds = await Promise.all(streams.map((stream) => this.lastId(stream)));
    this.connection = this.connect();
    this.connectedSinceMs = Date.now();
    this.watchdog = setInterval(() => this.checkSilence(), WATCH_MS).unref();
    this.tailing = this.tail(streams, lastIds);
  }

  private streams(): string[] {
    return Array.from(
      { length: this.keys.partitions },
      (_, partition) => this.keys.partition(partition).notify,
    );
  }

  private async lastId(stream: string): Promise<string> {
    const newest = await this.commands.xrevrange(stream, '+', '-', 'COUNT', 1);
    return newest[0]?.[0] ?? '0-0';
  }

  private async tail(streams: readonly string[], ids: readonly string[]): Promise<void> {
    const lastIds = [...ids];
    while (!this.closed) {
      try {
        this.noteReading();
        const reply = (await this.underWay.of(
          this.connection?.callBuffer(
            'XREAD',
            ...['COUNT', 1_000, 'BLOCK', BLOCK_MS, 'STREAMS', ...streams, ...lastIds],
          ),
        )) as [Buffer, [Buffer, Buffer[]][]][] | null | undefined;
        this.silentSinceMs = 0;
        for (const [stream, entries] of reply ?? []) {
          const index = streams.indexOf(stream.toString());
          const last = entries.at(-1);
          if (last) lastIds[index] = last[0].toString();
          for (const [, fields] of entries) this.dispatch(index, fields);
        }
      } catch (error) {
        if (this.isClosed()) return;
        this.logger.debug({ error }, 'reading notices failed; trying again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** A function, because it changes while a read is waited for. */
  private isClosed(): boolean {
    return this.closed;
  }

  private dispatch(partition: number, fields: readonly Buffer[]): void {
    const kind = fields[0]?.toString() ?? '';
    const value = fields[1]?.toString() ?? '';
    const notice = noticeOf(kind, value, fields);
    if (!notice) return;
    for (const subject of subjectsOf(kind, value, partition)) {
      for (const listener of [...(this.listeners.get(subject) ?? [])]) listener(notice);
    }
  }

  /** Throws a connection away that has been silent for longer than a read can block. */
  private checkSilence(): void {
    if (
      this.closed ||
      this.silenceMs() <= SILENCE_LIMIT_MS ||
      Date.now() - this.connectedSinceMs <= SILENCE_LIMIT_MS
    )
      return;
    this.logger.warn(
      { silentMs: this.silenceMs() },
      'the connection that waits for notices is dead; making a new one',
    );
    const dead = this.connection;
    this.connection = this.connect();
    this.connectedSinceMs = Date.now();
    this.watchdog?.refresh();
    this.underWay.discard(dead);
  }

  private noteReading(): void {
    if (this.silentSinceMs !== 0) return;
    this.silentSinceMs = Date.now();
    this.watchdog?.refresh();
  }
}

/** Kinds of notice that concern the partition, not one run or query. */
const PARTITION_KINDS: readonly string[] = ['t', 'o'];

function subjectsOf(kind: string, value: string, partition: number): readonly string[] {
  if (PARTITION_KINDS.includes(kind)) return [partitionSubject(partition)];
  return kind === 'g' ? [deploymentsSubject(value), partitionSubject(partition)] : [value];
}

function noticeOf(kind: string, subject: string, fields: readonly Buffer[]): Notice | undefined {
  switch (kind) {
    case 'c': {
      const closeEvent = fields[3];
      return {
        kind: 'closed',
        runId: subject,
        closeEvent: closeEvent && closeEvent.length > 0 ? closeEvent : undefined,
        eventId: Number(fields[5]),
      };
    }
    case 'h':
      return { kind: 'events', runId: subject };
    case 'q':
      return { kind: 'answered', queryId: subject };
    case 't':
      return { kind: 'timer', dueMs: Number(subject) };
    case 'o':
      return { kind: 'outbox' };
    case 'g':
      return { kind: 'deployments', namespace: subject };
    default:
      return undefined;
  }
}
