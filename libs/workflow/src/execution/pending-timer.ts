import type { CancelledFailure } from '@tidewheel/common';
import type { CancellationListener, CancellationScope } from '../cancellation-scope.js';
import type { Execution } from './execution.js';

/** A timer that was started and has neither fired nor been cancelled. */
export class PendingTimer implements CancellationListener {
  /** Set when the history says that it fired, although the workflow has not come to it yet. */
  isFiring = false;
  private readonly startedIn: number;

  constructor(
    private readonly execution: Execution,
    private readonly scope: CancellationScope,
    readonly timerId: string,
    private readonly onFired: () => void,
    private readonly onCancelled: (error: CancelledFailure) => void,
  ) {
    this.startedIn = execution.activationCount;
  }

  /** The history says that the time is over. */
  fire(): void {
    this.settle();
    this.onFired();
  }

  /** Cancels it without telling whoever waits for it. */
  cancel(): void {
    if (!this.execution.timers.has(this.timerId)) return;
    this.settle();
    if (this.isFiring) return;
    if (this.startedIn === this.execution.activationCount) {
      // Nobody outside knows of it yet, so nobody has to.
      this.execution.dropCommand('StartTimer', ({ timerId }) => timerId === this.timerId);
    } else {
      this.execution.addCommand({ commandType: 'CancelTimer', attributes: { timerId: this.timerId } });
    }
  }

  scopeCancelled(error: CancelledFailure): void {
    this.cancel();
    this.onCancelled(error);
  }

  private settle(): void {
    this.execution.timers.delete(this.timerId);
    this.scope.removeListener(this);
  }
}

/**
 * Starts a durable timer in a scope.
 *
 * @param durationMs at least 1 is taken
 * @returns undefined when the scope is cancelled already; `onCancelled` was called then
 */
export function startTimer(
  execution: Execution,
  scope: CancellationScope,
  durationMs: number,
  onFired: () => void,
  onCancelled: (error: CancelledFailure) => void,
): PendingTimer | undefined {
  if (scope.consideredCancelled && scope.cancellation) {
    onCancelled(scope.cancellation);
    return undefined;
  }
  const timerId = String(execution.nextTimerNumber++);
  const timer = new PendingTimer(execution, scope, timerId, onFired, onCancelled);
  execution.timers.set(timerId, timer);
  if (scope.cancellable) scope.addListener(timer);
  execution.addCommand({
    commandType: 'StartTimer',
    attributes: { timerId, startToFireTimeoutMs: Math.max(1, durationMs) },
  });
  return timer;
}
