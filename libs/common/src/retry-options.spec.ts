import { compileRetryPolicy, ValueError } from './index.js';

test('durations become milliseconds, and what is left out stays out', () => {
  expect(compileRetryPolicy({ initialInterval: '2s', maximumInterval: '1m', maximumAttempts: 3 })).toEqual({
    initialIntervalMs: 2_000,
    maximumIntervalMs: 60_000,
    maximumAttempts: 3,
  });
  expect(compileRetryPolicy({ maximumAttempts: Infinity })).toEqual({});
});

test.each([
  [{ backoffCoefficient: 0.5 }, 'backoffCoefficient'],
  [{ maximumAttempts: 0 }, 'maximumAttempts'],
  [{ maximumAttempts: 1.5 }, 'maximumAttempts'],
  [{ initialInterval: 0 }, 'initialInterval'],
  [{ maximumInterval: 0 }, 'maximumInterval'],
  [{ initialInterval: '2s', maximumInterval: '1s' }, 'maximumInterval'],
  [{ maximumInterval: 500 }, 'maximumInterval'],
])('%j is refused', (policy, field) => {
  expect(() => compileRetryPolicy(policy)).toThrow(ValueError);
  expect(() => compileRetryPolicy(policy)).toThrow(`retry.${field} must`);
});
