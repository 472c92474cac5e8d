import type { Payload } from '@tidewheel/core';
import fc from 'fast-check';
import { z } from 'zod';
import {
  payloadList,
  payloadMap,
  payloadMapToJson,
  payloadsToJson,
  payloadToJson,
  resultToJson,
} from './payload-json.js';

const list = payloadList('values');
const map = payloadMap('named values');

const bytes = (text: string): Buffer => Buffer.from(text);
const base64 = (text: string): string => bytes(text).toString('base64');
const json = (text: string): Payload => ({ metadata: { encoding: bytes('json/plain') }, data: bytes(text) });

function faultOf(schema: z.ZodType, value: unknown): { path: PropertyKey[]; message: string } | undefined {
  const issue = schema.safeParse(value).error?.issues[0];
  return issue && { path: issue.path, message: issue.message };
}

/** JSON nested so deep. */
function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}

describe('payloads in shorthand', () => {
  it('takes a JSON value as a json/plain payload', () => {
    expect(list.parse([{ to: 'Ada' }, null, 'é'])).toEqual([json('{"to":"Ada"}'), json('null'), json('"é"')]);
  });

  it('gives back any JSON value as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        // What a body holds has been through JSON, which knows no negative zero.
        const received: unknown = JSON.parse(JSON.stringify(values));
        expect(payloadsToJson(list.parse(received))).toEqual(received);
      }),
    );
  });

  it('gives back payloads of any encoding as they were', () => {
    const anyBytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
    const payload = fc.record({
      metadata: fc
        .dictionary(fc.string(), anyBytes)
        .map((others): Payload['metadata'] => ({ ...others, encoding: bytes('binary/encrypted') })),
      data: anyBytes,
    });
    fc.assert(
      fc.property(payload, (given) => {
        const written: unknown = JSON.parse(JSON.stringify(payloadToJson(given)));
        expect(list.parse([written])).toEqual([given]);
      }),
    );
  });

  it('takes an object with exactly metadata and data in base64 as a raw payload', () => {
    const raw = { metadata: { encoding: base64('binary/plain'), key: base64('k1') }, data: base64('hello') };
    const payload = { metadata: { encoding: bytes('binary/plain'), key: bytes('k1') }, data: bytes('hello') };
    expect(list.parse([raw])).toEqual([payload]);
    expect(payloadToJson(payload)).toEqual(raw);
  });

  it('takes an object that only resembles a raw payload as a value', () => {
    for (const value of [
      { metadata: {}, data: 'YQ==' },
      { metadata: { encoding: 1 }, data: 'YQ==' },
      { metadata: { encoding: 'YQ==' }, data: ['YQ=='] },
      { metadata: { encoding: 'YQ==' }, data: 'YQ==', more: true },
      { metadata: ['encoding'], data: 'YQ==' },
    ]) {
      expect(list.parse([value])).toEqual([json(JSON.stringify(value))]);
    }
  });

  it('writes a value that would be taken for a raw payload as a raw payload', () => {
    const confusing = json('{"metadata":{"encoding":"YQ=="},"data":"YQ=="}');
    const written = payloadToJson(confusing);
    expect(written).toEqual({
      metadata: { encoding: base64('json/plain') },
      data: base64('{"metadata":{"encoding":"YQ=="},"data":"YQ=="}'),
    });
    expect(list.parse([written])).toEqual([confusing]);
  });

  it('names the value whose base64 is broken', () => {
    const broken = { metadata: { encoding: 'YQ==' }, data: 'not base64' };
    expect(faultOf(list, [1, broken])).toEqual({
      path: [1],
      message: expect.stringContaining('data is not base64') as string,
    });
    expect(faultOf(list, [{ metadata: { encoding: 'a' }, data: '' }])?.message).toContain(
      'metadata.encoding',
    );
  });

  it('writes no value as null, and a payload that is not the JSON it claims to be as a raw one', () => {
    expect(payloadToJson({ metadata: { encoding: bytes('binary/null') }, data: bytes('') })).toBeNull();
    expect(resultToJson(undefined)).toBeNull();
    expect(resultToJson([])).toBeNull();
    expect(resultToJson([json('[1]')])).toEqual([1]);
    expect(payloadToJson(json('{broken'))).toEqual({
      metadata: { encoding: base64('json/plain') },
      data: base64('{broken'),
    });
  });

  it('refuses values nested too deep to be written again, however deep', () => {
    for (const depth of [501, 5_000, 500_000]) {
      expect(faultOf(list, [nested(depth)])).toEqual({
        path: [0],
        message: 'is nested more than 500 levels deep',
      });
    }
    expect(list.safeParse([nested(500)]).success).toBe(true);
  });

  it('writes stored values nested too deep as raw payloads', () => {
    const deep = json(JSON.stringify(nested(501)));
    expect(payloadToJson(deep)).toMatchObject({ metadata: { encoding: base64('json/plain') } });
  });

  it('is not misled by brackets in text', () => {
    const value = `"\\${'['.repeat(2_000)}`;
    expect(payloadsToJson(list.parse([value]))).toEqual([value]);
  });

  it('limits the number of values', () => {
    expect(faultOf(list, new Array(10_001).fill(0))).toEqual({
      path: [],
      message: 'must have at most 10000 values',
    });
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`k${index}`, 0]));
    expect(faultOf(map, many)?.message).toContain('at most 10000 values');
  });

  it('reads named values, whatever the names', () => {
    const received: unknown = JSON.parse('{"__proto__":1,"constructor":{"a":2},"toString":null}');
    expect(payloadMapToJson(map.parse(received))).toEqual(received);
    expect(Object.keys(map.parse(received))).toEqual(['__proto__', 'constructor', 'toString']);
  });

  it('refuses names that are none', () => {
    expect(faultOf(map, { '': 1 })).toEqual({ path: [''], message: 'the name must not be empty' });
    expect(faultOf(map, { ['n'.repeat(1_001)]: 1 })?.message).toContain('at most 1000 characters');
    for (const value of [undefined, null, [], 'x', 1]) {
      expect(faultOf(map, value)?.message).toContain('must be an object');
    }
  });
});
