import { encodeEventBody } from '@tidewheel/codec';
import { InvalidArgumentError } from '@tidewheel/core';
import { randomUUID } from 'node:crypto';
import type { EngineContext } from './engine-context.js';
import { deliverEvent } from './record-event.js';
import { checkPayloadMap, checkPayloads, requireIdentifier } from './request-checks.js';
import type { SignalWithStartRequest, StartWorkflowResponse } from './requests.js';
import { checkStart, startOrUse } from './start-workflow.js';

/**
 * Signals the id's running execution, or starts one that has the signal behind its first event: one or the other, and
 * each of them whole. One that closes meanwhile is not signalled; then another is started, as the reuse policy says.
 *
 * @throws WorkflowExecutionAlreadyStartedError when the id's last run is closed and its id may not be used again
 * @throws BusyWorkflowError, LimitExceededError, NamespaceNotFoundError, InvalidArgumentError
 */
export async function signalWithStart(
  context: EngineContext,
  request: SignalWithStartRequest,
): Promise<StartWorkflowResponse> {
  checkStart(request);
  requireIdentifier('signalName', request.signalName);
  if (request.signalRequestId !== undefined) requireIdentifier('signalRequestId', request.signalRequestId);
  checkPayloads('signalInput', request.signalInput);
  checkPayloadMap('signalHeader', request.signalHeader);
  const onConflict = request.workflowIdConflictPolicy ?? 'USE_EXISTING';
  if (onConflict === 'FAIL') {
    throw new InvalidArgumentError(
      'workflowIdConflictPolicy',
      'FAIL cannot go with a signal: a running execution gets it',
    );
  }
  const givenRequestId = request.signalRequestId ?? request.requestId;
  const requestId = givenRequestId ?? randomUUID();
  const body = encodeEventBody('WorkflowExecutionSignaled', {
    signalName: request.signalName,
    identity: request.identity ?? context.identity,
    ...(request.signalInput && request.signalInput.length > 0 && { input: request.signalInput }),
    ...(request.signalHeader && { header: request.signalHeader }),
    ...(givenRequestId !== undefined && { requestId }),
  });
  return startOrUse(context, request, {
    onConflict,
    signal: {
      requestId,
      body,
      deliver: (runId) =>
        deliverEvent(
          context,
          { namespace: request.namespace, workflowId: request.workflowId, runId },
          { eventType: 'WorkflowExecutionSignaled', requestId, body },
        ),
    },
  });
}
