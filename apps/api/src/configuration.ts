import { durationToMs, formatDuration } from '@tidewheel/core';
import { isRedisAddress, REDIS_ADDRESS_FORMS } from '@tidewheel/store';
import { hidePassword, LOG_LEVELS } from '@tidewheel/telemetry';
import type { LogThreshold } from '@tidewheel/telemetry';

/** What the API process runs on: complete and checked. */
export interface Configuration {
  readonly redisUrl: string;
  /** Partitions to create a new deployment with; undefined: whatever it has. */
  readonly partitions: number | undefined;
  /** First part of every Redis key. */
  readonly keyPrefix: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Port for gRPC, 0 for any free one; undefined: it is not served. */
  readonly grpcPort: number | undefined;
  /** Largest request body that is read. */
  readonly bodyLimitBytes: number;
  /** Whether this process takes part in timers, outbox, take-over and housekeeping. */
  readonly duties: boolean;
  /** How often closed executions are looked through for those whose retention has passed. */
  readonly retentionIntervalMs: number;
  /** Executions deleted at a time. */
  readonly retentionBatch: number;
  /** How long requests under way may take after SIGTERM. */
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogThreshold;
}

/** An environment that the process must not start with; one line for each fault. Thrown by {@link readConfiguration}. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** Variables of the environment, as `process.env` has them. */
type Environment = Readonly<Record<string, string | undefined>>;

interface Setting<Value> {
  /** Text that stands in when the variable is not set. */
  readonly fallback: string;
  /** Completes the sentence "allowed is ...". */
  readonly allowed: string;
  /** Undefined when the text is not allowed. */
  readonly parse: (text: string) => Value | undefined;
  /** Makes a value fit to be shown. */
  readonly show?: (text: string) => string;
}

/** Commonly set for several programs at once; the longer name wins. */
const REDIS_ALIAS = 'REDIS_URL';
const MEBIBYTE = 1024 * 1024;

/**
 * Every variable. The body limit leaves room for a payload of 2 MiB in base64 and as much again: 4 MiB and a margin of
 * 256 KiB for the rest of the request.
 */
const SETTINGS = {
  TIDEWHEEL_REDIS_URL: {
    fallback: 'redis://127.0.0.1:7379',
    allowed: REDIS_ADDRESS_FORMS,
    parse: (text) => (isRedisAddress(text) ? text : undefined),
    show: hidePassword,
  },
  TIDEWHEEL_PARTITIONS: integer('', 1, 1_024, 'to create a new deployment with'),
  TIDEWHEEL_KEY_PREFIX: {
    fallback: 'tw',
    allowed: '1 to 32 letters, digits, "-", "_" or "."',
    parse: (text) => (/^[A-Za-z0-9._-]{1,32}$/.test(text) ? text : undefined),
  },
  TIDEWHEEL_API_HOST: {
    fallback: '127.0.0.1',
    allowed: 'an address or host name to listen on, for example 0.0.0.0',
    parse: (text) => (/^[A-Za-z0-9.:_-]{1,255}$/.test(text) ? text : undefined),
  },
  TIDEWHEEL_API_PORT: integer('7243', 0, 65_535, '; 0 for any free one'),
  TIDEWHEEL_GRPC_PORT: integer('', 0, 65_535, 'to serve gRPC on; 0 for any free one'),
  TIDEWHEEL_API_BODY_LIMIT_BYTES: integer(`${4 * MEBIBYTE + MEBIBYTE / 4}`, 1_024, 64 * MEBIBYTE),
  TIDEWHEEL_DUTIES: {
    fallback: 'on',
    allowed: 'on or off',
    parse: (text): boolean | undefined => (text === 'on' ? true : text === 'off' ? false : undefined),
  },
  TIDEWHEEL_RETENTION_INTERVAL: duration('1m', 1_000, 86_400_000),
  TIDEWHEEL_RETENTION_BATCH: integer('100', 1, 10_000),
  TIDEWHEEL_SHUTDOWN_TIMEOUT: duration('30s', 0, 600_000),
  TIDEWHEEL_LOG_LEVEL: {
    fallback: 'info',
    allowed: `one of ${LOG_LEVELS.join(', ')}`,
    parse: (text) => LOG_LEVELS.find((level) => level === text),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** Variables of other parts, which may share an environment with this one. */
const FOREIGN = /^TIDEWHEEL_(WORKER_|TEST_|STAGE_|REDIS_SERVER$)/;

/**
 * Reads the environment. A variable that is set to nothing counts as not set.
 *
 * @throws ConfigurationError naming every variable that is unknown or has a wrong value
 */
export function readConfiguration(environment: Environment): Configuration {
  const faults = unknownVariables(environment);
  const read = <Value>(name: keyof typeof SETTINGS, setting: Setting<Value>): Value | undefined => {
    const names = name === 'TIDEWHEEL_REDIS_URL' ? [name, REDIS_ALIAS] : [name];
    const shownName = names.find((each) => environment[each]) ?? name;
    const text = environment[shownName] || setting.fallback;
    if (text === '') return undefined;
    const value = setting.parse(text);
    if (value !== undefined) return value;
    faults.push(`${shownName}: got "${(setting.show ?? shorten)(text)}"; allowed is ${setting.allowed}`);
    return undefined;
  };
  const configuration = {
    redisUrl: read('TIDEWHEEL_REDIS_URL', SETTINGS.TIDEWHEEL_REDIS_URL),
    partitions: read('TIDEWHEEL_PARTITIONS', SETTINGS.TIDEWHEEL_PARTITIONS),
    keyPrefix: read('TIDEWHEEL_KEY_PREFIX', SETTINGS.TIDEWHEEL_KEY_PREFIX),
    host: read('TIDEWHEEL_API_HOST', SETTINGS.TIDEWHEEL_API_HOST),
    port: read('TIDEWHEEL_API_PORT', SETTINGS.TIDEWHEEL_API_PORT),
    grpcPort: read('TIDEWHEEL_GRPC_PORT', SETTINGS.TIDEWHEEL_GRPC_PORT),
    bodyLimitBytes: read('TIDEWHEEL_API_BODY_LIMIT_BYTES', SETTINGS.TIDEWHEEL_API_BODY_LIMIT_BYTES),
    duties: read('TIDEWHEEL_DUTIES', SETTINGS.TIDEWHEEL_DUTIES),
    retentionIntervalMs: read('TIDEWHEEL_RETENTION_INTERVAL', SETTINGS.TIDEWHEEL_RETENTION_INTERVAL),
    retentionBatch: read('TIDEWHEEL_RETENTION_BATCH', SETTINGS.TIDEWHEEL_RETENTION_BATCH),
    shutdownTimeoutMs: read('TIDEWHEEL_SHUTDOWN_TIMEOUT', SETTINGS.TIDEWHEEL_SHUTDOWN_TIMEOUT),
    logLevel: read('TIDEWHEEL_LOG_LEVEL', SETTINGS.TIDEWHEEL_LOG_LEVEL),
  };
  if (faults.length > 0) throw new ConfigurationError(faults);
  // Without faults, only what has no fallback can be undefined.
  return configuration as Configuration;
}

function unknownVariables(environment: Environment): string[] {
  const known = Object.keys(SETTINGS);
  return Object.keys(environment)
    .filter((name) => name.startsWith('TIDEWHEEL_') && !known.includes(name) && !FOREIGN.test(name))
    .map((name) => `${name}: is not a known variable; allowed are ${known.join(', ')}`);
}

function integer(fallback: string, min: number, max: number, note = ''): Setting<number> {
  return {
    fallback,
    allowed: `a whole number from ${min} to ${max}${note.startsWith(';') ? note : ` ${note}`}`.trimEnd(),
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

function duration(fallback: string, minMs: number, maxMs: number): Setting<number> {
  return {
    fallback,
    allowed: `a duration such as "10s" or "5m" from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`,
    parse: (text) => {
      try {
        const ms = durationToMs(text);
        return ms >= minMs && ms <= maxMs ? ms : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
