import {
  ActivityFailure,
  CancellationScope,
  condition,
  createSession,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  sleep,
  withSession,
} from '@tidewheel/workflow';
import type * as activities from './activities.js';

/** Quick to notice that the worker of an attempt is gone, and never out of attempts. */
const QUICK = { startToCloseTimeout: '3s', retry: { initialInterval: 50, maximumInterval: '1s' } } as const;
const { add, square, stubborn, refuse, cleanUp, poison } = proxyActivities<typeof activities>(QUICK);
/** As many sessions as it takes, on hosts that are found to be gone as soon. */
const SESSION = { creationTimeout: '1 hour', heartbeatTimeout: '2s', maximumAttempts: 1_000 } as const;
const { count, countUntilCancelled } = proxyActivities<typeof activities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '2s',
  retry: { initialInterval: 50, maximumInterval: '1s' },
});

/** Something that a workflow of any kind answers, so that its history is replayed once it is closed. */
const stage = defineQuery<string>('stage');
export const put = defineSignal<[value: number]>('put');
export const open = defineSignal('open');

function reach(current: { stage: string }): void {
  setHandler(stage, () => current.stage);
}

/** Activities one after the other, some of which fail at first. */
export async function sequence(values: readonly number[]): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  let sum = 0;
  for (const [index, value] of values.entries()) {
    sum = index % 3 === 2 ? await stubborn(sum + value, 2) : await add(sum, value);
  }
  current.stage = 'done';
  return sum;
}

/** An activity that no worker survives, until somebody cures it. */
export async function poisoned(cure: string): Promise<string> {
  const current = { stage: 'begun' };
  reach(current);
  const result = await poison(cure);
  current.stage = 'done';
  return result;
}

/** Activities side by side. */
export async function parallel(values: readonly number[]): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  const squares = await Promise.all(
    values.map((value, index) => (index % 4 === 3 ? stubborn(value * value, 1) : square(value))),
  );
  current.stage = 'done';
  return squares.reduce((sum, each) => sum + each, 0);
}

/** Activities side by side on the queue with a dispatch rate. */
export async function rated(taskQueue: string, values: readonly number[]): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  const limited = proxyActivities<typeof activities>({ ...QUICK, taskQueue });
  const squares = await Promise.all(values.map((value) => limited.square(value)));
  current.stage = 'done';
  return squares.reduce((sum, each) => sum + each, 0);
}

/** Sessions side by side, each with some steps on its host, and from the beginning on another one when that is lost. */
export async function sessions(values: readonly number[], steps: number): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  const reached = await Promise.all(
    values.map((value) =>
      withSession(SESSION, async (session) => {
        const { visit } = session.proxyActivities<typeof activities>(QUICK);
        let result = value;
        for (let step = 1; step <= steps; step++) result = await visit(session.sessionId, step, result);
        return result;
      }),
    ),
  );
  current.stage = 'done';
  return reached.reduce((sum, each) => sum + each, 0);
}

/** Has so many sessions open at the same time; on how many hosts. */
export async function fullHouse(count: number): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  const { creationTimeout } = SESSION;
  const opened = await Promise.all(Array.from({ length: count }, () => createSession({ creationTimeout })));
  await Promise.all(opened.map((session) => session.complete()));
  current.stage = 'done';
  return new Set(opened.map(({ taskQueue }) => taskQueue)).size;
}

/** Long activities that go on where the attempt before last reported to be. */
export async function heartbeating(steps: number): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  const [first, second] = await Promise.all([count(steps), count(steps * 2)]);
  current.stage = 'done';
  return first + second;
}

/** Timers one after the other and side by side. */
export async function timers(delaysMs: readonly number[]): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  let fired = 0;
  const side = delaysMs.map((delayMs) => sleep(delayMs * 2).then(() => (fired += delayMs)));
  for (const delayMs of delaysMs) {
    await sleep(delayMs);
    fired += delayMs;
  }
  await Promise.all(side);
  current.stage = 'done';
  return fired;
}

/** Counts signals, each exactly once, with activities going on meanwhile. */
export async function signals(expected: number): Promise<number[]> {
  const current = { stage: 'begun' };
  reach(current);
  const received: number[] = [];
  setHandler(put, (value) => void received.push(value));
  let handled = 0;
  while (handled < expected) {
    await condition(() => received.length > handled);
    handled++;
    if (handled % 3 === 0) await add(handled, 1);
  }
  current.stage = 'done';
  return received.sort((a, b) => a - b);
}

/** Whether it was opened before the time was over. */
export async function gate(timeoutMs: number): Promise<boolean> {
  const current = { stage: 'begun' };
  reach(current);
  let isOpen = false;
  setHandler(open, () => void (isOpen = true));
  const opened = await condition(() => isOpen, timeoutMs);
  current.stage = 'done';
  return opened;
}

/**
 * Waits in an activity, and with even values beside a timer, until it is cancelled; then tidies up and ends well. The
 * timer gives way at once; alone, the activity is waited for, which may time out instead of hearing of it.
 */
export async function tidied(value: number): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  try {
    await Promise.all([countUntilCancelled(), ...(value % 2 === 0 ? [sleep('1 hour')] : [])]);
    return -1;
  } catch (error) {
    if (!CancellationScope.current().consideredCancelled) throw error;
    const cleaned = await CancellationScope.nonCancellable(() => cleanUp(value));
    current.stage = 'done';
    return cleaned;
  }
}

/** Ends as cancelled. */
export async function cancelled(): Promise<void> {
  reach({ stage: 'begun' });
  await sleep('1 hour');
}

/** Ends as failed, for an activity that must not be tried again. */
export async function failing(reason: string): Promise<void> {
  reach({ stage: 'begun' });
  await add(1, 1);
  await refuse(reason);
}

/** An activity whose failure the workflow makes up for. */
export async function forgiving(value: number): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  try {
    await refuse('this is made up for');
    return -1;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const sum = await add(value, 1);
    current.stage = 'done';
    return sum;
  }
}

/** A bit of everything at the same time: each command meets events that it did not see. */
export async function mixed(values: readonly number[]): Promise<number> {
  const current = { stage: 'begun' };
  reach(current);
  const received: number[] = [];
  setHandler(put, (value) => void received.push(value));
  const branches = values.map(async (value, index) => {
    if (index % 2 === 0) await sleep(value * 10);
    const result = await add(value, index);
    if (index % 3 === 0) await sleep(value);
    return index % 3 === 1 ? await square(result) : result;
  });
  // A timer that is always cancelled.
  const inTime = await condition(() => received.length >= 3, '1 hour');
  const sums = await Promise.all(branches);
  current.stage = 'done';
  return sums.reduce((sum, each) => sum + each, inTime ? received.reduce((sum, each) => sum + each, 0) : -1);
}
