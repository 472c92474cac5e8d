import {
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  proxyActivities,
  setHandler,
} from '@tidewheel/workflow';

const { work } = proxyActivities<{ work(step: number): Promise<number> }>({
  startToCloseTimeout: '10s',
});

export const goOn = defineSignal('goOn');

/** Does one activity after each signal, and passes every signal on when it is told to whom. */
export async function steps(count: number, passOnTo?: string): Promise<number> {
  let signals = 0;
  setHandler(goOn, () => {
    signals++;
  });
  let sum = 0;
  for (let step = 1; step <= count; step++) {
    await condition(() => signals >= step);
    if (passOnTo !== undefined) await getExternalWorkflowHandle(passOnTo).signal(goOn);
    sum += await work(step);
  }
  return sum;
}
