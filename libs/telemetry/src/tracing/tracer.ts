import {
  INVALID_TRACEID,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Attributes, Context, Link, Span, Tracer, TracerProvider } from '@opentelemetry/api';
import type { SpanDefinition } from '../span-catalog.js';

const TRACER_NAME = 'tidewheel';
const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** What {@link startSpan} is told beside what the span is about. */
interface SpanStart {
  /** The span's parent is the one in it. */
  readonly parent: Context;
  readonly attributes: Attributes;
  /** Milliseconds since the epoch; now when left out. */
  readonly startMs?: number;
  readonly links?: Link[];
}

/** Starts a span of the catalogue with the tracer that is registered with the OpenTelemetry API. */
export function startSpan(definition: SpanDefinition, subject: string, start: SpanStart): Span {
  const { parent, attributes, startMs, links } = start;
  const { kind, name } = definition;
  return tracer().startSpan(
    `${name}:${subject}`,
    {
      kind: KINDS[kind],
      attributes,
      ...(startMs !== undefined && { startTime: startMs }),
      ...(links && { links }),
    },
    parent,
  );
}

/** The tracer of the provider that is registered, which is looked up only when that has changed. */
let current: { readonly provider: TracerProvider; readonly tracer: Tracer } | undefined;
let chosen: Tracer | undefined;
const W3C_FIELDS: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'baggage']);
let chosenIsW3c = false;

/**
 * Makes Tidewheel's spans with this tracer instead of that of the provider that is registered with the OpenTelemetry
 * API; undefined: no longer. The propagator is registered already, and stays as it is.
 */
export function traceWith(tracer: Tracer | undefined): void {
  chosen = tracer;
  const fields = propagation.fields();
  chosenIsW3c =
    tracer !== undefined && fields.includes('traceparent') && fields.every((field) => W3C_FIELDS.has(field));
}

/** Whether it is known that contexts travel as W3C's `traceparent`, with what else there may be beside it. */
export function isPlainW3c(): boolean {
  return chosenIsW3c;
}

function tracer(): Tracer {
  if (chosen) return chosen;
  const provider = trace.getTracerProvider();
  if (current?.provider !== provider) current = { provider, tracer: provider.getTracer(TRACER_NAME) };
  return current.tracer;
}

/** Whether a span leads anywhere: none does as long as no tracer is registered with the OpenTelemetry API. */
export function leadsSomewhere(span: Span): boolean {
  return span.spanContext().traceId !== INVALID_TRACEID;
}

/** Whether spans lead anywhere. */
export function isTracingOn(): boolean {
  return leadsSomewhere(tracer().startSpan('probe', {}, ROOT_CONTEXT));
}

/** Marks a span as failed. The message of an error is left out: it may quote values of the application. */
export function markFailed(span: Span, errorType: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', errorType);
}

/** The class of an error, or the type that an application gave it. */
export function errorTypeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'type' in error && typeof error.type === 'string' ? error.type : error.name;
}
