import { parseRequest, ROUTES } from '@tidewheel/protocol';
import type { Route, RouteAnswer, RouteRequest } from '@tidewheel/protocol';
import type { Application, RequestHandler, Response } from 'express';
import type { Authorize } from '../authorize.js';
import type { EngineGate, Question } from '../engine-gate.js';
import { unsoundRequest } from '../problem.js';
import { answerOtherMethods } from './problem-answers.js';
import { onLostAnswer } from './lost-answers.js';
import { setOperation, setRoutePattern } from './request-metrics.js';

/** What a handler works with beside the request. */
export interface HandlerContext {
  /** Aborted when the client has gone away or the process stops: long polls end then. */
  readonly signal: AbortSignal;
  /**
   * Asks the engine.
   *
   * @param waitMs how long the request may wait on purpose
   */
  readonly ask: <T>(question: Question<T>, waitMs?: number) => Promise<T>;
  /** Calls back when the answer turns out not to have reached the client. */
  readonly onLost: (tell: () => void) => void;
  /** Answers under another status than the route's usual one. */
  readonly answerAs: (status: number) => void;
}

/** Answers the requests of one route. */
type Handler<R extends Route> = (
  request: RouteRequest<R>,
  context: HandlerContext,
) => Promise<RouteAnswer<R>> | RouteAnswer<R>;

type RouteTable = typeof ROUTES;

/** The handlers of all routes, by operation id. */
export type Handlers = { readonly [Name in keyof RouteTable]: Handler<RouteTable[Name]> };

/** What mounted routes share. */
interface MountOptions {
  readonly gate: Pick<EngineGate, 'call'>;
  readonly authorize: Authorize;
  readonly readJson: RequestHandler;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
}

/** Where what needs authorization begins; probes and documentation are for everyone. */
const API_PREFIX = '/api/';

/** Puts every route of the contract under its path, and refuses other methods there. */
export function mountRoutes(app: Application, handlers: Handlers, options: MountOptions): void {
  const methods = new Map<string, string[]>();
  for (const [name, route] of Object.entries<Route>(ROUTES)) {
    // The table of handlers has the same keys, each with the type of its route.
    const handler = handlers[name as keyof Handlers] as Handler<Route>;
    const path = expressPath(route.path);
    const before = [
      ...(route.path.startsWith(API_PREFIX) ? [authorization(name, options.authorize)] : []),
      ...(route.body ? [options.readJson] : []),
    ];
    app[route.method](path, remember(name, route), ...before, answer(route, handler, options));
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method]);
  }
  for (const [path, allowed] of methods) app.all(expressPath(path), answerOtherMethods(allowed));
}

/** `/a/{b}` as Express has it: `/a/:b`. */
function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Refuses before the body is read. */
function authorization(operation: string, authorize: Authorize): RequestHandler {
  return async (request, _response, next) => {
    const { namespace } = request.params;
    await authorize({
      header: (name) => request.get(name),
      namespace: typeof namespace === 'string' ? namespace : undefined,
      operation,
    });
    next();
  };
}

function remember(operation: string, route: Route): RequestHandler {
  return (_request, response, next) => {
    setRoutePattern(response, route.path);
    setOperation(response, operation);
    next();
  };
}

function answer(route: Route, handler: Handler<Route>, options: MountOptions): RequestHandler {
  return async (request, response) => {
    const { params, query } = request;
    const body: unknown = request.body;
    const parsed = parseRequest(route, { params, query, body });
    if (!parsed.ok) throw unsoundRequest(parsed.faults);
    let status: number = route.success.status;
    const result = await handler(parsed.request, {
      get signal() {
        return endSignal(response, options.stopping);
      },
      ask: (question, waitMs) => options.gate.call(question, waitMs),
      onLost: (tell) => onLostAnswer(request, response, tell),
      answerAs: (other) => {
        status = other;
      },
    });
    if (response.destroyed) return;
    response.status(status).setHeader('cache-control', 'no-store').json(result);
  };
}

/** Aborted when the connection closes before the answer is sent, or the process stops. */
function endSignal(response: Response, stopping: AbortSignal): AbortSignal {
  const end = new AbortController();
  const stop = (): void => end.abort();
  if (stopping.aborted || response.destroyed) stop();
  stopping.addEventListener('abort', stop);
  response.once('close', () => {
    stopping.removeEventListener('abort', stop);
    if (!response.writableFinished) stop();
  });
  return end.signal;
}
