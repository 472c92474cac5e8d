import { Engine } from '@tidewheel/engine';
import type { EngineOptions, WorkflowService } from '@tidewheel/engine';

/** How a client reaches its deployment. */
export interface ConnectionOptions extends Omit<EngineOptions, 'connection'> {
  /** `redis://[[user]:password@]host:port[/db]`, `rediss://...` or `unix:///path`; default `redis://127.0.0.1:7379`. */
  readonly url?: string;
  /** Further options of ioredis, for example `tls`. */
  readonly redisOptions?: EngineOptions['connection']['redisOptions'];
}

/** The connection of a client. One for a process is enough; any number of clients may share it. */
export class Connection {
  private constructor(
    /** What can be asked of the deployment, in terms of payloads. */
    readonly workflowService: WorkflowService,
    private readonly release: () => Promise<void>,
  ) {}

  /**
   * Connects; waits for Redis as long as it takes.
   *
   * @throws PartitionCountMismatchError of \@tidewheel/store when the deployment has another number of partitions
   */
  static async connect(options: ConnectionOptions = {}): Promise<Connection> {
    const { url = 'redis://127.0.0.1:7379', redisOptions, ...rest } = options;
    const engine = await Engine.open({ ...rest, connection: { url, ...(redisOptions && { redisOptions }) } });
    return new Connection(engine, () => engine.close());
  }

  /** Wraps a service that is there already, for example the engine of a worker in the same process; `close` leaves it. */
  static over(workflowService: WorkflowService): Connection {
    return new Connection(workflowService, () => Promise.resolve());
  }

  /** Closes it; what is under way fails. */
  close(): Promise<void> {
    return this.release();
  }
}
