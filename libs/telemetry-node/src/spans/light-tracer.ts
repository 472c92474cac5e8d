import {
  context as contexts,
  INVALID_SPANID,
  INVALID_TRACEID,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
} from '@opentelemetry/api';
import type { Context, Span, SpanContext, SpanOptions, Tracer } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { RunSpanIds, startWithIds } from '@tidewheel/telemetry/instrumentation';
import { LightSpan } from './light-span.js';
import type { SpanFate } from './light-span.js';
import type { EncodableSpan } from './span-encoder.js';

/** What a {@link LightTracer} works with. */
interface LightTracerOptions {
  /** Makes the spans that are more than attributes and a status. */
  readonly full: Tracer;
  /** Says which traces are kept that begin here; those that come from elsewhere are kept when they are kept there. */
  readonly sampler: Sampler;
  /** Gets each recorded span that has ended, unless `full` has made it. */
  readonly ended: (span: EncodableSpan) => void;
}

/** Makes spans like the tracer of the OpenTelemetry SDK whose sampler follows the parent, at a fraction of the cost. */
export class LightTracer implements Tracer {
  private readonly ids = new RunSpanIds();
  private readonly fate: SpanFate;

  constructor(private readonly options: LightTracerOptions) {
    this.fate = { ended: options.ended, restarted: (span) => this.restarted(span) };
  }

  /** @param options their attributes become those of the span, and are not copied */
  startSpan(name: string, options: SpanOptions = {}, context: Context = contexts.active()): Span {
    const { kind = SpanKind.INTERNAL, attributes = {}, links, root, startTime } = options;
    if (links || root || isTracingSuppressed(context))
      return this.options.full.startSpan(name, options, context);
    const given = trace.getSpanContext(context);
    const parent = given && isValid(given) ? given : undefined;
    const spanContext = this.spanContext(name, kind, parent);
    if (!isSampled(spanContext)) return trace.wrapSpanContext(spanContext);
    return new LightSpan(this.fate, name, kind, spanContext, parent, attributes, startTime);
  }

  readonly startActiveSpan: Tracer['startActiveSpan'] = (...started: unknown[]) =>
    (this.options.full.startActiveSpan as (...all: unknown[]) => never)(...started);

  private spanContext(name: string, kind: SpanKind, parent: SpanContext | undefined): SpanContext {
    const spanId = this.ids.generateSpanId();
    if (parent) {
      const { traceId, traceFlags, traceState } = parent;
      const context = { traceId, spanId, traceFlags: traceFlags & TraceFlags.SAMPLED };
      return traceState ? { ...context, traceState } : context;
    }
    const traceId = this.ids.generateTraceId();
    const { decision } = this.options.sampler.shouldSample(ROOT_CONTEXT, traceId, name, kind, {}, []);
    const isKept = decision === SamplingDecision.RECORD_AND_SAMPLED;
    return { traceId, spanId, traceFlags: isKept ? TraceFlags.SAMPLED : TraceFlags.NONE };
  }

  private restarted({ name, kind, attributes, startMs, status, context, parent }: EncodableSpan): Span {
    const around = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const options = { kind, attributes, startTime: startMs };
    return startWithIds(context, () => this.options.full.startSpan(name, options, around)).setStatus(status);
  }
}

/** Contexts come from tracers and propagators, which see to it that an id is an id or has zeros only. */
function isValid({ traceId, spanId }: SpanContext): boolean {
  return traceId !== INVALID_TRACEID && spanId !== INVALID_SPANID;
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
