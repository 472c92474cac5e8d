import { CancellationScope } from './cancellation-scope.js';

/**
 * A promise that is settled from outside, for example by a signal handler. It rejects when its scope is cancelled.
 *
 * @example
 * ```ts
 * const approved = new Trigger<string>();
 * setHandler(approve, (approver) => approved.resolve(approver));
 * const approver = await approved;
 * ```
 */
export class Trigger<T> implements PromiseLike<T> {
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason?: unknown) => void;
  private readonly promise: Promise<T>;

  constructor() {
    const scope = CancellationScope.current();
    let resolve!: (value: T | PromiseLike<T>) => void;
    let reject!: (reason?: unknown) => void;
    this.promise = new Promise<T>((resolvePromise, rejectPromise) => {
      resolve = resolvePromise;
      reject = rejectPromise;
    });
    const listener = { scopeCancelled: reject };
    if (scope.consideredCancelled) reject(scope.cancellation);
    else if (scope.cancellable) scope.addListener(listener);
    this.resolve = (value) => {
      scope.removeListener(listener);
      resolve(value);
    };
    this.reject = (reason) => {
      scope.removeListener(listener);
      reject(reason);
    };
    // Whoever waits for it learns of a rejection; nobody has to wait.
    this.promise.catch(() => undefined);
  }

  then<R1 = T, R2 = never>(
    onFulfilled?: ((value: T) => R1 | PromiseLike<R1>) | null,
    onRejected?: ((reason: unknown) => R2 | PromiseLike<R2>) | null,
  ): Promise<R1 | R2> {
    return this.promise.then(onFulfilled, onRejected);
  }
}
