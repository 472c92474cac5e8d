import { proxyActivities } from '@temporalio/workflow';
import type * as activities from './bench-activities.js';

const { echo } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });

export async function oneActivity(text: string): Promise<string> {
  return await echo(text);
}
