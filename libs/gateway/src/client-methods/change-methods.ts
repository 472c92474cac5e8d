import { WorkflowNotFoundError } from '@tidewheel/core';
import type { Engine, ExecutionAddress } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { payloadMapFromProto, payloadsFromProto } from '../convert/payload.js';
import { workflowCompleted } from '../errors.js';
import type { GatewayContext } from '../gateway-context.js';
import { executionAddress, given, requireText } from './request-fields.js';

/** Signals, asking or forcing an execution to end, and deleting it. */
export function changeMethods({ engine }: GatewayContext): MethodTable {
  return {
    async SignalWorkflowExecution(request) {
      const address = executionAddress(request.namespace, request.workflowExecution);
      await ofRunning(engine, address, () =>
        engine.signalWorkflow({
          ...address,
          signalName: requireText('signal_name', request.signalName),
          input: payloadsFromProto(request.input),
          header: payloadMapFromProto(request.header?.fields),
          identity: given(request.identity),
          requestId: given(request.requestId),
        }),
      );
      return {};
    },

    async RequestCancelWorkflowExecution(request) {
      const address = executionAddress(request.namespace, request.workflowExecution);
      await engine.requestCancelWorkflow({
        ...ofChain(address, request.firstExecutionRunId),
        reason: given(request.reason),
        identity: given(request.identity),
        requestId: given(request.requestId),
      });
      return {};
    },

    async TerminateWorkflowExecution(request) {
      const address = ofChain(
        executionAddress(request.namespace, request.workflowExecution),
        request.firstExecutionRunId,
      );
      await ofRunning(engine, address, () =>
        engine.terminateWorkflow({
          ...address,
          reason: given(request.reason),
          ...(request.details && { details: payloadsFromProto(request.details) }),
          identity: given(request.identity),
        }),
      );
      return {};
    },

    async DeleteWorkflowExecution(request) {
      await engine.deleteWorkflow(executionAddress(request.namespace, request.workflowExecution));
      return {};
    },
  };
}

/** Every chain has one run, so its first run is the one that is meant. */
function ofChain(
  address: ExecutionAddress,
  firstExecutionRunId: string | null | undefined,
): ExecutionAddress {
  return { ...address, runId: address.runId ?? given(firstExecutionRunId) };
}

/** Does what only a running execution accepts. Clients tell one that is closed from one that never was. */
async function ofRunning(
  engine: Engine,
  address: ExecutionAddress,
  change: () => Promise<void>,
): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    // Throws as well when there is no such execution.
    await engine.describeWorkflow(address);
    throw workflowCompleted();
  }
}
