import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { FlowDirection, FlowRules } from './byte-flow.js';
import { ProxiedConnection } from './proxied-connection.js';

export interface FaultProxyOptions {
  /** Where connections are forwarded to. */
  readonly target: { readonly host: string; readonly port: number };
}

/** A TCP proxy on 127.0.0.1 that can be made to behave like a bad network. It forwards faithfully until told otherwise. */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** As a Redis URL: `redis://127.0.0.1:<port>`. */
  readonly url: string;
  /** Connections whose client side is open now, silent ones included. */
  readonly connectionCount: number;
  /** Connections that the proxy has broken so far, by `cutAll` or `dropAfterBytes`. */
  readonly cutCount: number;
  /** Delays every chunk by so many milliseconds in each direction. Chunks on their way keep their old delay. */
  setLatency(latencyMs: number): void;
  /**
   * Swallows all bytes of both directions, and ends and resets too: everybody's connection looks healthy and is dead.
   * New connections are accepted and are just as dead; the target hears nothing of them.
   * Connections that were caught in it stay dead after `restore`, as with a firewall that forgot them.
   */
  blackhole(): void;
  /** Delivers nothing, but keeps everything (from 1 MiB per direction on by not reading further). */
  freeze(): void;
  /** Delivers what `freeze` held back, and goes on. */
  thaw(): void;
  /** Breaks every connection with a TCP reset. New ones are still accepted. */
  cutAll(): void;
  /** Closes new connections at once. Open ones go on. */
  refuse(): void;
  /**
   * Lets `byteCount` more bytes pass, counted over all connections, and breaks every connection in place of the next
   * byte; after that, new connections work. With 0 and `toClient`: the target does what it is asked, and the answer is lost.
   */
  dropAfterBytes(byteCount: number, direction?: FlowDirection | 'both'): void;
  /** Ends all faults: no latency, not frozen, new connections are forwarded, no byte budget. */
  restore(): void;
  /** Breaks every connection and stops listening. */
  stop(): Promise<void>;
}

/** What happens to a new connection. */
type Acceptance = 'forward' | 'silence' | 'refuse';

interface ByteBudget {
  readonly direction: FlowDirection | 'both';
  remaining: number;
}

/** Starts a proxy in front of `target`, on a free port of 127.0.0.1. The target need not listen yet. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new TcpFaultProxy(server, options);
}

class TcpFaultProxy implements FaultProxy {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #server: Server;
  readonly #target: FaultProxyOptions['target'];
  readonly #connections = new Set<ProxiedConnection>();
  readonly #rules: { -readonly [Rule in keyof FlowRules]: FlowRules[Rule] };
  #acceptance: Acceptance = 'forward';
  #budget: ByteBudget | undefined;
  #cutCount = 0;

  constructor(server: Server, { target }: FaultProxyOptions) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    this.#rules = {
      latencyMs: 0,
      frozen: false,
      spend: (direction, byteCount) => this.#spend(direction, byteCount),
    };
    server.on('connection', (client) => this.#accept(client));
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get connectionCount(): number {
    return [...this.#connections].filter(({ isOpen }) => isOpen).length;
  }

  get cutCount(): number {
    return this.#cutCount;
  }

  setLatency(latencyMs: number): void {
    this.#rules.latencyMs = latencyMs;
  }

  blackhole(): void {
    this.#acceptance = 'silence';
    for (const connection of this.#connections) connection.silence();
  }

  freeze(): void {
    this.#rules.frozen = true;
  }

  thaw(): void {
    this.#rules.frozen = false;
    for (const connection of this.#connections) connection.pump();
  }

  cutAll(): void {
    this.#breakEach((connection) => connection.cut());
  }

  refuse(): void {
    this.#acceptance = 'refuse';
  }

  dropAfterBytes(byteCount: number, direction: FlowDirection | 'both' = 'both'): void {
    this.#budget = { direction, remaining: byteCount };
  }

  restore(): void {
    this.#acceptance = 'forward';
    this.#budget = undefined;
    this.#rules.latencyMs = 0;
    this.thaw();
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.cut();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#acceptance === 'refuse') {
      client.on('error', () => undefined);
      client.destroy();
      return;
    }
    const connection: ProxiedConnection = new ProxiedConnection({
      client,
      target: this.#acceptance === 'forward' ? connect({ ...this.#target, allowHalfOpen: true }) : undefined,
      rules: this.#rules,
      onSpent: (direction) => this.#breakEach((each) => each.cutAfterWritten(direction)),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  #spend(direction: FlowDirection, byteCount: number): number {
    const budget = this.#budget;
    if (!budget || (budget.direction !== 'both' && budget.direction !== direction)) return byteCount;
    const permitted = Math.min(byteCount, budget.remaining);
    budget.remaining -= permitted;
    if (permitted < byteCount) this.#budget = undefined;
    return permitted;
  }

  #breakEach(breakOne: (connection: ProxiedConnection) => void): void {
    for (const connection of this.#connections) {
      if (connection.isOpen) this.#cutCount += 1;
      breakOne(connection);
    }
  }
}
