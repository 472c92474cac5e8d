import type { Payload, SearchAttributeType } from '@tidewheel/core';

/** One value of a search attribute: a time is milliseconds since the epoch. */
type SearchAttributeScalar = string | number | boolean;

const RFC_3339 = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch, with a fraction, of a time written by RFC 3339; undefined when it is none. */
export function rfc3339Ms(text: string): number | undefined {
  const [, seconds, fraction = '', zone] = RFC_3339.exec(text) ?? [];
  const ms = seconds === undefined ? Number.NaN : Date.parse(`${seconds}${zone?.toUpperCase() ?? ''}`);
  return Number.isNaN(ms) ? undefined : ms + Number(`0${fraction}`) * 1_000;
}

/**
 * The values that a payload holds for a search attribute of a type: none when the payload means nothing (`null`, an empty
 * list), several of a list. Undefined when the payload is no JSON, or its value is not of the type.
 */
export function searchAttributeValues(
  { metadata, data }: Payload,
  type: SearchAttributeType,
): readonly SearchAttributeScalar[] | undefined {
  const encoding = Buffer.from(metadata['encoding'] ?? '').toString();
  if (encoding === 'binary/null') return [];
  if (encoding !== 'json/plain') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
  if (json === null) return [];
  if (!Array.isArray(json) && type === 'KeywordList') return undefined;
  const values = (Array.isArray(json) ? json : [json]).map((value) => scalarOf(value, type));
  return values.includes(undefined) ? undefined : (values as SearchAttributeScalar[]);
}

function scalarOf(value: unknown, type: SearchAttributeType): SearchAttributeScalar | undefined {
  switch (type) {
    case 'Text':
    case 'Keyword':
    case 'KeywordList':
      return typeof value === 'string' ? value : undefined;
    case 'Int':
      return Number.isInteger(value) ? (value as number) : undefined;
    case 'Double':
      return typeof value === 'number' ? value : undefined;
    case 'Bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'Datetime':
      return typeof value === 'string' ? rfc3339Ms(value) : undefined;
  }
}
