import { condition, defineSignal, proxyActivities, setHandler, withSession } from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
  waitFor(path: string): Promise<string>;
  hostQueue(): Promise<string>;
  processId(): Promise<number>;
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

/** Greets each time it is told to step, so many times; gives all greetings. */
export async function countingSteps(name: string, count: number): Promise<readonly string[]> {
  let told = 0;
  setHandler(defineSignal('step'), () => {
    told++;
  });
  const greetings: string[] = [];
  while (greetings.length < count) {
    await condition(() => told > greetings.length);
    greetings.push(await activities.greet(`${name} ${greetings.length}`));
  }
  return greetings;
}

/** Asks a host for its process id before and after an activity that ends when a file is there. */
export async function inSession(path: string): Promise<readonly number[]> {
  return await withSession({ heartbeatTimeout: '5s' }, async (session) => {
    const host = session.proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });
    const before = await host.processId();
    await host.waitFor(path);
    return [before, await host.processId()];
  });
}
