import { makeLogger } from '@tidewheel/common';
import type { Logger } from '@tidewheel/common';
import type { EngineLogger } from '@tidewheel/engine';

const METHODS = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** A server process' logger as the reading of tasks, which workers share, takes one. */
export function workerLogger(logger: EngineLogger): Logger {
  return makeLogger((level, message, meta) => logger[METHODS[level]](meta ?? {}, message));
}
