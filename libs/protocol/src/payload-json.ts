import type { Payload, PayloadMap, Payloads } from '@tidewheel/core';
import { identifierFault, PayloadEncoding } from '@tidewheel/core';
import { z } from 'zod';
import { shownAs } from './scalars.js';

/** Deepest nesting of a JSON value that is written as it is; deeper ones travel as raw payloads. */
const MAX_JSON_DEPTH = 500;
/** Most values of one list or map. */
const MAX_VALUES = 10_000;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const JSON_METADATA: Payload['metadata'] = Object.freeze({ encoding: Buffer.from(PayloadEncoding.json) });

/** A payload with its metadata spelled out: metadata values and data in base64. */
interface RawPayloadJson {
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: string;
}

/** A value that cannot become a payload; the message says why. */
class PayloadFault extends Error {
  override readonly name = 'PayloadFault';
}

/**
 * A payload as the REST interface writes it: JSON values as themselves, the absence of a value as null, anything else
 * as `{metadata, data}` in base64. JSON values that could be mistaken for that form are written in it, too.
 */
export function payloadToJson(payload: Payload): unknown {
  const encoding = payload.metadata['encoding'];
  if (encoding && Object.keys(payload.metadata).length === 1) {
    const name = Buffer.from(encoding).toString('latin1');
    if (name === PayloadEncoding.null && payload.data.byteLength === 0) return null;
    if (name === PayloadEncoding.json) {
      const plain = parsePlain(payload.data);
      if (plain && !looksRaw(plain.value)) return plain.value;
    }
  }
  return {
    metadata: Object.fromEntries(
      Object.entries(payload.metadata).map(([key, value]) => [key, toBase64(value)]),
    ),
    data: toBase64(payload.data),
  };
}

/** A list in shorthand; empty for an absent one. */
export function payloadsToJson(payloads: Payloads | undefined): unknown[] {
  return (payloads ?? []).map(payloadToJson);
}

/** Named payloads in shorthand. */
export function payloadMapToJson(payloads: PayloadMap): Record<string, unknown> {
  return Object.fromEntries(Object.entries(payloads).map(([key, payload]) => [key, payloadToJson(payload)]));
}

/** The single value of a result: null when there is none. */
export function resultToJson(payloads: Payloads | undefined): unknown {
  const first = payloads?.[0];
  return first ? payloadToJson(first) : null;
}

function payloadFromJson(value: unknown): Payload {
  if (looksRaw(value)) return rawPayload(value);
  const text = toJsonText(value);
  const data = Buffer.from(text);
  if (isTooDeep(data)) throw new PayloadFault(`is nested more than ${MAX_JSON_DEPTH} levels deep`);
  return { metadata: JSON_METADATA, data };
}

function toJsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // The one way in which a value that came out of JSON fails to go back in.
    throw new PayloadFault(`is nested more than ${MAX_JSON_DEPTH} levels deep`);
  }
}

function looksRaw(value: unknown): value is RawPayloadJson {
  if (!isRecord(value) || Object.keys(value).length !== 2) return false;
  const { metadata, data } = value;
  return (
    typeof data === 'string' &&
    isRecord(metadata) &&
    Object.hasOwn(metadata, 'encoding') &&
    Object.values(metadata).every((entry) => typeof entry === 'string')
  );
}

function rawPayload({ metadata, data }: RawPayloadJson): Payload {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [key, fromBase64(value, `metadata.${key}`)]),
    ),
    data: fromBase64(data, 'data'),
  };
}

function fromBase64(text: string, part: string): Buffer {
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    throw new PayloadFault(
      `is a raw payload (it has exactly "metadata" and "data") whose ${part} is not base64`,
    );
  }
  return Buffer.from(text, 'base64');
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function parsePlain(data: Uint8Array): { readonly value: unknown } | undefined {
  if (isTooDeep(data)) return undefined;
  try {
    return { value: JSON.parse(Buffer.from(data).toString()) };
  } catch {
    return undefined;
  }
}

/** Whether JSON text is nested deeper than what every reader and writer of JSON can be trusted with. */
function isTooDeep(json: Uint8Array): boolean {
  if (json.byteLength <= 2 * MAX_JSON_DEPTH) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.byteLength; at++) {
    const byte = json[at] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (OPEN.has(byte)) {
      depth++;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (CLOSE.has(byte)) depth--;
  }
  return false;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function convert(value: unknown, path: readonly PropertyKey[], context: z.RefinementCtx): Payload {
  try {
    return payloadFromJson(value);
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    context.addIssue({ code: 'custom', message: error.message, path: [...path] });
    return z.NEVER;
  }
}

const SHORTHAND =
  'Any JSON value. An object with exactly `metadata` (with `encoding`; values in base64) and `data` (base64) is taken ' +
  'as a raw payload. Numbers beyond 2^53 must be text or raw payloads.';

const JSON_VALUE = { description: SHORTHAND } as const;

/** One value in a body; a payload after parsing. */
export function payload(description: string) {
  return z
    .unknown()
    .transform((value, context): Payload => convert(value, [], context))
    .meta({ override: shownAs({ ...JSON_VALUE, title: description }) });
}

/** A list of arguments in a body; payloads after parsing. */
export function payloadList(description: string) {
  return z
    .array(z.unknown(), { error: 'must be a list of values' })
    .max(MAX_VALUES, { error: `must have at most ${MAX_VALUES} values` })
    .transform((values, context): Payloads => values.map((value, index) => convert(value, [index], context)))
    .meta({ override: shownAs({ description, type: 'array', items: JSON_VALUE, maxItems: MAX_VALUES }) });
}

/** Named values in a body; payloads after parsing. */
export function payloadMap(description: string) {
  return z
    .unknown()
    .transform((value, context): PayloadMap => {
      const entries = isRecord(value) ? Object.entries(value) : undefined;
      if (entries && entries.length <= MAX_VALUES) {
        for (const [key] of entries) {
          const fault = identifierFault(key);
          if (fault) context.addIssue({ code: 'custom', message: `the name ${fault}`, path: [key] });
        }
        return Object.fromEntries(entries.map(([key, item]) => [key, convert(item, [key], context)]));
      }
      context.addIssue({ code: 'custom', message: `must be an object of at most ${MAX_VALUES} values` });
      return z.NEVER;
    })
    .meta({ override: shownAs({ description, type: 'object', additionalProperties: JSON_VALUE }) });
}

/** Any value of an answer. */
export const payloadJson = z.unknown().meta({
  id: 'Payload',
  description:
    'A JSON value; null for none. Payloads of any other encoding are objects with exactly `metadata` and `data`, in base64.',
});
