/**
 * Follows promise chains: what `run` stores for `fn` is found again in everything that `fn` awaits.
 * The sandbox makes it of Node.js's `AsyncLocalStorage`; following costs time on every promise, so it is switched on
 * only while code of an execution runs that uses it.
 */
export interface AsyncContext {
  /** Runs `fn` with `value` stored, and follows promises from here on. */
  run<R>(value: unknown, fn: () => R): R;
  /** What is stored for the calling code. */
  get(): unknown;
  /** Follows promises again, for an execution that used `run` in an earlier activation. */
  resume(): void;
  /** Follows promises no longer. */
  suspend(): void;
}

let context: AsyncContext | undefined;

/** Gives the realm its means to follow promises. Without, cancellation scopes cannot be used. */
export function setAsyncContext(asyncContext: AsyncContext): void {
  context = asyncContext;
}

/** The realm's means to follow promises. */
export function asyncContext(): AsyncContext {
  if (!context) throw new Error('this workflow realm was set up without an async context');
  return context;
}
