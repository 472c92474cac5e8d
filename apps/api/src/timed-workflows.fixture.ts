import { condition, proxyActivities } from '@tidewheel/workflow';

interface Activities {
  /** Never ends. */
  hang(): Promise<void>;
}

const once = { maximumAttempts: 1 } as const;
const tooSlow = proxyActivities<Activities>({ startToCloseTimeout: '1s', retry: once });
const tooSilent = proxyActivities<Activities>({
  startToCloseTimeout: '1m',
  heartbeatTimeout: '1s',
  retry: once,
});
const untaken = proxyActivities<Activities>({
  taskQueue: 'nobody',
  startToCloseTimeout: '1m',
  scheduleToStartTimeout: '1s',
  retry: once,
});

/** Has three activities time out, each by another of its clocks. */
export async function timingOut(): Promise<void> {
  await Promise.allSettled([tooSlow.hang(), tooSilent.hang(), untaken.hang()]);
}

/** Waits for ever. */
export async function idle(): Promise<void> {
  await condition(() => false);
}
