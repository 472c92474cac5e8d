import { status } from '@grpc/grpc-js';
import { LIMITS } from '@tidewheel/core';
import { promisify } from 'node:util';
import { gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import { GatewayError } from '../errors.js';

/** A flag that says whether the message is compressed, and its length in four bytes. */
export const PREFIX_BYTES = 5;
const COMPRESSED = 1;

/**
 * Compressed messages up to this are unpacked at once, which takes a few microseconds, where handing them to another
 * thread would take ten times that. Larger ones do not hold up the others.
 */
const UNPACKED_AT_ONCE_BYTES = 16 * 1024;

/** Memory to unpack into, a piece at a time. A piece of the usual size costs as much as unpacking a small message. */
const MIN_CHUNK_BYTES = 1_024;
const MAX_CHUNK_BYTES = 16 * 1_024;

interface Unpacker {
  readonly now: typeof gunzipSync;
  readonly later: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>;
  /** How many bytes the packed message says that it has; not to be trusted. */
  readonly statedBytes: (message: Buffer) => number;
}

const UNPACKERS: ReadonlyMap<string, Unpacker> = new Map<string, Unpacker>([
  [
    'gzip',
    {
      now: gunzipSync,
      later: promisify(gunzip),
      statedBytes: (message) => (message.length < 4 ? 0 : message.readUInt32LE(message.length - 4)),
    },
  ],
  ['deflate', { now: inflateSync, later: promisify(inflate), statedBytes: () => MAX_CHUNK_BYTES }],
]);

/** What a request may be packed with, as servers say it. */
export const ACCEPTED_ENCODINGS = ['identity', ...UNPACKERS.keys()].join(',');

/**
 * The one message in the body of a unary call, unpacked; a promise of it only when it is large and packed.
 *
 * @param encoding what the call says its messages are packed with
 * @param mostBytes how many it may have unpacked
 * @throws GatewayError when the body is not one whole message, or cannot be unpacked
 */
export function requestMessage(
  body: Buffer,
  encoding: string,
  mostBytes: number = LIMITS.grpcRequestBytes,
): Buffer | Promise<Buffer> {
  if (body.length < PREFIX_BYTES) {
    throw new GatewayError(status.UNIMPLEMENTED, 'a unary call needs a request message');
  }
  const end = PREFIX_BYTES + body.readUInt32BE(1);
  if (end > body.length) throw new GatewayError(status.INTERNAL, 'the request message ended too early');
  if (end < body.length) throw new GatewayError(status.UNIMPLEMENTED, 'a unary call has one request message');
  const message = body.subarray(PREFIX_BYTES);
  return body[0] === COMPRESSED && encoding !== 'identity' ? unpacked(message, encoding, mostBytes) : message;
}

function unpacked(message: Buffer, encoding: string, mostBytes: number): Buffer | Promise<Buffer> {
  const unpacker = UNPACKERS.get(encoding);
  if (!unpacker) {
    throw new GatewayError(status.UNIMPLEMENTED, `messages packed with "${encoding}" are not supported`);
  }
  const options = { maxOutputLength: mostBytes };
  if (message.length > UNPACKED_AT_ONCE_BYTES) {
    return unpacker.later(message, options).catch((error: unknown) => {
      throw unpackingFailed(error, mostBytes);
    });
  }
  try {
    // One byte more than is needed shows that the end is reached.
    const chunkSize = Math.max(MIN_CHUNK_BYTES, Math.min(unpacker.statedBytes(message) + 1, MAX_CHUNK_BYTES));
    return unpacker.now(message, { ...options, chunkSize });
  } catch (error) {
    throw unpackingFailed(error, mostBytes);
  }
}

function unpackingFailed(error: unknown, mostBytes: number): GatewayError {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    ? new GatewayError(status.RESOURCE_EXHAUSTED, `the request message has more than ${mostBytes} bytes`)
    : new GatewayError(status.INTERNAL, 'the request message cannot be unpacked');
}
