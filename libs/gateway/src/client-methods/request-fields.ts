import { status } from '@grpc/grpc-js';
import type { ExecutionAddress } from '@tidewheel/engine';
import { GatewayError, invalidArgument } from '../errors.js';
import type { P } from '../proto.js';

/** Text of a request; what is empty on the wire was not given. */
export function given(text: string | null | undefined): string | undefined {
  return text ? text : undefined;
}

/** Text that a request cannot do without. @throws GatewayError INVALID_ARGUMENT naming the field */
export function requireText(field: string, text: string | null | undefined): string {
  if (!text) throw invalidArgument(field, 'must be set');
  return text;
}

/** The execution that a request is about: its current run, unless one is given. */
export function executionAddress(
  namespace: string | null | undefined,
  execution: P.WorkflowExecution | null | undefined,
  field = 'workflow_execution',
): ExecutionAddress {
  return {
    namespace: requireText('namespace', namespace),
    workflowId: requireText(`${field}.workflow_id`, execution?.workflowId),
    runId: given(execution?.runId),
  };
}

/** @throws GatewayError UNIMPLEMENTED when a request asks for what the engine does not have */
export function refuseUnsupported(features: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(features)) {
    if (!value || (Array.isArray(value) && value.length === 0)) continue;
    throw new GatewayError(status.UNIMPLEMENTED, `${field}: is not supported`);
  }
}
