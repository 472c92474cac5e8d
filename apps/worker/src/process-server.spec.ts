import { Health } from '@tidewheel/process';
import { createLogger } from '@tidewheel/telemetry';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { startProcessServer } from './process-server.js';

const health = new Health(() => [{ name: 'redis' }]);
let server: Awaited<ReturnType<typeof startProcessServer>>;

beforeAll(async () => {
  server = await startProcessServer({
    host: '127.0.0.1',
    port: 0,
    health,
    logger: createLogger({ service: 'test', level: 'silent' }),
    answerMetrics: (_request, response) => response.end(),
  });
});
afterAll(async () => {
  await server.close();
  health.close();
});

/** The status of the answer to a path that is sent as it stands, which `fetch` would not do. */
async function statusOf(path: string): Promise<number | undefined> {
  const sent = request({ host: '127.0.0.1', port: server.port, path }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('the server of a worker process', () => {
  it.each([
    ['/ready', 200],
    ['/health?verbose', 200],
    ['//', 404],
    ['//health', 404],
    ['http://[/health', 404],
  ])('answers %s with %i, whoever asks for it', async (path, status) => {
    await expect(statusOf(path)).resolves.toBe(status);
    await expect(statusOf('/health')).resolves.toBe(200);
  });
});
