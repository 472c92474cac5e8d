import {
  condition,
  defineQuery,
  defineSignal,
  proxyLocalActivities,
  proxySinks,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Sinks } from '@temporalio/workflow';

export const add = defineSignal<[value: unknown]>('add');
export const collected = defineQuery<unknown[]>('collected');
export const refuse = defineQuery<never, [message: string]>('refuse');
export const lengthOfHistory = defineQuery<number>('lengthOfHistory');

/** Counts how often a workflow's code begins, replays included. */
export interface BeginSinks extends Sinks {
  readonly code: { begins(): void };
}

/** Ends when so many signals have come; gives their values in the order of their coming. */
export async function collectSignals(count: number): Promise<unknown[]> {
  proxySinks<BeginSinks>().code.begins();
  const values: unknown[] = [];
  setHandler(add, (value) => void values.push(value));
  setHandler(collected, () => values);
  setHandler(lengthOfHistory, () => workflowInfo().historyLength);
  setHandler(refuse, (message) => {
    throw new Error(message);
  });
  await condition(() => values.length >= count);
  return values;
}

export const setProgressTo = defineSignal<[value: number]>('setProgressTo');
export const progress = defineQuery<number>('progress');

/** A query must see every signal that was accepted before it was asked. */
export async function setProgress(last: number): Promise<number> {
  let current = 0;
  setHandler(setProgressTo, (value) => void (current = value));
  setHandler(progress, () => current);
  await condition(() => current === last);
  return current;
}

/** Stays in its first workflow task until a local activity is let go; then gives the signals that came meanwhile. */
export async function awaitGateThenTellSignals(expected: number): Promise<unknown[]> {
  const { gate } = proxyLocalActivities<{ gate(): Promise<void> }>({ startToCloseTimeout: '2 minutes' });
  const values: unknown[] = [];
  setHandler(add, (value) => void values.push(value));
  await gate();
  await condition(() => values.length >= expected);
  return values;
}
