import { proxyActivities } from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
  waitFor(path: string): Promise<string>;
  hostQueue(): Promise<string>;
}

const activities = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

/** One activity. */
export function greeting(name: string): Promise<string> {
  return activities.greet(name);
}

/** An activity that ends when a file is there. */
export function waiting(path: string): Promise<string> {
  return activities.waitFor(path);
}

/** An activity that any process may do, then one that only the same process can. */
export async function routed(): Promise<readonly string[]> {
  const taskQueue = await activities.hostQueue();
  const sameHost = proxyActivities<Activities>({ taskQueue, startToCloseTimeout: '1 minute' });
  return [taskQueue, await sameHost.hostQueue()];
}
