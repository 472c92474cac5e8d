// Workflows for the tests of cancellation and its scopes; bundled, not imported.
import {
  CancellationScope,
  CancelledFailure,
  isCancellation,
  proxyActivities,
  sleep,
} from '@tidewheel/workflow';
import type { ActivityCancellationType } from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

export async function hello(name: string): Promise<string> {
  return await greet(name);
}

export async function cancelsTimerLater(): Promise<string> {
  const scope = new CancellationScope();
  const sleeping = scope.run(() => sleep('1 hour'));
  sleeping.catch(() => undefined);
  await sleep(1);
  scope.cancel();
  try {
    await sleeping;
    return 'slept';
  } catch (error) {
    return error instanceof CancelledFailure ? 'cancelled' : String(error);
  }
}

export async function cancelsAtOnce(): Promise<string> {
  const scope = new CancellationScope();
  const both = scope.run(() => Promise.all([sleep('1 hour'), greet('nobody')]));
  scope.cancel();
  return await both.then(
    () => 'done',
    (error: unknown) => (isCancellation(error) ? 'cancelled' : String(error)),
  );
}

export async function cancelsActivity(cancellationType: ActivityCancellationType): Promise<string> {
  const activities = proxyActivities<Activities>({ startToCloseTimeout: '1 minute', cancellationType });
  try {
    return await CancellationScope.withTimeout(100, () => activities.greet('slow'));
  } catch (error) {
    return isCancellation(error) ? 'cancelled' : String(error);
  }
}

export async function cleansUp(): Promise<string> {
  try {
    await sleep('1 hour');
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const text = await CancellationScope.nonCancellable(() => greet('clean-up'));
    if (text === 'return') return text;
    throw error;
  }
  return 'not cancelled';
}

/** Every branch of a tree of scopes sees its own scope, through awaits that interleave. */
export async function nestedScopes(): Promise<string[]> {
  const seen: string[] = [];
  const names = new Map<CancellationScope, string>([[CancellationScope.current(), 'root']]);
  const note = (where: string) =>
    seen.push(`${where}: ${names.get(CancellationScope.current()) ?? 'unknown'}`);
  const branch = async (name: string, inner?: () => Promise<void>): Promise<void> => {
    const scope = new CancellationScope();
    names.set(scope, name);
    await scope.run(async () => {
      await sleep(1);
      note(`${name} after sleep`);
      await inner?.();
      await Promise.resolve();
      note(`${name} at end`);
    });
  };
  const plain = (async () => {
    await sleep(1);
    note('plain');
  })();
  await Promise.all([branch('a', () => branch('a.a')), branch('b'), plain]);
  note('main');
  return seen;
}

export async function scopeTree(): Promise<string[]> {
  const seen: string[] = [];
  const watch = (name: string, promise: Promise<unknown>) =>
    promise.then(
      () => seen.push(`${name} done`),
      () => seen.push(`${name} cancelled`),
    );
  const outer = new CancellationScope();
  const running = outer.run(async () => {
    await Promise.all([
      watch('outer', sleep(1_000)),
      CancellationScope.cancellable(() => watch('inner', sleep(2_000))),
      CancellationScope.nonCancellable(async () => {
        CancellationScope.current().cancelRequested.catch(() => seen.push('shielded was told'));
        await watch('shielded', sleep(3_000));
        await CancellationScope.cancellable(() => watch('in shielded', sleep(4_000)));
      }),
    ]);
  });
  await sleep(1);
  outer.cancel();
  await running;
  return seen;
}
