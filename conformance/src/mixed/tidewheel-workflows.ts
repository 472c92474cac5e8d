// Workflows for a Tidewheel worker, whose activities an official worker does.
import { proxyActivities } from '@tidewheel/workflow';
import type * as officialActivities from '../activities.js';

const { increment, square, failAlways } = proxyActivities<typeof officialActivities>({
  startToCloseTimeout: '1 minute',
});

export async function squareOfNext(value: number): Promise<number> {
  return await square(await increment(value));
}

/** Tells what the activity failed with. */
export async function tellFailure(): Promise<unknown> {
  try {
    return await failAlways('no', 'Refused', true);
  } catch (error) {
    const { cause } = error as Error & { cause?: Error & { type?: string; details?: unknown[] } };
    return { message: cause?.message, type: cause?.type, details: cause?.details };
  }
}
