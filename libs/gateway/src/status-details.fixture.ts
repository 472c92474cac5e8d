import type { Metadata } from '@grpc/grpc-js';
import { api, wellKnown } from './proto.js';

/** What a caller of Temporal reads from a failed call. */
export interface DecodedStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly name: string; readonly fields: object }[];
}

interface MessageType {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): object;
}

/** Decodes `grpc-status-details-bin`, and checks that code and message are the ones of the status itself. */
export function statusOf(error: {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}): DecodedStatus {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(bytes)) throw new Error('there are no details');
  const decoded = wellKnown.rpc.Status.decode(bytes);
  expect({ code: decoded.code, message: decoded.message }).toEqual({
    code: error.code,
    message: error.details,
  });
  return {
    code: decoded.code,
    message: decoded.message,
    details: decoded.details.map(({ type_url: url, value }) => {
      const name = String(url).replace('type.googleapis.com/temporal.api.errordetails.v1.', '');
      const type = (api.errordetails.v1 as unknown as Readonly<Record<string, MessageType>>)[name];
      if (!type || !value) throw new Error(`unknown detail ${String(url)}`);
      return { name, fields: type.toObject(type.decode(value), { defaults: false }) };
    }),
  };
}
