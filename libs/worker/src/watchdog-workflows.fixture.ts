import { condition, defineSignal, proxyActivities, setHandler } from '@tidewheel/workflow';

const { greet } = proxyActivities<{ greet(name: string): Promise<string> }>({
  startToCloseTimeout: '5s',
});

export async function greeting(name: string): Promise<string> {
  return await greet(name);
}

/** Greets only when it was told to. */
export async function patientGreeting(name: string): Promise<string> {
  let isTold = false;
  setHandler(defineSignal('go'), () => void (isTold = true));
  await condition(() => isTold);
  return await greet(name);
}
