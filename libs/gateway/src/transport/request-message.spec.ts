import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { deflateSync, gzipSync } from 'node:zlib';
import { requestMessage } from './request-message.js';

function framed(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

describe('requestMessage', () => {
  it('takes the message out of its frame, packed or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
        const message = Buffer.from(bytes);
        expect(await requestMessage(framed(message), 'gzip')).toEqual(message);
        expect(await requestMessage(framed(gzipSync(message), true), 'gzip')).toEqual(message);
        expect(await requestMessage(framed(deflateSync(message), true), 'deflate')).toEqual(message);
      }),
    );
  });

  it('unpacks small messages at once and large ones beside other work', async () => {
    const small = Buffer.alloc(100_000, 'a');
    expect(requestMessage(framed(gzipSync(small), true), 'gzip')).toEqual(small);
    const large = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i * 31) % 251));
    const packed = framed(gzipSync(large, { level: 0 }), true);
    expect(Buffer.isBuffer(requestMessage(packed, 'gzip'))).toBe(false);
    expect(await requestMessage(packed, 'gzip')).toEqual(large);
  });

  it('does not believe what a packed message says of its size', () => {
    const message = Buffer.alloc(40_000, 'b');
    const packed = gzipSync(message);
    packed.writeUInt32LE(3, packed.length - 4);
    expect(() => requestMessage(framed(packed, true), 'gzip')).toThrow('cannot be unpacked');
  });

  it.each([
    ['nothing', Buffer.alloc(0), status.UNIMPLEMENTED],
    ['half a prefix', Buffer.alloc(3), status.UNIMPLEMENTED],
    ['less than announced', framed(Buffer.from('abc')).subarray(0, 7), status.INTERNAL],
    [
      'two messages',
      Buffer.concat([framed(Buffer.from('a')), framed(Buffer.from('b'))]),
      status.UNIMPLEMENTED,
    ],
    ['what is not packed', framed(Buffer.from('abc'), true), status.INTERNAL],
  ])('refuses %s', (_, body, code) => {
    expect(() => requestMessage(body, 'gzip')).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('refuses packings that it does not know', () => {
    expect(() => requestMessage(framed(Buffer.from('abc'), true), 'br')).toThrow(
      expect.objectContaining({ code: status.UNIMPLEMENTED }) as Error,
    );
  });

  it('refuses what is too much when it is unpacked', async () => {
    const refusal = { code: status.RESOURCE_EXHAUSTED };
    const small = framed(gzipSync(Buffer.alloc(2_000)), true);
    expect(() => requestMessage(small, 'gzip', 1_000)).toThrow(expect.objectContaining(refusal) as Error);
    const large = framed(gzipSync(Buffer.alloc(100_000), { level: 0 }), true);
    await expect(requestMessage(large, 'gzip', 50_000)).rejects.toMatchObject(refusal);
  });
});
