import type { Payload, PayloadMap, Payloads } from '@tidewheel/core';
import { PayloadEncoding } from '@tidewheel/core';
import { toJson } from './json.js';
import { PayloadConverterError, ValueError } from './sdk-errors.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** Turns values into payloads and back. Runs inside workflows too, so it must be pure and synchronous. */
export interface PayloadConverter {
  /** @throws ValueError when the value cannot be converted */
  toPayload(value: unknown): Payload;
  /** @throws PayloadConverterError when the payload cannot be read */
  fromPayload(payload: Payload): unknown;
}

const NULL_METADATA = metadataOf(PayloadEncoding.null);
const BYTES_METADATA = metadataOf(PayloadEncoding.bytes);
const JSON_METADATA = metadataOf(PayloadEncoding.json);
const NO_DATA = new Uint8Array(0);

/**
 * `undefined` becomes `binary/null`, a `Uint8Array` `binary/plain`, and everything else JSON (`json/plain`), which
 * means that dates come back as text, and that functions, symbols and bigints are refused.
 */
export const defaultPayloadConverter: PayloadConverter = {
  toPayload(value) {
    if (value === undefined) return { metadata: NULL_METADATA, data: NO_DATA };
    if (value instanceof Uint8Array) return { metadata: BYTES_METADATA, data: value };
    return { metadata: JSON_METADATA, data: encodeUtf8(jsonOf(value)) };
  },

  fromPayload(payload) {
    switch (encodingOf(payload)) {
      case PayloadEncoding.json:
        return parseJson(decodeUtf8(payload.data));
      case PayloadEncoding.null:
        return undefined;
      case PayloadEncoding.bytes:
        // A copy of this realm's class: what came in may be a view into a bigger area, or another realm's.
        return new Uint8Array(payload.data);
      case undefined:
        throw new PayloadConverterError('payload without "encoding" in its metadata');
      default:
        throw new PayloadConverterError(`no converter reads payloads of encoding "${encodingOf(payload)}"`);
    }
  },
};

/** Payloads of a list of values; undefined for an empty list, as commands and requests leave it out. */
export function toPayloads(converter: PayloadConverter, values: readonly unknown[]): Payloads | undefined {
  return values.length === 0 ? undefined : values.map((value) => converter.toPayload(value));
}

/** Values of a list of payloads; empty for an absent list. */
export function fromPayloads(converter: PayloadConverter, payloads: Payloads | undefined): unknown[] {
  return payloads ? payloads.map((payload) => converter.fromPayload(payload)) : [];
}

/** Value of the first payload; undefined when there is none. */
export function fromFirstPayload(converter: PayloadConverter, payloads: Payloads | undefined): unknown {
  const first = payloads?.[0];
  return first && converter.fromPayload(first);
}

/** Payloads under the keys of their values. */
export function toPayloadMap(
  converter: PayloadConverter,
  values: Readonly<Record<string, unknown>>,
): PayloadMap {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, converter.toPayload(value)]));
}

/** Values under the keys of their payloads; empty for an absent map. */
export function fromPayloadMap(
  converter: PayloadConverter,
  payloads: PayloadMap | undefined,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(payloads ?? {}).map(([key, payload]) => [key, converter.fromPayload(payload)]),
  );
}

function metadataOf(encoding: string): Payload['metadata'] {
  return Object.freeze({ encoding: Uint8Array.from(encoding, (character) => character.charCodeAt(0)) });
}

/** Encodings are short ASCII, and few: the bytes are compared by identity first, because readers share them. */
function encodingOf(payload: Payload): string | undefined {
  const bytes = payload.metadata['encoding'];
  if (bytes === undefined) return undefined;
  if (bytes === JSON_METADATA['encoding']) return PayloadEncoding.json;
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = toJson(value);
  } catch (error) {
    throw new ValueError(
      `value cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (text === undefined) throw new ValueError(`a ${typeof value} cannot be written as JSON`);
  return text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PayloadConverterError(
      `payload is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
