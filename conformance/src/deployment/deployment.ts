import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RunningProcess } from './running-process.js';

/** A Redis and an API process with the gateway, of which the API process may be killed and started again. */
export interface Deployment {
  /** `host:port` of the gateway. */
  readonly address: string;
  readonly redisUrl: string;
  /** Where the REST API is. */
  readonly restUrl: string;
  readonly api: RunningProcess;
  /** Kills the API process, and starts another one at the same address. */
  restartApi(): Promise<void>;
  stop(): Promise<void>;
}

export interface DeploymentOptions {
  /** Port of the gateway; 0 for any free one. */
  readonly port: number;
  readonly partitions: number;
  /** Where Redis keeps its data. */
  readonly folder: string;
  readonly log: WriteStream;
  /** Arguments of Node.js for the API process; by default none. */
  readonly apiNodeArgs?: readonly string[];
}

// Compiled, this file is in conformance/dist/deployment.
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const REDIS_SCRIPT = join(REPOSITORY, 'scripts', 'redis');
const API_PROGRAM = join(REPOSITORY, 'apps', 'api', 'dist', 'main.js');
const HOST = '127.0.0.1';
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Exit code of a program that a signal ended. */
const INTERRUPTED = 130;

const run = promisify(execFile);

/** Starts all of it, and waits until the gateway answers. */
export async function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  const { folder, log, partitions, apiNodeArgs = [] } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  const redis = await run(REDIS_SCRIPT, ['start', '--dir', folder, '--port', '0'], {
    env: withoutForeignSettings(),
  });
  const redisUrl = redis.stdout.trim();
  const stopRedis = (): Promise<unknown> => run(REDIS_SCRIPT, ['stop', '--dir', folder]);
  let restUrl = '';
  const startApi = async (): Promise<RunningProcess> => {
    const api = new RunningProcess({
      name: 'api',
      args: [...apiNodeArgs, API_PROGRAM],
      env: {
        REDIS_URL: redisUrl,
        TIDEWHEEL_API_PORT: '0',
        TIDEWHEEL_GRPC_PORT: String(port),
        TIDEWHEEL_PARTITIONS: String(partitions),
        TIDEWHEEL_SHUTDOWN_TIMEOUT: '5s',
      },
      log,
    });
    await api.line(/"msg":"ready"/);
    const listening = JSON.parse(await api.line(/"msg":"listening"/)) as { readonly port: number };
    restUrl = `http://${HOST}:${listening.port}`;
    return api;
  };
  let api: RunningProcess;
  try {
    api = await startApi();
  } catch (error) {
    await stopRedis();
    throw error;
  }
  const stop = async (): Promise<void> => {
    await api.end();
    await stopRedis();
  };
  const interrupted = (): void => void stop().then(() => process.exit(INTERRUPTED));
  for (const signal of SIGNALS) process.once(signal, interrupted);
  return {
    address: `${HOST}:${port}`,
    redisUrl,
    get restUrl() {
      return restUrl;
    },
    get api() {
      return api;
    },
    async restartApi() {
      await api.kill();
      api = await startApi();
    },
    async stop() {
      for (const signal of SIGNALS) process.off(signal, interrupted);
      await stop();
    },
  };
}

/** A server that REDIS_URL names belongs to somebody else. */
function withoutForeignSettings(): NodeJS.ProcessEnv {
  const { REDIS_URL: _, ...environment } = process.env;
  return environment;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
