import type { Payload } from './payload.js';
import { mergeUpserts } from './upserts.js';

function payload(encoding: string, data: string): Payload {
  return { metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) };
}

const json = (value: unknown): Payload => payload('json/plain', JSON.stringify(value));

describe('mergeUpserts', () => {
  it('adds and replaces by name', () => {
    expect(mergeUpserts(undefined, { a: json(1) })).toEqual({ a: json(1) });
    expect(mergeUpserts({ a: json(1), b: json(1) }, { b: json(2), c: json(2) })).toEqual({
      a: json(1),
      b: json(2),
      c: json(2),
    });
  });

  it.each([payload('binary/null', ''), json(null), json([])])(
    'takes away what is set to nothing',
    (nothing) => {
      expect(mergeUpserts({ a: json(1), b: json(2) }, { a: nothing })).toEqual({ b: json(2) });
    },
  );

  it('keeps empty values that are values', () => {
    const values = {
      a: payload('binary/plain', ''),
      b: json(''),
      c: json({}),
      d: payload('binary/null', 'x'),
    };
    expect(mergeUpserts({}, values)).toEqual(values);
  });

  it('keeps any name', () => {
    expect(Object.keys(mergeUpserts({}, { constructor: json(1) }))).toEqual(['constructor']);
  });
});
