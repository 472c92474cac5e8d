import { makeLogger } from '@tidewheel/common';
import type { Logger as SdkLogger, LogLevel } from '@tidewheel/common';
import type { Logger } from '@tidewheel/telemetry';

const METHODS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Readonly<Record<LogLevel, keyof Logger>>;

/** A logger as the SDK takes it, that writes to one of the process. */
export function sdkLogger(logger: Logger): SdkLogger {
  return makeLogger((level, message, meta) => logger[METHODS[level]](meta ?? {}, message));
}
