import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerOptions } from '@grpc/grpc-js';
import { SILENT_LOGGER } from '@tidewheel/engine';
import type { Engine, EngineLogger } from '@tidewheel/engine';
import { workerLogger } from '@tidewheel/remote-polling';
import type { TaskHub } from '@tidewheel/remote-polling';
import { setMaxListeners } from 'node:events';
import { clientMethods } from './client-methods/index.js';
import { operatorMethods } from './client-methods/operator-methods.js';
import { CallsUnderWay, unaryMethods } from './dispatch.js';
import type { Authorize, CallObserver, Dispatch, Guard } from './dispatch.js';
import type { GatewayContext } from './gateway-context.js';
import { healthService } from './health-service.js';
import { SERVICES } from './proto.js';
import { UnaryServer } from './transport/unary-server.js';
import { workerMethods } from './worker-methods/index.js';
import type { WorkerMethods } from './worker-methods/index.js';

/** How to start a {@link Gateway}. */
export interface GatewayOptions {
  readonly engine: Engine;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** 0 for any free one, the default. */
  readonly port?: number | undefined;
  readonly logger?: EngineLogger | undefined;
  /** Where polls wait; closed with the gateway. Default: one of its own. */
  readonly hub?: TaskHub | undefined;
  /** Called before every method of Temporal's services; default: lets everything pass. */
  readonly authorize?: Authorize | undefined;
  /** Called around every method of Temporal's services; default: just asks. */
  readonly guard?: Guard | undefined;
  /** Hears of each answered call of a method of Temporal's services; default: nobody. */
  readonly observe?: CallObserver | undefined;
  /** Told to clients as the server's version. */
  readonly version?: string | undefined;
  /** How long calls may take to end once the gateway is closing; default 10 s. */
  readonly closeTimeoutMs?: number | undefined;
}

/** Many polls wait at once on one connection, and messages may be as large as the engine's own limits let them be. */
const SERVER_OPTIONS: ServerOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.max_concurrent_streams': 100_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 30_000,
};

const DEFAULT_CLOSE_TIMEOUT_MS = 10_000;

/** Serves Temporal's WorkflowService, OperatorService and the health service of gRPC on one port, from an engine. */
export class Gateway {
  private closed: Promise<void> | undefined;

  private constructor(
    /** Port it listens on. */
    readonly port: number,
    /** Where clients reach it, as `host:port`. */
    readonly address: string,
    private readonly server: UnaryServer,
    private readonly workers: WorkerMethods,
    private readonly calls: CallsUnderWay,
    private readonly closing: AbortController,
    private readonly closeTimeoutMs: number,
  ) {}

  /** @throws when the port cannot be had */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { engine, host = '127.0.0.1', logger = SILENT_LOGGER } = options;
    const calls = new CallsUnderWay();
    const closing = new AbortController();
    setMaxListeners(0, closing.signal);
    const context: GatewayContext = { engine, logger, version: options.version ?? '' };
    const dispatch: Dispatch = {
      authorize: options.authorize ?? (() => undefined),
      guard: options.guard ?? ((ask) => ask()),
      observe: options.observe ?? (() => undefined),
      logger,
      calls,
    };
    const workers = workerMethods({ engine, logger: workerLogger(logger) }, options.hub);
    const server = new UnaryServer(SERVER_OPTIONS);
    const workflowHandlers = { ...clientMethods(context), ...workers.methods };
    server.addUnaryMethods(unaryMethods(SERVICES.workflow, workflowHandlers, dispatch));
    server.addUnaryMethods(unaryMethods(SERVICES.operator, operatorMethods(context), dispatch));
    const isServing = async (): Promise<boolean> => (await engine.health()).checks.every(({ ok }) => ok);
    server.addService(SERVICES.health, healthService(isServing, closing.signal));
    const port = await bind(server, host, options.port ?? 0);
    return new Gateway(
      port,
      `${host}:${port}`,
      server,
      workers,
      calls,
      closing,
      options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS,
    );
  }

  /** Stops accepting calls, lets those under way end (long polls end at once), and cuts what takes too long. */
  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    const cut = setTimeout(() => this.server.forceShutdown(), this.closeTimeoutMs);
    this.closing.abort();
    await within(this.closeTimeoutMs, Promise.all([this.calls.close(), this.workers.close()]));
    await new Promise<void>((resolve) => {
      this.server.tryShutdown(() => resolve());
    });
    clearTimeout(cut);
  }
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function bind(server: UnaryServer, host: string, port: number): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
}
