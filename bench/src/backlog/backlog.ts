import { BenchDeployment } from '../deployment.js';
import type { BenchOptions } from '../options.js';
import type { ControlledProcess } from '../processes/calls.js';
import type { PollerCalls } from '../processes/poller.js';
import type { ReportRow } from '../reports.js';
import { storedBytes } from '../redis-stats.js';
import { median } from '../statistics.js';

/** Tasks of one measured drain, and of one poll in it. */
const DRAINED = 5_000;
const AT_ONCE = 50;
/** Polls of a single task in one round. */
const SINGLE_POLLS = 300;
/** The queue that is measured, in each deployment. */
const QUEUE = 'measured';
const STARTS_A_SECOND_AT_LEAST = 500;

type PollerProcess = ControlledProcess<PollerCalls>;

interface Place {
  readonly name: string;
  readonly poller: PollerProcess;
  readonly perSecond: number[];
  readonly p50Ms: number[];
}

/**
 * What a backlog costs those who poll: an empty deployment, one with a million tasks in the measured queue, and one with
 * a task in each of 20,000 other queues, each with a Redis of its own and measured in turns.
 */
export async function measureBacklog(
  options: BenchOptions,
  tell: (message: string) => void,
): Promise<readonly ReportRow[]> {
  const deployments: BenchDeployment[] = [];
  const place = async (name: string): Promise<Place & { readonly deployment: BenchDeployment }> => {
    const deployment = await BenchDeployment.start(options);
    deployments.push(deployment);
    return { name, deployment, poller: await deployment.addPoller(), perSecond: [], p50Ms: [] };
  };
  try {
    const empty = await place('nothing else waits');
    const deep = await place(`${options.tasks.toLocaleString('en-US')} tasks wait in the queue`);
    const wide = await place(
      `a task waits in each of ${options.queues.toLocaleString('en-US')} other queues`,
    );
    tell(`backlog: starting ${options.tasks} executions on one queue`);
    await start(deep.poller, [QUEUE], options.tasks);
    const queues = Array.from({ length: options.queues }, (_, number) => `queue-${number}`);
    tell(`backlog: starting an execution on each of ${options.queues} queues`);
    await wide.poller.callWithin(allowedMs(options.queues), 'visit', { taskQueues: queues });
    await start(wide.poller, queues, 1);
    for (let round = 0; round < options.rounds; round++) {
      tell(`backlog: round ${round + 1} of ${options.rounds}`);
      for (const each of [empty, deep, wide]) await measureRound(each);
    }
    return [
      ...[empty, deep, wide].flatMap((each) => rowsOf(each, empty)),
      ...(await measureIdleQueues(options)),
    ];
  } finally {
    await Promise.all(deployments.map((deployment) => deployment.stop()));
  }
}

async function measureRound({ poller, perSecond, p50Ms }: Place): Promise<void> {
  await start(poller, [QUEUE], DRAINED + SINGLE_POLLS);
  const many = await poller.call('drain', { taskQueue: QUEUE, tasks: DRAINED, atOnce: AT_ONCE });
  const single = await poller.call('drain', { taskQueue: QUEUE, tasks: SINGLE_POLLS, atOnce: 1 });
  perSecond.push(many.perSecond);
  p50Ms.push(single.p50Ms);
}

function rowsOf(place: Place, empty: Place): ReportRow[] {
  const ratio = (own: readonly number[], others: readonly number[]): ReportRow['value'] =>
    median(own.map((value, round) => value / (others[round] ?? Number.NaN)));
  return [
    { measure: `dispatch: ${place.name}`, value: median(place.perSecond), unit: 'tasks/s' },
    {
      measure: '  of what an empty deployment does',
      value: ratio(place.perSecond, empty.perSecond),
      unit: 'x',
    },
    { measure: `poll of one task, p50: ${place.name}`, value: median(place.p50Ms), unit: 'ms' },
    {
      measure: '  of what it takes in an empty deployment',
      value: ratio(place.p50Ms, empty.p50Ms),
      unit: 'x',
    },
  ];
}

/** What a queue takes that pollers know and nothing waits in. */
async function measureIdleQueues(options: BenchOptions): Promise<ReportRow[]> {
  const deployment = await BenchDeployment.start(options);
  try {
    const poller = await deployment.addPoller();
    const bytes = async (): Promise<number> => storedBytes(await deployment.redis.info('memory'));
    const before = await bytes();
    const taskQueues = Array.from({ length: options.queues }, (_, number) => `queue-${number}`);
    await poller.callWithin(allowedMs(options.queues), 'visit', { taskQueues });
    return [
      {
        measure: 'memory of an idle queue',
        value: ((await bytes()) - before) / options.queues,
        unit: 'bytes',
      },
    ];
  } finally {
    await deployment.stop();
  }
}

async function start(poller: PollerProcess, taskQueues: readonly string[], each: number): Promise<void> {
  await poller.callWithin(allowedMs(taskQueues.length * each), 'start', { taskQueues, each });
}

function allowedMs(executions: number): number {
  return (executions * 1_000) / STARTS_A_SECOND_AT_LEAST;
}
