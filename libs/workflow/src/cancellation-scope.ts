import type { Duration } from '@tidewheel/core';
import { durationToMs } from '@tidewheel/core';
import { CancelledFailure } from '@tidewheel/common';
import { asyncContext } from './execution/async-context.js';
import { currentExecution, mutableExecution } from './execution/current-execution.js';
import { startTimer } from './execution/pending-timer.js';

/** Learns that the scope it was added to is cancelled. */
export interface CancellationListener {
  scopeCancelled(error: CancelledFailure): void;
}

/** What a {@link CancellationScope} is made of. */
export interface CancellationScopeOptions {
  /** Whether what runs in the scope is cancelled with it, and with its parent. */
  cancellable: boolean;
  /** Cancels the scope this long after `run`. */
  timeout?: Duration;
  /** Default: the scope of the calling code. `null` makes a root. */
  parent?: CancellationScope | null;
}

/**
 * Groups pending operations so that they can be cancelled together, or shielded from cancellation.
 *
 * Scopes form a tree. Cancelling a scope cancels its operations and its cancellable child scopes; a non-cancellable
 * child, and everything in it, goes on. The root is cancelled by a request to cancel the workflow.
 *
 * @example
 * ```ts
 * await CancellationScope.withTimeout('1 minute', () => fetchReport()); // rejects with CancelledFailure after a minute
 * await CancellationScope.nonCancellable(() => cleanUp());
 * ```
 */
export class CancellationScope {
  readonly cancellable: boolean;
  /** Milliseconds after `run` at which the scope cancels itself. */
  readonly timeout?: number;
  private readonly parent: CancellationScope | undefined;
  private own: CancelledFailure | undefined;
  private listeners: Set<CancellationListener> | undefined;
  private requestedPromise: Promise<never> | undefined;

  constructor(options: CancellationScopeOptions = { cancellable: true }) {
    this.cancellable = options.cancellable;
    if (options.timeout !== undefined) this.timeout = durationToMs(options.timeout);
    this.parent = options.parent === null ? undefined : (options.parent ?? CancellationScope.current());
  }

  /** The scope that the calling code runs in; the workflow's root scope when it runs in no other. */
  static current(): CancellationScope {
    const execution = currentExecution('CancellationScope.current()');
    if (!execution.usesScopes) return execution.rootScope;
    return (asyncContext().get() as CancellationScope | undefined) ?? execution.rootScope;
  }

  /** Runs `fn` in a new scope that can be cancelled. */
  static cancellable<T>(fn: () => Promise<T>): Promise<T> {
    return new this({ cancellable: true }).run(fn);
  }

  /** Runs `fn` in a new scope that ignores the cancellation of its parents: for cleaning up. */
  static nonCancellable<T>(fn: () => Promise<T>): Promise<T> {
    return new this({ cancellable: false }).run(fn);
  }

  /** Runs `fn` in a new scope that is cancelled when `fn` has not finished in time. */
  static withTimeout<T>(timeout: Duration, fn: () => Promise<T>): Promise<T> {
    return new this({ cancellable: true, timeout }).run(fn);
  }

  /** Runs `fn` in this scope. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    const execution = mutableExecution('CancellationScope.run()');
    execution.usesScopes = true;
    return asyncContext().run(this, () => this.invoke(fn));
  }

  /** Cancels what runs in this scope and its cancellable children. Does nothing the second time. */
  cancel(): void {
    this.cancelWith(new CancelledFailure('Cancellation scope cancelled'));
  }

  /** Whether pending operations of this scope are cancelled: a non-cancellable scope's never are. */
  get consideredCancelled(): boolean {
    return this.cancellable && this.cancellation !== undefined;
  }

  /** Rejects when this scope, or one it inherits cancellation from, is cancelled; also in a non-cancellable scope. */
  get cancelRequested(): Promise<never> {
    this.requestedPromise ??= this.makeRequestedPromise();
    return this.requestedPromise;
  }

  /** Why the scope is cancelled, by itself or by inheritance; undefined when it is not. */
  get cancellation(): CancelledFailure | undefined {
    return this.own ?? (this.inherits() ? this.parent?.cancellation : undefined);
  }

  /** @internal */
  cancelWith(error: CancelledFailure): void {
    if (this.own) return;
    this.own = error;
    if (this.listeners && this.inherits()) this.parent?.removeListener(this);
    this.scopeCancelled(error);
  }

  /** @internal A parent was cancelled, or this scope itself. */
  scopeCancelled(error: CancelledFailure): void {
    const listeners = this.listeners;
    this.listeners = undefined;
    if (listeners) for (const listener of listeners) listener.scopeCancelled(error);
  }

  /** @internal Scopes listen to their parents only while somebody listens to them, so that finished ones can be freed. */
  addListener(listener: CancellationListener): void {
    if (!this.listeners) {
      this.listeners = new Set();
      if (this.inherits()) this.parent?.addListener(this);
    }
    this.listeners.add(listener);
  }

  /** @internal */
  removeListener(listener: CancellationListener): void {
    if (!this.listeners?.delete(listener) || this.listeners.size > 0) return;
    this.listeners = undefined;
    if (this.inherits()) this.parent?.removeListener(this);
  }

  /** What is cancellable does not notice its parents through one that is not. */
  private inherits(): boolean {
    return this.parent !== undefined && (this.parent.cancellable || !this.cancellable);
  }

  private async invoke<T>(fn: () => Promise<T>): Promise<T> {
    if (this.timeout === undefined) return fn();
    const execution = mutableExecution('CancellationScope.run()');
    const ignore = () => undefined;
    const timer = startTimer(execution, this, this.timeout, () => this.cancel(), ignore);
    try {
      return await fn();
    } finally {
      timer?.cancel();
    }
  }

  private makeRequestedPromise(): Promise<never> {
    const promise = new Promise<never>((_resolve, reject) => {
      const error = this.cancellation;
      if (error) reject(error);
      else this.addListener({ scopeCancelled: reject });
    });
    // Nobody has to look at it.
    promise.catch(() => undefined);
    return promise;
  }
}
