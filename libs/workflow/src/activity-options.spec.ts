import { InvalidDurationError } from '@tidewheel/core';
import { compileActivityOptions } from './activity-options.js';
import type { ActivityCancellationType } from './activity-options.js';

test('options are checked once and brought into milliseconds', () => {
  expect(
    compileActivityOptions({
      startToCloseTimeout: '1 minute',
      scheduleToCloseTimeout: 120_000,
      heartbeatTimeout: '10s',
      taskQueue: 'other',
      activityId: 'mine',
      retry: { maximumAttempts: 2 },
      allowEagerDispatch: false,
    }),
  ).toEqual({
    activityId: 'mine',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    attributes: {
      startToCloseTimeoutMs: 60_000,
      scheduleToCloseTimeoutMs: 120_000,
      heartbeatTimeoutMs: 10_000,
      taskQueue: 'other',
      retryPolicy: { maximumAttempts: 2 },
      requestEagerExecution: false,
    },
  });
});

test('an activity without a limit is refused', () => {
  expect(() => compileActivityOptions({})).toThrow('need startToCloseTimeout or scheduleToCloseTimeout');
  expect(() => compileActivityOptions({ startToCloseTimeout: 0 })).toThrow(TypeError);
});

test('what is no duration or no cancellation type is refused', () => {
  expect(() => compileActivityOptions({ startToCloseTimeout: 'soon' })).toThrow(InvalidDurationError);
  const cancellationType = 'NEVER' as ActivityCancellationType;
  expect(() => compileActivityOptions({ startToCloseTimeout: 1, cancellationType })).toThrow(
    'must be one of TRY_CANCEL',
  );
});
