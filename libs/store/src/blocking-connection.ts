import { BreakableRead } from './breakable-read.js';
import { isCluster, isSameNode, nodeOf } from './redis-nodes.js';
import { openClusterNode, openRedis } from './redis-connection.js';
import type { Redis, RedisConnectionOptions, RedisServer } from './redis-connection.js';

/** How {@link BlockingConnection} is to be opened. */
interface BlockingConnectionOptions {
  readonly connection: RedisConnectionOptions;
  /** The process's connection for commands: it knows where keys are, and unblocks reads. */
  readonly commands: Redis;
  /** On a cluster, a key beside which all keys are that are read. */
  readonly key: string;
  /** A connection that gives no reply for this long is dead: it is thrown away. Longer than reads block. */
  readonly silenceLimitMs: number;
  /** Called when the connection is silent, before it is replaced. */
  readonly onSilent: (silentMs: number) => void;
  /** Called when the connection was lost and made again of itself: the reply of a read under way may have been lost. */
  readonly onReconnected?: () => void;
  /** Called with faults of the connection, of which it mends itself. */
  readonly onError: (error: Error) => void;
  /** Called when it is closed. */
  readonly onClosed: () => void;
}

/** Beyond the limit, so that a look at it finds it passed. */
const WATCH_SLACK_MS = 50;

/**
 * A connection for blocking reads, one at a time. It knows since when a reply is due, throws its socket away when that is
 * too long ago, and on a cluster goes wherever its keys are.
 */
export class BlockingConnection {
  private server: RedisServer;
  private readonly underWay = new BreakableRead();
  private clientId: number | undefined;
  /** When the first read began that no reply has come to yet; 0 when none is due. */
  private silentSinceMs = 0;
  private connectedSinceMs = 0;
  /** Put off by every read, so that an idle process is hardly ever woken for it. */
  private readonly watchdog: NodeJS.Timeout;
  private replacements = 0;
  /** Whether another server is to be talked to with the next read. */
  private lost = false;
  private closed = false;

  constructor(private readonly options: BlockingConnectionOptions) {
    this.watchdog = setInterval(() => this.checkSilence(), options.silenceLimitMs + WATCH_SLACK_MS).unref();
    this.server = this.connect();
  }

  /** Milliseconds since the connection last gave a reply, while one is due; 0 otherwise. */
  get silenceMs(): number {
    return this.silentSinceMs === 0 ? 0 : Date.now() - this.silentSinceMs;
  }

  /** How often the connection was thrown away for being silent. */
  get replaced(): number {
    return this.replacements;
  }

  /**
   * Gives what Redis replies to a blocking command; rejects when the connection is lost, thrown away or closed, or when
   * the server refuses. The caller asks again after a while; by then the connection may be a new one.
   *
   * @param reply how to ask the server that the connection is to
   */
  async read<T>(reply: (server: RedisServer) => Promise<T>): Promise<T> {
    if (this.silentSinceMs === 0) {
      this.silentSinceMs = Date.now();
      this.watchdog.refresh();
    }
    if (this.lost && !this.closed) this.server = this.connect();
    try {
      const given = await this.underWay.of(reply(this.server));
      this.silentSinceMs = 0;
      return given;
    } catch (error) {
      this.noteFault(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  /** Notes that no reply is due any more, because nothing is read. */
  rest(): void {
    this.silentSinceMs = 0;
  }

  /**
   * Ends the read that is blocked, which then gives nothing. False when none is, or none that Redis knows of yet.
   *
   * A script goes along, because servers that take no writes for a while hold scripts back, as they do with the read: many
   * of them end when such a read is unblocked (Redis before 8.2, Valkey before 9.0).
   */
  async unblock(): Promise<boolean> {
    const { commands } = this.options;
    const id = this.clientId;
    const { host = '', port = 0 } = this.server.options;
    const beside = isCluster(commands)
      ? commands.nodes('all').find((node) => isSameNode(node, { host, port }))
      : commands;
    if (id === undefined || !beside) return false;
    const results = await beside
      .multi()
      .eval('return 0', 0)
      .client('UNBLOCK', id)
      .exec()
      .catch(() => null);
    const [, [fault, unblocked] = []] = results ?? [];
    return !fault && unblocked === 1;
  }

  /** Closes the connection, and ends the read under way. */
  close(): void {
    this.closed = true;
    clearInterval(this.watchdog);
    this.options.onClosed();
    this.underWay.discard(this.server);
  }

  private connect(): RedisServer {
    const { connection, commands, key, onError, onReconnected } = this.options;
    this.lost = false;
    const server = isCluster(commands)
      ? openClusterNode(connection, nodeOf(commands, key) ?? anyNode(commands))
      : (openRedis(connection) as RedisServer);
    server.on('error', onError);
    this.clientId = undefined;
    this.connectedSinceMs = Date.now();
    this.watchdog.refresh();
    // Asked before anything is read: the answer would have to wait for a blocked read.
    this.identify(server);
    let connections = 0;
    server.on('ready', () => {
      connections++;
      if (connections > 1) onReconnected?.();
      this.identify(server);
    });
    return server;
  }

  /** Finds out by which number Redis knows the connection, so that its reads can be unblocked. */
  private identify(server: RedisServer): void {
    server.client('ID').then(
      (id) => {
        if (server === this.server) this.clientId = id;
      },
      () => undefined,
    );
  }

  private noteFault({ message }: Error): void {
    if (isFromLivingServer(message)) this.silentSinceMs = 0;
    const { commands } = this.options;
    if (this.closed || !isCluster(commands) || isFromLivingServer(message)) return;
    // The keys may be elsewhere by now.
    this.lost = true;
    this.server.disconnect();
    commands.refreshSlotsCache();
  }

  private checkSilence(): void {
    const { silenceLimitMs, onSilent } = this.options;
    if (this.closed || this.silenceMs <= silenceLimitMs) return;
    if (Date.now() - this.connectedSinceMs <= silenceLimitMs) return;
    onSilent(this.silenceMs);
    this.replacements++;
    if (isCluster(this.options.commands)) this.options.commands.refreshSlotsCache();
    const dead = this.server;
    this.server = this.connect();
    this.underWay.discard(dead);
  }
}

/** Errors that a living server replied, unlike those of a broken connection or of a server that cannot serve. */
function isFromLivingServer(message: string): boolean {
  return message.startsWith('UNBLOCKED') || message.startsWith('NOGROUP');
}

function anyNode(commands: Redis): { readonly host: string; readonly port: number } {
  const [{ host = '', port = 0 } = {}] = isCluster(commands)
    ? commands.nodes('all').map((node) => node.options)
    : [];
  return { host, port };
}
