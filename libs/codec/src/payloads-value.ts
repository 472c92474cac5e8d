import type { PayloadMap, Payloads } from '@tidewheel/core';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { readPayloadMap, readPayloads, writePayloadMap, writePayloads } from './payload-codec.js';

const writer = new ByteWriter();

/** Bytes of a list of payloads that is stored by itself, for example heartbeat details. */
export function encodePayloads(payloads: Payloads): Buffer {
  writer.reset();
  writePayloads(writer, payloads);
  return writer.copy();
}

/** @throws CorruptEncodingError when the bytes are no list of payloads */
export function decodePayloads(bytes: Uint8Array): Payloads {
  const reader = new ByteReader(bytes);
  return readPayloads(reader, reader.end);
}

/** Bytes of a payload map that is stored by itself, for example a query's header. */
export function encodePayloadMap(map: PayloadMap): Buffer {
  writer.reset();
  writePayloadMap(writer, map);
  return writer.copy();
}

/** @throws CorruptEncodingError when the bytes are no payload map */
export function decodePayloadMap(bytes: Uint8Array): PayloadMap {
  const reader = new ByteReader(bytes);
  return readPayloadMap(reader, reader.end);
}
