import { proxyActivities } from '@tidewheel/workflow';
import type * as activities from './activities.js';

const { greet } = proxyActivities<typeof activities>({ startToCloseTimeout: '10 seconds' });

/** A workflow: plain code whose every step is remembered, so that it goes on where it was when a process dies. */
export async function hello(name: string): Promise<string> {
  return await greet(name);
}
