import path from 'node:path';
import { ApplicationFailure } from '@tidewheel/common';
import {
  commandOf,
  commandTypes,
  expectReplay,
  FakeHistory,
  makeSandbox,
  resultOf,
  valueOf,
} from './fake-history.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

const WORKFLOWS = path.join(__dirname, './task-workflows.fixture.ts');

let sandbox: WorkflowSandbox;
beforeAll(async () => {
  sandbox = await makeSandbox(WORKFLOWS);
});

describe('workflow tasks', () => {
  test('an activity is scheduled with what its options say, and its result completes the workflow', () => {
    const history = new FakeHistory('hello', ['Ada']);
    const first = history.run(sandbox);
    const { attributes } = commandOf(first, 'ScheduleActivityTask');
    expect(attributes).toMatchObject({
      activityId: '1',
      activityType: 'greet',
      startToCloseTimeoutMs: 60_000,
    });
    expect(attributes).not.toHaveProperty('taskQueue');
    expect(valueOf(attributes.input)).toBe('Ada');
    history.completeActivity('1', 'hello, Ada');
    expect(resultOf(history.run(sandbox))).toBe('hello, Ada');
    expectReplay(sandbox, history);
  });

  test('activities that run in parallel are told apart by the events that scheduled them', () => {
    const history = new FakeHistory('parallel', [['a', 'b', 'c']]);
    expect(commandTypes(history.run(sandbox))).toEqual(Array(3).fill('ScheduleActivityTask'));
    for (const id of ['2', '3', '1']) history.completeActivity(id, `result ${id}`);
    expect(resultOf(history.run(sandbox))).toEqual(['result 1', 'result 2', 'result 3']);
  });

  test('each execution has modules and a global object of its own', () => {
    for (const runId of ['one', 'two']) {
      expect(resultOf(new FakeHistory('countsStarts', [], runId).run(sandbox))).toBe(1);
    }
  });

  test('a default export takes the types that are not exported by name', () => {
    expect(resultOf(new FakeHistory('unheardOf', [1]).run(sandbox))).toEqual(['default', 'unheardOf', 1]);
  });

  test('events that do not continue the cached execution are a cache miss', () => {
    const history = new FakeHistory('hello', ['Ada'], 'unknown-run');
    history.beginTask();
    history.completeTask([]);
    history.beginTask();
    expect(sandbox.activate(history.stickyRequest())).toEqual({ kind: 'cacheMiss' });
  });
});

describe('failures', () => {
  test('an application failure fails the workflow with everything it says', () => {
    const { failure } = commandOf(
      new FakeHistory('fails', ['failure']).run(sandbox),
      'FailWorkflowExecution',
    ).attributes;
    expect(failure).toMatchObject({
      message: 'on purpose',
      source: 'TypeScriptSDK',
      info: { kind: 'application', type: 'Purpose', nonRetryable: false },
    });
    expect(failure.stackTrace).toContain('on purpose');
  });

  test.each([
    ['error', /^by mistake$/],
    ['process', /^process is not defined: workflow code runs in a deterministic sandbox without Node\.js/],
    ['freeze', /^Cannot add property mine, object is not extensible: .*frozen in workflow code/],
    ['eval', /cannot use eval or new Function$/],
    ['unserializable', /^value cannot be written as JSON: Do not know how to serialize a BigInt$/],
  ])('another error (%s) fails the workflow task', (kind, message) => {
    expect(new FakeHistory('fails', [kind]).tryRun(sandbox)).toMatchObject({
      kind: 'failed',
      cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE',
      failure: { message: expect.stringMatching(message) as string },
    });
  });

  test("an activity's failure arrives with its cause, of the workflow's own classes", () => {
    const history = new FakeHistory('handlesActivityFailure');
    history.run(sandbox);
    history.failActivity('1', ApplicationFailure.nonRetryable('no such name', 'NoSuchName'));
    expect(resultOf(history.run(sandbox))).toEqual({
      name: 'ActivityFailure',
      message: 'Activity task failed',
      cause: 'no such name',
      causeType: 'NoSuchName',
      isError: true,
    });
  });
});

describe('non-determinism', () => {
  test('names the event and the command that did not match', () => {
    const history = new FakeHistory('hello', ['Ada']);
    history.beginTask();
    history.completeTask([
      { commandType: 'StartTimer', attributes: { timerId: '1', startToFireTimeoutMs: 5 } },
    ]);
    history.fireTimer('1');
    history.beginTask();
    expect(sandbox.activate(history.request())).toMatchObject({
      kind: 'failed',
      cause: 'NON_DETERMINISTIC_ERROR',
      failure: {
        message:
          'Non-determinism: event 5 of the history is TimerStarted (timerId "1"), but the workflow code gave ' +
          'ScheduleActivityTask (activityId "1", activityType "greet") (workflow w, run run-of-hello)',
      },
    });
  });

  test('a command too many and a command too few are told', () => {
    const history = new FakeHistory('hello', ['Ada']);
    history.beginTask();
    history.completeTask([]);
    history.beginTask();
    expect(sandbox.activate(history.request())).toMatchObject({
      failure: { message: expect.stringContaining('for which the history has no event') as string },
    });

    const fewer = new FakeHistory('hello', ['Ada']);
    fewer.run(sandbox);
    fewer.append({
      eventType: 'TimerStarted',
      attributes: { timerId: '9', startToFireTimeoutMs: 1, workflowTaskCompletedEventId: 4 },
    });
    fewer.beginTask();
    expect(sandbox.activate(fewer.request())).toMatchObject({
      failure: { message: expect.stringContaining('but the workflow code gave no command for it') as string },
    });
  });

  test('the commands of a cached execution are compared with what became of them, too', () => {
    const history = new FakeHistory('hello', ['Ada'], 'tampered');
    history.beginTask();
    sandbox.activate(history.request());
    history.completeTask([]);
    history.beginTask();
    expect(sandbox.activate(history.stickyRequest())).toMatchObject({ cause: 'NON_DETERMINISTIC_ERROR' });
  });
});

describe('other executions and properties', () => {
  test('signals and cancel requests to others succeed or fail with their outcome', () => {
    const history = new FakeHistory('signalsOthers');
    const first = history.run(sandbox);
    expect(commandOf(first, 'SignalExternalWorkflowExecution').attributes).toMatchObject({
      workflowExecution: { workflowId: 'other' },
      signalName: 'add',
    });
    const target = { namespace: 'default', workflowExecution: { workflowId: 'other' } };
    history.append({
      eventType: 'ExternalWorkflowExecutionSignaled',
      attributes: {
        ...target,
        initiatedEventId: history.last('SignalExternalWorkflowExecutionInitiated').eventId,
      },
    });
    expect(commandTypes(history.run(sandbox))).toEqual(['RequestCancelExternalWorkflowExecution']);
    history.append({
      eventType: 'RequestCancelExternalWorkflowExecutionFailed',
      attributes: {
        ...target,
        cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
        workflowTaskCompletedEventId: 4,
        initiatedEventId: history.last('RequestCancelExternalWorkflowExecutionInitiated').eventId,
      },
    });
    expect(resultOf(history.run(sandbox))).toBe(
      'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND: Unable to cancel external workflow "other" because it was not found',
    );
    expectReplay(sandbox, history);
  });

  test('memo and search attributes are changed by commands and seen at once', () => {
    const result = new FakeHistory('properties').run(sandbox);
    expect(commandTypes(result)).toEqual([
      'ModifyWorkflowProperties',
      'UpsertWorkflowSearchAttributes',
      'CompleteWorkflowExecution',
    ]);
    expect(resultOf(result)).toEqual({ memo: { step: 1 }, searchAttributes: { CustomerId: ['c1'] } });
  });

  test('a workflow knows what it is', () => {
    const history = new FakeHistory('info', [], 'some-run');
    expect(resultOf(history.run(sandbox))).toEqual({
      workflowId: 'w',
      runId: 'some-run',
      workflowType: 'info',
      namespace: 'default',
      taskQueue: 'q',
      attempt: 1,
      historyLength: 3,
      startTime: new Date(history.events[0]!.eventTimeMs).toISOString(),
    });
  });

  test('log lines come once, not again in a replay', () => {
    const history = new FakeHistory('logs');
    const first = history.run(sandbox);
    expect(first.logs).toEqual([
      {
        level: 'INFO',
        message: 'first',
        attributes: { answer: 42, odd: expect.any(String) as string },
        timestampMs: history.last('WorkflowTaskStarted').eventTimeMs,
      },
    ]);
    history.fireTimer('1');
    const second = history.run(sandbox, { sticky: false });
    expect(second.logs.map(({ level, message }) => [level, message])).toEqual([
      ['WARN', 'second {"a":1} shown'],
    ]);
  });
});

test('the cache keeps what was used latest within its limits, and says what it dropped', async () => {
  const small = await makeSandbox(WORKFLOWS, { maxCachedWorkflows: 2, maxCachedBytes: 1_000_000 });
  const histories = ['a', 'b', 'c'].map((runId) => new FakeHistory('hello', ['Ada'], runId));
  for (const history of histories) history.run(small);
  expect(small.stats).toMatchObject({ cachedWorkflows: 2, evictions: 1, hits: 0, misses: 0 });
  const [first, second] = histories;
  first!.completeActivity('1', 'x');
  expect(first!.tryRun(small)).toEqual({ kind: 'cacheMiss' });
  second!.completeActivity('1', 'x');
  expect(resultOf(second!.run(small))).toBe('x');
  expect(small.stats).toMatchObject({ cachedWorkflows: 1, hits: 1, misses: 1 });

  const tiny = await makeSandbox(WORKFLOWS, { maxCachedWorkflows: 100, maxCachedBytes: 25_000 });
  for (const runId of ['a', 'b', 'c']) new FakeHistory('hello', ['Ada'], runId).run(tiny);
  expect(tiny.stats.cachedWorkflows).toBe(2);
  expect(tiny.stats.cachedBytes).toBeLessThanOrEqual(25_000);
});
