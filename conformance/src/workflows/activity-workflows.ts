import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ActivityOptions, LocalActivityOptions } from '@temporalio/workflow';
import type * as activities from '../activities.js';

type AnyActivities = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** One call of an activity by name. */
export interface ActivityCall {
  readonly name: string;
  readonly args?: readonly unknown[];
  readonly options?: ActivityOptions;
}

export async function runActivity({ name, args = [], options }: ActivityCall): Promise<unknown> {
  const proxy = proxyActivities<AnyActivities>(options ?? { startToCloseTimeout: '1 minute' });
  return await proxy[name]?.(...args);
}

export async function runLocalActivity(call: {
  readonly name: string;
  readonly args?: readonly unknown[];
  readonly options?: LocalActivityOptions;
}): Promise<unknown> {
  const proxy = proxyLocalActivities<AnyActivities>(call.options ?? { startToCloseTimeout: '1 minute' });
  return await proxy[call.name]?.(...(call.args ?? []));
}

const { increment, square } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });

/** Activities one after the other; how many there were. */
export async function runSequence(count: number): Promise<number> {
  let value = 0;
  while (value < count) value = await increment(value);
  return value;
}

export async function runParallel(values: readonly number[]): Promise<number[]> {
  return await Promise.all(values.map((value) => square(value)));
}

export const cancelActivity = defineSignal('cancelActivity');
/** Lets the workflow end although it no longer waits for its activity. */
export const finish = defineSignal('finish');

/** What became of an activity that was cancelled while it ran. */
export interface CanceledActivity {
  readonly outcome: 'completed' | 'canceled' | 'failed';
  readonly result?: unknown;
  /** Class of the failure that the workflow caught. */
  readonly failure?: string;
}

/** Cancels an activity when told to; with `waits`, goes on until it is told to finish. */
export async function cancelActivityOnSignal(
  call: {
    readonly name: string;
    readonly args?: readonly unknown[];
    readonly options?: Partial<ActivityOptions>;
  },
  cancellationType: ActivityCancellationType,
  waits = false,
): Promise<CanceledActivity> {
  const proxy = proxyActivities<AnyActivities>({
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '30 seconds',
    ...call.options,
    cancellationType,
  });
  const scope = new CancellationScope();
  setHandler(cancelActivity, () => scope.cancel());
  let mayFinish = !waits;
  setHandler(finish, () => void (mayFinish = true));
  const outcome = await tellOutcome(scope.run(async () => await proxy[call.name]?.(...(call.args ?? []))));
  await condition(() => mayFinish);
  return outcome;
}

async function tellOutcome(work: Promise<unknown>): Promise<CanceledActivity> {
  try {
    return { outcome: 'completed', result: await work };
  } catch (error) {
    return { outcome: isCancellation(error) ? 'canceled' : 'failed', failure: (error as Error).name };
  }
}

/** Cancels an activity in the same task as it schedules it: no worker must ever see it. */
export async function tellCanceledActivity(): Promise<CanceledActivity> {
  const { reportUntilCancelled } = proxyActivities<typeof activities>({
    startToCloseTimeout: '1 minute',
    taskQueue: 'nobody-polls-this',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
  const scope = new CancellationScope();
  const work = scope.run(() => reportUntilCancelled());
  scope.cancel();
  try {
    await work;
    return { outcome: 'completed' };
  } catch (error) {
    const isActivity = error instanceof ActivityFailure;
    return {
      outcome: isCancellation(error) ? 'canceled' : 'failed',
      failure: isActivity ? 'ActivityFailure' : 'other',
    };
  }
}
