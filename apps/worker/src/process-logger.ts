import { makeLogger } from '@tidewheel/common';
import type { Logger as SdkLogger, LogLevel } from '@tidewheel/common';
import { createLogger } from '@tidewheel/telemetry';
import type { Logger, LogThreshold } from '@tidewheel/telemetry';
import { PinoPretty } from 'pino-pretty';

const METHODS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Readonly<Record<LogLevel, keyof Logger>>;

/** The logger of the process: JSON lines, or lines for people when standard output is a terminal. */
export function processLogger(service: string, level: LogThreshold): Logger {
  if (!process.stdout.isTTY) return createLogger({ service, level });
  const destination = PinoPretty({
    ignore: 'pid,hostname,service',
    translateTime: 'SYS:HH:MM:ss.l',
    sync: true,
  });
  return createLogger({ service, level, destination });
}

/** A logger as the SDK takes it, that writes to one of the process. */
export function sdkLogger(logger: Logger): SdkLogger {
  return makeLogger((level, message, meta) => logger[METHODS[level]](meta ?? {}, message));
}
