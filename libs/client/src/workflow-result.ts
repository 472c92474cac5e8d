import {
  CancelledFailure,
  fromFirstPayload,
  fromPayloads,
  TerminatedFailure,
  TimeoutFailure,
} from '@tidewheel/common';
import type { ExecutionAddress, WorkflowOutcome, WorkflowService } from '@tidewheel/engine';
import { WorkflowContinuedAsNewError, WorkflowFailedError } from './client-errors.js';
import type { LoadedDataConverter } from './data-converter.js';

/**
 * Waits for the end of a run, as long as it takes.
 *
 * @param first the outcome of a wait that has begun already
 * @throws WorkflowFailedError, WorkflowContinuedAsNewError, WorkflowNotFoundError
 */
export async function waitForResult(
  service: WorkflowService,
  address: ExecutionAddress,
  followRuns: boolean,
  converter: LoadedDataConverter,
  first?: Promise<WorkflowOutcome>,
): Promise<unknown> {
  let { runId } = address;
  let waiting = first;
  for (;;) {
    const outcome = await (waiting ?? service.getResult({ ...address, runId }));
    waiting = undefined;
    switch (outcome.status) {
      case 'RUNNING':
      case 'PAUSED':
        // From now on the very run that was found, even when another takes its place.
        runId = outcome.runId;
        break;
      case 'CONTINUED_AS_NEW':
        if (!followRuns) {
          throw new WorkflowContinuedAsNewError('Workflow execution continued as new', outcome.newRunId);
        }
        runId = outcome.newRunId;
        break;
      case 'COMPLETED':
        return fromFirstPayload(converter.payloadConverter, outcome.result);
      default:
        throw failureOf(outcome, converter);
    }
  }
}

type UnsuccessfulOutcome = Extract<
  WorkflowOutcome,
  { status: 'FAILED' | 'CANCELED' | 'TERMINATED' | 'TIMED_OUT' }
>;

function failureOf(
  outcome: UnsuccessfulOutcome,
  { payloadConverter, failureConverter }: LoadedDataConverter,
): WorkflowFailedError {
  switch (outcome.status) {
    case 'FAILED':
      return new WorkflowFailedError(
        'Workflow execution failed',
        failureConverter.failureToError(outcome.failure, payloadConverter),
      );
    case 'CANCELED':
      return new WorkflowFailedError(
        'Workflow execution cancelled',
        new CancelledFailure('Workflow canceled', fromPayloads(payloadConverter, outcome.details)),
      );
    case 'TERMINATED':
      return new WorkflowFailedError(
        outcome.reason || 'Workflow execution terminated',
        new TerminatedFailure(outcome.reason || 'Workflow execution terminated'),
      );
    case 'TIMED_OUT':
      return new WorkflowFailedError(
        'Workflow execution timed out',
        new TimeoutFailure('Workflow execution timed out', undefined, 'START_TO_CLOSE'),
      );
  }
}
