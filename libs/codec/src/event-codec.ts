import type { EventType, HistoryEvent, UserMetadata } from '@tidewheel/core';
import { EVENT_TYPE_CODES, eventTypeFromCode } from '@tidewheel/core';
import { ByteReader, CorruptEncodingError } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { EVENT_BODY_CODECS, HEAD_FIELDS } from './event-schema.js';
import type { BodyAttributes } from './event-schema.js';
import type { RecordCodec } from './field-codec.js';

/** Bytes of an event's time: milliseconds since the epoch. */
const TIME_BYTES = 6;
const writer = new ByteWriter();

/**
 * Bytes of an event's body: its attributes without those in the head. Scripts put the head before it: one byte of
 * type, six of time, and the head fields of that type.
 */
export function encodeEventBody<T extends EventType>(
  eventType: T,
  attributes: BodyAttributes<T>,
  userMetadata?: UserMetadata,
): Buffer {
  writer.reset();
  const body = userMetadata ? { ...attributes, userMetadata } : attributes;
  (EVENT_BODY_CODECS[eventType] as RecordCodec<object>).write(writer, body);
  return writer.copy();
}

/** Bytes of a whole event as it stands in a history. The event id is its position and is not written. */
export function encodeEvent(event: HistoryEvent): Buffer {
  writer.reset();
  writer.byte(EVENT_TYPE_CODES[event.eventType]);
  writer.fixed(event.eventTimeMs, TIME_BYTES);
  const attributes = event.attributes as Readonly<Record<string, unknown>>;
  for (const { name, bytes } of HEAD_FIELDS[event.eventType] ?? [])
    writer.fixed(attributes[name] as number, bytes);
  const { userMetadata } = event;
  const body = userMetadata ? { ...event.attributes, userMetadata } : event.attributes;
  (EVENT_BODY_CODECS[event.eventType] as RecordCodec<object>).write(writer, body);
  return writer.copy();
}

/**
 * Reads one event as it stands in a history.
 *
 * @param eventId its position, from 1
 * @throws CorruptEncodingError when the bytes are no event of a known type
 */
export function decodeEvent(bytes: Uint8Array, eventId: number): HistoryEvent {
  const reader = new ByteReader(bytes);
  return readEvent(reader, reader.end, eventId);
}

/** Joins events into one area for {@link decodeEvents}: each preceded by four bytes of length. It has its own memory. */
export function packEvents(events: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const event of events) size += 4 + event.byteLength;
  const area = new Uint8Array(size);
  const view = new DataView(area.buffer);
  let position = 0;
  for (const event of events) {
    view.setUint32(position, event.byteLength);
    area.set(event, position + 4);
    position += 4 + event.byteLength;
  }
  return area;
}

/** Reads what {@link packEvents} joined; the first event has the id `firstEventId`. */
export function decodeEvents(packed: Uint8Array, firstEventId: number): HistoryEvent[] {
  const reader = new ByteReader(packed);
  const events: HistoryEvent[] = [];
  while (reader.position < reader.end) {
    const end = reader.fixed(4) + reader.position;
    events.push(readEvent(reader, end, firstEventId + events.length));
    reader.position = end;
  }
  return events;
}

function readEvent(reader: ByteReader, end: number, eventId: number): HistoryEvent {
  const code = reader.byte();
  const eventType = eventTypeFromCode(code);
  if (!eventType) throw new CorruptEncodingError(`event ${eventId} has the unknown type number ${code}`);
  const eventTimeMs = reader.fixed(TIME_BYTES);
  const head: Record<string, number> = {};
  const headFields = HEAD_FIELDS[eventType];
  if (headFields) for (const { name, bytes } of headFields) head[name] = reader.fixed(bytes);
  const body = (EVENT_BODY_CODECS[eventType] as RecordCodec<object>).read(reader, end);
  const attributes = headFields ? Object.assign(body, head) : body;
  const { userMetadata } = body as { readonly userMetadata?: UserMetadata };
  if (!userMetadata) return { eventId, eventTimeMs, eventType, attributes } as HistoryEvent;
  Reflect.deleteProperty(attributes, 'userMetadata');
  return { eventId, eventTimeMs, eventType, attributes, userMetadata } as HistoryEvent;
}
