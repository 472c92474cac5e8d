import * as fc from 'fast-check';
import { identifierFault, namespaceFault, runIdFault } from './identifier.js';

describe('identifierFault', () => {
  it('accepts any well-formed text of 1 to 1,000 characters without control characters', () => {
    const sound = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 500 })
      .filter((value) => !Array.from(value).some((char) => char < ' ' || char === '\u007f'));
    fc.assert(
      fc.property(sound, (value) => identifierFault(value) === undefined),
      { numRuns: 500 },
    );
    expect(identifierFault('a b:c/{d} "e" \u00fc \u{1f300}')).toBeUndefined();
    expect(identifierFault('x'.repeat(1_000))).toBeUndefined();
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /must be a string/],
    ['a number', 5, /must be a string/],
    ['no text', '', /must not be empty/],
    ['a long text', 'x'.repeat(1_001), /at most 1000 characters, has 1001/],
    ['a line break', 'a\nb', /control characters/],
    ['a zero', 'a\0', /control characters/],
    ['a lone surrogate', 'a\ud800', /well-formed/],
  ])('refuses %s', (_, value, reason) => expect(identifierFault(value)).toMatch(reason));
});

describe('namespaceFault', () => {
  it.each(['default', 'a', '9', 'Team-1.prod_eu', 'x'.repeat(255)])('accepts %s', (name) =>
    expect(namespaceFault(name)).toBeUndefined(),
  );

  // A colon would end the name within a key, a brace would change the key's partition.
  it.each<unknown>(['', '-a', '.a', '_a', 'a:b', 'a{b}', 'a b', 'ü', 'a\n', 'x'.repeat(256), 1, undefined])(
    'refuses %p',
    (name) => expect(namespaceFault(name)).toBeDefined(),
  );
});

describe('runIdFault', () => {
  it('accepts every UUID in lower case, and nothing else', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => runIdFault(uuid) === undefined));
    fc.assert(fc.property(fc.string(), (value) => runIdFault(value) !== undefined));
    for (const value of [undefined, 'C0FFEE00-0000-4000-8000-000000000000', '0'.repeat(36)]) {
      expect(runIdFault(value)).toBeDefined();
    }
    fc.assert(fc.property(fc.uuid(), (uuid) => runIdFault(`${uuid}\n`) !== undefined));
  });
});
