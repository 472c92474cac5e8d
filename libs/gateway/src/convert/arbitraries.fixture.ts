import type { Failure, FailureInfo, Payload } from '@tidewheel/core';
import * as fc from 'fast-check';
import { retryState, timeoutType } from './enums.js';

const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const names = text.filter((name) => name !== '__proto__');
const eventId = fc.oneof(fc.nat(), fc.maxSafeNat());

/** Any payload; its bytes are Buffers, as those of decoded messages are. */
const payload: fc.Arbitrary<Payload> = fc.record(
  {
    metadata: fc.dictionary(names, bytes, { maxKeys: 3, noNullPrototype: true }),
    data: bytes,
    externalPayloadSizes: fc.array(fc.maxSafeNat(), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['metadata', 'data'], noNullPrototype: true },
);
export const payloads = fc.array(payload, { maxLength: 3 });
export const payloadMap = fc.dictionary(names, payload, { minKeys: 1, maxKeys: 3, noNullPrototype: true });

function info<T extends FailureInfo>(
  fields: { readonly [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  requiredKeys: readonly (keyof T & string)[],
): fc.Arbitrary<T> {
  return fc.record(fields, { requiredKeys: [...requiredKeys], noNullPrototype: true }) as fc.Arbitrary<T>;
}

type InfoOf<K extends FailureInfo['kind']> = Extract<FailureInfo, { kind: K }>;

const retryStates = fc.constantFrom(...(Object.keys(retryState.codes) as (keyof typeof retryState.codes)[]));
const timeoutTypes = fc.constantFrom(
  ...(Object.keys(timeoutType.codes) as (keyof typeof timeoutType.codes)[]),
);

const failureInfo: fc.Arbitrary<FailureInfo> = fc.oneof(
  info<InfoOf<'application'>>(
    {
      kind: fc.constant('application'),
      type: text,
      nonRetryable: fc.boolean(),
      details: payloads,
      nextRetryDelayMs: fc.nat(),
      category: fc.constant('BENIGN'),
    },
    ['kind', 'nonRetryable'],
  ),
  info<InfoOf<'timeout'>>(
    { kind: fc.constant('timeout'), timeoutType: timeoutTypes, lastHeartbeatDetails: payloads },
    ['kind', 'timeoutType'],
  ),
  info<InfoOf<'canceled'>>({ kind: fc.constant('canceled'), details: payloads, identity: text }, ['kind']),
  info<InfoOf<'terminated'>>({ kind: fc.constant('terminated'), identity: text }, ['kind']),
  info<InfoOf<'server'>>({ kind: fc.constant('server'), nonRetryable: fc.boolean() }, [
    'kind',
    'nonRetryable',
  ]),
  info<InfoOf<'resetWorkflow'>>({ kind: fc.constant('resetWorkflow'), lastHeartbeatDetails: payloads }, [
    'kind',
  ]),
  info<InfoOf<'activity'>>(
    {
      kind: fc.constant('activity'),
      scheduledEventId: eventId,
      startedEventId: eventId,
      identity: text,
      activityType: text,
      activityId: text,
      retryState: retryStates,
    },
    ['kind', 'scheduledEventId', 'startedEventId', 'activityType', 'activityId', 'retryState'],
  ),
  info<InfoOf<'childWorkflow'>>(
    {
      kind: fc.constant('childWorkflow'),
      namespace: text,
      workflowId: text,
      runId: text,
      workflowType: text,
      initiatedEventId: eventId,
      startedEventId: eventId,
      retryState: retryStates,
    },
    ['kind', 'workflowId', 'runId', 'workflowType', 'initiatedEventId', 'startedEventId', 'retryState'],
  ),
);

/** Failures of every kind, with causes. */
export const failure: fc.Arbitrary<Failure> = fc.letrec<{ failure: Failure }>((tie) => ({
  failure: fc.record(
    {
      message: fc.string({ unit: 'binary' }),
      source: text,
      stackTrace: text,
      encodedAttributes: payload,
      info: failureInfo,
      cause: fc.option(tie('failure'), { nil: undefined, depthSize: 'small' }),
    },
    { requiredKeys: ['message'], noNullPrototype: true },
  ) as fc.Arbitrary<Failure>,
})).failure;
