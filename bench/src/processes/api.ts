import { setTimeout as sleep } from 'node:timers/promises';
import { ControlledProcess } from './calls.js';
import type { UsageCalls } from './usage.js';

/** A running API process. */
export interface Api {
  readonly process: ControlledProcess<UsageCalls>;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

const API_MAIN = new URL('../../../apps/api/dist/main.js', import.meta.url);
const USAGE_PROBE = new URL('./usage-probe.js', import.meta.url);
const READY_TIMEOUT_MS = 30_000;

/** Starts the real API, as people run it, and waits until it is ready. */
export async function startApi(redisUrl: string): Promise<Api> {
  let output = '';
  const api = new ControlledProcess<UsageCalls>({
    name: 'the API',
    module: API_MAIN,
    nodeArgs: ['--import', USAGE_PROBE.href],
    env: { ...ownVariablesRemoved(process.env), REDIS_URL: redisUrl, TIDEWHEEL_API_PORT: '0' },
    onOutput: (text) => {
      // Later lines, one for each request, only pass through.
      if (portIn(output) === undefined) output += text;
    },
  });
  const untilMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const port = portIn(output);
    const url = `http://127.0.0.1:${port ?? 0}`;
    if (port !== undefined && (await isReady(url))) return { process: api, url };
    if (performance.now() > untilMs) {
      await api.kill();
      throw new Error(`the API is not ready after ${READY_TIMEOUT_MS} ms; it printed: ${output}`);
    }
    await sleep(20);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ready`)).ok;
  } catch {
    return false;
  }
}

/** The port of the line that tells that the API listens. */
function portIn(output: string): number | undefined {
  const port = /"port":(\d+)/.exec(output)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** The API refuses to start with variables that it does not know. */
function ownVariablesRemoved(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TIDEWHEEL_')));
}
