import { proxyActivities } from '@tidewheel/workflow';

const { greet } = proxyActivities({ startToCloseTimeout: '10 seconds' });

/** Greets by an activity. */
export async function hello(name) {
  return await greet(name);
}
