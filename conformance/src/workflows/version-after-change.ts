// The same workflow, changed in a way that executions of the first version survive.
import { condition, defineSignal, patched, proxyActivities, setHandler } from '@temporalio/workflow';
import type * as activities from '../activities.js';

const { echo } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });
export const proceed = defineSignal('proceed');

export async function changing(): Promise<string> {
  let mayProceed = false;
  setHandler(proceed, () => void (mayProceed = true));
  const word = patched('another-word') ? await echo(await echo('after')) : await echo('before');
  await condition(() => mayProceed);
  return word;
}
