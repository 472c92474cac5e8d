import type { CommandOf, ExternalFailureCause } from '@tidewheel/core';
import { ApplicationFailure, CancelledFailure } from '@tidewheel/common';
import type { CancellationListener, CancellationScope } from '../cancellation-scope.js';
import type { PendingOperation } from './activation.js';
import type { Execution } from './execution.js';

/** A signal or cancel request to another execution. */
export type ExternalRequestCommand =
  CommandOf<'SignalExternalWorkflowExecution'> | CommandOf<'RequestCancelExternalWorkflowExecution'>;

/** A request to another execution whose outcome is not known yet. */
export class PendingExternalRequest implements PendingOperation, CancellationListener {
  private initiatedEventId = 0;
  private readonly requestedIn: number;

  constructor(
    private readonly execution: Execution,
    private readonly scope: CancellationScope,
    private readonly command: ExternalRequestCommand,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.requestedIn = execution.activationCount;
    if (scope.cancellable) scope.addListener(this);
    execution.addCommand(command, this);
  }

  recorded(eventId: number): void {
    if (this.initiatedEventId !== 0) return;
    this.initiatedEventId = eventId;
    this.execution.externalRequests.set(eventId, this);
  }

  succeed(): void {
    this.settle();
    this.resolve();
  }

  fail(cause: ExternalFailureCause): void {
    this.settle();
    const { workflowExecution } = this.command.attributes;
    const verb = this.command.commandType === 'SignalExternalWorkflowExecution' ? 'signal' : 'cancel';
    const why = REASONS[cause];
    const message = `Unable to ${verb} external workflow "${workflowExecution.workflowId}" because ${why}`;
    this.reject(ApplicationFailure.create({ message, type: cause, nonRetryable: true }));
  }

  /** A request that is on its way cannot be called back; its outcome is waited for. */
  scopeCancelled(error: CancelledFailure): void {
    if (this.requestedIn !== this.execution.activationCount) return;
    this.execution.dropCommand(
      this.command.commandType,
      (attributes) => attributes === this.command.attributes,
    );
    this.settle();
    this.reject(error);
  }

  private settle(): void {
    this.execution.externalRequests.delete(this.initiatedEventId);
    this.scope.removeListener(this);
  }
}

const REASONS: Readonly<Record<ExternalFailureCause, string>> = {
  EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND: 'it was not found',
  SIGNAL_COUNT_LIMIT_EXCEEDED: 'it has received as many signals as it may',
};
