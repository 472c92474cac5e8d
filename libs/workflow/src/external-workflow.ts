import { defaultPayloadConverter, toPayloads } from '@tidewheel/common';
import type { SignalDefinition } from '@tidewheel/common';
import { CancellationScope } from './cancellation-scope.js';
import { mutableExecution } from './execution/current-execution.js';
import { PendingExternalRequest } from './execution/pending-external-request.js';
import type { ExternalRequestCommand } from './execution/pending-external-request.js';

/** Another workflow execution, by its id. */
export interface ExternalWorkflowHandle {
  readonly workflowId: string;
  /** Absent: whichever run is current when a request arrives. */
  readonly runId?: string;
  /** Signals it; rejects with {@link ApplicationFailure} when it does not run. */
  signal<Args extends unknown[] = []>(
    definition: SignalDefinition<Args> | string,
    ...args: Args
  ): Promise<void>;
  /** Asks it to cancel itself; rejects with {@link ApplicationFailure} when it does not run. */
  cancel(): Promise<void>;
}

/** A handle through which a workflow signals or cancels another one, which must be of the same namespace. */
export function getExternalWorkflowHandle(workflowId: string, runId?: string): ExternalWorkflowHandle {
  mutableExecution('getExternalWorkflowHandle()');
  const workflowExecution = { workflowId, ...(runId !== undefined && { runId }) };
  return {
    ...workflowExecution,
    signal(definition, ...args) {
      const signalName = typeof definition === 'string' ? definition : definition.name;
      const input = toPayloads(defaultPayloadConverter, args);
      return request({
        commandType: 'SignalExternalWorkflowExecution',
        attributes: { workflowExecution, signalName, ...(input && { input }) },
      });
    },
    cancel() {
      return request({
        commandType: 'RequestCancelExternalWorkflowExecution',
        attributes: { workflowExecution },
      });
    },
  };
}

function request(command: ExternalRequestCommand): Promise<void> {
  const execution = mutableExecution('A request to another workflow');
  const scope = CancellationScope.current();
  return new Promise((resolve, reject) => {
    if (scope.consideredCancelled && scope.cancellation) reject(scope.cancellation);
    else new PendingExternalRequest(execution, scope, command, resolve, reject);
  });
}
