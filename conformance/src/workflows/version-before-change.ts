// The first version of a workflow that later modules of this name change.
import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type * as activities from '../activities.js';

const { echo } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });
export const proceed = defineSignal('proceed');

export async function changing(): Promise<string> {
  let mayProceed = false;
  setHandler(proceed, () => void (mayProceed = true));
  const word = await echo('before');
  await condition(() => mayProceed);
  return word;
}
