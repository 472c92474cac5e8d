import { IllegalStateError } from '@tidewheel/common';
import { Engine } from '@tidewheel/engine';
import type { EngineOptions, WorkflowService } from '@tidewheel/engine';

/** How a client reaches its deployment. */
export interface ConnectionOptions extends Omit<EngineOptions, 'connection' | 'metrics'> {
  /** `redis://[[user]:password@]host:port[/db]`, `rediss://...` or `unix:///path`; default `redis://127.0.0.1:7379`. */
  readonly url?: string;
  /** Further options of ioredis, for example `tls`. */
  readonly redisOptions?: EngineOptions['connection']['redisOptions'];
}

/** The connection of a client. One for a process is enough; any number of clients and workers may share it. */
export class Connection {
  private constructor(
    /** What can be asked of the deployment, in terms of payloads. */
    readonly workflowService: WorkflowService,
    private readonly ownEngine: Engine | undefined,
  ) {}

  /**
   * Connects; waits for Redis as long as it takes.
   *
   * @throws PartitionCountMismatchError of \@tidewheel/store when the deployment has another number of partitions
   */
  static async connect(options: ConnectionOptions = {}): Promise<Connection> {
    const { url = 'redis://127.0.0.1:7379', redisOptions, ...rest } = options;
    const engine = await Engine.open({ ...rest, connection: { url, ...(redisOptions && { redisOptions }) } });
    return new Connection(engine, engine);
  }

  /**
   * Wraps a service that is there already: the engine of another connection in the same process, or something else that
   * behaves like one. Whoever opened it closes it.
   */
  static over(workflowService: WorkflowService): Connection {
    return new Connection(workflowService, undefined);
  }

  /**
   * The engine behind the connection, with which workers can share it.
   *
   * @throws IllegalStateError when the connection was put over a service
   */
  get engine(): Engine {
    if (!this.ownEngine) throw new IllegalStateError('this connection has no engine of its own');
    return this.ownEngine;
  }

  /** Closes it; what is under way fails. */
  async close(): Promise<void> {
    await this.ownEngine?.close();
  }
}
