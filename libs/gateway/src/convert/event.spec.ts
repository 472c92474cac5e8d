import { EVENT_TYPE_CODES } from '@tidewheel/core';
import type { EventAttributes, EventType, HistoryEvent } from '@tidewheel/core';
import { api, toNumber } from '../proto.js';
import { eventsToProto, eventToProto } from './event.js';
import type { EventContext } from './event.js';
import { workerVersionFromProto } from './worker-version.js';

const { HistoryEvent: Event } = api.history.v1;
const VERSIONED = api.enums.v1.WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;

const RUN_ID = '3d1b1f6e-3a24-4a9c-8d4e-3f3a0f0c1a11';
const RUN: EventContext = {
  namespace: 'default',
  workflowId: 'w',
  runId: RUN_ID,
  taskQueue: 'orders',
  workflowTaskTimeoutMs: 10_000,
};
const OTHER = { namespace: 'default', workflowExecution: { workflowId: 'other' } };
const FAILURE = { message: 'no', source: 'test' };
const PAYLOAD = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('1') };

/** The least that each type of event has. */
const LEAST: { readonly [T in EventType]: EventAttributes[T] } = {
  WorkflowExecutionStarted: { workflowType: 'order', taskQueue: 'orders' },
  WorkflowExecutionCompleted: { workflowTaskCompletedEventId: 4 },
  WorkflowExecutionFailed: {
    failure: FAILURE,
    retryState: 'RETRY_POLICY_NOT_SET',
    workflowTaskCompletedEventId: 4,
  },
  WorkflowExecutionTimedOut: { retryState: 'TIMEOUT' },
  WorkflowTaskScheduled: {},
  WorkflowTaskStarted: { scheduledEventId: 2, historySizeBytes: 300 },
  WorkflowTaskCompleted: { scheduledEventId: 2, startedEventId: 3 },
  WorkflowTaskTimedOut: { scheduledEventId: 2, startedEventId: 3, timeoutType: 'START_TO_CLOSE' },
  WorkflowTaskFailed: { scheduledEventId: 2, startedEventId: 3, cause: 'UNHANDLED_COMMAND' },
  ActivityTaskScheduled: {
    activityId: '1',
    activityType: 'charge',
    startToCloseTimeoutMs: 60_000,
    workflowTaskCompletedEventId: 4,
  },
  ActivityTaskStarted: { scheduledEventId: 5 },
  ActivityTaskCompleted: { scheduledEventId: 5, startedEventId: 6 },
  ActivityTaskFailed: {
    scheduledEventId: 5,
    startedEventId: 6,
    failure: FAILURE,
    retryState: 'NON_RETRYABLE_FAILURE',
  },
  ActivityTaskTimedOut: { scheduledEventId: 5, startedEventId: 0, failure: FAILURE, retryState: 'TIMEOUT' },
  ActivityTaskCancelRequested: { scheduledEventId: 5, workflowTaskCompletedEventId: 9 },
  ActivityTaskCanceled: { scheduledEventId: 5, startedEventId: 6 },
  TimerStarted: { timerId: '1', startToFireTimeoutMs: 1_500, workflowTaskCompletedEventId: 4 },
  TimerFired: { timerId: '1', startedEventId: 5 },
  TimerCanceled: { timerId: '1', startedEventId: 5, workflowTaskCompletedEventId: 9 },
  WorkflowExecutionCancelRequested: {},
  WorkflowExecutionCanceled: { workflowTaskCompletedEventId: 4 },
  RequestCancelExternalWorkflowExecutionInitiated: { ...OTHER, workflowTaskCompletedEventId: 4 },
  RequestCancelExternalWorkflowExecutionFailed: {
    ...OTHER,
    cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
    workflowTaskCompletedEventId: 4,
    initiatedEventId: 5,
  },
  ExternalWorkflowExecutionCancelRequested: { ...OTHER, initiatedEventId: 5 },
  MarkerRecorded: { markerName: 'core_patch', workflowTaskCompletedEventId: 4 },
  WorkflowExecutionSignaled: { signalName: 'approve' },
  WorkflowExecutionTerminated: {},
  WorkflowExecutionContinuedAsNew: {
    newExecutionRunId: RUN_ID,
    workflowType: 'order',
    taskQueue: 'orders',
    workflowTaskCompletedEventId: 4,
    initiator: 'WORKFLOW',
  },
  SignalExternalWorkflowExecutionInitiated: {
    ...OTHER,
    signalName: 'approve',
    workflowTaskCompletedEventId: 4,
  },
  SignalExternalWorkflowExecutionFailed: {
    ...OTHER,
    cause: 'SIGNAL_COUNT_LIMIT_EXCEEDED',
    workflowTaskCompletedEventId: 4,
    initiatedEventId: 5,
  },
  ExternalWorkflowExecutionSignaled: { ...OTHER, initiatedEventId: 5 },
  UpsertWorkflowSearchAttributes: { workflowTaskCompletedEventId: 4, searchAttributes: { A: PAYLOAD } },
  WorkflowPropertiesModified: { workflowTaskCompletedEventId: 4, upsertedMemo: { a: PAYLOAD } },
  WorkflowExecutionOptionsUpdated: { unsetVersioningOverride: true },
};

const TYPES = Object.keys(EVENT_TYPE_CODES) as EventType[];

function event(eventType: EventType, attributes: object = LEAST[eventType], eventId = 1): HistoryEvent {
  return { eventId, eventTimeMs: 1_700_000_000_123, eventType, attributes } as HistoryEvent;
}

/** As a client decodes it, in plain values. */
function decoded(converted: ReturnType<typeof eventToProto>): Record<string, unknown> {
  const message = Event.decode(Event.encode(converted).finish());
  return Event.toObject(message, { longs: Number, defaults: false, oneofs: true });
}

function attributesOf(type: EventType, attributes?: object, run = RUN): unknown {
  const converted = decoded(eventToProto(event(type, attributes), run));
  return converted[String(converted['attributes'])];
}

describe('every event', () => {
  it.each(TYPES)('%s sets the attributes of its type and nothing else', (type) => {
    const converted = decoded(eventToProto(event(type, undefined, 7), RUN));
    const expected = `${type.charAt(0).toLowerCase()}${type.slice(1)}EventAttributes`;
    expect(converted).toMatchObject({
      eventId: 7,
      taskId: 7,
      eventTime: { seconds: 1_700_000_000, nanos: 123_000_000 },
      eventType: EVENT_TYPE_CODES[type],
      attributes: expected,
    });
    expect(Object.keys(converted).filter((key) => key.endsWith('EventAttributes'))).toEqual([expected]);
  });

  it('keeps its number in the history', () => {
    const events = TYPES.map((type, index) => event(type, undefined, index + 1));
    const ids = eventsToProto(events, RUN).map(({ eventId }) => toNumber(eventId));
    expect(ids).toEqual(events.map((_, index) => index + 1));
  });

  it('counts the history in bytes that clients would get, more with each task', () => {
    const size = (scheduledEventId: number): number => {
      const started = event('WorkflowTaskStarted', { scheduledEventId, historySizeBytes: 60 });
      const { workflowTaskStartedEventAttributes: attributes } = eventToProto(started, RUN);
      return toNumber(attributes?.historySizeBytes);
    };
    expect(size(2)).toBeGreaterThan(100);
    expect(size(5)).toBeGreaterThan(size(2));
  });

  it('says which build completed a workflow task, if that is known', () => {
    const workerVersion = workerVersionFromProto({
      deploymentOptions: { buildId: '1.0', deploymentName: 'orders', workerVersioningMode: VERSIONED },
      binaryChecksum: '1.0',
    });
    expect(workerVersion).toEqual({ buildId: '1.0', deploymentName: 'orders', useVersioning: true });
    const completed = { ...LEAST.WorkflowTaskCompleted, workerVersion };
    expect(attributesOf('WorkflowTaskCompleted', completed)).toMatchObject({
      workerVersion: { buildId: '1.0', useVersioning: true },
      workerDeploymentName: 'orders',
      deploymentVersion: { buildId: '1.0', deploymentName: 'orders' },
    });
    expect(workerVersionFromProto({ workerVersionStamp: { buildId: '1.0' }, binaryChecksum: 'abc' })).toEqual(
      {
        buildId: '1.0',
        binaryChecksum: 'abc',
      },
    );
    expect(workerVersionFromProto({ binaryChecksum: '1.0', deploymentOptions: {} })).toEqual({
      buildId: '1.0',
    });
    expect(workerVersionFromProto({ binaryChecksum: '', deploymentOptions: {} })).toBeUndefined();
    expect(attributesOf('WorkflowTaskCompleted')).not.toHaveProperty('workerVersion');
    expect(attributesOf('WorkflowTaskCompleted')).not.toHaveProperty('versioningBehavior');
    const pinned = { ...LEAST.WorkflowTaskCompleted, versioningBehavior: 'PINNED' as const };
    expect(attributesOf('WorkflowTaskCompleted', pinned)).toHaveProperty('versioningBehavior');
  });

  it('says what people should know of it', () => {
    const timer = { ...event('TimerStarted'), userMetadata: { summary: PAYLOAD } };
    expect(decoded(eventToProto(timer, RUN))).toMatchObject({ userMetadata: { summary: PAYLOAD } });
  });
});

describe('what storage leaves out', () => {
  it('is filled in for the start', () => {
    expect(attributesOf('WorkflowExecutionStarted')).toMatchObject({
      workflowId: 'w',
      firstExecutionRunId: RUN_ID,
      originalExecutionRunId: RUN_ID,
      attempt: 1,
      taskQueue: { name: 'orders', kind: 1 },
      workflowTaskTimeout: { seconds: 10 },
    });
  });

  it('is left out for the start where there is nothing', () => {
    const attributes = attributesOf('WorkflowExecutionStarted');
    for (const name of ['workflowExecutionTimeout', 'workflowRunTimeout', 'rootWorkflowExecution']) {
      expect(attributes).not.toHaveProperty(name);
    }
  });

  it('is filled in for an activity: every timeout, the queue and the retry policy', () => {
    expect(attributesOf('ActivityTaskScheduled')).toMatchObject({
      taskQueue: { name: 'orders', kind: 1 },
      scheduleToCloseTimeout: {},
      scheduleToStartTimeout: {},
      startToCloseTimeout: { seconds: 60 },
      heartbeatTimeout: {},
      retryPolicy: {
        initialInterval: { seconds: 1 },
        backoffCoefficient: 2,
        maximumInterval: { seconds: 100 },
      },
    });
  });

  it('is filled in for a workflow task', () => {
    expect(attributesOf('WorkflowTaskScheduled')).toMatchObject({
      taskQueue: { name: 'orders', kind: 1 },
      startToCloseTimeout: { seconds: 10 },
      attempt: 1,
    });
    expect(
      attributesOf('WorkflowTaskScheduled', { sticky: true }, { ...RUN, sticky: 'host-1' }),
    ).toMatchObject({ taskQueue: { name: 'host-1', kind: 2, normalName: 'orders' } });
    expect(attributesOf('WorkflowTaskCompleted')).toHaveProperty('sdkMetadata');
    expect(attributesOf('ActivityTaskStarted')).toMatchObject({ attempt: 1 });
  });

  it('is, for who reported an outcome, who started the task', () => {
    const events = [
      event('WorkflowTaskStarted', { ...LEAST.WorkflowTaskStarted, identity: 'w-1' }, 3),
      event('WorkflowTaskCompleted', undefined, 4),
      event('ActivityTaskStarted', { scheduledEventId: 5, identity: 'a-1' }, 6),
      event('ActivityTaskFailed', { ...LEAST.ActivityTaskFailed, identity: 'a-2' }, 7),
      event('ActivityTaskStarted', { scheduledEventId: 8, identity: 'a-3' }, 9),
      event('ActivityTaskCompleted', { scheduledEventId: 8, startedEventId: 9 }, 10),
    ];
    const [, completed, , failed, , finished] = eventsToProto(events, RUN);
    expect(completed?.workflowTaskCompletedEventAttributes?.identity).toBe('w-1');
    expect(failed?.activityTaskFailedEventAttributes?.identity).toBe('a-2');
    expect(finished?.activityTaskCompletedEventAttributes?.identity).toBe('a-3');
  });
});
