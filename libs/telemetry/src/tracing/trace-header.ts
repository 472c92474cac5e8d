import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { PayloadEncoding } from '@tidewheel/core';
import type { PayloadMap } from '@tidewheel/core';

/** Name of the header field with the context of a trace; it and its form are those of Temporal's SDKs: fleets may mix. */
const TRACE_HEADER = '_tracer-data';
const METADATA = { encoding: Buffer.from(PayloadEncoding.json) };

/** The header with the context in it, as the registered propagator writes it: W3C's unless told otherwise. */
export function withTraceContext(header: PayloadMap | undefined, context: Context): PayloadMap {
  const carrier: Record<string, string> = {};
  propagation.inject(context, carrier);
  return {
    ...header,
    [TRACE_HEADER]: {
      metadata: METADATA,
      data: Buffer.from(JSON.stringify(carrier)),
    },
  };
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
    const carrier: unknown = JSON.parse(
      Buffer.from(payload.data.buffer, payload.data.byteOffset, payload.data.byteLength).toString(),
    );
    return propagation.extract(ROOT_CONTEXT, carrier);
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
