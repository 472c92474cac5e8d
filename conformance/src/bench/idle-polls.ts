import { Connection } from '@temporalio/client';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECTIONS = 20;
const QUEUES = 100;
/** Long enough for all of them to be waiting, and shorter than any long poll. */
const HOLD_MS = 15_000;

/** Polls that wait for activities that nobody schedules. */
export interface IdlePolls {
  /** How many were answered meanwhile. */
  readonly returned: number;
  cancel(): void;
}

/** Has so many polls wait at once, spread over some connections and queues. */
export async function holdIdlePolls(address: string, count: number): Promise<IdlePolls> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Connection.connect({ address })),
  );
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  let returned = 0;
  for (let i = 0; i < count; i++) {
    const connection = connections[i % CONNECTIONS];
    const poll = connection?.withAbortSignal(abort.signal, () =>
      connection.withDeadline(Date.now() + 70_000, () =>
        connection.workflowService.pollActivityTaskQueue({
          namespace: 'default',
          taskQueue: { name: `idle-${i % QUEUES}` },
          identity: `idle-${i}`,
        }),
      ),
    );
    poll?.then(
      () => returned++,
      () => (abort.signal.aborted ? undefined : returned++),
    );
    if (i % 500 === 499) await sleep(50);
  }
  await sleep(HOLD_MS);
  return {
    returned,
    cancel: () => {
      abort.abort();
      for (const connection of connections) void connection.close();
    },
  };
}
