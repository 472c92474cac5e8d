import type { EventType, Failure, HistoryEvent, Payload } from '@tidewheel/core';
import { EVENT_TYPE_CODES } from '@tidewheel/core';
import * as fc from 'fast-check';
import { CorruptEncodingError } from './byte-reader.js';
import { anyEvent, EVENT_TYPES, eventOf, failure, payloads } from './event-arbitraries.fixture.js';
import { decodeEvent, decodeEvents, encodeEvent, encodeEventBody, packEvents } from './event-codec.js';
import { HEAD_FIELDS } from './event-schema.js';
import { decodeFailure, encodeFailure } from './failure-codec.js';
import { decodePayloads, encodePayloads } from './payloads-value.js';

/** Buffers as plain byte arrays at any depth, so that values compare whatever their bytes are kept in. */
function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, inner]) => [name, comparable(inner)])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  }
  return value;
}

function headBytes(eventType: EventType): number {
  return 7 + (HEAD_FIELDS[eventType] ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Either what was read, or that the bytes were recognised as corrupt; nothing else may happen. */
function read<T>(decode: () => T): T | 'corrupt' {
  try {
    return decode();
  } catch (error) {
    if (error instanceof CorruptEncodingError) return 'corrupt';
    throw error;
  }
}

describe('events', () => {
  it.each(EVENT_TYPES)('%s is read as it was written', (eventType) => {
    fc.assert(
      fc.property(eventOf(eventType), (event) => {
        expect(comparable(decodeEvent(encodeEvent(event), event.eventId))).toEqual(comparable(event));
      }),
    );
  });

  it('have the layout that scripts write: type, time, head fields, body', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const bytes = encodeEvent(event);
        expect(bytes[0]).toBe(EVENT_TYPE_CODES[event.eventType]);
        expect(bytes.readUIntBE(1, 6)).toBe(event.eventTimeMs);
        const body = new Map<string, unknown>(Object.entries(event.attributes));
        let position = 7;
        for (const { name, bytes: size } of HEAD_FIELDS[event.eventType] ?? []) {
          expect(bytes.readUIntBE(position, size)).toBe(body.get(name));
          position += size;
          body.delete(name);
        }
        const written = encodeEventBody(
          event.eventType,
          Object.fromEntries(body) as never,
          event.userMetadata,
        );
        expect(bytes.subarray(position).equals(written)).toBe(true);
      }),
    );
  });

  it('are as short without user metadata as if there were no such thing', () => {
    const attributes = { timerId: '1', startToFireTimeoutMs: 1, workflowTaskCompletedEventId: 4 };
    expect(encodeEventBody('TimerStarted', attributes, undefined)).toHaveLength(7);
  });

  it('pass over fields that this version does not know', () => {
    const unknownTag = fc.constantFrom(50, 61);
    const unknownField = fc.oneof(
      fc.tuple(unknownTag, fc.nat(127)).map(([tag, value]) => Buffer.from([(tag << 2) | 0, value])),
      fc
        .tuple(unknownTag, fc.uint8Array({ maxLength: 100 }))
        .map(([tag, value]) => Buffer.concat([Buffer.from([(tag << 2) | 1, value.length]), value])),
      unknownTag.map((tag) => Buffer.from([(tag << 2) | 2])),
    );
    fc.assert(
      fc.property(anyEvent, fc.array(unknownField, { minLength: 1 }), (event, unknown) => {
        const bytes = encodeEvent(event);
        const head = headBytes(event.eventType);
        for (const position of [head, bytes.length]) {
          const longer = Buffer.concat([bytes.subarray(0, position), ...unknown, bytes.subarray(position)]);
          expect(comparable(decodeEvent(longer, event.eventId))).toEqual(comparable(event));
        }
      }),
    );
  });

  it('that are corrupt are refused or read as something, in a time that depends on their size', () => {
    const corrupted = fc
      .tuple(anyEvent, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }))
      .map(([event, changes]) => {
        const bytes = encodeEvent(event);
        for (const [position, value] of changes) bytes[position % bytes.length] = value;
        return bytes;
      });
    const truncated = anyEvent
      .map(encodeEvent)
      .chain((bytes) => fc.nat(bytes.length).map((size) => bytes.subarray(0, size)));
    const garbage = fc
      .tuple(fc.constantFrom(...Object.values(EVENT_TYPE_CODES)), fc.uint8Array({ maxLength: 500 }))
      .map(([type, rest]) => Buffer.concat([Buffer.from([type]), rest]));
    fc.assert(
      fc.property(fc.oneof(corrupted, truncated, garbage), (bytes) => {
        read(() => decodeEvent(bytes, 1));
        read(() => decodeEvents(bytes, 1));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are refused when they are cut off within the head, or of an unknown type', () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), (event, size) => {
        const head = headBytes(event.eventType);
        expect(read(() => decodeEvent(encodeEvent(event).subarray(0, size % head), 1))).toBe('corrupt');
      }),
    );
    expect(read(() => decodeEvent(Buffer.from([255, 0, 0, 0, 0, 0, 0]), 1))).toBe('corrupt');
  });

  it('that were packed are unpacked with consecutive ids', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 10 }),
        fc.integer({ min: 1, max: 1_000 }),
        (events, first) => {
          const packed = packEvents(events.map(encodeEvent));
          const expected = events.map((event, index) => ({ ...event, eventId: first + index }));
          expect(comparable(decodeEvents(packed, first))).toEqual(comparable(expected));
        },
      ),
    );
  });

  it('keep bytes of their own when packed', () => {
    const bytes = encodeEvent(sampleEvent());
    const packed = packEvents([bytes]);
    bytes.fill(0);
    expect(decodeEvents(packed, 1)).toEqual([sampleEvent()]);
  });
});

function sampleEvent(): HistoryEvent {
  return {
    eventId: 1,
    eventTimeMs: 5,
    eventType: 'TimerFired',
    attributes: { timerId: 'zeitgeber-ü', startedEventId: 3 },
  };
}

/** A failure with that many causes behind it. */
function chain(causes: number): Failure {
  let value: Failure = { message: 'innermost' };
  for (let level = 1; level <= causes; level++) value = { message: `level ${level}`, cause: value };
  return value;
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

describe('failures', () => {
  it('are read as they were written, with all their causes', () => {
    fc.assert(
      fc.property(failure, (value) => {
        expect(comparable(decodeFailure(encodeFailure(value)))).toEqual(comparable(value));
      }),
    );
  });

  it('nest; causes beyond any sense are cut off, and such bytes refused', () => {
    const deep = chain(200);
    expect(decodeFailure(encodeFailure(deep))).toEqual(deep);
    const tooDeep = decodeFailure(encodeFailure(chain(100_000)));
    expect(tooDeep.message).toBe('level 100000');

    // Bytes that nobody wrote: a cause within a cause, 50,000 levels.
    const parts: Buffer[] = [];
    for (let size = 0, level = 0; level < 50_000; level++) {
      const head = Buffer.from([(4 << 2) | 1, ...varint(size)]);
      parts.push(head);
      size += head.length;
    }
    expect(read(() => decodeFailure(Buffer.concat(parts.reverse())))).toBe('corrupt');
  });

  it('that are corrupt are refused or read as something', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        read(() => decodeFailure(bytes));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('lists of payloads', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(payloads, (values) => {
        expect(comparable(decodePayloads(encodePayloads(values)))).toEqual(comparable(values));
      }),
    );
  });

  it('may be large', () => {
    const large: Payload = {
      metadata: { encoding: Buffer.from('binary/plain') },
      data: new Uint8Array(3 * 1024 * 1024).fill(7),
    };
    const [read, second] = decodePayloads(encodePayloads([large, large]));
    expect(Buffer.compare(read!.data, large.data)).toBe(0);
    expect(second!.data.byteLength).toBe(large.data.byteLength);
  });

  it('that are corrupt are refused or read as something', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        read(() => decodePayloads(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are refused when a length is longer than what is there', () => {
    const bytes = encodePayloads([{ metadata: {}, data: Buffer.from('12345') }]);
    for (let size = 1; size < bytes.length; size++) {
      expect(read(() => decodePayloads(bytes.subarray(0, size)))).toBe('corrupt');
    }
  });

  it('are refused when a length is one that no number holds exactly', () => {
    for (const digit of [0x80, 0x81, 0xff]) {
      expect(read(() => decodePayloads(Buffer.from([1, ...Array<number>(200).fill(digit), 0])))).toBe(
        'corrupt',
      );
    }
  });
});
