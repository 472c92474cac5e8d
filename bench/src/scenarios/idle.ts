import { setTimeout as sleep } from 'node:timers/promises';
import { BenchDeployment } from '../deployment.js';
import { doNothing, measure } from '../measurement.js';
import type { Round } from '../measurement.js';
import type { Scenario } from './scenario.js';

const WORKERS = 2;
const QUEUES_PER_WORKER = 50;

/** What a deployment costs while nothing happens. */
export const IDLE: Scenario = {
  name: 'idle',
  item:
    `a second in which nothing happens, with the API and ${WORKERS} worker processes that poll ` +
    `${WORKERS * QUEUES_PER_WORKER} queues together; 10,000 us are 1 % of a processor, and the column of the worker ` +
    'is the sum of both',
  inFlight: [0],
  async run(options) {
    const deployment = await BenchDeployment.start(options);
    try {
      const workers = Array.from({ length: WORKERS }, () => deployment.addWorker());
      const { redisUrl } = deployment;
      await Promise.all(
        workers.map((worker, index) => worker.call('start', { redisUrl, taskQueues: queuesOf(index) })),
      );
      const api = await deployment.addApi();
      // What a start leaves to do is over then, such as the collection of what only the start needed.
      await sleep(SETTLE_MS);
      const rounds: Round[] = [];
      for (let round = 0; round < options.rounds; round++) {
        rounds.push(
          await measure(deployment, { workers, api: api.process }, () => doNothing(options.seconds)),
        );
      }
      return rounds;
    } finally {
      await deployment.stop();
    }
  },
};

const SETTLE_MS = 10_000;

function queuesOf(worker: number): string[] {
  return Array.from({ length: QUEUES_PER_WORKER }, (_, index) => `bench-${worker}-${index}`);
}
