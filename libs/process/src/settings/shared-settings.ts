import { LIMITS } from '@tidewheel/core';
import { LOG_LEVELS } from '@tidewheel/telemetry';
import { duration, integer, keyPrefix, oneOf, redisAddress } from './value-kinds.js';

/** What is set for a whole deployment: the settings that every process of it has. */
export const SHARED_SETTINGS = {
  TIDEWHEEL_REDIS_URL: redisAddress('redis://127.0.0.1:7379'),
  TIDEWHEEL_PARTITIONS: integer('', 1, 1_024, ' to create a new deployment with'),
  TIDEWHEEL_KEY_PREFIX: keyPrefix('tw'),
  TIDEWHEEL_QUARANTINE_AFTER: integer(String(LIMITS.lostWorkersPerTask), 0, 100, '; 0 for no quarantine'),
  TIDEWHEEL_SHUTDOWN_TIMEOUT: duration('30s', 0, 600_000),
  TIDEWHEEL_LOG_LEVEL: oneOf('info', LOG_LEVELS),
} as const;
