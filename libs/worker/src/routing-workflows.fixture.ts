import { executeActivity } from '@tidewheel/workflow';
import type { ActivityOptions } from '@tidewheel/workflow';

/** Runs one activity by its name. */
export async function callActivity(activityType: string, options: ActivityOptions): Promise<unknown> {
  return await executeActivity(activityType, options);
}

/** Runs an activity many times at once; gives the results in the order of the calls. */
export async function callMany(activityType: string, times: number): Promise<unknown[]> {
  const call = (_: unknown, number: number) =>
    executeActivity(activityType, { startToCloseTimeout: '2 minutes', args: [number] });
  return await Promise.all(Array.from({ length: times }, call));
}
