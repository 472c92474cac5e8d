import { setTimeout as sleep } from 'node:timers/promises';
import { BenchDeployment } from '../deployment.js';
import { doNothing, measure } from '../measurement.js';
import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';
import { median } from '../statistics.js';

const PROCESSES = 4;
const POLLERS_PER_PROCESS = 50;
const QUEUES = 50;
const SETTLE_MS = 10_000;
const MICROS_PER_PERCENT = 10_000;

/** What two hundred pollers of fifty queues cost while nothing happens, and how soon a task reaches one of them. */
export async function measureManyPollers(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const deployment = await BenchDeployment.start(options);
  try {
    const taskQueues = Array.from({ length: QUEUES }, (_, number) => `queue-${number}`);
    const workers = await Promise.all(Array.from({ length: PROCESSES }, () => deployment.addPoller()));
    tell(`pollers: ${PROCESSES * POLLERS_PER_PROCESS} pollers of ${QUEUES} queues`);
    for (const worker of workers) {
      await worker.callWithin(60_000, 'poll', { pollers: POLLERS_PER_PROCESS, taskQueues });
    }
    const client = await deployment.addClient();
    const load = { workflowType: 'none', input: undefined, inFlight: 1, seconds: options.seconds };
    await client.call('execute', { ...load, seconds: 1, taskQueue: taskQueues[0] as string });
    await sleep(SETTLE_MS);
    const rounds: {
      readonly cpu: number;
      readonly commands: number;
      readonly workers: number;
      readonly p50Ms: number;
    }[] = [];
    for (let round = 0; round < options.rounds; round++) {
      tell(`pollers: round ${round + 1} of ${options.rounds}`);
      const { measures } = await measure(deployment, { workers }, () => doNothing(options.seconds));
      const taskQueue = taskQueues[(round * 7) % QUEUES] as string;
      const { p50Ms } = await client.callWithin(options.seconds * 1_000, 'execute', { ...load, taskQueue });
      rounds.push({
        cpu: (measures.redisCpuMicrosPerItem ?? 0) / MICROS_PER_PERCENT,
        commands: measures.redisCommandsPerItem ?? 0,
        workers:
          (measures.workerCpuMicrosPerItem ?? 0) / MICROS_PER_PERCENT / (PROCESSES * POLLERS_PER_PROCESS),
        p50Ms,
      });
    }
    const row = (
      text: string,
      pick: (round: (typeof rounds)[number]) => number,
      unit: string,
    ): ReportRow => ({
      measure: text,
      value: median(rounds.map(pick)),
      unit,
    });
    return [
      row('Redis while idle', ({ cpu }) => cpu, '% of a processor'),
      row('Redis commands while idle', ({ commands }) => commands, 'a second'),
      row('a poller while idle', ({ workers: share }) => share, '% of a processor'),
      row('start to result of a workflow without activities, p50', ({ p50Ms }) => p50Ms, 'ms'),
    ];
  } finally {
    await deployment.stop();
  }
}
