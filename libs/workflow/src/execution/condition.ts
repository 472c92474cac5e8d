import type { CancelledFailure } from '@tidewheel/common';
import type { CancellationListener, CancellationScope } from '../cancellation-scope.js';
import type { Execution } from './execution.js';
import { startTimer } from './pending-timer.js';
import type { PendingTimer } from './pending-timer.js';

/** A condition that was not true when it was last looked at. */
export class PendingCondition implements CancellationListener {
  private timer: PendingTimer | undefined;

  constructor(
    private readonly execution: Execution,
    private readonly scope: CancellationScope,
    private readonly isTrue: () => boolean,
    private readonly resolve: (held: boolean) => void,
    private readonly reject: (error: Error) => void,
    timeoutMs: number | undefined,
  ) {
    execution.conditions.add(this);
    if (scope.cancellable) scope.addListener(this);
    if (timeoutMs !== undefined) {
      this.timer = startTimer(
        execution,
        scope,
        timeoutMs,
        () => this.settle(false),
        () => undefined,
      );
    }
  }

  /** Looks again; says whether somebody may go on now. */
  check(): boolean {
    try {
      if (!this.isTrue()) return false;
    } catch (error) {
      this.forget();
      this.reject(error as Error);
      return true;
    }
    this.settle(true);
    return true;
  }

  scopeCancelled(error: CancelledFailure): void {
    this.forget();
    this.reject(error);
  }

  private settle(held: boolean): void {
    this.forget();
    this.resolve(held);
  }

  private forget(): void {
    this.execution.conditions.delete(this);
    this.scope.removeListener(this);
    this.timer?.cancel();
  }
}
