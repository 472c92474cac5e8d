// Workflows that the tests of the sandbox run; bundled, not imported.
import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  defineQuery,
  defineSignal,
  deprecatePatch,
  getExternalWorkflowHandle,
  inWorkflowContext,
  isCancellation,
  log,
  patched,
  proxyActivities,
  setDefaultSignalHandler,
  setHandler,
  sleep,
  Trigger,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

let startsOfThisModule = 0;

export async function hello(name: string): Promise<string> {
  return await greet(name);
}

export async function countsStarts(): Promise<number> {
  startsOfThisModule++;
  (globalThis as { leftBehind?: number }).leftBehind ??= 0;
  await Promise.resolve();
  return startsOfThisModule + ((globalThis as { leftBehind?: number }).leftBehind ?? NaN);
}

export async function parallel(names: string[]): Promise<string[]> {
  return await Promise.all(names.map((name) => greet(name)));
}

export const add = defineSignal<[number]>('add');
export const finish = defineSignal('finish');
export const total = defineQuery<number, [number?]>('total');

export async function sums(): Promise<number> {
  let sum = 0;
  let done = false;
  await sleep(10);
  setHandler(total, (plus = 0) => sum + plus);
  setHandler(add, (value) => {
    sum += value;
  });
  setHandler(finish, () => {
    done = true;
  });
  await condition(() => done);
  return sum;
}

export async function signalsByDefault(): Promise<unknown[]> {
  const seen: unknown[] = [];
  setDefaultSignalHandler((name, ...args) => {
    seen.push([name, ...args]);
  });
  await condition(() => seen.length >= 2);
  return seen;
}

export async function signalFails(kind: string): Promise<void> {
  setHandler(finish, async () => {
    await Promise.resolve();
    throw kind === 'failure' ? ApplicationFailure.nonRetryable('on purpose') : new Error('by mistake');
  });
  await sleep('1 hour');
}

export async function races(timeoutMs: number): Promise<string> {
  let ready = false;
  setHandler(finish, () => {
    ready = true;
  });
  return (await condition(() => ready, timeoutMs)) ? 'signal' : 'timeout';
}

export async function times(): Promise<unknown> {
  const first = [Date.now(), new Date().toISOString(), Date().length > 10, new Date(0).getTime()];
  await sleep(5);
  return [...first, Date.now(), new Intl.DateTimeFormat('en', { timeZone: 'UTC', year: 'numeric' }).format()];
}

export async function chances(): Promise<unknown> {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return [Math.random(), uuid4(), crypto.randomUUID(), [...bytes], Math.random()];
}

export async function usesTimeouts(): Promise<string[]> {
  const seen: string[] = [];
  setTimeout((text: string) => seen.push(text), 10, 'ten');
  const never = setTimeout(() => seen.push('never'), 5);
  clearTimeout(never);
  await condition(() => seen.length > 0);
  queueMicrotask(() => seen.push('microtask'));
  await condition(() => seen.length > 1);
  return seen;
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

export async function triggered(): Promise<string> {
  const trigger = new Trigger<string>();
  setHandler(finish, () => trigger.resolve('pulled'));
  return await trigger;
}

export async function fails(kind: string): Promise<void> {
  switch (kind) {
    case 'failure':
      throw ApplicationFailure.create({ message: 'on purpose', type: 'Purpose', details: [1, 'two'] });
    case 'error':
      throw new TypeError('by mistake');
    case 'process':
      console.log(process.pid);
      break;
    case 'freeze':
      (Array.prototype as unknown as Record<string, unknown>)['mine'] = 1;
      break;
    case 'eval':
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- refused, which is the point
      new Function('return 1')();
      break;
    case 'unserializable':
      await greet(1n as unknown as string);
      break;
    default:
  }
}

export async function handlesActivityFailure(): Promise<unknown> {
  try {
    return await greet('Ada');
  } catch (error) {
    const { name, message, cause } = error as Error & { cause: Error & { type?: string } };
    return { name, message, cause: cause.message, causeType: cause.type, isError: cause instanceof Error };
  }
}

export async function patches(): Promise<string[]> {
  const seen = [patched('a') ? 'a' : 'no a'];
  await sleep(1);
  seen.push(patched('a') ? 'a' : 'no a', patched('b') ? 'b' : 'no b');
  return seen;
}

export async function deprecates(): Promise<string> {
  deprecatePatch('a');
  await sleep(1);
  return 'done';
}

export async function withoutPatch(): Promise<string> {
  await sleep(1);
  return 'done';
}

export async function signalsOthers(): Promise<string> {
  const handle = getExternalWorkflowHandle('other');
  await handle.signal(add, 5);
  try {
    await handle.cancel();
  } catch (error) {
    return error instanceof ApplicationFailure ? `${error.type}: ${error.message}` : String(error);
  }
  return 'cancelled the other';
}

export async function properties(): Promise<unknown> {
  upsertMemo({ step: 1, gone: null });
  upsertSearchAttributes({ CustomerId: ['c1'] });
  const { memo, searchAttributes } = workflowInfo();
  await Promise.resolve();
  return { memo, searchAttributes };
}

export async function info(): Promise<unknown> {
  await Promise.resolve();
  const { workflowId, runId, workflowType, namespace, taskQueue, attempt, historyLength, startTime } =
    workflowInfo();
  return { workflowId, runId, workflowType, namespace, taskQueue, attempt, historyLength, startTime };
}

export async function logs(): Promise<void> {
  log.info('first', { answer: 42, odd: () => 1 });
  await sleep(1);
  console.warn('second', { a: 1 }, new Error('shown').message);
}

export const changes = defineQuery<unknown>('changes');
export const waits = defineQuery<unknown>('waits');
export const throws = defineQuery<unknown>('throws');

export async function badQueries(): Promise<number> {
  setHandler(changes, () => sleep(1));
  setHandler(waits, async () => {
    await Promise.resolve();
    return Math.random();
  });
  setHandler(throws, () => {
    throw new Error(`no answer ${Math.random()}`);
  });
  await sleep(1);
  return Math.random();
}

export async function globals(): Promise<unknown> {
  await Promise.resolve();
  const absent = ['process', 'require', 'fetch', 'setInterval', 'Atomics', 'SharedArrayBuffer', 'Buffer'];
  const url = new URL('/a?x=1&x=2#h', 'https://example.org:8080');
  url.searchParams.append('y', 'ü');
  url.hash = '';
  class MyError extends Error {
    constructor(message: string) {
      super(message);
      this.name = 'MyError';
    }
  }
  const original = { date: new Date(5), map: new Map([[1, new Set(['x'])]]), bytes: new Uint8Array([1, 2]) };
  const copy = structuredClone(original);
  return {
    absent: absent.filter((name) => name in globalThis),
    frozen: [Object, Array.prototype, Map.prototype, JSON, Promise, sleep, ApplicationFailure.prototype].map(
      (value) => Object.isFrozen(value),
    ),
    href: url.href,
    xs: url.searchParams.getAll('x'),
    error: String(new MyError('m')),
    copied: [
      copy !== original,
      copy.date.getTime(),
      copy.map.get(1)?.has('x'),
      copy.bytes instanceof Uint8Array,
    ],
    text: new TextDecoder().decode(new TextEncoder().encode('grüße 🎉')),
    isIn: inWorkflowContext(),
    date: new Date() instanceof Date && Object.getPrototypeOf(new Date()) === Date.prototype,
    weak: new WeakRef({ a: 1 }).deref()?.a,
  };
}

// eslint-disable-next-line no-restricted-syntax -- a default export is what takes any workflow type
export default async function anything(...args: unknown[]): Promise<unknown> {
  await Promise.resolve();
  return ['default', workflowInfo().workflowType, ...args];
}

/** A small program, so that chance can write workflows. */
export type Program =
  | { readonly op: 'activity'; readonly cancellationType: ActivityCancellationType }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'condition'; readonly signals: number; readonly ms?: number }
  | { readonly op: 'note' }
  | { readonly op: 'patch'; readonly id: string }
  | { readonly op: 'timeout'; readonly ms: number; readonly program: Program }
  | { readonly op: 'shield' | 'scope' | 'try'; readonly program: Program }
  | { readonly op: 'all' | 'race' | 'sequence'; readonly programs: readonly Program[] };

const step = defineSignal<[string]>('step');

export async function interpret(program: Program): Promise<string[]> {
  const trace: string[] = [];
  let signals = 0;
  setHandler(step, async (text) => {
    signals++;
    trace.push(`signal ${text}`);
    if (text === 'greet')
      trace.push(await greet('from a signal').catch((error: unknown) => `failed: ${String(error)}`));
  });
  const all = (programs: readonly Program[]) => programs.map((part) => run(part));
  const run = async (part: Program): Promise<void> => {
    switch (part.op) {
      case 'activity': {
        const { cancellationType } = part;
        const activities = proxyActivities<Activities>({ startToCloseTimeout: '1 minute', cancellationType });
        trace.push(await activities.greet('x'));
        break;
      }
      case 'sleep':
        await sleep(part.ms);
        break;
      case 'condition': {
        const isTrue = () => signals >= part.signals;
        if (part.ms === undefined) await condition(isTrue);
        else trace.push(String(await condition(isTrue, part.ms)));
        break;
      }
      case 'note':
        trace.push(`${Math.random()} ${Date.now()}`);
        break;
      case 'patch':
        trace.push(`${part.id} ${patched(part.id)}`);
        if (patched(part.id)) await sleep(3);
        break;
      case 'timeout':
        await CancellationScope.withTimeout(part.ms, () => run(part.program));
        break;
      case 'shield':
        await CancellationScope.nonCancellable(() => run(part.program));
        break;
      case 'scope':
        await CancellationScope.cancellable(() => run(part.program));
        break;
      case 'try':
        await run(part.program).catch((error: unknown) => trace.push(`caught ${(error as Error).name}`));
        break;
      case 'all':
        await Promise.all(all(part.programs));
        break;
      case 'race':
        await Promise.race([Promise.resolve().then(() => sleep(7)), ...all(part.programs)]);
        break;
      case 'sequence':
        for (const next of part.programs) await run(next);
        break;
    }
    trace.push(part.op);
  };
  await run(program);
  return trace;
}
