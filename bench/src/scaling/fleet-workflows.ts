// The workflows of the fleet; they run in the sandbox of a worker.
import { proxyActivities } from '@tidewheel/workflow';
import type * as fleet from './fleet-activities.js';

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
