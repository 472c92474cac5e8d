import type { Failure } from '@tidewheel/core';
import fc from 'fast-check';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  DefaultFailureConverter,
  defaultFailureConverter,
  defaultPayloadConverter,
  ensureApplicationFailure,
  isCancellation,
  rootCause,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TidewheelFailure,
  TimeoutFailure,
} from './index.js';

const toFailure = (error: unknown) => defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
const toError = (failure: Failure) =>
  defaultFailureConverter.failureToError(failure, defaultPayloadConverter);

/** There and back, as if the failure had been made elsewhere. */
function roundTrip(error: Error): Error {
  const back = toError(toFailure(error));
  delete back.failure;
  return back;
}

const cause = new TimeoutFailure('too slow', { done: 5 }, 'HEARTBEAT');

test.each([
  ApplicationFailure.create({
    message: 'm',
    type: 'T',
    nonRetryable: true,
    details: [1, { a: undefined }, 'x'],
    nextRetryDelay: 5_000,
    category: 'BENIGN',
    cause,
  }),
  new ServerFailure('m', true),
  new CancelledFailure('m', ['why'], cause),
  new TerminatedFailure('m'),
  cause,
  new ActivityFailure('m', 'greet', '1', 'TIMEOUT', 'worker', cause),
  new ChildWorkflowFailure('default', { workflowId: 'w', runId: 'r' }, 'child', 'CANCEL_REQUESTED', cause),
])('$name comes back as what it was, with its cause', (error) => {
  const back = roundTrip(error);
  expect(back.constructor).toBe(error.constructor);
  expect(back.message).toBe(error.message);
  expect(back.stack).toBe(error.stack);
  expect(JSON.parse(JSON.stringify(back))).toEqual(JSON.parse(JSON.stringify(error)));
  expect(back.cause?.constructor).toBe(error.cause?.constructor);
});

test('an unknown error becomes an application failure named after its class', () => {
  class Whatever extends Error {
    override name = 'Whatever';
  }
  expect(toFailure(new Whatever('m', { cause: new TypeError('inner') }))).toMatchObject({
    message: 'm',
    source: 'TypeScriptSDK',
    stackTrace: expect.stringContaining('Whatever: m') as string,
    info: { kind: 'application', type: 'Whatever', nonRetryable: false },
    cause: { message: 'inner', info: { type: 'TypeError' } },
  });
  expect(ensureApplicationFailure(new Whatever('m'))).toMatchObject({
    message: 'm',
    type: 'Whatever',
    nonRetryable: false,
  });
});

test('anything thrown becomes a failure with a message', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: false }), (thrown) => {
      expect(typeof toFailure(thrown).message).toBe('string');
    }),
  );
});

test('a value that cannot be shown becomes a failure as well', () => {
  expect(toFailure({ count: 0n, toString: 'not a function' }).message).toContain('cannot be shown');
});

test('a failure from elsewhere goes on unchanged', () => {
  const failure: Failure = {
    message: 'from Go',
    source: 'GoSDK',
    info: { kind: 'application', nonRetryable: false },
  };
  expect(toFailure(toError(failure))).toBe(failure);
});

test('common attributes can be kept from whoever lacks the key', () => {
  const converter = new DefaultFailureConverter({ encodeCommonAttributes: true });
  const failure = converter.errorToFailure(new Error('secret'), defaultPayloadConverter);
  expect(failure.message).toBe('Encoded failure');
  expect(failure.stackTrace).toBeUndefined();
  const error = converter.failureToError(failure, defaultPayloadConverter);
  expect(error.message).toBe('secret');
  expect(error.stack).toContain('secret');
});

test('isCancellation looks through activities and children', () => {
  const cancelled = new CancelledFailure('c');
  expect(isCancellation(cancelled)).toBe(true);
  expect(isCancellation(new ActivityFailure('a', 't', '1', 'CANCEL_REQUESTED', undefined, cancelled))).toBe(
    true,
  );
  expect(isCancellation(new ActivityFailure('a', 't', '1', 'TIMEOUT', undefined, cause))).toBe(false);
  expect(isCancellation(new Error('x'))).toBe(false);
});

test('rootCause is the innermost message', () => {
  const error = ApplicationFailure.create({
    message: 'outer',
    cause: new ActivityFailure('a', 't', '1', 'TIMEOUT', undefined, cause),
  });
  expect(rootCause(error)).toBe('too slow');
  expect(rootCause('text')).toBe('text');
});

test('the base class has the name that people know', () => {
  expect(TemporalFailure).toBe(TidewheelFailure);
  expect(new CancelledFailure('m')).toBeInstanceOf(TemporalFailure);
});
