import {
  duration,
  integer,
  listenAddress,
  onOff,
  REDIS_ALIAS,
  SettingsReader,
  SHARED_SETTINGS,
  variablesOf,
} from '@tidewheel/process';
import type { Environment } from '@tidewheel/process';
import type { LogThreshold } from '@tidewheel/telemetry';

/** What the API process runs on: complete and checked. */
export interface Configuration {
  readonly redisUrl: string;
  /** Partitions to create a new deployment with; undefined: whatever it has. */
  readonly partitions: number | undefined;
  /** First part of every Redis key. */
  readonly keyPrefix: string;
  /** Whether a Redis that may lose acknowledged work is refused. */
  readonly strictDurability: boolean;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Port for gRPC, 0 for any free one; undefined: it is not served. */
  readonly grpcPort: number | undefined;
  /** Largest request body that is read. */
  readonly bodyLimitBytes: number;
  /** Whether this process takes part in timers, outbox, take-over and housekeeping. */
  readonly duties: boolean;
  /** Workers that may be lost in a row with one task before it is quarantined; 0: any number. */
  readonly quarantineAfter: number;
  /** How often closed executions are looked through for those whose retention has passed. */
  readonly retentionIntervalMs: number;
  /** Executions deleted at a time. */
  readonly retentionBatch: number;
  /** How long requests under way may take after SIGTERM. */
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogThreshold;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Every variable. The body limit leaves room for a payload of 2 MiB in base64 and as much again: 4 MiB and a margin of
 * 256 KiB for the rest of the request.
 */
const SETTINGS = {
  ...SHARED_SETTINGS,
  TIDEWHEEL_STRICT_DURABILITY: onOff('off'),
  TIDEWHEEL_API_HOST: listenAddress('127.0.0.1'),
  TIDEWHEEL_API_PORT: integer('7243', 0, 65_535, '; 0 for any free one'),
  TIDEWHEEL_GRPC_PORT: integer('', 0, 65_535, ' to serve gRPC on; 0 for any free one'),
  TIDEWHEEL_API_BODY_LIMIT_BYTES: integer(`${4 * MEBIBYTE + MEBIBYTE / 4}`, 1_024, 64 * MEBIBYTE),
  TIDEWHEEL_DUTIES: onOff('on'),
  TIDEWHEEL_RETENTION_INTERVAL: duration('1m', 1_000, 86_400_000),
  TIDEWHEEL_RETENTION_BATCH: integer('100', 1, 10_000),
} as const;

const SOURCES = {
  table: SETTINGS,
  foreign: /^TIDEWHEEL_(WORKER_|CONFIG_FILE$|TEST_|STAGE_|REDIS_SERVER$)/,
  aliases: REDIS_ALIAS,
};

/** Every variable with its default; empty: it may stay unset. */
export const VARIABLES = variablesOf(SOURCES);

/**
 * Reads the environment. A variable that is set to nothing counts as not set.
 *
 * @throws ConfigurationError naming every variable that is unknown or has a wrong value
 */
export function readConfiguration(environment: Environment): Configuration {
  const reader = new SettingsReader(environment, SOURCES);
  const configuration = {
    redisUrl: reader.read('TIDEWHEEL_REDIS_URL'),
    partitions: reader.read('TIDEWHEEL_PARTITIONS'),
    keyPrefix: reader.read('TIDEWHEEL_KEY_PREFIX'),
    strictDurability: reader.read('TIDEWHEEL_STRICT_DURABILITY'),
    host: reader.read('TIDEWHEEL_API_HOST'),
    port: reader.read('TIDEWHEEL_API_PORT'),
    grpcPort: reader.read('TIDEWHEEL_GRPC_PORT'),
    bodyLimitBytes: reader.read('TIDEWHEEL_API_BODY_LIMIT_BYTES'),
    duties: reader.read('TIDEWHEEL_DUTIES'),
    quarantineAfter: reader.read('TIDEWHEEL_QUARANTINE_AFTER'),
    retentionIntervalMs: reader.read('TIDEWHEEL_RETENTION_INTERVAL'),
    retentionBatch: reader.read('TIDEWHEEL_RETENTION_BATCH'),
    shutdownTimeoutMs: reader.read('TIDEWHEEL_SHUTDOWN_TIMEOUT'),
    logLevel: reader.read('TIDEWHEEL_LOG_LEVEL'),
  };
  const { port, grpcPort } = configuration;
  if (port && port === grpcPort) {
    reader.refuse('TIDEWHEEL_GRPC_PORT', 'any other than TIDEWHEEL_API_PORT');
  }
  reader.throwFaults();
  // Without faults, only what has no fallback can be undefined.
  return configuration as Configuration;
}
