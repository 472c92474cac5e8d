import { BenchDeployment } from '../deployment.js';
import { measure } from '../measurement.js';
import type { Round, Work } from '../measurement.js';
import type { BenchOptions } from '../options.js';
import type { ControlledProcess } from '../processes/calls.js';
import type { ClientCalls } from '../processes/client.js';
import type { LoadOptions, LoadResult } from '../processes/closed-loop.js';

/** The queue of the one worker. */
export const TASK_QUEUE = 'bench';

/** 100 bytes as JSON: the quotes count, too. */
export const INPUT = 'x'.repeat(98);

/** Long enough for the compilers of all processes to have seen the hot path. */
const MAX_WARM_UP_SECONDS = 3;

/** A load on one worker. */
export interface LoadScenario {
  readonly needsApi: boolean;
  /** Has the client put load on the deployment. */
  readonly load: (
    client: ControlledProcess<ClientCalls>,
    options: LoadOptions,
    apiUrl: string,
  ) => Promise<LoadResult>;
}

/** A deployment under load that has warmed up. */
interface LoadedDeployment {
  /** Runs one round, which ends when all its workflows have closed, so that each of them is paid for in its round. */
  round(): Promise<Round>;
  /** Ends everything and removes the data. */
  stop(): Promise<void>;
}

/**
 * Runs a load against a deployment of its own: one client, the workers, Redis, and the API where it is needed. All
 * rounds run on the same processes, which have warmed up with the same load.
 */
export async function runLoadRounds(
  scenario: LoadScenario,
  options: BenchOptions,
  inFlight: number,
): Promise<readonly Round[]> {
  const loaded = await startLoaded(scenario, options, inFlight);
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < options.rounds; round++) rounds.push(await loaded.round());
    return rounds;
  } finally {
    await loaded.stop();
  }
}

/** Starts a deployment and warms it up. */
export async function startLoaded(
  scenario: LoadScenario,
  options: BenchOptions,
  inFlight: number,
): Promise<LoadedDeployment> {
  const deployment = await BenchDeployment.start(options);
  try {
    const workers = Array.from({ length: options.workers }, () => deployment.addWorker());
    const { redisUrl } = deployment;
    await Promise.all(workers.map((worker) => worker.call('start', { redisUrl, taskQueues: [TASK_QUEUE] })));
    const api = scenario.needsApi || options.withApi ? await deployment.addApi() : undefined;
    const client = await deployment.addClient();
    const load = (seconds: number): Promise<LoadResult> =>
      scenario.load(client, { inFlight, seconds }, api?.url ?? '');

    const work = async (): Promise<Work> => {
      const closedBefore = await deployment.closedCount();
      const result = await load(options.seconds);
      await deployment.drained();
      return {
        noticed: {
          perSecond: (result.items * 1_000) / result.elapsedMs,
          p50Ms: result.p50Ms,
          p99Ms: result.p99Ms,
        },
        items: (await deployment.closedCount()) - closedBefore,
        storesItems: true,
      };
    };

    await load(Math.min(options.seconds, MAX_WARM_UP_SECONDS));
    await deployment.drained();
    return {
      round: () => measure(deployment, { workers, client, api: api?.process }, work),
      stop: () => deployment.stop(),
    };
  } catch (error) {
    await deployment.stop();
    throw error;
  }
}
