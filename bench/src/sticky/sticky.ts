import { BenchDeployment } from '../deployment.js';
import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';
import { INPUT, TASK_QUEUE } from '../scenarios/load-rounds.js';
import { measureCacheMisses } from './cache-miss.js';

const WORKERS = 4;
const IN_FLIGHT = 500;

/** How often workers go on from memory while many executions run, and what it costs when they cannot. */
export async function measureSticky(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  tell(`sticky: ${IN_FLIGHT} executions of ten activities on ${WORKERS} workers`);
  const steady = await measureHitRate(options);
  return [...steady, ...(await measureCacheMisses(options, tell))];
}

async function measureHitRate(options: BenchOptions): Promise<ReportRow[]> {
  const deployment = await BenchDeployment.start(options);
  try {
    const workers = Array.from({ length: WORKERS }, () => deployment.addWorker());
    const { redisUrl } = deployment;
    await Promise.all(workers.map((worker) => worker.call('start', { redisUrl, taskQueues: [TASK_QUEUE] })));
    const client = await deployment.addClient();
    const seconds = options.seconds * options.rounds;
    await client.callWithin(seconds * 1_000, 'execute', {
      workflowType: 'tenActivities',
      taskQueue: TASK_QUEUE,
      input: INPUT,
      inFlight: options.inFlight ?? IN_FLIGHT,
      seconds,
    });
    await deployment.drained();
    const uses = await Promise.all(workers.map((worker) => worker.call('cacheUse')));
    const sum = (key: 'hits' | 'misses' | 'replays') => uses.reduce((total, use) => total + use[key], 0);
    const hits = sum('hits');
    const replays = sum('replays');
    return [
      { measure: 'workflow tasks after the first of a run', value: hits + replays, unit: 'tasks' },
      { measure: '  continued from memory', value: (100 * hits) / (hits + replays), unit: '%' },
      {
        measure: '  of those sent to the worker that cached it, not found',
        value: sum('misses'),
        unit: 'tasks',
      },
    ];
  } finally {
    await deployment.stop();
  }
}
