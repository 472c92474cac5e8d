import type { Payload, PayloadMap } from './payload.js';

/** A memo, or search attributes, as an upsert leaves it: an upsert with no value, or with an empty list, takes a name away. */
export function mergeUpserts(map: PayloadMap | undefined, upserts: PayloadMap): PayloadMap {
  const values = new Map(Object.entries(map ?? {}));
  for (const [name, payload] of Object.entries(upserts)) {
    if (removes(payload)) values.delete(name);
    else values.set(name, payload);
  }
  return Object.fromEntries(values);
}

function removes({ metadata, data }: Payload): boolean {
  const encoding = metadata['encoding'] && textOf(metadata['encoding']);
  return (
    (encoding === 'binary/null' && data.byteLength === 0) ||
    (encoding === 'json/plain' && ['null', '[]'].includes(textOf(data)))
  );
}

function textOf(bytes: Uint8Array): string {
  return bytes.byteLength > 20 ? '' : String.fromCharCode(...bytes);
}
