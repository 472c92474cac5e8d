// A workflow and the interceptors that carry a header from the client through the workflow to its activities.
import { condition, defineQuery, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';

export const HEADER = 'trace';

const { tellHeader } = proxyActivities<{ tellHeader(): Promise<string> }>({
  startToCloseTimeout: '1 minute',
});

export const proceed = defineSignal('proceed');
export const seen = defineQuery<Record<string, string>>('seen');

const headers: Record<string, string> = {};

function note(call: string, from: Headers): void {
  const payload = from[HEADER];
  if (payload) headers[call] = defaultPayloadConverter.fromPayload(payload);
}

export async function traced(): Promise<Record<string, string>> {
  let mayProceed = false;
  setHandler(proceed, () => void (mayProceed = true));
  setHandler(seen, () => ({ ...headers }));
  await condition(() => mayProceed);
  return { ...headers, activity: await tellHeader() };
}

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      async execute(input, next) {
        note('start', input.headers);
        return await next(input);
      },
      async handleSignal(input, next) {
        note('signal', input.headers);
        await next(input);
      },
      async handleQuery(input, next) {
        note('query', input.headers);
        return await next(input);
      },
    },
  ],
  outbound: [
    {
      async scheduleActivity(input, next) {
        const header = defaultPayloadConverter.toPayload(`${headers['start'] ?? ''}>activity`);
        return await next({ ...input, headers: { ...input.headers, [HEADER]: header } });
      },
    },
  ],
});
