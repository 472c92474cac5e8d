import { isSpanContextValid, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Link, Span } from '@opentelemetry/api';
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
  return trace.getTracer(TRACER_NAME).startSpan(
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

/** Whether spans lead anywhere: false as long as no tracer is registered with the OpenTelemetry API. */
export function isTracingOn(): boolean {
  const probe = trace.getTracer(TRACER_NAME).startSpan('probe', {}, ROOT_CONTEXT);
  return isSpanContextValid(probe.spanContext());
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
