import { Engine } from '@tidewheel/engine';
import type { EngineLogger, EngineOptions } from '@tidewheel/engine';
import type { Logger } from '@tidewheel/common';
import { engineMetrics, observeBlockingConnections } from '@tidewheel/telemetry';

/** How a worker process reaches its deployment. */
export interface NativeConnectionOptions extends Omit<EngineOptions, 'connection' | 'logger' | 'metrics'> {
  /** `redis://[[user]:password@]host:port[/db]`; default `redis://127.0.0.1:7379`. */
  readonly url?: string;
  /** Further options of ioredis, for example `tls`. */
  readonly redisOptions?: EngineOptions['connection']['redisOptions'];
  readonly logger?: Logger;
}

/** The connection of a worker process; all its workers share one. */
export class NativeConnection {
  private constructor(
    readonly engine: Engine,
    private readonly stopObserving: () => void,
  ) {}

  /** Connects; waits for Redis as long as it takes. */
  static async connect(options: NativeConnectionOptions = {}): Promise<NativeConnection> {
    const { url = 'redis://127.0.0.1:7379', redisOptions, logger, ...rest } = options;
    const engine = await Engine.open({
      ...rest,
      metrics: engineMetrics(),
      connection: { url, ...(redisOptions && { redisOptions }) },
      ...(logger && { logger: engineLogger(logger) }),
    });
    const { connections } = engine.context;
    return new NativeConnection(
      engine,
      observeBlockingConnections(() => connections.blockingAges),
    );
  }

  /** Closes it; the workers that use it must have stopped. */
  close(): Promise<void> {
    this.stopObserving();
    return this.engine.close();
  }
}

/** A logger of the SDK as the engine takes it. */
function engineLogger(logger: Logger): EngineLogger {
  return {
    debug: (fields, message) => logger.debug(message, plain(fields)),
    info: (fields, message) => logger.info(message, plain(fields)),
    warn: (fields, message) => logger.warn(message, plain(fields)),
    error: (fields, message) => logger.error(message, plain(fields)),
  };
}

/** Errors as their message, which is all of them that a JSON logger would otherwise drop. */
function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}
