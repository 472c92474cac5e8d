import { propagation, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Span } from '@opentelemetry/api';
import { PayloadEncoding } from '@tidewheel/core';
import type { PayloadMap } from '@tidewheel/core';
import { isPlainW3c } from './tracer.js';

/** Name of the header field with the context of a trace; it and its form are those of Temporal's SDKs: fleets may mix. */
const TRACE_HEADER = '_tracer-data';
const METADATA = { encoding: Buffer.from(PayloadEncoding.json) };

/** The carrier as it nearly always is. Ids of zeros are none, and the propagator says so. */
const PLAIN_CARRIER = /^\{"traceparent":"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-0([01])"\}$/;
const NO_MATCH: readonly undefined[] = [];

/**
 * The header with the context of a span in it, as the registered propagator writes it: W3C's unless told otherwise.
 *
 * @param parent the context that the span was started in
 */
export function withTraceContext(header: PayloadMap | undefined, parent: Context, span: Span): PayloadMap {
  return { ...header, [TRACE_HEADER]: { metadata: METADATA, data: Buffer.from(carrierOf(parent, span)) } };
}

function carrierOf(parent: Context, span: Span): string {
  if (isPlainW3c()) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    if (!traceState && !propagation.getBaggage(parent))
      return `{"traceparent":"00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}"}`;
  }
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(parent, span), carrier);
  return JSON.stringify(carrier);
}

/** Whether the author of a header has put the context of a trace into it. */
export function hasTraceContext(header: PayloadMap | undefined): boolean {
  return header?.[TRACE_HEADER] !== undefined;
}

/** The context in a header; the empty one when there is none that can be read. */
export function traceContextOf(header: PayloadMap | undefined): Context {
  const payload = header?.[TRACE_HEADER];
  if (!payload) return ROOT_CONTEXT;
  try {
    const text = Buffer.from(
      payload.data.buffer,
      payload.data.byteOffset,
      payload.data.byteLength,
    ).toString();
    const [, traceId, spanId, flags] = (isPlainW3c() && PLAIN_CARRIER.exec(text)) || NO_MATCH;
    if (traceId && spanId) {
      const traceFlags = flags === '1' ? TraceFlags.SAMPLED : TraceFlags.NONE;
      return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
    }
    return propagation.extract(ROOT_CONTEXT, JSON.parse(text) as unknown);
  } catch {
    // Somebody else's header, or an encrypted one: the trace ends here, the work goes on.
    return ROOT_CONTEXT;
  }
}

/** `to`, with the context that is in `from`, unless it has one itself or there is none. */
export function withTraceContextOf(
  from: PayloadMap | undefined,
  to: PayloadMap | undefined,
): PayloadMap | undefined {
  const payload = from?.[TRACE_HEADER];
  return payload ? { [TRACE_HEADER]: payload, ...to } : to;
}
