import { createLogger } from '@tidewheel/telemetry';
import type { Logger, LogThreshold } from '@tidewheel/telemetry';
import { PinoPretty } from 'pino-pretty';

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
