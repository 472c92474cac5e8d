import { once } from 'node:events';
import { connect } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';

/** What a call without arguments was answered with: gRPC's status code, and the bytes of the message when it is 0. */
interface GrpcAnswer {
  readonly status: number;
  readonly message: string;
  readonly body: Buffer;
}

/** Compressed flag and length of a message, before its bytes. */
const PREFIX_BYTES = 5;

/** Calls a method with an empty message, over HTTP/2 by hand: as much of gRPC as these tests need. */
export async function callGrpc(
  port: number,
  path: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<GrpcAnswer> {
  const session = connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...metadata,
    });
    let headers: IncomingHttpHeaders = {};
    const parts: Buffer[] = [];
    stream.on('response', (first: IncomingHttpHeaders) => (headers = { ...headers, ...first }));
    stream.on('trailers', (last: IncomingHttpHeaders) => (headers = { ...headers, ...last }));
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.end(Buffer.alloc(PREFIX_BYTES));
    await once(stream, 'close');
    return {
      status: Number(headers['grpc-status']),
      message: decodeURIComponent(String(headers['grpc-message'] ?? '')),
      body: Buffer.concat(parts).subarray(PREFIX_BYTES),
    };
  } finally {
    session.close();
  }
}
