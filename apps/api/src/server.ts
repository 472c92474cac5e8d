import { answerLogLevel } from '@tidewheel/process';
import type { Health } from '@tidewheel/process';
import type { Logger } from '@tidewheel/telemetry';
import express from 'express';
import type { Application, RequestHandler } from 'express';
import helmet from 'helmet';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Authorize } from './authorize.js';
import type { EngineGate } from './engine-gate.js';
import { answerBrokenRequests } from './http/broken-requests.js';
import { jsonReader } from './http/json-reader.js';
import { mountRoutes } from './http/mount.js';
import { answerProblem, answerUnknownRoute } from './http/problem-answers.js';
import { requestLog } from './http/request-log.js';
import { requestMetrics } from './http/request-metrics.js';
import { get, mountDocumentation } from './routes/documentation.js';
import { namespaceHandlers } from './routes/namespaces.js';
import { probeHandlers } from './routes/probes.js';
import { searchAttributeHandlers } from './routes/search-attributes.js';
import { quarantineHandlers } from './routes/quarantine.js';
import { taskQueueHandlers } from './routes/task-queues.js';
import { workerRegistryHandlers } from './routes/worker-registry.js';
import { workerHandlers } from './routes/workers.js';
import { workerDeploymentHandlers } from './routes/worker-deployments.js';
import { workflowHandlers } from './routes/workflows.js';

/** What the HTTP interface is made of. */
interface ServerOptions {
  readonly gate: Pick<EngineGate, 'call'>;
  readonly authorize: Authorize;
  readonly health: Pick<Health, 'liveness' | 'readiness'>;
  readonly logger: Logger;
  readonly version: string;
  readonly bodyLimitBytes: number;
  /** Answers GET /metrics. */
  readonly answerMetrics: RequestHandler;
  /** Aborted when the process stops: long polls end then, and connections are not kept. */
  readonly stopping: AbortSignal;
}

/** Room for a path of two names of 1,000 characters, each percent-encoded. */
const MAX_HEADER_BYTES = 64 * 1024;
/** How long a whole request may take to arrive. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Longer than the minute that balancers commonly keep idle connections. */
const KEEP_ALIVE_MS = 65_000;

/** The HTTP server, not listening yet. */
export function createApiServer(options: ServerOptions): Server {
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    createApp(options),
  );
  answerBrokenRequests(server);
  return server;
}

function createApp(options: ServerOptions): Application {
  const { gate, authorize, health, stopping, version } = options;
  const app = express();
  app.disable('etag');
  app.enable('case sensitive routing');
  app.use(requestLog(options.logger));
  app.use(requestMetrics());
  app.use(securityHeaders());
  app.use(closeWhenStopping(stopping));
  const handlers = {
    ...namespaceHandlers,
    ...searchAttributeHandlers,
    ...workflowHandlers,
    ...taskQueueHandlers,
    ...workerHandlers,
    ...workerDeploymentHandlers,
    ...workerRegistryHandlers,
    ...quarantineHandlers,
    ...probeHandlers(health),
  };
  mountRoutes(app, handlers, { gate, authorize, stopping, readJson: jsonReader(options.bodyLimitBytes) });
  get(app, '/metrics', options.answerMetrics);
  app.all('/log-level', (request, response) => answerLogLevel(options.logger, request, response));
  mountDocumentation(app, version);
  app.use(answerUnknownRoute);
  app.use(answerProblem);
  return app;
}

/** The documentation page works without TLS, too, so requests are not turned into HTTPS by the browser. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null } },
    strictTransportSecurity: false,
  });
}

function closeWhenStopping(stopping: AbortSignal): RequestHandler {
  return (_request, response, next) => {
    if (stopping.aborted) response.setHeader('connection', 'close');
    next();
  };
}
