import { ServerCredentials, status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2';
import { gzipSync } from 'node:zlib';
import { GatewayError } from '../errors.js';
import type { UnaryCall } from './unary-call.js';
import { UnaryServer } from './unary-server.js';

const PATH = '/test.Service/Ask';

let server: UnaryServer;
let session: ClientHttp2Session;
/** What the method does; its message is the whole of its request. */
let answer: (request: Buffer, call: UnaryCall) => Promise<Uint8Array>;

beforeAll(async () => {
  server = new UnaryServer({});
  server.addUnaryMethods([{ name: 'Ask', path: PATH, answer: (request, call) => answer(request, call) }]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  session = connect(`http://127.0.0.1:${port}`);
});
beforeEach(() => {
  answer = (request) => Promise.resolve(request);
});
afterAll(async () => {
  session.close();
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
});

function framed(message: Uint8Array, compressed = 0): Buffer {
  const prefix = Buffer.from([compressed, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function open(headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
}

interface Reply {
  readonly status: number;
  readonly grpcStatus: number;
  readonly message: string;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

async function replyTo(stream: ClientHttp2Stream): Promise<Reply> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('response', (some: IncomingHttpHeaders) => (headers = some));
  stream.on('trailers', (some: IncomingHttpHeaders) => (trailers = some));
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  await once(stream, 'close');
  const ends = { ...headers, ...trailers };
  return {
    status: Number(headers[':status']),
    grpcStatus: Number(ends['grpc-status']),
    message: decodeURI(ends['grpc-message']?.toString() ?? ''),
    body: Buffer.concat(parts),
    headers,
  };
}

async function ask(body: Uint8Array, headers?: OutgoingHttpHeaders): Promise<Reply> {
  const stream = open(headers);
  stream.end(body);
  return replyTo(stream);
}

describe('UnaryServer', () => {
  it('answers one message with one message and a status', async () => {
    const { status: http, grpcStatus, body, headers } = await ask(framed(Buffer.from('hello')));
    expect([http, grpcStatus]).toEqual([200, status.OK]);
    expect(body).toEqual(framed(Buffer.from('hello')));
    expect(headers['content-type']).toMatch(/^application\/grpc/);
    expect(headers['grpc-accept-encoding']).toBe('identity,gzip,deflate');
  });

  it.each([10, 200_000])('unpacks messages of %i bytes', async (bytes) => {
    const message = Buffer.from(Array.from({ length: bytes }, (_, i) => (i * i * 31) % 251));
    const packed = framed(gzipSync(message, { level: 0 }), 1);
    const { grpcStatus, body } = await ask(packed, { 'grpc-encoding': 'gzip' });
    expect(grpcStatus).toBe(status.OK);
    expect(body).toEqual(framed(message));
  });

  it('takes requests that come in pieces', async () => {
    const stream = open();
    const whole = framed(Buffer.from('in pieces'));
    for (const byte of whole) stream.write(Buffer.from([byte]));
    stream.end();
    expect((await replyTo(stream)).body).toEqual(whole);
  });

  it('says what was refused, in words of any alphabet and in details', async () => {
    answer = () => Promise.reject(new GatewayError(status.NOT_FOUND, 'keine Übung 漢字 \uD800'));
    const { grpcStatus, message, headers } = await ask(framed(Buffer.from('x')));
    expect(grpcStatus).toBe(status.NOT_FOUND);
    expect(message).toBe('keine Übung 漢字 \uFFFD');
    expect(headers['grpc-status-details-bin']).toBeDefined();
  });

  it.each([
    ['no message', Buffer.alloc(0), {}, status.UNIMPLEMENTED],
    ['an unknown packing', framed(Buffer.from('x'), 1), { 'grpc-encoding': 'br' }, status.UNIMPLEMENTED],
    ['a timeout that is none', framed(Buffer.from('x')), { 'grpc-timeout': 'soon' }, status.INTERNAL],
  ])('refuses %s', async (_, body, headers, code) => {
    answer = () => Promise.reject(new Error('is not asked'));
    expect((await ask(body, headers)).grpcStatus).toBe(code);
  });

  it('leaves other methods and other protocols to grpc-js', async () => {
    const unknown = await ask(framed(Buffer.from('x')), { ':path': '/test.Service/Other' });
    expect(unknown.grpcStatus).toBe(status.UNIMPLEMENTED);
    expect(unknown.message).toContain('/test.Service/Other');
    expect((await ask(Buffer.from('{}'), { 'content-type': 'application/json' })).status).toBe(415);
  });

  it('tells a method whose caller has gone', async () => {
    let told = (): void => undefined;
    const gone = new Promise<void>((resolve) => (told = resolve));
    const asked = new Promise<UnaryCall>((resolve) => {
      answer = async (request, call) => {
        call.signal.addEventListener('abort', told);
        resolve(call);
        await gone;
        return request;
      };
    });
    const stream = open({ 'grpc-timeout': '30S' });
    stream.end(framed(Buffer.from('x')));
    const call = await asked;
    expect(call.cancelled).toBe(false);
    stream.close();
    await gone;
    expect(call.cancelled).toBe(true);
    expect(call.signal.aborted).toBe(true);
  });

  it('ends a call whose time is over, and does not tell those that were answered', async () => {
    let signal: AbortSignal | undefined;
    answer = (request, call) => {
      ({ signal } = call);
      return new Promise((resolve) => call.signal.addEventListener('abort', () => resolve(request)));
    };
    const late = await ask(framed(Buffer.from('x')), { 'grpc-timeout': '1m' });
    expect(late.grpcStatus).toBe(status.DEADLINE_EXCEEDED);
    expect(signal?.aborted).toBe(true);

    answer = (request, call) => {
      ({ signal } = call);
      return Promise.resolve(request);
    };
    expect((await ask(framed(Buffer.from('x')), { 'grpc-timeout': '10S' })).grpcStatus).toBe(status.OK);
    expect(signal?.aborted).toBe(false);
  });

  it('shows when the caller stops waiting, and its metadata', async () => {
    const before = Date.now();
    let deadlineMs = 0;
    let user: unknown;
    answer = (request, call) => {
      ({ deadlineMs } = call);
      user = call.metadata.get('user')[0];
      return Promise.resolve(request);
    };
    await ask(framed(Buffer.from('x')), { 'grpc-timeout': '10S', user: 'ada' });
    expect(deadlineMs).toBeGreaterThanOrEqual(before + 10_000);
    expect(user).toBe('ada');
  });
});
