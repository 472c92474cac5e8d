import { BlockingConnection } from './blocking-connection.js';
import { isCluster } from './redis-nodes.js';
import { openRedis } from './redis-connection.js';
import type { Redis, RedisConnectionOptions } from './redis-connection.js';

/** What the reads of a blocking connection are like. */
export interface BlockingReads {
  /** What it is for, as CLIENT LIST shows it. */
  readonly name: string;
  /** On a cluster, a key beside which all keys are that are read. */
  readonly key: string;
  /** How long a reply may take; longer than reads block. */
  readonly silenceLimitMs: number;
  readonly onSilent: (silentMs: number) => void;
  /** Called when the connection was lost and made again of itself: the reply of a read under way may have been lost. */
  readonly onReconnected?: () => void;
}

/** The connections of one process to its Redis. */
export class RedisConnections {
  /** For commands and scripts. */
  readonly commands: Redis;
  private readonly blocking = new Map<BlockingConnection, string>();

  /**
   * @param nameOf makes the name that CLIENT LIST shows of what a connection is for
   * @param onError called with faults of a connection, of which it mends itself
   * @throws TypeError when the address cannot be read
   */
  constructor(
    private readonly options: RedisConnectionOptions,
    private readonly nameOf: (purpose: string) => string,
    private readonly onError: (error: Error, purpose: string) => void,
  ) {
    this.commands = this.open('commands');
  }

  /** Whether one command can read keys of several partitions: not on a cluster. */
  get spanPartitions(): boolean {
    return !isCluster(this.commands);
  }

  /** Opens a further connection for commands. */
  open(purpose: string): Redis {
    const redis = openRedis({ ...this.options, name: this.nameOf(purpose) });
    redis.on('error', (error: Error) => this.onError(error, purpose));
    return redis;
  }

  /** Opens a connection for blocking reads. */
  openBlocking({ name, ...reads }: BlockingReads): BlockingConnection {
    const connection: BlockingConnection = new BlockingConnection({
      ...reads,
      connection: { ...this.options, name: this.nameOf(name) },
      commands: this.commands,
      onError: (error) => this.onError(error, name),
      onClosed: () => this.blocking.delete(connection),
    });
    this.blocking.set(connection, name);
    return connection;
  }

  /**
   * For each purpose of blocking connections, the longest time that one of them has waited for a reply, in milliseconds: up
   * to as long as its reads block when all is well.
   */
  get blockingAges(): ReadonlyMap<string, number> {
    const ages = new Map<string, number>();
    for (const [{ silenceMs }, name] of this.blocking) {
      ages.set(name, Math.max(silenceMs, ages.get(name) ?? 0));
    }
    return ages;
  }
}
