import { httpMetrics, serviceMetrics } from '@tidewheel/telemetry';
import type { RequestHandler, Response } from 'express';

/** What is noted of a request while it is answered. */
interface RequestNotes {
  routePattern?: string;
  operation?: string;
  errorType?: string;
}

/**
 * Records every request under the pattern of its route, and those of the API under their operation, too; see
 * {@link setRoutePattern} and {@link setOperation}.
 */
export function requestMetrics(): RequestHandler {
  const requests = httpMetrics();
  const service = serviceMetrics('rest');
  return (request, response, next) => {
    const beganMs = performance.now();
    const end = requests.begin();
    response.once('close', () => {
      const { statusCode, headersSent } = response;
      const { routePattern = 'unmatched', operation, errorType } = notesOf(response);
      // A client that went away before the answer is recorded as other servers do.
      const status = headersSent ? statusCode : 499;
      end({ method: request.method, route: routePattern, status });
      if (operation === undefined) return;
      service(operation, performance.now() - beganMs, headersSent ? errorType : 'CANCELLED');
    });
    next();
  };
}

/** Remembers which route answers. */
export function setRoutePattern(response: Response, pattern: string): void {
  notesOf(response).routePattern = pattern;
}

/** Remembers which operation of the contract is asked for. */
export function setOperation(response: Response, operation: string): void {
  notesOf(response).operation = operation;
}

/** Remembers with which code the request is refused. */
export function setErrorType(response: Response, code: string): void {
  notesOf(response).errorType = code;
}

function notesOf(response: Response): RequestNotes {
  return response.locals;
}
