import { ActivityTaskNotFoundError, InvalidArgumentError, WorkflowTaskNotFoundError } from '@tidewheel/core';
import fc from 'fast-check';
import {
  decodeActivityTaskToken,
  decodeHistoryToken,
  decodeQueryTaskToken,
  decodeWorkflowTaskToken,
  encodeActivityTaskToken,
  encodeHistoryToken,
  encodeQueryTaskToken,
  encodeWorkflowTaskToken,
} from './tokens.js';

const text = fc.string({ unit: 'grapheme', maxLength: 50 });
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const run = { namespace: text, partition: count, workflowId: text, runId: text };

const workflowTask = fc.record({
  ...run,
  scheduledEventId: count,
  startedEventId: count,
  attempt: count,
  taskQueue: text,
  workflowType: text,
  startedMs: count,
  taskTimeoutMs: count,
  runExpiresMs: count,
  executionExpiresMs: count,
  historyLength: count,
});

const query = fc.record({ namespace: text, partition: count, workflowId: text, queryId: text });

const activityTask = fc.record({
  ...run,
  activityId: text,
  scheduledEventId: count,
  attempt: count,
  taskQueue: text,
  workflowTaskQueue: text,
  sticky: text,
  closeByMs: count,
  retryPolicy: fc.record({
    initialIntervalMs: fc.double({ min: 1, max: 1e12, noNaN: true }),
    backoffCoefficient: fc.double({ min: 1, max: 1e6, noNaN: true }),
    maximumIntervalMs: fc.double({ min: 1, max: 1e12, noNaN: true }),
    maximumAttempts: count,
    nonRetryableErrorTypes: fc.array(text, { maxLength: 5 }),
  }),
});

const history = fc.record(
  {
    runId: text,
    nextEventId: count,
    lastEventId: fc.integer({ min: 1, max: 1e9 }),
    virtualEvents: fc.array(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: ['runId', 'nextEventId'] },
);

const decoders: ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => decodeWorkflowTaskToken(bytes, 'default'),
  (bytes) => decodeQueryTaskToken(bytes, 'default'),
  (bytes) => decodeActivityTaskToken(bytes, 'default'),
  decodeHistoryToken,
];

describe('tokens', () => {
  it('give back what they were made of', () => {
    fc.assert(
      fc.property(workflowTask, query, activityTask, history, (ofTask, ofQuery, ofActivity, ofHistory) => {
        expect(decodeWorkflowTaskToken(encodeWorkflowTaskToken(ofTask), ofTask.namespace)).toEqual({
          kind: 'workflowTask',
          ...ofTask,
        });
        expect(decodeQueryTaskToken(encodeQueryTaskToken(ofQuery), ofQuery.namespace)).toEqual({
          kind: 'query',
          ...ofQuery,
        });
        expect(decodeActivityTaskToken(encodeActivityTaskToken(ofActivity), ofActivity.namespace)).toEqual({
          kind: 'activityTask',
          ...ofActivity,
        });
        expect(decodeHistoryToken(encodeHistoryToken(ofHistory))).toEqual(ofHistory);
      }),
    );
  });

  it('are refused when they are garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        for (const decode of decoders) expect(() => decode(garbage)).toThrow(InvalidArgumentError);
      }),
    );
  });

  it('of other servers stand for tasks that are not here', () => {
    const id = '4eb0f184-e031-44fa-8b0c-f027d055bedc';
    const ids = [id, 'a workflow id of more than 127 bytes '.repeat(4), id].flatMap((text, i) => {
      const size = text.length < 128 ? [text.length] : [(text.length & 127) | 128, text.length >> 7];
      return [((i + 1) << 3) | 2, ...size, ...Buffer.from(text)];
    });
    const token = new Uint8Array([...ids, 32, 5, 40, 1]);
    expect(() => decodeActivityTaskToken(token, 'n')).toThrow(ActivityTaskNotFoundError);
    expect(() => decodeWorkflowTaskToken(token, 'n')).toThrow(WorkflowTaskNotFoundError);
    for (const part of [token.subarray(0, 100), new Uint8Array([1]), new Uint8Array([10, 36])]) {
      expect(() => decodeActivityTaskToken(part, 'n')).toThrow(InvalidArgumentError);
    }
  });

  it('are refused when they are cut off', () => {
    fc.assert(
      fc.property(
        workflowTask,
        activityTask,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (task, one, share) => {
          const tokens = [
            [
              encodeWorkflowTaskToken(task),
              (bytes: Uint8Array) => decodeWorkflowTaskToken(bytes, task.namespace),
            ],
            [
              encodeActivityTaskToken(one),
              (bytes: Uint8Array) => decodeActivityTaskToken(bytes, one.namespace),
            ],
          ] as const;
          for (const [token, decode] of tokens) {
            expect(() => decode(token.subarray(0, Math.floor(token.length * share)))).toThrow(
              InvalidArgumentError,
            );
          }
        },
      ),
    );
  });

  it('are refused when values are of another type, or there are too many or too few', () => {
    for (const fields of [
      [],
      ['default'],
      ['default', 'w', 7],
      ['default', 'w', null],
      ['default', 'w', 'q', 'more'],
      { namespace: 'default' },
      'default',
    ]) {
      const token = Buffer.from(`q1${JSON.stringify(fields)}`);
      expect(() => decodeQueryTaskToken(token, 'default')).toThrow('Error deserializing task token.');
    }
    expect(() => decodeHistoryToken(Buffer.from('h1["run",-1,0]'))).toThrow('Invalid NextPageToken.');
    expect(() => decodeHistoryToken(Buffer.from('h1["run",1.5,0]'))).toThrow(InvalidArgumentError);
  });

  it('are refused where another kind, another version or another namespace is wanted', () => {
    const token = encodeQueryTaskToken({ namespace: 'default', partition: 0, workflowId: 'w', queryId: 'q' });
    expect(() => decodeWorkflowTaskToken(token, 'default')).toThrow(InvalidArgumentError);
    expect(() => decodeQueryTaskToken(Buffer.from(`q1${token.toString().slice(2)}`), 'default')).toThrow(
      InvalidArgumentError,
    );
    expect(() => decodeQueryTaskToken(token, 'other')).toThrow('from a different namespace');
    expect(() => decodeQueryTaskToken(new Uint8Array(0), 'default')).toThrow(
      'Task token not set on request.',
    );
  });
});
