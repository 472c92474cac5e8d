import type { Duration } from '@tidewheel/core';
import { durationToMs } from '@tidewheel/core';
import { CancellationScope } from './cancellation-scope.js';
import { PendingCondition } from './execution/condition.js';
import { currentExecution, mutableExecution } from './execution/current-execution.js';
import { startTimer } from './execution/pending-timer.js';

/**
 * Waits by a durable timer, of at least 1 ms. Rejects with {@link CancelledFailure} when its scope is cancelled.
 *
 * @example
 * ```ts
 * await sleep('30 days');
 * ```
 */
export function sleep(duration: Duration): Promise<void> {
  const execution = mutableExecution('sleep()');
  const durationMs = durationToMs(duration);
  const scope = CancellationScope.current();
  return new Promise((resolve, reject) => {
    startTimer(execution, scope, durationMs, resolve, reject);
  });
}

/**
 * Waits until a condition holds, or until a timeout passed: then the answer is false.
 *
 * The condition is looked at after every step of the workflow, so it must be cheap and change nothing.
 */
export function condition(isTrue: () => boolean, timeout: Duration): Promise<boolean>;
export function condition(isTrue: () => boolean): Promise<void>;
export function condition(isTrue: () => boolean, timeout?: Duration): Promise<boolean | void> {
  const execution = mutableExecution('condition()');
  const timeoutMs = timeout === undefined ? undefined : durationToMs(timeout);
  const scope = CancellationScope.current();
  return new Promise((resolve, reject) => {
    if (scope.consideredCancelled && scope.cancellation) {
      reject(scope.cancellation);
    } else if (isTrue()) {
      resolve(timeoutMs === undefined ? undefined : true);
    } else {
      const settle = (held: boolean) => resolve(timeoutMs === undefined ? undefined : held);
      new PendingCondition(execution, scope, isTrue, settle, reject, timeoutMs);
    }
  });
}

/** `setTimeout` of workflow code: a durable timer, whose number it returns. */
export function setWorkflowTimeout(
  callback: (...args: unknown[]) => unknown,
  delayMs?: number,
  ...args: unknown[]
): number {
  const execution = mutableExecution('setTimeout()');
  const timerNumber = execution.nextTimerNumber;
  const fired = new Promise<void>((resolve) => {
    startTimer(
      execution,
      CancellationScope.current(),
      Math.max(0, Number(delayMs) || 0),
      resolve,
      () => undefined,
    );
  });
  // By way of a promise, so that the callback runs in the scope that set the timer.
  fired
    .then(() => callback(...args))
    .catch((error: unknown) => {
      execution.failTask(error);
    });
  return timerNumber;
}

/** `clearTimeout` of workflow code. */
export function clearWorkflowTimeout(timerNumber: unknown): void {
  currentExecution('clearTimeout()').timers.get(String(timerNumber))?.cancel();
}
