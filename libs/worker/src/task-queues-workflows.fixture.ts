import { proxyActivities, sleep } from '@tidewheel/workflow';

interface TestActivities {
  whereAmI(): Promise<string>;
  meet(number: number): Promise<string>;
  hold(number: number): Promise<number>;
}

const own = proxyActivities<TestActivities>({ startToCloseTimeout: '1 minute' });

/** Tells which worker ran an activity on the workflow's own queue. */
export async function ask(): Promise<string> {
  return await own.whereAmI();
}

/** The same on another queue. */
export async function askOn(taskQueue: string): Promise<string> {
  const { whereAmI } = proxyActivities<TestActivities>({ startToCloseTimeout: '1 minute', taskQueue });
  return await whereAmI();
}

/** So many activities that end only when all of them run at once; tells on which workers. */
export async function meeting(participants: number): Promise<string[]> {
  return await Promise.all(Array.from({ length: participants }, (_, number) => own.meet(number)));
}

/** So many activities at once that wait to be let go. */
export async function holding(count: number): Promise<number[]> {
  return await Promise.all(Array.from({ length: count }, (_, number) => own.hold(number)));
}

/** Ends after a timer. */
export async function napping(): Promise<string> {
  await sleep('100 ms');
  return 'rested';
}
