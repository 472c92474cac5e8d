import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Attributes, SpanContext } from '@opentelemetry/api';
import { millisToHrTime, TraceState } from '@opentelemetry/core';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { encodeTraceRequest } from './encoded-spans-exporter.js';
import { SpanEncoder } from './span-encoder.js';
import type { EncodableSpan } from './span-encoder.js';

const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((values) => values.map((value) => value.toString(16)).join(''));
const text = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 200 }));
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 2 ** 62, -(2 ** 63), 2 ** 63),
);
const attributes = fc.dictionary(
  text,
  fc.oneof(text, number, fc.boolean(), fc.array(text), fc.array(number), fc.array(fc.boolean())),
  { noNullPrototype: true },
) as fc.Arbitrary<Attributes>;
const context: fc.Arbitrary<SpanContext> = fc.record(
  {
    traceId: hex(32),
    spanId: hex(16),
    traceFlags: fc.constantFrom(TraceFlags.NONE, TraceFlags.SAMPLED),
    isRemote: fc.boolean(),
    traceState: fc.constant(new TraceState('vendor=value')),
  },
  { requiredKeys: ['traceId', 'spanId', 'traceFlags'] },
);
/** Whole microseconds: the clock of the SDK has parts of them, too, but reckons with them by other roundings. */
const timeMs = fc.integer({ min: 0, max: 4e15 }).map((micros) => micros / 1_000);
const encodable: fc.Arbitrary<EncodableSpan> = fc.record({
  name: text,
  kind: fc.constantFrom(SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.CONSUMER),
  context,
  parent: fc.option(context, { nil: undefined }),
  startMs: timeMs,
  endMs: timeMs,
  attributes,
  status: fc.record(
    { code: fc.constantFrom(SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR), message: text },
    { requiredKeys: ['code'] },
  ),
});

const SCOPE = { name: 'scope' };

/** The same span as the SDK has it. */
function readable(span: EncodableSpan, resource: ReadableSpan['resource']): ReadableSpan {
  const { context: own, parent, startMs, endMs, ...rest } = span;
  return {
    ...rest,
    spanContext: () => own,
    ...(parent && { parentSpanContext: parent }),
    startTime: millisToHrTime(startMs),
    endTime: millisToHrTime(endMs),
    duration: [0, 0],
    ended: true,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource,
    instrumentationScope: SCOPE,
  };
}

it('lays out spans byte by byte as the serializer of the SDK', () => {
  fc.assert(
    fc.property(fc.array(encodable, { minLength: 1, maxLength: 5 }), attributes, (spans, ofResource) => {
      const resource = resourceFromAttributes(ofResource);
      const encoder = new SpanEncoder();
      for (const span of spans) encoder.span(span);
      const ours = encodeTraceRequest(resource, SCOPE.name, { bytes: encoder.take(), count: spans.length });
      const theirs = ProtobufTraceSerializer.serializeRequest(spans.map((span) => readable(span, resource)));
      expect(ours.toString('hex')).toBe(Buffer.from(theirs ?? []).toString('hex'));
    }),
  );
});

it('lays out what does not fit into its buffer at first', () => {
  const [span] = fc.sample(encodable, 1);
  const encoder = new SpanEncoder();
  const attribute = 'x'.repeat(300_000);
  encoder.span({ ...(span as EncodableSpan), attributes: { attribute } });
  expect(encoder.take().toString('latin1')).toContain(attribute);
  expect(encoder.take()).toHaveLength(0);
});
