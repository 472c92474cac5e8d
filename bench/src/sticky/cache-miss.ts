import { BenchDeployment } from '../deployment.js';
import type { BenchOptions } from '../options.js';
import type { ReportRow } from '../reports.js';
import { TASK_QUEUE } from '../scenarios/load-rounds.js';

/** An execution that waits has 4 events, and 6 more for each activity. */
const EVENTS_APART_FROM_ACTIVITIES = 4;
const EVENTS_OF_AN_ACTIVITY = 6;
const HISTORY_LENGTHS = [10, 100, 1_000, 10_000];
const QUERIES = 41;
/** The slowest machine makes so many activities a second. */
const ACTIVITIES_A_SECOND_AT_LEAST = 20;
const MOST_MS_OF_A_QUERY = 2_000;

/** One history length, and how long a query took with the execution in memory and without. */
interface MissCost {
  readonly events: number;
  readonly hitMs: number;
  readonly missMs: number;
}

/**
 * What it costs when a worker has to build an execution anew: queries of the same execution, in turns after one of
 * another execution that has pushed it out of a cache of one, and right after that.
 */
export async function measureCacheMisses(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const deployment = await BenchDeployment.start(options);
  try {
    const worker = deployment.addWorker();
    const { redisUrl } = deployment;
    await worker.call('start', { redisUrl, taskQueues: [TASK_QUEUE], maxCachedWorkflows: 1 });
    const client = await deployment.addClient();
    const other = await client.call('startLong', { taskQueue: TASK_QUEUE, activities: 1 });
    const costs: MissCost[] = [];
    for (const length of HISTORY_LENGTHS) {
      tell(`sticky: cache misses of an execution of ${length} events`);
      const activities = Math.round((length - EVENTS_APART_FROM_ACTIVITIES) / EVENTS_OF_AN_ACTIVITY);
      const allowedMs = (activities * 1_000) / ACTIVITIES_A_SECOND_AT_LEAST;
      const { workflowId, historyLength } = await client.callWithin(allowedMs, 'startLong', {
        taskQueue: TASK_QUEUE,
        activities,
      });
      const times = await client.callWithin(QUERIES * 3 * MOST_MS_OF_A_QUERY, 'timeQueries', {
        workflowId,
        otherWorkflowId: other.workflowId,
        rounds: QUERIES,
      });
      costs.push({ events: historyLength, ...times });
    }
    plot(costs).forEach(tell);
    return costs.flatMap(({ events, hitMs, missMs }) => [
      { measure: `query with ${events} events, in memory, p50`, value: hitMs, unit: 'ms' },
      { measure: '  not in memory', value: missMs, unit: 'ms' },
      { measure: '  a miss costs, for each event', value: (1_000 * (missMs - hitMs)) / events, unit: 'us' },
    ]);
  } finally {
    await deployment.stop();
  }
}

const BAR_WIDTH = 60;

/** Bars of what a miss costs in addition to a hit, on a logarithmic scale from 0.1 ms. */
function plot(costs: readonly MissCost[]): string[] {
  const most = Math.max(...costs.map(({ hitMs, missMs }) => missMs - hitMs), 1);
  const lengthOf = (costMs: number) =>
    Math.round((BAR_WIDTH * Math.log10(Math.max(costMs, 0.1) / 0.1)) / Math.log10(most / 0.1));
  return costs.map(({ events, hitMs, missMs }) => {
    const costMs = missMs - hitMs;
    return `${String(events).padStart(7)} events |${'#'.repeat(lengthOf(costMs))} ${costMs.toFixed(1)} ms`;
  });
}
