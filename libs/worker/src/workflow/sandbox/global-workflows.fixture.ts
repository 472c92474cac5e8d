// Workflows for the tests of the globals of workflow code; bundled, not imported.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  inWorkflowContext,
  proxyActivities,
  sleep,
  uuid4,
  workflowInfo,
} from '@tidewheel/workflow';

interface Activities {
  greet(name: string): Promise<string>;
}

const { greet } = proxyActivities<Activities>({ startToCloseTimeout: '1 minute' });

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

/** Names of the objects handed to workflow code that lead out of its realm. */
export async function leaks(arg: object): Promise<string[]> {
  const found: string[] = [];
  const seen = new Set<unknown>();
  const check = (name: string, value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      return;
    seen.add(value);
    if (!(value instanceof Object) && Object.getPrototypeOf(value) !== null) found.push(name);
    for (const key of Reflect.ownKeys(value)) {
      const { value: inner, get, set } = Object.getOwnPropertyDescriptor(value, key) ?? {};
      for (const each of [inner, get, set]) check(`${name}.${String(key)}`, each);
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype) check(`${name}.__proto__`, prototype);
  };
  const failure = await greet('x').catch((error: unknown) => error);
  check('failure', failure);
  check('arg', arg);
  check('info', workflowInfo());
  check('url', new URL('https://example.org/?a=1'));
  check('params', [...new URL('https://example.org/?a=1').searchParams]);
  check('bytes', new TextEncoder().encode('ü'.repeat(500)));
  check('scope', CancellationScope.current());
  check(
    'error',
    attempt(() => new URL('nonsense')),
  );
  check(
    'decoding',
    attempt(() => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff]))),
  );
  check(
    'cloning',
    attempt(() => structuredClone(() => 1)),
  );
  check(
    'this',
    (function (this: unknown) {
      return this;
    })(),
  );
  await CancellationScope.cancellable(async () => {
    check('inner scope', CancellationScope.current());
    await Promise.resolve();
  });
  return found;
}

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
