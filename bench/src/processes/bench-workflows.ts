// The workflows of all scenarios; they run in the sandbox of a worker.
import {
  condition,
  defineQuery,
  defineSignal,
  proxyActivities,
  setHandler,
  sleep,
} from '@tidewheel/workflow';
import type { activities } from './bench-activities.js';

const { echo } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });

const throttled = proxyActivities<typeof activities>({
  startToCloseTimeout: '1 minute',
  taskQueue: 'throttled',
});

const SEQUENTIAL_ACTIVITIES = 10;
const TIMER_MS = 10;

/** Gives back its input, by way of an activity. */
export async function oneActivity(value: string): Promise<string> {
  return await echo(value);
}

/** Gives back its input, by way of ten activities one after the other. */
export async function tenActivities(value: string): Promise<string> {
  let current = value;
  for (let done = 0; done < SEQUENTIAL_ACTIVITIES; done++) current = await echo(current);
  return current;
}

/** Awaits a thousand activities on a queue of their own, all at once. */
export async function thousandActivities(): Promise<void> {
  await Promise.all(Array.from({ length: 1_000 }, () => throttled.echo('x')));
}

/** Gives back its input after a durable timer of 10 ms. */
export async function oneTimer(value: string): Promise<string> {
  await sleep(TIMER_MS);
  return value;
}

/** Makes a history of 4 events and 6 for each activity, and then waits for ever. */
export async function longHistory(activities: number): Promise<void> {
  let isReady = false;
  setHandler(defineQuery('isReady'), () => isReady);
  for (let done = 0; done < activities; done++) await echo('x');
  isReady = true;
  await condition(() => false);
}

/** Waits for the signal `release`. */
export async function waitForRelease(): Promise<void> {
  let isReleased = false;
  setHandler(defineSignal('release'), () => {
    isReleased = true;
  });
  await condition(() => isReleased);
}
