import type { Payload, PayloadMap, Payloads } from '@tidewheel/core';
import { PayloadEncoding } from '@tidewheel/core';
import type { ByteReader } from './byte-reader.js';
import { CorruptEncodingError } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/** First byte of a stored payload: how its metadata is written. Stored; never change a number. */
const METADATA_WRITTEN_OUT = 0;
/** Stands before a payload that refers to others, with their sizes; then the payload itself follows. */
const EXTERNAL_PAYLOADS = 255;
const WELL_KNOWN: readonly string[] = [PayloadEncoding.json, PayloadEncoding.null, PayloadEncoding.bytes];

interface WellKnownEncoding {
  readonly code: number;
  readonly bytes: Buffer;
  readonly metadata: Payload['metadata'];
}

const WELL_KNOWN_ENCODINGS: readonly WellKnownEncoding[] = WELL_KNOWN.map((name, index) => {
  const bytes = Buffer.from(name);
  return { code: index + 1, bytes, metadata: Object.freeze({ encoding: bytes }) };
});

/** Writes one payload: its metadata (one byte when it is only a well-known encoding) and its data. */
export function writePayload(writer: ByteWriter, payload: Payload): void {
  const { externalPayloadSizes } = payload;
  if (externalPayloadSizes) {
    writer.byte(EXTERNAL_PAYLOADS);
    writer.varint(externalPayloadSizes.length);
    for (const size of externalPayloadSizes) writer.varint(size);
  }
  const wellKnown = wellKnownEncoding(payload);
  if (wellKnown) {
    writer.byte(wellKnown.code);
  } else {
    const entries = Object.entries(payload.metadata);
    writer.byte(METADATA_WRITTEN_OUT);
    writer.varint(entries.length);
    for (const [key, value] of entries) {
      writer.text(key);
      writer.varint(value.byteLength);
      writer.bytes(value);
    }
  }
  writer.varint(payload.data.byteLength);
  writer.bytes(payload.data);
}

/** Reads one payload; its data shares memory with the input. */
export function readPayload(reader: ByteReader): Payload {
  const code = reader.byte();
  if (code === EXTERNAL_PAYLOADS) {
    const externalPayloadSizes = Array.from({ length: readCount(reader) }, () => reader.varint());
    return { ...readPayload(reader), externalPayloadSizes };
  }
  if (code !== METADATA_WRITTEN_OUT) {
    const wellKnown = WELL_KNOWN_ENCODINGS[code - 1];
    if (!wellKnown) throw new CorruptEncodingError(`unknown payload encoding number ${code}`);
    return { metadata: wellKnown.metadata, data: reader.slice(reader.varint()) };
  }
  const metadata: Record<string, Uint8Array> = {};
  for (let left = reader.varint(); left > 0; left--) {
    const key = reader.text();
    setNamed(metadata, key, reader.slice(reader.varint()));
  }
  return { metadata, data: reader.slice(reader.varint()) };
}

/** A number of things that take at least a byte each. */
function readCount(reader: ByteReader): number {
  const count = reader.varint();
  if (count > reader.end - reader.position) throw new CorruptEncodingError(`there cannot be ${count} sizes`);
  return count;
}

export function writePayloads(writer: ByteWriter, payloads: Payloads): void {
  for (const payload of payloads) writePayload(writer, payload);
}

/** Reads payloads up to `end`. */
export function readPayloads(reader: ByteReader, end: number): Payload[] {
  const payloads: Payload[] = [];
  while (reader.position < end) payloads.push(readPayload(reader));
  return payloads;
}

export function writePayloadMap(writer: ByteWriter, map: PayloadMap): void {
  for (const [key, payload] of Object.entries(map)) {
    writer.text(key);
    writePayload(writer, payload);
  }
}

/** Reads a map of payloads up to `end`. */
export function readPayloadMap(reader: ByteReader, end: number): Record<string, Payload> {
  const map: Record<string, Payload> = {};
  while (reader.position < end) {
    const key = reader.text();
    setNamed(map, key, readPayload(reader));
  }
  return map;
}

/** Sets a named value. A plain assignment would lose the one that somebody names `__proto__`. */
export function setNamed<T>(map: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') map[name] = value;
  else Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
}

function wellKnownEncoding(payload: Payload): WellKnownEncoding | undefined {
  const encoding = payload.metadata['encoding'];
  if (!encoding) return undefined;
  for (const key in payload.metadata) if (key !== 'encoding') return undefined;
  for (const candidate of WELL_KNOWN_ENCODINGS) {
    if (candidate.bytes === encoding || candidate.bytes.equals(encoding)) return candidate;
  }
  return undefined;
}
