import type { Payload, PayloadMap, Payloads } from '@tidewheel/core';
import type { ByteReader } from './byte-reader.js';
import { CorruptEncodingError } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { FieldKind, RecordCodec } from './field-codec.js';
import {
  readPayload,
  readPayloadMap,
  readPayloads,
  setNamed,
  writePayload,
  writePayloadMap,
  writePayloads,
} from './payload-codec.js';

/** A non-negative safe integer. */
export const uint: FieldKind<number> = {
  wire: 0,
  write: (writer, value) => writer.varint(value),
  read: (reader) => reader.varint(),
};

/** A number with a fraction. */
export const double: FieldKind<number> = sized(
  (writer, value) => writer.double(value),
  (reader) => reader.double(),
);

/** True by being there. */
export const flag: FieldKind<boolean> = { wire: 2, write: () => undefined, read: () => true };

export const text: FieldKind<string> = {
  wire: 1,
  write: (writer, value) => writer.text(value),
  read: (reader, end) => reader.slice(end - reader.position).toString('utf8'),
};

export const texts: FieldKind<readonly string[]> = sized(
  (writer, values) => values.forEach((value) => writer.text(value)),
  (reader, end) => readAll(reader, end, () => reader.text()),
);

export const uints: FieldKind<readonly number[]> = sized(
  (writer, values) => values.forEach((value) => writer.varint(value)),
  (reader, end) => readAll(reader, end, () => reader.varint()),
);

export const payload: FieldKind<Payload> = sized(writePayload, readPayload);
export const payloads: FieldKind<Payloads> = sized(writePayloads, readPayloads);
export const payloadMap: FieldKind<PayloadMap> = sized(writePayloadMap, readPayloadMap);

/** Named lists of payloads, as markers carry them. */
export const payloadsMap: FieldKind<Readonly<Record<string, Payloads>>> = sized(
  (writer, map) => {
    for (const [key, values] of Object.entries(map)) {
      writer.text(key);
      payloads.write(writer, values);
    }
  },
  (reader, end) => {
    const map: Record<string, Payloads> = {};
    while (reader.position < end) {
      const key = reader.text();
      const size = reader.varint();
      setNamed(map, key, readPayloads(reader, reader.position + size));
    }
    return map;
  },
);

/** One of a fixed set of names, stored as the number that stands for it. */
export function oneOf<T extends string>(codes: Readonly<Record<T, number>>): FieldKind<T> {
  const names = new Map<number, T>(Object.entries<number>(codes).map(([name, code]) => [code, name as T]));
  return {
    wire: 0,
    write: (writer, value) => writer.varint(codes[value]),
    read(reader) {
      const code = reader.varint();
      const name = names.get(code);
      if (name === undefined) throw new CorruptEncodingError(`unknown name number ${code}`);
      return name;
    },
  };
}

/** A record inside a record. */
export function nested<T extends object>(codec: () => RecordCodec<T>): FieldKind<T> {
  return sized(
    (writer, value) => codec().write(writer, value),
    (reader, end) => codec().read(reader, end),
  );
}

function sized<T>(
  write: (writer: ByteWriter, value: T) => void,
  read: (reader: ByteReader, end: number) => T,
): FieldKind<T> {
  return { wire: 1, read, write: (writer, value) => writer.sized(() => write(writer, value)) };
}

function readAll<T>(reader: ByteReader, end: number, read: () => T): T[] {
  const values: T[] = [];
  while (reader.position < end) values.push(read());
  return values;
}
