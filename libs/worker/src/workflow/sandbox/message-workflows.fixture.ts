// Workflows for the tests of signals, queries and conditions; bundled, not imported.
import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  proxyActivities,
  setDefaultSignalHandler,
  setHandler,
  sleep,
  Trigger,
} from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

export async function hello(name: string): Promise<string> {
  return await greet(name);
}

export const add = defineSignal<[number]>('add');

export const finish = defineSignal('finish');

export const total = defineQuery<number, [number?]>('total');

export async function sums(): Promise<number> {
  let sum = 0;
  let done = false;
  await sleep(10);
  setHandler(total, (plus = 0) => sum + plus);
  setHandler(add, (value) => {
    sum += value;
  });
  setHandler(finish, () => {
    done = true;
  });
  await condition(() => done);
  return sum;
}

export async function signalsByDefault(): Promise<unknown[]> {
  const seen: unknown[] = [];
  setDefaultSignalHandler((name, ...args) => {
    seen.push([name, ...args]);
  });
  await condition(() => seen.length >= 2);
  return seen;
}

export async function signalFails(kind: string): Promise<void> {
  setHandler(finish, async () => {
    await Promise.resolve();
    throw kind === 'failure' ? ApplicationFailure.nonRetryable('on purpose') : new Error('by mistake');
  });
  await sleep('1 hour');
}

export async function races(timeoutMs: number): Promise<string> {
  let ready = false;
  setHandler(finish, () => {
    ready = true;
  });
  return (await condition(() => ready, timeoutMs)) ? 'signal' : 'timeout';
}

export async function triggered(): Promise<string> {
  const trigger = new Trigger<string>();
  setHandler(finish, () => trigger.resolve('pulled'));
  return await trigger;
}

export const changes = defineQuery<unknown>('changes');

export const waits = defineQuery<unknown>('waits');

export const throws = defineQuery<unknown>('throws');

export async function badQueries(): Promise<number> {
  setHandler(changes, () => sleep(1));
  setHandler(waits, async () => {
    await Promise.resolve();
    return Math.random();
  });
  setHandler(throws, () => {
    throw new Error(`no answer ${Math.random()}`);
  });
  await sleep(1);
  return Math.random();
}
