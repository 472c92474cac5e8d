import type { Attributes, AttributeValue, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';

/** How protobuf announces a field: its number, and how its value is written. */
const tag = (field: number, wireType: 0 | 1 | 2 | 5) => (field << 3) | wireType;
const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/** `flags` of a span beside those of W3C: whether it is known if the parent is remote, and if it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

const INITIAL_BYTES = 4 * 1024;
/** Shorter texts are written faster one by one than by a call. */
const SHORT_TEXT = 64;
/** What a span takes at most beside its texts and attributes, all lengths included. */
const SPAN_BYTES = 160;
/** What an attribute takes at most beside its texts. */
const ATTRIBUTE_BYTES = 32;
/** The largest whole number that is written without a detour. */
const MAX_SMALL = 0x7fff_ffff;

type ArrayElement = string | number | boolean | null | undefined;

const NIBBLES = new Uint8Array(128);
for (let value = 0; value < 16; value++) NIBBLES[value.toString(16).charCodeAt(0)] = value;

/** What is told of a span that has neither events nor links. */
export interface EncodableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
}

/**
 * Lays out spans as OTLP wants them in protobuf (opentelemetry/proto/trace/v1/trace.proto), byte by byte as the
 * serializer of the OpenTelemetry SDK does it, at a fraction of its cost: one after the other as they end, into the
 * buffer that is sent.
 */
export class SpanEncoder {
  private bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private at = 0;

  /** Adds a span as an element of `ScopeSpans`. */
  span({ name, kind, context, parent, startMs, endMs, attributes, status }: EncodableSpan): void {
    const { traceId, spanId, traceState, traceFlags } = context;
    this.reserve(SPAN_BYTES);
    const start = this.begin(tag(2, DELIMITED));
    this.id(tag(1, DELIMITED), traceId);
    this.id(tag(2, DELIMITED), spanId);
    if (traceState) this.optionalText(tag(3, DELIMITED), traceState.serialize());
    if (parent) this.id(tag(4, DELIMITED), parent.spanId);
    this.text(tag(5, DELIMITED), name);
    this.integer(tag(6, VARINT), kind + 1);
    this.time(tag(7, FIXED64), startMs);
    this.time(tag(8, FIXED64), endMs);
    this.attributes(tag(9, DELIMITED), attributes);
    this.reserve(SPAN_BYTES);
    // Nothing was dropped: no attributes, no events, no links.
    this.integer(tag(10, VARINT), 0);
    this.integer(tag(12, VARINT), 0);
    this.integer(tag(14, VARINT), 0);
    const statusStart = this.begin(tag(15, DELIMITED));
    this.optionalText(tag(2, DELIMITED), status.message);
    this.integer(tag(3, VARINT), status.code);
    this.end(statusStart);
    this.flags((traceFlags & 0xff) | HAS_IS_REMOTE | (parent?.isRemote ? IS_REMOTE : 0));
    this.end(start);
  }

  /** Adds the attributes of a resource as the first element of `ResourceSpans`. */
  resource(attributes: Attributes): void {
    this.reserve(ATTRIBUTE_BYTES);
    const start = this.begin(tag(1, DELIMITED));
    this.attributes(tag(1, DELIMITED), attributes);
    this.integer(tag(2, VARINT), 0);
    this.end(start);
  }

  /** Adds a scope as the first element of `ScopeSpans`. */
  scope(name: string): void {
    this.reserve(ATTRIBUTE_BYTES);
    const start = this.begin(tag(1, DELIMITED));
    this.text(tag(1, DELIMITED), name);
    this.end(start);
  }

  /** Adds what announces a field that takes `length` bytes. */
  header(field: number, length: number): void {
    this.reserve(ATTRIBUTE_BYTES);
    this.integer(tag(field, DELIMITED), length);
  }

  /** Everything that has been added since the last time. */
  take(): Buffer {
    const taken = Buffer.from(this.bytes.subarray(0, this.at));
    this.at = 0;
    return taken;
  }

  private attributes(fieldTag: number, attributes: Attributes): void {
    for (const key in attributes) {
      this.reserve(ATTRIBUTE_BYTES);
      const start = this.begin(fieldTag);
      this.text(tag(1, DELIMITED), key);
      this.anyValue(tag(2, DELIMITED), attributes[key]);
      this.end(start);
    }
  }

  private anyValue(fieldTag: number, value: ArrayElement | AttributeValue | undefined): void {
    this.reserve(ATTRIBUTE_BYTES);
    const start = this.begin(fieldTag);
    if (typeof value === 'string') this.text(tag(1, DELIMITED), value);
    else if (typeof value === 'boolean') this.integer(tag(2, VARINT), value ? 1 : 0);
    else if (typeof value === 'number') this.number(value);
    else if (value) this.array(value);
    this.end(start);
  }

  private number(value: number): void {
    if (value >= 0 && value <= MAX_SMALL && Number.isInteger(value)) {
      this.integer(tag(3, VARINT), value);
    } else if (value >= -(2 ** 63) && value < 2 ** 63 && Number.isInteger(value)) {
      this.bytes[this.at++] = tag(3, VARINT);
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 127n; rest >>= 7n) this.bytes[this.at++] = Number(rest & 127n) | 128;
      this.bytes[this.at++] = Number(rest);
    } else {
      this.bytes[this.at++] = tag(4, FIXED64);
      this.at = this.bytes.writeDoubleLE(value, this.at);
    }
  }

  private array(values: readonly ArrayElement[]): void {
    const start = this.begin(tag(5, DELIMITED));
    for (const value of values) this.anyValue(tag(1, DELIMITED), value);
    this.end(start);
  }

  private optionalText(fieldTag: number, text: string | undefined): void {
    if (text) this.text(fieldTag, text);
  }

  private text(fieldTag: number, text: string): void {
    const { length } = text;
    this.reserve(length * 3 + ATTRIBUTE_BYTES);
    const { bytes } = this;
    bytes[this.at] = fieldTag;
    let at = this.at + 2;
    if (length < SHORT_TEXT) {
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        bytes[at++] = code;
      }
      if (index === length) {
        bytes[this.at + 1] = length;
        this.at = at;
        return;
      }
    }
    this.at++;
    this.varint(Buffer.byteLength(text));
    this.at += bytes.write(text, this.at);
  }

  /** An id in hexadecimal digits. */
  private id(fieldTag: number, hex: string): void {
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = fieldTag;
    bytes[at++] = hex.length >> 1;
    for (let index = 0; index < hex.length; index += 2) {
      bytes[at++] = ((NIBBLES[hex.charCodeAt(index)] ?? 0) << 4) | (NIBBLES[hex.charCodeAt(index + 1)] ?? 0);
    }
    this.at = at;
  }

  private integer(fieldTag: number, value: number): void {
    this.bytes[this.at++] = fieldTag;
    this.varint(value);
  }

  private varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Nanoseconds since the epoch, which are more than a number holds exactly: reckoned in two halves of the seconds. */
  private time(fieldTag: number, ms: number): void {
    const { bytes } = this;
    const seconds = Math.floor(ms / 1_000);
    const nanos = Math.round((ms - seconds * 1_000) * 1e6);
    const upper = Math.floor(seconds / 0x1_0000) * 1e9;
    const rest = (upper % 0x1_0000) * 0x1_0000 + (seconds % 0x1_0000) * 1e9 + nanos;
    const carry = Math.floor(rest / 0x1_0000_0000);
    bytes[this.at] = fieldTag;
    this.fixed32(this.at + 1, rest - carry * 0x1_0000_0000);
    this.fixed32(this.at + 5, Math.floor(upper / 0x1_0000) + carry);
    this.at += 9;
  }

  private flags(flags: number): void {
    // The field's number is above 15, its tag takes two bytes.
    this.varint(tag(16, FIXED32));
    this.fixed32(this.at, flags);
    this.at += 4;
  }

  private fixed32(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /** @returns where the content begins; one byte before it is left for its length */
  private begin(fieldTag: number): number {
    this.bytes[this.at] = fieldTag;
    this.at += 2;
    return this.at;
  }

  private end(start: number): void {
    const length = this.at - start;
    if (length < 128) {
      this.bytes[start - 1] = length;
      return;
    }
    const more = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : 3;
    this.reserve(more);
    this.bytes.copyWithin(start + more, start, this.at);
    this.at = start - 1;
    this.varint(length);
    this.at += length;
  }

  private reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.at + count) * 2);
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
