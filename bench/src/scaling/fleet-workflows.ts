// The workflows of the fleet; they run in the sandbox of a worker.
import { proxyActivities } from '@tidewheel/workflow';
import type * as fleet from './fleet-activities.js';

const SECOND_JOB_MS = 200;

/** Nobody who waits for a timeout or a back-off of these would be in time for the test. */
const activities = proxyActivities<typeof fleet>({
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '20 minutes',
  retry: { initialInterval: '10 minutes' },
});

/** One activity and what came of it. */
export async function job(kind: keyof typeof fleet, durationMs: number): Promise<fleet.Ending> {
  return await activities[kind](durationMs);
}

/** Two activities in a row, as most workflows have more than one. */
export async function twoJobs(
  kind: keyof typeof fleet,
  durationMs: number,
): Promise<readonly fleet.Ending[]> {
  return [await activities[kind](durationMs), await activities.nap(SECOND_JOB_MS)];
}
