import type { WorkflowService } from '@tidewheel/engine';
import { Health } from '@tidewheel/process';
import { createLogger } from '@tidewheel/telemetry';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { allowEveryone } from './authorize.js';
import type { Authorize } from './authorize.js';
import { HttpClient } from './http-client.fixture.js';
import { RecordingService } from './recording-service.fixture.js';
import type { WorkerService } from './engine-gate.js';
import { createApiServer } from './server.js';

/** The HTTP interface over some service, without a process around it. */
export interface TestServer {
  readonly port: number;
  readonly http: HttpClient;
  /** Lines of the log so far, parsed. */
  readonly log: readonly Record<string, unknown>[];
  /** What the process does first when it stops. */
  beginStopping(): void;
  close(): Promise<void>;
}

/** Room for requests of tests. */
export const BODY_LIMIT_BYTES = 64 * 1024;

/** Starts it on a free port. */
export async function startTestServer(
  service: WorkflowService,
  authorize: Authorize = allowEveryone,
  workers: WorkerService = new RecordingService().workers,
): Promise<TestServer> {
  const log: Record<string, unknown>[] = [];
  const stopping = new AbortController();
  const server = createApiServer({
    gate: { call: (ask) => ask(service, workers) },
    authorize,
    health: new Health(() => [{ name: 'redis' }]),
    logger: createLogger({
      service: 'test',
      level: 'debug',
      destination: { write: (line) => void log.push(JSON.parse(line) as Record<string, unknown>) },
    }),
    version: '0.0.0',
    bodyLimitBytes: BODY_LIMIT_BYTES,
    answerMetrics: (_request, response) => void response.type('text/plain').send('# metrics'),
    stopping: stopping.signal,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    http: new HttpClient(port),
    log,
    beginStopping: () => stopping.abort(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
