import { EVENT_TYPE_CODES } from '@tidewheel/core';
import type { EventAttributes, EventType, Failure, HistoryEvent, Payload } from '@tidewheel/core';
import { eventToJson, historyEventJson } from './event-json.js';
import { EVENT_ATTRIBUTE_KINDS } from './event-attributes.js';

const payload = (value: unknown): Payload => ({
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from(JSON.stringify(value)),
});

function event<T extends EventType>(eventType: T, attributes: EventAttributes[T]): HistoryEvent {
  return {
    eventId: 3,
    eventTimeMs: Date.UTC(2027, 0, 31, 12),
    eventType,
    attributes,
  } as unknown as HistoryEvent;
}

const FAILURE: Failure = {
  message: 'Activity task failed',
  info: {
    kind: 'activity',
    scheduledEventId: 5,
    startedEventId: 6,
    activityType: 'charge',
    activityId: '1',
    identity: 'worker-1',
    retryState: 'MAXIMUM_ATTEMPTS_REACHED',
  },
  cause: {
    message: 'no funds',
    source: 'TypeScriptSDK',
    stackTrace: 'Error: no funds',
    encodedAttributes: payload('hidden'),
    info: {
      kind: 'application',
      type: 'NoFunds',
      nonRetryable: false,
      details: [payload({ missing: 5 })],
      nextRetryDelayMs: 1_500,
      category: 'BENIGN',
    },
    cause: {
      message: 'late',
      info: { kind: 'timeout', timeoutType: 'HEARTBEAT', lastHeartbeatDetails: [payload(7)] },
    },
  },
};

/** A value of each kind that an attribute may have. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  text: 'text',
  integer: 7,
  flag: true,
  duration: 1_500,
  time: 0,
  payloads: [payload(1)],
  payloadMap: { a: payload(1) },
  payloadLists: { a: [payload(1)] },
  failure: FAILURE,
  retryPolicy: {
    initialIntervalMs: 1_000,
    backoffCoefficient: 2,
    maximumIntervalMs: 100_000,
    maximumAttempts: 3,
    nonRetryableErrorTypes: ['Fatal'],
  },
  execution: { workflowId: 'w', runId: 'r' },
  sdkMetadata: { langUsedFlags: [1], sdkName: 'sdk' },
  versioningOverride: { behavior: 'PINNED', version: { deploymentName: 'orders', buildId: '1' } },
  workerVersion: { buildId: '1.0', useVersioning: true },
};

describe('events as JSON', () => {
  it('writes published names, durations as text, times as RFC 3339 and payloads in shorthand', () => {
    const started = event('WorkflowExecutionStarted', {
      workflowType: 'order',
      taskQueue: 'orders',
      input: [payload({ id: 7 }), payload(null)],
      workflowRunTimeoutMs: 90_000,
      workflowExecutionExpirationTimeMs: 0,
      memo: { note: payload('urgent') },
      attempt: 2,
    });
    expect(eventToJson(started)).toEqual({
      eventId: 3,
      eventTime: '2027-01-31T12:00:00.000Z',
      eventType: 'WorkflowExecutionStarted',
      attributes: {
        workflowType: 'order',
        taskQueue: 'orders',
        input: [{ id: 7 }, null],
        workflowRunTimeout: '90s',
        workflowExecutionExpirationTime: '1970-01-01T00:00:00.000Z',
        memo: { note: 'urgent' },
        attempt: 2,
      },
    });
  });

  it('writes what people are told about an event', () => {
    const timer = event('TimerStarted', {
      timerId: '1',
      startToFireTimeoutMs: 1_000,
      workflowTaskCompletedEventId: 4,
    });
    const written = eventToJson({ ...timer, userMetadata: { summary: payload('a timer') } });
    expect(written.userMetadata).toEqual({ summary: 'a timer' });
    expect(historyEventJson.parse(written)).toEqual(written);
    expect(eventToJson(timer)).not.toHaveProperty('userMetadata');
  });

  it('fills in the task queue that an activity shares with its workflow', () => {
    const attributes = {
      activityId: '1',
      activityType: 'charge',
      startToCloseTimeoutMs: 1_000,
      workflowTaskCompletedEventId: 4,
    };
    const own = event('ActivityTaskScheduled', attributes);
    const other = event('ActivityTaskScheduled', { ...attributes, taskQueue: 'gpu' });
    expect(eventToJson(own, 'orders').attributes).toMatchObject({ taskQueue: 'orders' });
    expect(eventToJson(other, 'orders').attributes).toMatchObject({ taskQueue: 'gpu' });
  });

  it('writes failures as trees', () => {
    const failed = event('ActivityTaskFailed', {
      scheduledEventId: 5,
      startedEventId: 6,
      failure: FAILURE,
      retryState: 'MAXIMUM_ATTEMPTS_REACHED',
    });
    expect(eventToJson(failed).attributes['failure']).toEqual({
      message: 'Activity task failed',
      activityFailureInfo: {
        scheduledEventId: 5,
        startedEventId: 6,
        activityType: 'charge',
        activityId: '1',
        identity: 'worker-1',
        retryState: 'MAXIMUM_ATTEMPTS_REACHED',
      },
      cause: {
        message: 'no funds',
        source: 'TypeScriptSDK',
        stackTrace: 'Error: no funds',
        encodedAttributes: 'hidden',
        applicationFailureInfo: {
          type: 'NoFunds',
          nonRetryable: false,
          details: [{ missing: 5 }],
          nextRetryDelay: '1.5s',
          category: 'BENIGN',
        },
        cause: {
          message: 'late',
          timeoutFailureInfo: { timeoutType: 'HEARTBEAT', lastHeartbeatDetails: [7] },
        },
      },
    });
  });

  it.each(Object.keys(EVENT_TYPE_CODES) as EventType[])(
    'writes %s as its schema says, full and bare',
    (type) => {
      const kinds = Object.entries(EVENT_ATTRIBUTE_KINDS[type]) as [string, string][];
      const all = Object.fromEntries(kinds.map(([name, kind]) => [name, SAMPLES[kind.replace('?', '')]]));
      const required = Object.fromEntries(
        kinds.filter(([, kind]) => !kind.endsWith('?')).map(([name, kind]) => [name, SAMPLES[kind]]),
      );
      for (const attributes of [all, required]) {
        const written = eventToJson(event(type, attributes as never));
        expect(Object.keys(written.attributes)).toHaveLength(Object.keys(attributes).length);
        expect(historyEventJson.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
      }
    },
  );
});
