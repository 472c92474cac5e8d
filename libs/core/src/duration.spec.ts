import * as fc from 'fast-check';
import {
  durationToMs,
  formatDuration,
  InvalidDurationError,
  MAX_DURATION_MS,
  optionalDurationToMs,
} from './duration.js';

describe('durationToMs', () => {
  it.each<[string | number, number]>([
    [0, 0],
    [1.4, 1],
    [1.5, 2],
    ['10', 10],
    ['10ms', 10],
    ['10s', 10_000],
    ['10 seconds', 10_000],
    ['1.5m', 90_000],
    ['.5h', 1_800_000],
    ['2 Hours', 7_200_000],
    [' 1 day ', 86_400_000],
    ['1w', 604_800_000],
    ['1 year', 31_557_600_000],
    ['10 yrs', MAX_DURATION_MS],
  ])('reads %p as %p ms', (duration, ms) => expect(durationToMs(duration)).toBe(ms));

  it.each([
    ...['', ' ', 's', '-1s', '1e3', '1 s s', '1s1m', '1 fortnight', 'Infinity', 'NaN', '１s', '1,5s', '0x10'],
    ...[-1, NaN, Infinity, -Infinity, MAX_DURATION_MS + 1, '11 years'],
  ])('refuses %p and says what is allowed', (duration) => {
    expect(() => durationToMs(duration)).toThrow(InvalidDurationError);
    expect(() => durationToMs(duration)).toThrow(/give milliseconds/);
  });

  it('gives whole milliseconds up to the limit for any text and number, or refuses it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.integer()), (duration) => {
        try {
          const ms = durationToMs(duration);
          expect(Number.isInteger(ms)).toBe(true);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(MAX_DURATION_MS);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidDurationError);
        }
      }),
    );
  });

  it('does not take long for long text', () => {
    expect(() => durationToMs('1'.repeat(100_000) + '!')).toThrow(InvalidDurationError);
    expect(() => durationToMs('1' + ' '.repeat(100_000) + '!')).toThrow(InvalidDurationError);
  });
});

describe('formatDuration', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
        expect(durationToMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('optionalDurationToMs', () => {
  it('leaves undefined as it is', () => {
    expect(optionalDurationToMs(undefined)).toBeUndefined();
    expect(optionalDurationToMs('1s')).toBe(1_000);
  });
});
