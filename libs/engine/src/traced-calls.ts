import type { PayloadMap } from '@tidewheel/core';
import { SPANS, tracedCall, withTraceContextOf } from '@tidewheel/telemetry/instrumentation';
import type { EngineContext } from './engine-context.js';
import { queryWorkflow } from './query-workflow.js';
import { signalWorkflow } from './record-event.js';
import type {
  ExecutionAddress,
  QueryWorkflowRequest,
  SignalWithStartRequest,
  SignalWorkflowRequest,
  StartWorkflowRequest,
} from './requests.js';
import { signalWithStart } from './signal-with-start.js';
import { startWorkflow } from './start-workflow.js';

/** Starts a workflow within a span that goes on in the run. */
export function startTraced(context: EngineContext, request: StartWorkflowRequest) {
  const call = { ...about(request), span: SPANS.startWorkflow, subject: request.workflowType };
  return tracedCall(call, (header) => startWorkflow(context, { ...request, header }));
}

/** Signals and perhaps starts a workflow within a span that goes on in both. */
export function signalWithStartTraced(context: EngineContext, request: SignalWithStartRequest) {
  const call = { ...about(request), span: SPANS.signalWithStart, subject: request.workflowType };
  return tracedCall(call, (header) => {
    const signalHeader = withTraceContextOf(header, request.signalHeader);
    return signalWithStart(context, { ...request, header, signalHeader });
  });
}

/** Signals a workflow within a span that goes on in what handles the signal. */
export function signalTraced(context: EngineContext, request: SignalWorkflowRequest) {
  const call = { ...about(request), span: SPANS.signalWorkflow, subject: request.signalName };
  return tracedCall(call, (header) => signalWorkflow(context, { ...request, header }));
}

/** Queries a workflow within a span. */
export function queryTraced(context: EngineContext, request: QueryWorkflowRequest) {
  const call = { ...about(request), span: SPANS.queryWorkflow, subject: request.queryType };
  return tracedCall(call, (header) => queryWorkflow(context, { ...request, header }));
}

/** Which execution a call is about, and what came along for its trace. */
function about({
  namespace,
  workflowId,
  header,
}: ExecutionAddress & { readonly header?: PayloadMap | undefined }) {
  return { namespace, workflowId, header };
}
