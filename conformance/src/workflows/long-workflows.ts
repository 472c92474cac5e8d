import { condition, defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import type * as activities from '../activities.js';

export const end = defineSignal('end');
export const put = defineSignal<[value: number]>('put');

const { increment, square } = proxyActivities<typeof activities>({
  startToCloseTimeout: '1 minute',
});

/** Runs batches of parallel activities, three events each, and then waits until it is told to end. */
export async function growHistory(batches: number, perBatch: number): Promise<number> {
  let mayEnd = false;
  setHandler(end, () => void (mayEnd = true));
  let sum = 0;
  for (let batch = 0; batch < batches; batch++) {
    const values = await Promise.all(Array.from({ length: perBatch }, (_, index) => increment(index)));
    sum += values.length;
  }
  await condition(() => mayEnd);
  return sum;
}

const hasty = proxyActivities<typeof activities>({
  startToCloseTimeout: '5 seconds',
  retry: { initialInterval: 50, maximumInterval: '1 second' },
});

/** Activities, timers and signals, all at once; what comes of it follows from its input and the signals alone. */
export async function mixture(values: readonly number[], signals: number): Promise<number> {
  const received: number[] = [];
  setHandler(put, (value) => void received.push(value));
  const branches = values.map(async (value, index) => {
    if (index % 2 === 0) await sleep(value * 10);
    const result = await hasty.increment(value);
    if (index % 3 === 0) await sleep(value);
    return index % 3 === 1 ? await hasty.square(result) : result;
  });
  // A timer that is always cancelled.
  const inTime = await condition(() => received.length >= signals, '1 hour');
  let sum = inTime ? received.reduce((total, each) => total + each, 0) : -1;
  for (const branch of branches) sum += await branch;
  const squares = await Promise.all([square(1), increment(1)]);
  return sum + squares[0] + squares[1];
}
