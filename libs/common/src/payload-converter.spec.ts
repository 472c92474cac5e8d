import fc from 'fast-check';
import {
  defaultPayloadConverter as converter,
  fromPayloadMap,
  fromPayloads,
  PayloadConverterError,
  toPayloadMap,
  toPayloads,
  ValueError,
} from './index.js';

const encodingOf = (value: unknown) =>
  Buffer.from(converter.toPayload(value).metadata['encoding']!).toString();

test('values choose their encodings', () => {
  expect(encodingOf(undefined)).toBe('binary/null');
  expect(encodingOf(new Uint8Array([1]))).toBe('binary/plain');
  for (const value of [null, 1, 'x', true, [], {}, new Date(0)]) expect(encodingOf(value)).toBe('json/plain');
});

test('JSON values come back equal, bytes as bytes, undefined as undefined', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.uint8Array(), fc.constant(undefined)), (value) => {
      const back = converter.fromPayload(converter.toPayload(value));
      expect(back).toEqual(value instanceof Uint8Array ? value : fromJson(value));
    }),
  );
});

test('payloads are read whoever made their metadata', () => {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"a":"ü"}') };
  expect(converter.fromPayload(payload)).toEqual({ a: 'ü' });
});

test('what cannot be written is refused', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [() => 1, Symbol('s'), 1n, cycle])
    expect(() => converter.toPayload(value)).toThrow(ValueError);
});

test('what cannot be read is refused', () => {
  const data = Buffer.from('{');
  for (const metadata of [{}, { encoding: Buffer.from('json/plain') }, { encoding: Buffer.from('other') }]) {
    expect(() => converter.fromPayload({ metadata, data })).toThrow(PayloadConverterError);
  }
});

test('lists and maps are converted value by value', () => {
  expect(toPayloads(converter, [])).toBeUndefined();
  expect(fromPayloads(converter, toPayloads(converter, [1, 'two']))).toEqual([1, 'two']);
  expect(fromPayloads(converter, undefined)).toEqual([]);
  expect(fromPayloadMap(converter, toPayloadMap(converter, { a: 1, b: undefined }))).toEqual({
    a: 1,
    b: undefined,
  });
});

/** What JSON makes of a value: -0 becomes 0. */
function fromJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
