import { httpMetrics } from '@tidewheel/telemetry';
import type { RequestHandler, Response } from 'express';

/** Records every request under the pattern of its route; see {@link setRoutePattern}. */
export function requestMetrics(): RequestHandler {
  const requests = httpMetrics();
  return (request, response, next) => {
    const end = requests.begin();
    response.once('close', () => {
      const { statusCode } = response;
      // A client that went away before the answer is recorded as other servers do.
      const status = response.headersSent ? statusCode : 499;
      end({ method: request.method, route: routePattern(response), status });
    });
    next();
  };
}

/** Remembers which route answers. */
export function setRoutePattern(response: Response, pattern: string): void {
  response.locals['routePattern'] = pattern;
}

function routePattern(response: Response): string {
  const pattern: unknown = response.locals['routePattern'];
  return typeof pattern === 'string' ? pattern : 'unmatched';
}
