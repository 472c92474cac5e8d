import { pino, stdTimeFunctions, symbols } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

/** A structured logger; the fields come first, then the text. */
export type Logger = PinoLogger;

/** The least severe entries that are written; `silent` for none. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogThreshold = (typeof LOG_LEVELS)[number];

/** What {@link createLogger} takes. */
export interface LoggerOptions {
  /** Name of the program, on every line as `service`. */
  readonly service: string;
  /** Default: `info`. */
  readonly level?: LogThreshold;
  /** Where the lines go; standard output when left out. */
  readonly destination?: DestinationStream;
}

/** Fields that may hold secrets or people's data, wherever they turn up in an entry. */
const SECRET_FIELDS = ['password', 'authorization', 'cookie', 'token', 'apiKey', 'input', 'data', 'payload'];

/** A logger that writes one JSON object a line, with time as RFC 3339 and the level as text. */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      onChild: followParent,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[hidden]',
      },
    },
    options.destination ?? process.stdout,
  );
}

/**
 * Lets a child logger have the level of its parent whenever that changes: pino gives every child a level of its own, and
 * the methods that go with it, which hide those of the parent that the child inherits from.
 */
function followParent(child: object): void {
  for (const level of LOG_LEVELS) if (level !== 'silent') Reflect.deleteProperty(child, level);
  Reflect.deleteProperty(child, symbols.levelValSym);
}

/**
 * What a log line says of an error: its class, message, code, stack and causes. Nothing else that hangs on it: errors of
 * Redis carry the command that failed, with all its values.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** A Redis or other URL fit for a log line: without its passwords. */
export function hidePassword(url: string): string {
  const withoutOptions = url.replace(/([?&]\w*password=)[^&]*/gi, '$1[hidden]');
  return withoutOptions.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):.*@/i, '$1:[hidden]@');
}
