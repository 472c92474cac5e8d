import { propagation, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, SpanContext, TextMapPropagator } from '@opentelemetry/api';
import {
  CompositePropagator,
  TraceState,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import type { PayloadMap } from '@tidewheel/core';
import { traceContextOf, withTraceContext } from './trace-header.js';
import { traceWith } from './tracer.js';

const SPAN: SpanContext = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  traceFlags: TraceFlags.SAMPLED,
};
const W3C = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
/** Writes a field of its own beside those of W3C. */
const OTHER: TextMapPropagator = {
  inject: (_context, carrier, setter) => {
    setter.set(carrier, 'other', 'here');
  },
  extract: (context) => context,
  fields: () => ['other'],
};

function carrierOf(header: PayloadMap): unknown {
  return JSON.parse(Buffer.from(header['_tracer-data']?.data ?? []).toString());
}

function headerOf(carrier: object): PayloadMap {
  return { '_tracer-data': { metadata: {}, data: Buffer.from(JSON.stringify(carrier)) } };
}

function headerWith(span: SpanContext, parent: Context = ROOT_CONTEXT): PayloadMap {
  return withTraceContext(undefined, parent, trace.wrapSpanContext(span));
}

afterEach(() => {
  traceWith(undefined);
  propagation.disable();
});

describe.each([
  ['the tracer of OpenTelemetry', () => undefined],
  ['a tracer of our own', () => trace.getTracer('own')],
])('the header with the context of a trace, by %s', (_which, tracer) => {
  function propagateWith(...propagators: TextMapPropagator[]): void {
    propagation.disable();
    propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
    traceWith(tracer());
  }

  it.each([TraceFlags.SAMPLED, TraceFlags.NONE])(
    'has it as W3C writes it, with the flags %s',
    (traceFlags) => {
      propagateWith(...W3C);
      const span: SpanContext = { ...SPAN, traceFlags };
      const header = headerWith(span);
      const traceparent = `00-${SPAN.traceId}-${SPAN.spanId}-0${traceFlags}`;
      expect(carrierOf(header)).toEqual({ traceparent });
      expect(trace.getSpanContext(traceContextOf(header))).toEqual({ ...span, isRemote: true });
    },
  );

  it('has what else belongs to the context', () => {
    propagateWith(...W3C);
    const baggage = propagation.createBaggage({ user: { value: 'a' } });
    const parent = propagation.setBaggage(ROOT_CONTEXT, baggage);
    const header = headerWith({ ...SPAN, traceState: new TraceState('vendor=value') }, parent);
    const context = traceContextOf(header);
    expect(trace.getSpanContext(context)?.traceState?.serialize()).toBe('vendor=value');
    expect(propagation.getBaggage(context)?.getEntry('user')?.value).toBe('a');
    expect(propagation.getBaggage(traceContextOf(headerWith(SPAN, parent)))?.getEntry('user')?.value).toBe(
      'a',
    );
  });

  it('has what other propagators write', () => {
    propagateWith(...W3C, OTHER);
    expect(carrierOf(headerWith(SPAN))).toMatchObject({
      other: 'here',
      traceparent: expect.any(String) as string,
    });
    propagateWith(OTHER);
    expect(carrierOf(headerWith(SPAN))).toEqual({ other: 'here' });
    const traceparent = `00-${SPAN.traceId}-${SPAN.spanId}-01`;
    expect(trace.getSpanContext(traceContextOf(headerOf({ traceparent })))).toBeUndefined();
  });

  it.each([
    ['ids of zeros', { traceparent: `00-${'0'.repeat(32)}-${SPAN.spanId}-01` }],
    ['a span id of zeros', { traceparent: `00-${SPAN.traceId}-${'0'.repeat(16)}-01` }],
    ['ids of other letters', { traceparent: `00-${SPAN.traceId}-00f067aa0ba9zzzz-01` }],
    ['nothing', {}],
    ['something else', { traceparent: 7 }],
  ])('leads nowhere when it has %s', (_what, carrier) => {
    propagateWith(...W3C);
    expect(trace.getSpanContext(traceContextOf(headerOf(carrier)))).toBeUndefined();
  });

  it('leads nowhere when it cannot be read', () => {
    propagateWith(...W3C);
    const header = { '_tracer-data': { metadata: {}, data: Buffer.from('{') } };
    expect(trace.getSpanContext(traceContextOf(header))).toBeUndefined();
  });

  it('is read by later versions of W3C as by this one', () => {
    propagateWith(...W3C);
    const traceparent = `01-${SPAN.traceId}-${SPAN.spanId}-01-more`;
    expect(trace.getSpanContext(traceContextOf(headerOf({ traceparent })))).toMatchObject(SPAN);
  });
});
