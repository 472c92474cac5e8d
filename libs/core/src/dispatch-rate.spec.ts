import { burstFault, dispatchRateFault } from './dispatch-rate.js';

describe('what is wrong with a dispatch rate', () => {
  it.each([0.001, 0.1, 1, 200, 1e6, Number.MAX_VALUE])('nothing: %s', (rate) => {
    expect(dispatchRateFault(rate)).toBeUndefined();
  });

  it.each([0, -0, -1, NaN, Infinity, -Infinity, '5', null, undefined, true, [1], {}])(
    'something: %p',
    (rate) => {
      expect(dispatchRateFault(rate)).toMatch(/^must be a finite number of tasks a second, greater than 0/);
    },
  );

  it('is not zero where zero stops the dispatch', () => {
    expect(dispatchRateFault(0, { zeroStops: true })).toBeUndefined();
    expect(dispatchRateFault(-1, { zeroStops: true })).toMatch(/not negative/);
  });
});

describe('what is wrong with a burst', () => {
  it.each([1, 1.5, 1_000_000])('nothing: %s', (burst) => expect(burstFault(burst)).toBeUndefined());
  it.each([0, 0.5, -1, NaN, Infinity, 1_000_001, '2', null])('something: %p', (burst) => {
    expect(burstFault(burst)).toBe('must be a number of tasks from 1 to 1000000');
  });
});
