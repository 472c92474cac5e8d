import { waitUntil } from '@tidewheel/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchDeployment } from '../deployment.js';
import { measure } from '../measurement.js';
import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';

const WORKERS = 8;
const PARTITIONS = 4;
const RATE = 200;
const WINDOW_SECONDS = 10;
/** Offered is ten times what the rate lets through in a window. */
const OFFERED = RATE * WINDOW_SECONDS * 10;
/** What one execution of `thousandActivities` schedules: fewer than it may have pending. */
const ACTIVITIES_EACH = 1_000;
const TASK_QUEUE = 'throttled';

/**
 * How well eight worker processes together keep the dispatch rate of a queue over windows of ten seconds, with four
 * partitions and ten times as many tasks waiting as may pass. What passed is what has left the streams, by the clock of
 * Redis.
 */
export async function measureThrottledQueue(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const deployment = await BenchDeployment.start({ ...options, partitions: PARTITIONS });
  try {
    await offer(deployment);
    tell(`throttled-queue: ${OFFERED} tasks wait; starting ${WORKERS} workers`);
    const workers = Array.from({ length: WORKERS }, () => deployment.addWorker());
    for (const worker of workers) {
      await worker.call('start', {
        redisUrl: deployment.redisUrl,
        taskQueues: [TASK_QUEUE],
        isWithoutWorkflows: true,
        maxTaskQueueActivitiesPerSecond: RATE,
      });
    }
    const rows: ReportRow[] = [];
    for (let round = 0; round < options.rounds; round++) {
      tell(`throttled-queue: window ${round + 1} of ${options.rounds}`);
      let passed = 0;
      let seconds = 0;
      const { measures } = await measure(deployment, { workers }, async () => {
        const before = await deployment.waitingActivities(TASK_QUEUE);
        await sleep(WINDOW_SECONDS * 1_000);
        const after = await deployment.waitingActivities(TASK_QUEUE);
        if (after.tasks === 0) throw new Error('nothing waits any more: use fewer rounds');
        passed = before.tasks - after.tasks;
        seconds = (after.atMicros - before.atMicros) / 1e6;
        return {
          noticed: { perSecond: passed / seconds, p50Ms: null, p99Ms: null },
          items: passed,
          storesItems: false,
        };
      });
      const perSecond = passed / seconds;
      rows.push(
        { measure: `window ${round + 1}: dispatched`, value: perSecond, unit: `a second, of ${RATE}` },
        { measure: `window ${round + 1}: deviation`, value: (perSecond / RATE - 1) * 100, unit: '%' },
        {
          measure: `window ${round + 1}: Redis commands`,
          value: measures.redisCommandsPerItem ?? 0,
          unit: 'a task',
        },
      );
    }
    return rows;
  } finally {
    await deployment.stop();
  }
}

/** Has activities scheduled, as workflows do, and lets no worker take them yet. */
async function offer(deployment: BenchDeployment): Promise<void> {
  const decider = deployment.addWorker();
  await decider.call('start', { redisUrl: deployment.redisUrl, taskQueues: ['deciders'] });
  const client = await deployment.addClient();
  const count = OFFERED / ACTIVITIES_EACH;
  await client.call('start', { workflowType: 'thousandActivities', taskQueue: 'deciders', count });
  await waitUntil(async () => (await deployment.waitingActivities(TASK_QUEUE)).tasks >= OFFERED, {
    what: 'all activities to be scheduled',
    timeoutMs: 120_000,
  });
}
