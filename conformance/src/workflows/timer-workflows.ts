import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type * as activities from '../activities.js';

const { echo } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });

export async function sleepFor(ms: number): Promise<string> {
  await sleep(ms);
  return 'awake';
}

/** A long timer that is cancelled when a short one fires. */
export async function cancelTimer(): Promise<string> {
  const scope = new CancellationScope();
  const long = scope.run(() => sleep('1 hour'));
  await sleep(10);
  scope.cancel();
  try {
    await long;
    return 'fired';
  } catch (error) {
    return isCancellation(error) ? 'canceled' : 'failed';
  }
}

export async function giveUpAfter(ms: number): Promise<string> {
  try {
    await CancellationScope.withTimeout(ms, () => sleep('1 hour'));
    return 'fired';
  } catch (error) {
    return error instanceof CancelledFailure ? 'given up' : 'failed';
  }
}

/** Cancelling a scope cancels what is in it, but for what is shielded. */
export async function nestedScopes(): Promise<string[]> {
  const told: string[] = [];
  const outer = new CancellationScope();
  const work = outer.run(async () => {
    const shielded = CancellationScope.nonCancellable(async () => {
      await sleep(50);
      told.push('shielded done');
    });
    try {
      await sleep('1 hour');
    } catch (error) {
      if (isCancellation(error)) told.push('inner canceled');
    }
    await shielded;
    told.push(`considered canceled: ${CancellationScope.current().consideredCancelled}`);
  });
  await sleep(10);
  outer.cancel();
  await work;
  return told;
}

export async function waitForCancellation(): Promise<void> {
  await sleep('1 hour');
}

/** Tidies up with an activity when it is cancelled, and ends as canceled all the same. */
export async function cleanUpWhenCancelled(): Promise<void> {
  try {
    await sleep('1 hour');
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => echo('tidy'));
    throw error;
  }
}
