import { context } from '@opentelemetry/api';
import type { PayloadMap } from '@tidewheel/core';
import type { SpanDefinition } from '../span-catalog.js';
import { hasTraceContext, withTraceContext } from './trace-header.js';
import { errorTypeOf, leadsSomewhere, markFailed, startSpan } from './tracer.js';

/** What a call to a workflow is about. */
interface TracedCall {
  readonly span: SpanDefinition;
  /** Type of the workflow or query, or name of the signal. */
  readonly subject: string;
  readonly namespace: string;
  readonly workflowId: string;
  /** What the caller gave. */
  readonly header: PayloadMap | undefined;
}

/**
 * Makes a call to a workflow within a span, whose context the header carries on to the worker. A caller who has put a
 * context into the header traces the call itself; without a tracer nothing happens but the call.
 *
 * @param call gets the header to send
 */
export async function tracedCall<T>(
  { span: definition, subject, namespace, workflowId, header }: TracedCall,
  call: (header: PayloadMap | undefined) => Promise<T>,
): Promise<T> {
  if (hasTraceContext(header)) return call(header);
  const parent = context.active();
  const attributes = { 'tidewheel.namespace': namespace, 'tidewheel.workflow_id': workflowId };
  const span = startSpan(definition, subject, { parent, attributes });
  if (!leadsSomewhere(span)) return call(header);
  try {
    return await call(withTraceContext(header, parent, span));
  } catch (error) {
    markFailed(span, errorTypeOf(error));
    throw error;
  } finally {
    span.end();
  }
}
