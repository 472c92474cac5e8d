import { createLogger } from '@tidewheel/telemetry';
import { startTelemetry } from '@tidewheel/telemetry-node';
import { startTestStore } from '@tidewheel/testing';
import { startApi } from './api-process.js';
import { readConfiguration } from './configuration.js';
import { HttpClient } from './http-client.fixture.js';

/** The whole API in this process, on a Redis of its own. */
export interface RunningApi {
  readonly redisUrl: string;
  readonly http: HttpClient;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts it and waits until it is ready. */
export async function startRunningApi(settings: Readonly<Record<string, string>> = {}): Promise<RunningApi> {
  const redis = await startTestStore();
  const environment = {
    REDIS_URL: redis.url,
    TIDEWHEEL_API_PORT: '0',
    TIDEWHEEL_RETENTION_INTERVAL: '1s',
    ...settings,
  };
  const api = await startApi(
    readConfiguration(environment),
    createLogger({ service: 'test', level: 'silent' }),
    await startTelemetry({ service: 'test' }),
  );
  await api.opened;
  return {
    redisUrl: redis.url,
    http: new HttpClient(api.port),
    port: api.port,
    async stop() {
      await api.stop();
      await redis.stop();
    },
  };
}
