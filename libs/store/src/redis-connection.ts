import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { ScriptBatches } from './script-batches.js';
import type { Script, ScriptRunner } from './script.js';

/** How to reach Redis. */
export interface RedisConnectionOptions {
  /** `redis://[[user]:password@]host:port[/db]`, `rediss://` for TLS, or `unix:///path`. */
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

/** Replies after which the connection must be made anew: the server is not, or no longer, the one to talk to. */
const RECONNECT_REPLIES = ['READONLY', 'LOADING', 'CLUSTERDOWN', 'MASTERDOWN'];

/**
 * Opens a connection that reconnects for ever with back-off. Commands given meanwhile wait; commands whose reply was
 * lost are sent again, which every script of the engine tolerates.
 */
export function openRedis(options: RedisConnectionOptions): Redis {
  const redis = new Redis(urlOf(options.url), {
    protocol: 2,
    connectionName: options.name ?? 'tidewheel',
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    keepAlive: 10_000,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), MAX_RECONNECT_DELAY_MS),
    reconnectOnError: (error) =>
      RECONNECT_REPLIES.some((reply) => error.message.startsWith(reply)) ? 2 : false,
    ...options.redisOptions,
  });
  return redis;
}

function urlOf(url: string): string {
  return url.startsWith('unix://') ? url.slice('unix://'.length) : url;
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

/** Loads the given scripts, so that none is sent in full on the first use. */
export async function loadScripts(redis: Redis, scripts: readonly Script[]): Promise<void> {
  await Promise.all(scripts.map((script) => redis.call('SCRIPT', 'LOAD', script.lua)));
}

export type { Redis };
