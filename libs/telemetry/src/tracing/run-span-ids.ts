import type { Span } from '@opentelemetry/api';
import { createHash, randomFillSync } from 'node:crypto';

interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Random bytes are fetched many at a time: fetching them costs more than an id may. */
const pool = Buffer.alloc(4_096);
let used = pool.length;
let planned: SpanIds | undefined;

/**
 * Random ids of traces and spans, except for spans of runs: every worker that comes to a run gives its span the same
 * ids, so that what belongs to the run hangs on one span, whichever workers did its tasks.
 *
 * Give it to the OpenTelemetry SDK as its `idGenerator`. With another generator, what a run does hangs on the span of
 * who started the run, beside the span of the run.
 */
export class RunSpanIds {
  generateTraceId = (): string => planned?.traceId ?? randomId(TRACE_ID_BYTES);
  generateSpanId = (): string => planned?.spanId ?? randomId(SPAN_ID_BYTES);
}

/**
 * Starts a span under given ids.
 *
 * @param start starts the span at once, with the OpenTelemetry API
 */
export function startWithIds(ids: SpanIds, start: () => Span): Span {
  planned = ids;
  try {
    return start();
  } finally {
    planned = undefined;
  }
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
  const ids = idsOf(runId);
  const span = startWithIds(ids, start);
  return { span, hasRunIds: span.spanContext().spanId === ids.spanId };
}

/** The engine's run ids are random enough as they are; their second half is that of a span. */
function idsOf(runId: string): SpanIds {
  const traceId = UUID.test(runId)
    ? runId.replaceAll('-', '')
    : createHash('sha256')
        .update(runId)
        .digest('hex')
        .slice(0, 2 * TRACE_ID_BYTES);
  return { traceId, spanId: traceId.slice(-2 * SPAN_ID_BYTES) };
}

function randomId(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
