import { Redis as Server } from 'ioredis';
import type { Cluster, RedisOptions } from 'ioredis';
import { PatientCluster } from './patient-cluster.js';
import { parseRedisAddress } from './redis-address.js';
import type { RedisAddress, RedisNode } from './redis-address.js';
import { ScriptBatches } from './script-batches.js';
import type { Script, ScriptRunner } from './script.js';

/** A connection for commands: to one server, or to all primaries of a cluster. */
export type Redis = Server | Cluster;

/** A connection to one server. */
export type RedisServer = Server;

/** How to reach Redis. */
export interface RedisConnectionOptions {
  /**
   * `redis://[[user]:password@]host:port[/db]` or `unix:///path` for one server,
   * `redis+cluster://[[user]:password@]host:port,host:port` for a Redis Cluster, of which any nodes are named,
   * `redis+sentinel://[[user]:password@]host:port,host:port/name[/db][?sentinelPassword=...]` for the server that
   * sentinels know as `name`. With `rediss` in the place of `redis`, by TLS.
   */
  readonly url: string;
  /** Shown by Redis in CLIENT LIST. */
  readonly name?: string;
  /** Further options of ioredis, for example `tls`. */
  readonly redisOptions?: Omit<RedisOptions, 'protocol' | 'replyMapping'>;
}

/** Longest wait between attempts to reconnect. */
const MAX_RECONNECT_DELAY_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * A connection whose commands get no reply for this long is dead, however healthy it looks: its socket is thrown away.
 * Longer than any read blocks.
 */
const SILENCE_LIMIT_MS = 15_000;
/** How long a node of a cluster may take to tell who serves what, before another is asked. */
const SLOTS_TIMEOUT_MS = 5_000;

/** Replies after which the connection must be made anew: the server is not, or no longer, the one to talk to. */
const RECONNECT_REPLIES = ['READONLY', 'LOADING', 'CLUSTERDOWN', 'MASTERDOWN'];

/**
 * Opens a connection that reconnects for ever with back-off. Commands given meanwhile wait; commands whose reply was
 * lost are sent again, which every script of the engine tolerates.
 *
 * @throws TypeError when the address cannot be read
 */
export function openRedis(options: RedisConnectionOptions): Redis {
  const address = parseRedisAddress(options.url);
  const common = serverOptions(options);
  switch (address.kind) {
    case 'server':
      return new Server(address.url, common);
    case 'sentinel':
      return new Server({ ...sentinelOptions(address), ...common });
    case 'cluster': {
      const { retryStrategy, ...perNode } = common;
      return new PatientCluster([...address.nodes], {
        // What to do about errors, the cluster's connection decides itself.
        redisOptions: { ...credentialsOf(address), ...perNode, reconnectOnError: () => false },
        clusterRetryStrategy: (times) => retryStrategy?.(times),
        maxRedirections: Number.MAX_SAFE_INTEGER,
        slotsRefreshTimeout: SLOTS_TIMEOUT_MS,
        // Names are resolved with each connection, and certificates are for names.
        dnsLookup: (host, done) => done(null, host),
      });
    }
  }
}

/**
 * Opens a connection to one server of a cluster. It does not reconnect: by then another may be the one to talk to.
 *
 * @throws TypeError when the address is not that of a cluster
 */
export function openClusterNode(options: RedisConnectionOptions, node: RedisNode): RedisServer {
  const address = parseRedisAddress(options.url);
  if (address.kind !== 'cluster') throw new TypeError('only a cluster has nodes');
  return new Server({
    ...credentialsOf(address),
    ...serverOptions(options),
    ...node,
    // Its errors are for whoever knows where to go.
    reconnectOnError: () => false,
    retryStrategy: () => null,
  });
}

function serverOptions(options: RedisConnectionOptions) {
  return {
    protocol: 2,
    connectionName: options.name ?? 'tidewheel',
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    keepAlive: 10_000,
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_DELAY_MS),
    reconnectOnError: (error: Error) =>
      RECONNECT_REPLIES.some((reply) => error.message.startsWith(reply)) ? 2 : false,
    ...options.redisOptions,
  } satisfies RedisOptions;
}

function sentinelOptions(address: RedisAddress & { readonly kind: 'sentinel' }) {
  return {
    ...credentialsOf(address),
    sentinels: [...address.nodes],
    name: address.primary,
    db: address.database,
    ...(address.sentinelPassword !== undefined && { sentinelPassword: address.sentinelPassword }),
    ...(address.tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    sentinelRetryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_DELAY_MS),
  } satisfies RedisOptions;
}

function credentialsOf({
  username,
  password,
  tls,
}: RedisAddress & { readonly kind: 'cluster' | 'sentinel' }) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  } satisfies RedisOptions;
}

/** A {@link ScriptRunner} over one connection: by digest, and with the text when the server does not know it yet. */
export function scriptRunner(redis: Redis): ScriptRunner {
  const batches = new ScriptBatches(redis);
  return (script, args) =>
    batches.send('EVALSHA', script.sha, args).catch((error: unknown) => {
      if (!isNoScript(error)) throw describe(error, script);
      return batches.send('EVAL', script.lua, args);
    });
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** The failed script's name, but none of its arguments: they may hold payloads. */
function describe(error: unknown, script: Script): Error {
  const message = error instanceof Error ? error.message : String(error);
  return new Error(`script ${script.name}: ${message}`, {
    cause: error instanceof Error ? error.name : undefined,
  });
}
