import express from 'express';
import type { RequestHandler } from 'express';
import type { IncomingHttpHeaders } from 'node:http';
import { RefusedRequestError } from '../problem.js';

/** Reads bodies of `application/json` up to the limit into `request.body`; leaves it undefined when there is none. */
export function jsonReader(limitBytes: number): RequestHandler {
  const read: RequestHandler = express.json({ limit: limitBytes, strict: false, type: () => true });
  return (request, response, next) => {
    if (!hasBody(request.headers)) {
      next();
      return;
    }
    if (!request.is('application/json')) {
      throw new RefusedRequestError({
        code: 'UNSUPPORTED_MEDIA_TYPE',
        detail: `the body must have the content type application/json, it has ${request.headers['content-type'] ?? 'none'}`,
      });
    }
    read(request, response, next);
  };
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
