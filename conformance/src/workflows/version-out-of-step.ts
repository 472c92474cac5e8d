// The same workflow, changed in a way that executions of the first version do not survive.
import { sleep } from '@temporalio/workflow';

export async function changing(): Promise<string> {
  await sleep('1 hour');
  return 'slept';
}
