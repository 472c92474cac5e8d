import { Engine } from '@tidewheel/engine';
import type { Gateway } from '@tidewheel/gateway';
import { RemoteWorkers, TaskHub, workerLogger } from '@tidewheel/remote-polling';
import { Health } from '@tidewheel/process';
import { engineMetrics, hidePassword, observeBlockingConnections } from '@tidewheel/telemetry';
import type { Logger } from '@tidewheel/telemetry';
import type { Telemetry } from '@tidewheel/telemetry-node';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { allowEveryone } from './authorize.js';
import type { Authorize } from './authorize.js';
import type { Configuration } from './configuration.js';
import { EngineGate } from './engine-gate.js';
import { startGrpcGateway } from './grpc-gateway.js';
import { startRetention } from './housekeeping/retention.js';
import type { Housekeeping } from './housekeeping/retention.js';
import { RequestsUnderWay } from './http/requests-under-way.js';
import { NamespaceMemory } from './housekeeping/namespace-memory.js';
import { observeRedis } from './redis-metrics.js';
import { createApiServer } from './server.js';
import { observeQuarantine } from './quarantine-metrics.js';
import { observeTaskQueues } from './task-queue-metrics.js';
import { programVersion } from './version.js';
import { within } from './within.js';

/** A running API process. */
export interface ApiProcess {
  /** Port it listens on. */
  readonly port: number;
  /** Rejects when the process cannot do its work ever, for example because the deployment is another one. */
  readonly opened: Promise<void>;
  /** Ends it gracefully: finishes requests, then background work, then closes connections. */
  stop(): Promise<void>;
}

const CLOSE_IDLE_MS = 50;
/** How long background work may take to end; it waits for Redis, which may be away. */
const BACKGROUND_LIMIT_MS = 5_000;

/**
 * Starts listening at once and opens the engine meanwhile, so that probes are answered while Redis is away.
 *
 * @param telemetry the running one; it is stopped with the process
 * @param authorize decides who may do what, over HTTP and gRPC; default: everyone everything
 * @throws when the port cannot be had
 */
export async function startApi(
  configuration: Configuration,
  logger: Logger,
  telemetry: Telemetry,
  authorize: Authorize = allowEveryone,
): Promise<ApiProcess> {
  const gate = new EngineGate(logger);
  const observations = [observeTaskQueues(gate), observeQuarantine(gate)];
  const stopping = new AbortController();
  const background = new Background(configuration, logger, authorize);
  const health = new Health(() => [
    ...gate.health().map(({ name, ok, message = 'it fails', sinceMs }) => ({
      name,
      sinceMs,
      reason: ok ? undefined : message,
    })),
    { name: 'polls', reason: background.pollsFault },
  ]);
  const server = createApiServer({
    gate,
    authorize,
    health,
    logger,
    version: programVersion(),
    bodyLimitBytes: configuration.bodyLimitBytes,
    answerMetrics: telemetry.answerMetrics,
    stopping: stopping.signal,
  });
  const requests = new RequestsUnderWay(server);
  server.listen(configuration.port, configuration.host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : configuration.port;
  const redis = hidePassword(configuration.redisUrl);
  logger.info({ host: configuration.host, port, redis, duties: configuration.duties }, 'listening');

  return {
    port,
    opened: background.open(gate, stopping.signal),
    async stop() {
      health.beginDraining();
      stopping.abort();
      await Promise.all([
        closeServer(server, requests, configuration.shutdownTimeoutMs),
        background.stopServing(),
      ]);
      gate.stop();
      const isClosed = await within(
        BACKGROUND_LIMIT_MS,
        background.close().then(() => true),
      );
      if (!isClosed)
        logger.warn('Redis does not answer: background work was cut off; others will do it again');
      health.close();
      for (const stop of observations) stop();
      await telemetry.stop();
    },
  };
}

/** The engine, what works in the background and what needs the engine to begin, opened and closed in order. */
class Background {
  private engine: Engine | undefined;
  private hub: TaskHub | undefined;
  private gateway: Gateway | undefined;
  private isStopping = false;
  private housekeeping: Housekeeping | undefined;
  private memory: NamespaceMemory | undefined;
  private stopObserving: readonly (() => void)[] = [];

  constructor(
    private readonly configuration: Configuration,
    private readonly logger: Logger,
    private readonly authorize: Authorize,
  ) {}

  /** What is wrong with the blocking reads that serve workers without an SDK. */
  get pollsFault(): string | undefined {
    return this.hub?.fault;
  }

  async open(gate: EngineGate, stopping: AbortSignal): Promise<void> {
    const { configuration, logger } = this;
    const { redisUrl, partitions, keyPrefix, strictDurability } = configuration;
    const engine = await Engine.open({
      connection: { url: redisUrl },
      partitions,
      prefix: keyPrefix,
      strictDurability,
      metrics: engineMetrics(),
      quarantineAfter: this.configuration.quarantineAfter,
      logger: logger.child({ part: 'engine' }),
    });
    this.engine = engine;
    if (stopping.aborted) return;
    const { connections } = engine.context;
    this.memory = new NamespaceMemory(engine, logger.child({ part: 'housekeeping' }));
    const { memory } = this;
    this.stopObserving = [
      observeRedis(engine, () => memory.byNamespace),
      observeBlockingConnections(() => connections.blockingAges),
    ];
    if (configuration.duties) await this.startDuties(engine);
    const pollLogger = workerLogger(logger.child({ part: 'polls' }));
    const hub = new TaskHub(engine, pollLogger);
    this.hub = hub;
    await gate.open(engine, new RemoteWorkers(engine, hub, pollLogger));
    this.gateway = await startGrpcGateway({
      engine,
      hub,
      gate,
      authorize: this.authorize,
      configuration,
      logger: logger.child({ part: 'gateway' }),
    });
    if (this.isStopping) await this.gateway?.close();
    logger.info({ partitions: engine.context.keys.partitions }, 'ready');
  }

  /** Ends gRPC, as the HTTP server is ended: finishes calls, then closes connections; all polls end with nothing. */
  async stopServing(): Promise<void> {
    this.isStopping = true;
    await Promise.all([this.gateway?.close(), this.hub?.stop()]);
  }

  async close(): Promise<void> {
    this.memory?.stop();
    for (const stop of this.stopObserving) stop();
    await this.housekeeping?.stop();
    await this.engine?.stopDuties();
    await this.engine?.close();
  }

  private async startDuties(engine: Engine): Promise<void> {
    const { keyPrefix, retentionIntervalMs, retentionBatch } = this.configuration;
    await engine.startDuties();
    this.memory?.start();
    this.housekeeping = startRetention({
      engine,
      connect: (purpose) => engine.context.connections.open(purpose),
      keyPrefix,
      intervalMs: retentionIntervalMs,
      batch: retentionBatch,
      logger: this.logger.child({ part: 'housekeeping' }),
    });
  }
}

/**
 * Lets requests under way finish up to the limit, then cuts what is left. Until then it goes on accepting: probes learn
 * that the process winds up, and whoever has not learnt it yet is answered.
 */
async function closeServer(server: Server, requests: RequestsUnderWay, limitMs: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  await requests.none(limitMs);
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const closeIdle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(cut);
}
