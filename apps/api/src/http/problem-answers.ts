import { makeProblem, PROBLEM_MEDIA_TYPE } from '@tidewheel/protocol';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { setErrorType } from './request-metrics.js';
import { RefusedRequestError, refusalOf } from '../problem.js';
import type { Refusal } from '../problem.js';

/** Seconds after which a request that may be repeated should be. */
const RETRY_AFTER_S = 1;
const REPEATABLE = [429, 503];

/** Answers everything that was thrown on the way with a problem. */
export const answerProblem: ErrorRequestHandler = (error: unknown, request, response, _next) => {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const refusal = refusalOf(error);
  if (!refusal) request.log.error({ err: error }, 'a request failed in a way that nobody foresaw');
  sendProblem(response, refusal ?? UNFORESEEN);
};

const UNFORESEEN: Refusal = {
  code: 'INTERNAL',
  detail: 'the server failed: its log says more, under the request id',
};

/** Answers whatever no route took. */
export const answerUnknownRoute: RequestHandler = (request) => {
  throw new RefusedRequestError({
    code: 'ROUTE_NOT_FOUND',
    detail: `nothing is at ${request.path}: see /openapi.json for what there is`,
  });
};

/** Answers a known path that was asked with another method than these. */
export function answerOtherMethods(methods: readonly string[]): RequestHandler {
  const names = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  const allowed = [...names, 'OPTIONS'].join(', ');
  return (request, response) => {
    response.setHeader('allow', allowed);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    throw new RefusedRequestError({
      code: 'METHOD_NOT_ALLOWED',
      detail: `this path takes ${allowed}, not ${request.method}`,
    });
  };
}

function sendProblem(response: Response, refusal: Refusal): void {
  const requestId = String(response.getHeader('x-request-id') ?? '');
  const problem = makeProblem(refusal.code, refusal.detail, requestId, refusal.faults);
  if (REPEATABLE.includes(problem.status)) response.setHeader('retry-after', RETRY_AFTER_S);
  setErrorType(response, refusal.code);
  response.status(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem));
}
