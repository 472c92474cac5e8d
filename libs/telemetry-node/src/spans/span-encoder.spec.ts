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

/** The same request as we and as the SDK lay it out. */
function requests(spans: readonly EncodableSpan[], ofResource: Attributes): readonly string[] {
  const resource = resourceFromAttributes(ofResource);
  const encoder = new SpanEncoder();
  for (const span of spans) encoder.span(span);
  const ours = encodeTraceRequest(resource, SCOPE.name, { bytes: encoder.take(), count: spans.length });
  const theirs = ProtobufTraceSerializer.serializeRequest(spans.map((span) => readable(span, resource)));
  return [ours.toString('hex'), Buffer.from(theirs ?? []).toString('hex')];
}

it('lays out spans byte by byte as the serializer of the SDK', () => {
  fc.assert(
    fc.property(fc.array(encodable, { minLength: 1, maxLength: 5 }), attributes, (spans, ofResource) => {
      const [ours, theirs] = requests(spans, ofResource);
      expect(ours).toBe(theirs);
    }),
  );
});

it.each([100, 127, 128, 16_300, 16_383, 16_384, 300_000, 2_097_152])(
  'lays out an attribute of %i bytes, which its buffer may have no room for yet',
  (length) => {
    const [span] = fc.sample(encodable, 1) as [EncodableSpan];
    const [ours, theirs] = requests([{ ...span, attributes: { a: 'x'.repeat(length) } }, span], {});
    expect(ours === theirs).toBe(true);
  },
);
