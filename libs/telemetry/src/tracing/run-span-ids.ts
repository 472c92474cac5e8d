import type { Span } from '@opentelemetry/api';
import { createHash, randomBytes } from 'node:crypto';

interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

let planned: SpanIds | undefined;

/**
 * Random ids of traces and spans, except for spans of runs: every worker that comes to a run gives its span the same
 * ids, so that what belongs to the run hangs on one span, whichever workers did its tasks.
 *
 * Give it to the OpenTelemetry SDK as its `idGenerator`. With another generator, what a run does hangs on the span of
 * who started the run, beside the span of the run.
 */
export class RunSpanIds {
  generateTraceId = (): string => planned?.traceId ?? randomBytes(TRACE_ID_BYTES).toString('hex');
  generateSpanId = (): string => planned?.spanId ?? randomBytes(SPAN_ID_BYTES).toString('hex');
}

/**
 * Starts the span of a run under the ids that follow from the run's id.
 *
 * @param start starts the span at once, with the OpenTelemetry API
 * @returns the span, and whether it has these ids
 */
export function startWithRunIds(
  runId: string,
  start: () => Span,
): { readonly span: Span; readonly hasRunIds: boolean } {
  const hash = createHash('sha256').update(runId).digest('hex');
  const spanId = hash.slice(0, 2 * SPAN_ID_BYTES);
  planned = { traceId: hash.slice(-2 * TRACE_ID_BYTES), spanId };
  try {
    const span = start();
    return { span, hasRunIds: span.spanContext().spanId === spanId };
  } finally {
    planned = undefined;
  }
}
