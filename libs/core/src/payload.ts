import { LIMITS } from './limits.js';

/**
 * A value as the engine sees it: opaque bytes and metadata that says how to read them.
 *
 * The engine stores and forwards payloads byte for byte and never looks inside; data converters make
 * and read them, payload codecs may encrypt or compress them.
 */
export interface Payload {
  /** At least `encoding`, for example the UTF-8 bytes of `json/plain`. Values are bytes. */
  readonly metadata: Readonly<Record<string, Uint8Array>>;
  readonly data: Uint8Array;
  /** Of a payload that only refers to values which its author keeps elsewhere: the size in bytes of each. */
  readonly externalPayloadSizes?: readonly number[];
}

/** Arguments or details: an ordered list of payloads. */
export type Payloads = readonly Payload[];

/** Named payloads: memo, search attributes, headers. */
export type PayloadMap = Readonly<Record<string, Payload>>;

/** Text for people about a command, event or run; it means nothing to the engine. */
export interface UserMetadata {
  /** One line. */
  readonly summary?: Payload;
  /** As much as there is to say. */
  readonly details?: Payload;
}

/** The encodings every data converter of the platform knows. */
export const PayloadEncoding = {
  null: 'binary/null',
  bytes: 'binary/plain',
  json: 'json/plain',
} as const;

/** Bytes that a payload occupies against the size limits: data plus metadata keys and values. */
export function payloadSizeBytes(payload: Payload): number {
  let size = payload.data.byteLength;
  for (const [key, value] of Object.entries(payload.metadata)) size += key.length + value.byteLength;
  return size;
}

/** What of a run's or command's metadata is larger than its limit, and how large; undefined when it is sound. */
export function userMetadataFault(metadata: UserMetadata | undefined): string | undefined {
  return (
    oversized('summary', metadata?.summary, LIMITS.summaryBytes) ??
    oversized('details', metadata?.details, LIMITS.detailsBytes)
  );
}

function oversized(field: string, payload: Payload | undefined, limit: number): string | undefined {
  const bytes = payload?.data.byteLength ?? 0;
  return bytes > limit ? `${field}: has ${bytes} bytes, the limit is ${limit}` : undefined;
}

/** Sum of {@link payloadSizeBytes} over a list; 0 for an absent list. */
export function payloadsSizeBytes(payloads: Payloads | undefined): number {
  let size = 0;
  for (const payload of payloads ?? []) size += payloadSizeBytes(payload);
  return size;
}
