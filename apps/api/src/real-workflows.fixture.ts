import { condition, defineQuery, defineSignal, proxyActivities, setHandler } from '@tidewheel/workflow';

const { charge } = proxyActivities<{ charge(cents: number): Promise<string> }>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 1 },
});

/** Waits for its approval, then charges what it was asked to. */
export async function order(cents: number): Promise<{ receipt: string; by: string }> {
  let approvedBy = '';
  setHandler(defineSignal<[string]>('approve'), (name) => void (approvedBy = name));
  setHandler(defineQuery<string, [string]>('state'), (prefix) => `${prefix}${approvedBy || 'waiting'}`);
  await condition(() => approvedBy !== '');
  return { receipt: await charge(cents), by: approvedBy };
}
