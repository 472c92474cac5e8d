import type { ByteReader } from './byte-reader.js';
import { CorruptEncodingError } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/**
 * How one kind of value is laid out. `wire` tells a reader that does not know the field how to pass over it:
 * 0 a varint, 1 a length and as many bytes, 2 nothing (the field's presence is its value).
 */
export interface FieldKind<T> {
  readonly wire: 0 | 1 | 2;
  /** For wire 1, writes the length too. */
  write(writer: ByteWriter, value: T): void;
  /** For wire 1, `end` is where the value's bytes end. */
  read(reader: ByteReader, end: number): T;
}

/** A field of a record: its number, which is stored and never changes, and its kind. */
interface Field<T> {
  readonly tag: number;
  readonly kind: FieldKind<T>;
}

/** The fields of a record type, by property name. A property that is undefined is not written. */
export type RecordSchema<T extends object> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** Writes and reads records of one type. */
export interface RecordCodec<T extends object> {
  write(writer: ByteWriter, value: T): void;
  read(reader: ByteReader, end: number): T;
}

/** Makes a {@link Field}; tags run from 1 to 63. */
export function field<T>(tag: number, kind: FieldKind<T>): Field<T> {
  return { tag, kind };
}

/** Builds the codec of a record type from its schema. Unknown fields are passed over when reading. */
export function recordCodec<T extends object>(schema: RecordSchema<T>): RecordCodec<T> {
  const names = Object.keys(schema) as (keyof T & string)[];
  const fields = names.map((name): { readonly name: string; readonly field: Field<unknown> } => ({
    name,
    field: schema[name],
  }));
  const byTag: ({ name: string; field: Field<unknown> } | undefined)[] = [];
  for (const entry of fields) byTag[entry.field.tag] = entry;

  return {
    write(writer, value) {
      for (const { name, field } of fields) {
        const content: unknown = value[name as keyof T];
        if (content === undefined || (field.kind.wire === 2 && content === false)) continue;
        writer.byte((field.tag << 2) | field.kind.wire);
        field.kind.write(writer, content);
      }
    },
    read(reader, end) {
      const value: Record<string, unknown> = {};
      while (reader.position < end) {
        const key = reader.byte();
        const wire = key & 3;
        const valueEnd = wire === 1 ? readEnd(reader, end) : end;
        const known = byTag[key >> 2];
        if (known && known.field.kind.wire === wire) {
          value[known.name] = known.field.kind.read(reader, valueEnd);
          if (wire === 1) reader.position = valueEnd;
        } else if (wire === 0) reader.varint();
        else if (wire === 1) reader.position = valueEnd;
        else if (wire !== 2) throw new CorruptEncodingError(`unknown wire type ${wire}`);
      }
      return value as T;
    },
  };
}

function readEnd(reader: ByteReader, end: number): number {
  const size = reader.varint();
  const valueEnd = reader.position + size;
  if (valueEnd > end) throw new CorruptEncodingError('a field is longer than its record');
  return valueEnd;
}
