import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Span, SpanContext } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  TracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { ReadableSpan, Sampler } from '@opentelemetry/sdk-trace';
import { RunSpanIds } from '@tidewheel/telemetry/instrumentation';
import { LightTracer } from './light-tracer.js';
import type { EncodableSpan } from './span-encoder.js';

const PARENT: SpanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
};

const ON: Sampler = new AlwaysOnSampler();
const OFF: Sampler = new AlwaysOffSampler();

let ended: EncodableSpan[];
/** Ended spans of the SDK. */
let full: InMemorySpanExporter;

function startTracer(sampler = ON): LightTracer {
  const provider = new TracerProvider({
    idGenerator: new RunSpanIds(),
    sampler,
    spanProcessors: [new SimpleSpanProcessor({ exporter: full })],
  });
  return new LightTracer({ full: provider.getTracer('test'), sampler, ended: (span) => ended.push(span) });
}

function within(parent: SpanContext) {
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

function fullSpan(): ReadableSpan {
  const [span] = full.getFinishedSpans();
  if (!span) throw new Error('the SDK has seen no span');
  return span;
}

beforeEach(() => {
  ended = [];
  full = new InMemorySpanExporter();
});

describe('a light tracer', () => {
  it('goes on with the trace of the parent', () => {
    const span = startTracer().startSpan(
      'a',
      { kind: SpanKind.CLIENT, attributes: { b: 1 } },
      within(PARENT),
    );
    expect(span.isRecording()).toBe(true);
    span.setAttribute('c', 'd').setStatus({ code: SpanStatusCode.ERROR, message: 'e' }).updateName('f').end();
    expect(span.isRecording()).toBe(false);
    expect(ended).toEqual([span]);
    expect(span).toMatchObject({
      name: 'f',
      kind: SpanKind.CLIENT,
      parent: PARENT,
      attributes: { b: 1, c: 'd' },
      status: { code: SpanStatusCode.ERROR, message: 'e' },
    });
    const { traceId, spanId, traceFlags } = span.spanContext();
    expect({ traceId, traceFlags }).toEqual({ traceId: PARENT.traceId, traceFlags: TraceFlags.SAMPLED });
    expect(spanId).toMatch(/^(?!00f067aa0ba902b7)[0-9a-f]{16}$/);
  });

  it('begins a trace when there is no parent', () => {
    const invalid = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: TraceFlags.SAMPLED };
    const tracer = startTracer();
    const spans = [tracer.startSpan('a', {}, ROOT_CONTEXT), tracer.startSpan('b', {}, within(invalid))];
    for (const span of spans) span.end();
    expect(ended).toEqual(spans);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(2);
    for (const { parent, context: own } of ended) {
      expect(parent).toBeUndefined();
      expect(own.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    }
  });

  it.each([
    ['the parent is not kept', ON, within({ ...PARENT, traceFlags: TraceFlags.NONE })],
    ['traces that begin here are not kept', OFF, ROOT_CONTEXT],
  ])('records nothing when %s', (_when, sampler, parent) => {
    const span = startTracer(sampler).startSpan('a', {}, parent);
    span.setAttribute('b', 1).end();
    expect([span.isRecording(), span.spanContext().traceFlags]).toEqual([false, TraceFlags.NONE]);
    expect([ended, full.getFinishedSpans()]).toEqual([[], []]);
  });

  it('keeps what the parent keeps, whatever becomes of traces that begin here', () => {
    startTracer(OFF).startSpan('a', {}, within(PARENT)).end();
    expect(ended).toHaveLength(1);
  });

  it('makes no spans where there are to be none', () => {
    startTracer()
      .startSpan('a', {}, suppressTracing(within(PARENT)))
      .end();
    expect([ended, full.getFinishedSpans()]).toEqual([[], []]);
  });

  it('tells the time as it is given, and otherwise as it is', () => {
    const tracer = startTracer();
    tracer.startSpan('a', { startTime: 1_700_000_000_000 }, ROOT_CONTEXT).end(1_700_000_001_000);
    tracer.startSpan('b', { startTime: new Date(1_700_000_000_000) }, ROOT_CONTEXT).end([1_700_000_002, 5e6]);
    tracer.startSpan('c', { startTime: 1_700_000_000_000 }, ROOT_CONTEXT).end(1_600_000_000_000);
    expect(ended.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [1_700_000_000_000, 1_700_000_001_000],
      [1_700_000_000_000, 1_700_000_002_005],
      [1_700_000_000_000, 1_700_000_000_000],
    ]);
    const before = Date.now();
    tracer.startSpan('d', {}, ROOT_CONTEXT).end();
    tracer.startSpan('e', { startTime: before }, ROOT_CONTEXT).end();
    for (const { startMs, endMs } of ended.slice(3)) {
      expect(startMs).toBeGreaterThanOrEqual(before);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
    }
  });

  it('ends a span once, and leaves it as it is then', () => {
    const span = startTracer().startSpan('a', {}, ROOT_CONTEXT);
    span.setStatus({ code: SpanStatusCode.OK }).setStatus({ code: SpanStatusCode.UNSET });
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    span
      .setAttributes({ b: 1 })
      .setStatus({ code: SpanStatusCode.ERROR })
      .updateName('c')
      .addEvent('d')
      .end();
    expect(ended).toEqual([
      expect.objectContaining({ name: 'a', attributes: {}, status: { code: SpanStatusCode.OK } }),
    ]);
    expect(full.getFinishedSpans()).toEqual([]);
  });

  const changes: readonly [string, (span: Span) => void, object][] = [
    [
      'events',
      (span) => span.addEvent('seen', { c: 2 }),
      { events: [{ name: 'seen', attributes: { c: 2 } }] },
    ],
    [
      'exceptions',
      (span) => {
        span.recordException(new TypeError('bad'));
      },
      { events: [{ name: 'exception', attributes: { 'exception.type': 'TypeError' } }] },
    ],
    ['a link', (span) => span.addLink({ context: PARENT }), { links: [{ context: PARENT }] }],
    ['links', (span) => span.addLinks([{ context: PARENT }]), { links: [{ context: PARENT }] }],
  ];
  it.each(changes)(
    'hands a span that gets %s over to the SDK, with all that it has',
    (_what, change, expected) => {
      const options = { kind: SpanKind.SERVER, attributes: { b: 1 }, startTime: 1_700_000_000_000 };
      const span = startTracer().startSpan('a', options, within(PARENT));
      span.setStatus({ code: SpanStatusCode.ERROR });
      change(span);
      span
        .setAttributes({ later: true })
        .updateName('f')
        .setStatus({ code: SpanStatusCode.OK })
        .end(1_700_000_001_000);
      expect(ended).toEqual([]);
      expect(fullSpan()).toMatchObject({
        name: 'f',
        kind: SpanKind.SERVER,
        parentSpanContext: PARENT,
        attributes: { b: 1, later: true },
        status: { code: SpanStatusCode.OK },
        startTime: [1_700_000_000, 0],
        endTime: [1_700_000_001, 0],
        ...expected,
      });
      expect(fullSpan().spanContext()).toMatchObject(span.spanContext());
    },
  );

  it('leaves spans with links and roots within other spans to the SDK', () => {
    const tracer = startTracer();
    tracer.startSpan('a', { links: [{ context: PARENT }] }, within(PARENT)).end();
    tracer.startSpan('b', { root: true }, within(PARENT)).end();
    tracer.startActiveSpan('c', {}, within(PARENT), (span) => {
      span.end();
    });
    expect(ended).toEqual([]);
    expect(full.getFinishedSpans().map(({ name, parentSpanContext }) => [name, parentSpanContext])).toEqual([
      ['a', PARENT],
      ['b', undefined],
      ['c', PARENT],
    ]);
  });
});
