import {
  ApplicationFailure,
  condition,
  defineSignal,
  metricMeter,
  proxyActivities,
  setHandler,
  sleep,
} from '@tidewheel/workflow';

interface Activities {
  /** Rejects with an application failure of type `Refused` when told to. */
  monitored(outcome: 'succeed' | 'fail'): Promise<string>;
}

const { monitored } = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: { maximumAttempts: 1 },
});
const orders = metricMeter.createCounter('orders', '{order}', 'Orders that were taken.');

/** Does an activity. */
export async function metered(outcome: 'succeed' | 'fail'): Promise<string> {
  return await monitored(outcome);
}

/** Takes an order in each of so many workflow tasks, each of which a signal begins. */
export async function ordering(count: number): Promise<void> {
  let told = 0;
  setHandler(defineSignal('order'), () => {
    told++;
  });
  for (let taken = 0; taken < count; taken++) {
    await condition(() => told > taken);
    orders.add(1, { item: 'tea' });
    metricMeter.createHistogram('basket_items').record(3);
    metricMeter.createGauge('basket_price', 'float').set(2.5);
    await monitored('succeed');
  }
}

/** Waits to be cancelled. */
export async function idle(): Promise<void> {
  await sleep('1 day');
}

/** Fails. */
export function failing(): Promise<void> {
  throw ApplicationFailure.nonRetryable('no', 'No');
}

/** Throws what is no failure of a workflow. */
export function broken(): Promise<void> {
  throw new TypeError('this is a mistake');
}
