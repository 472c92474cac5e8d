import {
  CancellationScope,
  condition,
  createSession,
  defineSignal,
  isCancellation,
  SessionFailedError,
  setHandler,
  withSession,
} from '@tidewheel/workflow';
import type { WithSessionOptions } from '@tidewheel/workflow';

interface HostActivities {
  where(): Promise<string>;
  fail(): Promise<void>;
}
const TIMEOUT = { startToCloseTimeout: '1 minute' };
const go = defineSignal('go');

/** Asks twice where it is, and waits in between until it is told to go on. */
export async function visit(options: WithSessionOptions = {}): Promise<string[]> {
  let isTold = false;
  setHandler(go, () => {
    isTold = true;
  });
  return await withSession({ heartbeatTimeout: '10s', ...options }, async (session) => {
    const { where } = session.proxyActivities<HostActivities>(TIMEOUT);
    const first = await where();
    await condition(() => isTold);
    return [first, await where()];
  });
}

/** Stays in a session until something ends it; tells what. */
export async function stay(how: 'cancelled' | 'failing' | 'using it afterwards'): Promise<string> {
  try {
    await withSession({ heartbeatTimeout: '10s' }, async (session) => {
      const activities = session.proxyActivities<HostActivities>({
        ...TIMEOUT,
        retry: { maximumAttempts: 1 },
      });
      await activities.where();
      if (how === 'failing') await activities.fail();
      if (how === 'using it afterwards') {
        await session.complete();
        await activities.where();
      }
      await condition(() => false);
    });
    return 'nothing';
  } catch (error) {
    return isCancellation(error) ? 'cancelled' : (error as Error).name;
  }
}

/** Wants a session within a second. */
export async function hurry(): Promise<string> {
  try {
    const session = await createSession({ creationTimeout: '1s' });
    await session.complete();
    return session.state;
  } catch (error) {
    return error instanceof SessionFailedError ? error.message : String(error);
  }
}

/** Lets a session last for too long, and notices that. */
export async function overstay(): Promise<string[]> {
  const session = await createSession({ executionTimeout: '1s', heartbeatTimeout: '10s' });
  const seen: string[] = [session.state];
  const { where } = session.proxyActivities<HostActivities>(TIMEOUT);
  await condition(() => session.state === 'failed');
  await where().catch((error: unknown) => {
    seen.push(
      error instanceof SessionFailedError ? error.message.replace(session.taskQueue, 'host') : String(error),
    );
  });
  await CancellationScope.nonCancellable(() => session.complete());
  return [...seen, session.state];
}
