// The same workflow once no execution of the first version is left.
import { condition, defineSignal, deprecatePatch, proxyActivities, setHandler } from '@temporalio/workflow';
import type * as activities from '../activities.js';

const { echo } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });
export const proceed = defineSignal('proceed');

export async function changing(): Promise<string> {
  let mayProceed = false;
  setHandler(proceed, () => void (mayProceed = true));
  deprecatePatch('another-word');
  const word = await echo(await echo('after'));
  await condition(() => mayProceed);
  return word;
}
