import type { Payload, PayloadMap, Payloads } from '@tidewheel/core';
import { int64, toNumber } from '../proto.js';
import type { P } from '../proto.js';

const NO_BYTES: Uint8Array = Buffer.alloc(0);

/** Byte for byte; metadata and data that are not set are empty. */
export function payloadFromProto(payload: P.Payload): Payload {
  const metadata = metadataFromProto(payload.metadata ?? {});
  const data = bytesFromProto(payload.data);
  const external = payload.externalPayloads;
  if (!external?.length) return { metadata, data };
  return { metadata, data, externalPayloadSizes: external.map(({ sizeBytes }) => sizeOf(sizeBytes)) };
}

/** A size that is none counts as 0: nothing depends on it but what people see. */
function sizeOf(sizeBytes: Parameters<typeof toNumber>[0]): number {
  const size = toNumber(sizeBytes);
  return Number.isSafeInteger(size) && size > 0 ? size : 0;
}

/** Decoding gives an empty array for bytes that are not set. */
function bytesFromProto(bytes: Uint8Array | null | undefined): Uint8Array {
  return bytes?.length ? bytes : NO_BYTES;
}

function metadataFromProto(metadata: Payload['metadata']): Payload['metadata'] {
  const values = Object.values(metadata);
  if (values.every(({ length }) => length > 0)) return metadata;
  return Object.fromEntries(Object.entries(metadata).map(([name, bytes]) => [name, bytesFromProto(bytes)]));
}

export function payloadToProto(payload: Payload): P.Payload {
  const { metadata, data, externalPayloadSizes } = payload;
  if (!externalPayloadSizes) return { metadata, data };
  return {
    metadata,
    data,
    externalPayloads: externalPayloadSizes.map((size) => ({ sizeBytes: int64(size) })),
  };
}

/** An empty list when nothing is set. */
export function payloadsFromProto(payloads: P.Payloads | null | undefined): Payloads {
  return payloads?.payloads?.map(payloadFromProto) ?? [];
}

/** Nothing for an absent list, which on the wire is something else than an empty one. */
export function payloadsToProto(payloads: Payloads | undefined): P.Payloads | null {
  return payloads ? { payloads: payloads.map(payloadToProto) } : null;
}

type ProtoFields = Readonly<Record<string, P.Payload>> | null | undefined;

/** The `fields` of a header or memo, or the `indexedFields` of search attributes; undefined when there are none. */
export function payloadMapFromProto(fields: ProtoFields): PayloadMap | undefined {
  const entries = Object.entries(fields ?? {});
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, payload]) => [name, payloadFromProto(payload)]));
}

/** What goes into the `fields` of a header or memo, or the `indexedFields` of search attributes. */
export function payloadMapToProto(map: PayloadMap | undefined): Record<string, P.Payload> {
  return Object.fromEntries(
    Object.entries(map ?? {}).map(([name, payload]) => [name, payloadToProto(payload)]),
  );
}

/** A header, or nothing when there is none. */
export function headerToProto(header: PayloadMap | undefined): { fields: Record<string, P.Payload> } | null {
  return header ? { fields: payloadMapToProto(header) } : null;
}
