import { executeActivity } from '@tidewheel/workflow';
import type { ActivityOptions } from '@tidewheel/workflow';

/** Runs one activity by its name. */
export async function callActivity(activityType: string, options: ActivityOptions): Promise<unknown> {
  return await executeActivity(activityType, options);
}
