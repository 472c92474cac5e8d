import { answerLogLevel } from '@tidewheel/process';
import type { Health } from '@tidewheel/process';
import type { Logger } from '@tidewheel/telemetry';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** What the process tells about itself over HTTP. */
interface ProcessServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly health: Pick<Health, 'liveness' | 'readiness'>;
  /** Whose level /log-level shows and changes. */
  readonly logger: Logger;
  readonly answerMetrics: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A listening server. */
interface ProcessServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves GET /health (that it answers shows that the event loop turns), /ready (503 when a check fails) /metrics
 * (Prometheus' text format) and /log-level.
 *
 * @throws when the port cannot be had
 */
export async function startProcessServer(options: ProcessServerOptions): Promise<ProcessServer> {
  const server = createServer((request, response) => answer(request, response, options));
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { port, close: () => closeServer(server) };
}

function answer(request: IncomingMessage, response: ServerResponse, options: ProcessServerOptions): void {
  // Not by way of URL, which throws for some of what a request may ask for.
  const [pathname = ''] = (request.url ?? '').split('?', 1);
  if (pathname === '/log-level') {
    void answerLogLevel(options.logger, request, response).catch(() => response.destroy());
  } else if (!['/health', '/ready', '/metrics'].includes(pathname)) {
    const title = `there is no ${pathname}; there are /health, /ready, /metrics and /log-level`;
    sendJson(response, 404, { title });
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    sendJson(response, 405, { title: `${pathname} only answers GET` });
  } else if (pathname === '/metrics') {
    options.answerMetrics(request, response);
  } else if (pathname === '/health') {
    sendJson(response, 200, options.health.liveness());
  } else {
    const report = options.health.readiness();
    sendJson(response, report.status === 'ready' ? 200 : 503, report);
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
