import type { BlockingConnection, Keyspace, RedisConnections } from '@tidewheel/store';
import { outsideOfTraces } from '@tidewheel/telemetry/instrumentation';
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
const RETRY_MS = 200;

/**
 * Tails the partitions' streams of notices on a connection of its own, while anybody listens; on a cluster, where no read
 * spans partitions, on one for each. A notice can be missed (a reconnection, a trimmed stream), so who waits also looks
 * for itself from time to time.
 */
export class Notices {
  private readonly listeners = new Map<string, Set<Listener>>();
  private tails: readonly NoticeTail[] = [];
  private closed = false;
  private ready: Promise<void> | undefined;

  constructor(
    private readonly connections: RedisConnections,
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
    this.ready ??= outsideOfTraces(() => this.begin());
    return this.ready;
  }

  /** Milliseconds since the last reply while a read is under way, of the most silent connection; 0 otherwise. */
  silenceMs(): number {
    return Math.max(0, ...this.tails.map((tail) => tail.silenceMs));
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.tails.map((tail) => tail.close()));
  }

  private async begin(): Promise<void> {
    const all = Array.from({ length: this.keys.partitions }, (_, partition) => ({
      partition,
      key: this.keys.partition(partition).notify,
    }));
    const groups = this.connections.spanPartitions ? [all] : all.map((stream) => [stream]);
    const lastIds = await Promise.all(
      groups.map((streams) => Promise.all(streams.map(({ key }) => this.lastId(key)))),
    );
    if (this.closed) return;
    this.tails = groups.map((streams, i) => {
      const dispatch = (partition: number, fields: readonly Buffer[]): void =>
        this.dispatch(partition, fields);
      return new NoticeTail(this.connections, streams, lastIds[i] ?? [], dispatch, this.logger);
    });
  }

  private async lastId(stream: string): Promise<string> {
    const newest = await this.connections.commands.xrevrange(stream, '+', '-', 'COUNT', 1);
    return newest[0]?.[0] ?? '0-0';
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
}

type NoticeReply = readonly (readonly [stream: Buffer, entries: readonly (readonly [Buffer, Buffer[]])[]])[];

/** Reads what is added to some streams of notices, from the moment it is made. */
class NoticeTail {
  private readonly connection: BlockingConnection;
  private readonly tailing: Promise<void>;
  private readonly lastIds: string[];
  private closed = false;

  constructor(
    connections: RedisConnections,
    private readonly streams: readonly { readonly partition: number; readonly key: string }[],
    lastIds: readonly string[],
    private readonly dispatch: (partition: number, fields: readonly Buffer[]) => void,
    private readonly logger: EngineLogger,
  ) {
    this.lastIds = [...lastIds];
    this.connection = connections.openBlocking({
      name: 'notices',
      key: streams[0]?.key ?? '',
      silenceLimitMs: SILENCE_LIMIT_MS,
      onSilent: (silentMs) =>
        logger.warn({ silentMs }, 'the connection that waits for notices is dead; making a new one'),
    });
    this.tailing = this.tail();
  }

  get silenceMs(): number {
    return this.connection.silenceMs;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.connection.close();
    await this.tailing;
  }

  private async tail(): Promise<void> {
    while (!this.closed) {
      try {
        await this.readOnce();
      } catch (error) {
        if (this.isClosed()) return;
        this.logger.debug({ error }, 'reading notices failed; trying again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  private async readOnce(): Promise<void> {
    const names = this.streams.map(({ key }) => key);
    const options = ['COUNT', 1_000, 'BLOCK', BLOCK_MS, 'STREAMS', ...names, ...this.lastIds];
    const reply = await this.connection.read((server) => server.callBuffer('XREAD', ...options));
    for (const [name, entries] of (reply ?? []) as NoticeReply) {
      const index = names.indexOf(name.toString());
      const stream = this.streams[index];
      const last = entries.at(-1);
      if (last) this.lastIds[index] = last[0].toString();
      for (const [, fields] of entries) this.dispatch(stream?.partition ?? 0, fields);
    }
  }

  /** A function, because it changes while a read is waited for. */
  private isClosed(): boolean {
    return this.closed;
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
