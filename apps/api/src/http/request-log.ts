import { describeError } from '@tidewheel/telemetry';
import type { Logger } from '@tidewheel/telemetry';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import type { HttpLogger } from 'pino-http';

/** Ids that callers may bring along; anything else could not be told apart in a log. */
const ACCEPTABLE_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Paths that are asked every few seconds, and worth a line only to those who look for it. */
const ROUTINE = /^\/(health|ready|metrics)$/;

/**
 * Gives every request an id (the caller's `x-request-id`, or a new one), answers with it, and writes one line when the
 * request is over: method, path, status and time. Bodies, headers and query strings are never written.
 */
export function requestLog(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    genReqId: (request: IncomingMessage, response: ServerResponse) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && ACCEPTABLE_ID.test(given) ? given : randomUUID();
      response.setHeader('x-request-id', id);
      return id;
    },
    quietReqLogger: true,
    wrapSerializers: false,
    serializers: {
      err: describeError,
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: pathOf(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
    customAttributeKeys: { reqId: 'requestId', responseTime: 'durationMs' },
    customLogLevel: (request, response) => {
      if (response.statusCode === 503) return 'warn';
      if (response.statusCode >= 500) return 'error';
      return ROUTINE.test(pathOf(request.url ?? '')) ? 'debug' : 'info';
    },
    // The error itself has its own line, written where it is known.
    customErrorObject: (_request, _response, _error, fields: object) => ({ ...fields, err: undefined }),
    customSuccessMessage: () => 'request answered',
    customErrorMessage: () => 'request failed',
  });
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}
