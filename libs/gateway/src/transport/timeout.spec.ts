import { timeoutMs } from './timeout.js';

describe('timeoutMs', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['10S', 10_000],
    ['250m', 250],
    ['29999999u', 29_999],
    ['99999999n', 99],
    ['99999999H', 2_147_000_000],
  ])('reads %s', (header, ms) => {
    expect(timeoutMs(header)).toBe(ms);
  });

  it('is without end when nothing is said', () => {
    expect(timeoutMs(undefined)).toBe(Infinity);
  });

  it.each(['', '10', 'S', '-1S', '123456789S', '1.5S', '10 S', '10s'])('refuses "%s"', (header) => {
    expect(() => timeoutMs(header)).toThrow('Invalid grpc-timeout value');
  });
});
