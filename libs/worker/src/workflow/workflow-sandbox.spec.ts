import path from 'node:path';
import { ApplicationFailure } from '@tidewheel/common';
import {
  commandOf,
  commandTypes,
  FakeHistory,
  makeSandbox,
  queryOf,
  resultOf,
  valueOf,
} from './fake-history.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

const WORKFLOWS = path.join(__dirname, './sandbox-workflows.fixture.ts');

let sandbox: WorkflowSandbox;
beforeAll(async () => {
  sandbox = await makeSandbox(WORKFLOWS);
});

/** Fires the timers that are running, one task after the other, until the workflow closes. */
function runWithTimers(history: FakeHistory): unknown {
  for (;;) {
    const result = history.run(sandbox);
    if (commandTypes(result).includes('CompleteWorkflowExecution')) {
      replayEquals(history);
      return resultOf(result);
    }
    history.fireTimer(history.last('TimerStarted').attributes.timerId);
  }
}

/** The whole history replays without a complaint. */
function replayEquals(history: FakeHistory): void {
  const result = sandbox.activate(history.queryRequest('__stack_trace'));
  expect(result).toMatchObject({ kind: 'completed' });
}

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
    replayEquals(history);
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

  test('a task that failed left nothing behind: the next one is told everything again', () => {
    const history = new FakeHistory('sums');
    history.run(sandbox);
    history.fireTimer('1');
    history.signal('add', 1);
    history.signal('finish');
    expect(commandTypes(history.tryRun(sandbox))).toEqual(['CompleteWorkflowExecution']);
    history.failTask();
    history.signal('add', 2);
    history.beginTask();
    expect(sandbox.activate(history.stickyRequest())).toEqual({ kind: 'cacheMiss' });
    expect(resultOf(sandbox.activate(history.request()))).toBe(3);
  });
});

describe('time and chance', () => {
  test('now is the start of the workflow task', () => {
    const history = new FakeHistory('times');
    const result = runWithTimers(history) as unknown[];
    const [first, second] = history.events
      .filter(({ eventType }) => eventType === 'WorkflowTaskStarted')
      .map(({ eventTimeMs }) => eventTimeMs);
    expect(result).toEqual([first, new Date(first ?? 0).toISOString(), true, 0, second, '2026']);
  });

  test('random values are the same for the same run and differ between runs', () => {
    const run = (runId: string) => resultOf(new FakeHistory('chances', [], runId).run(sandbox));
    expect(run('one')).toEqual(run('one'));
    expect(run('one')).not.toEqual(run('two'));
    expect((run('one') as string[])[1]).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    );
  });

  test('setTimeout is a durable timer, and one cleared at once was never there', () => {
    const history = new FakeHistory('usesTimeouts');
    expect(history.run(sandbox).commands).toEqual([
      { commandType: 'StartTimer', attributes: { timerId: '1', startToFireTimeoutMs: 10 } },
    ]);
    history.fireTimer('1');
    expect(resultOf(history.run(sandbox))).toEqual(['ten', 'microtask']);
    replayEquals(history);
  });
});

describe('signals and conditions', () => {
  test('signals that come before their handler are buffered, in order', () => {
    const history = new FakeHistory('sums');
    history.signal('add', 1);
    history.run(sandbox);
    history.signal('add', 2);
    history.signal('finish');
    history.run(sandbox);
    history.fireTimer('1');
    history.signal('add', 3);
    expect(resultOf(history.run(sandbox))).toBe(6);
    replayEquals(history);
  });

  test('a default handler takes signals without one of their own', () => {
    const history = new FakeHistory('signalsByDefault');
    history.signal('x', 1);
    history.signal('y');
    expect(resultOf(history.run(sandbox))).toEqual([['x', 1], ['y']]);
  });

  test('of a signal and the timeout that arrive together, the signal wins, and the timer is not cancelled', () => {
    const history = new FakeHistory('races', [100]);
    expect(commandTypes(history.run(sandbox))).toEqual(['StartTimer']);
    history.fireTimer('1');
    history.signal('finish');
    const result = history.run(sandbox);
    expect(commandTypes(result)).toEqual(['CompleteWorkflowExecution']);
    expect(resultOf(result)).toBe('signal');
    replayEquals(history);
  });

  test('a condition that comes true cancels its timer; one that does not, times out', () => {
    const signalled = new FakeHistory('races', [100]);
    signalled.run(sandbox);
    signalled.signal('finish');
    expect(commandTypes(signalled.run(sandbox))).toEqual(['CancelTimer', 'CompleteWorkflowExecution']);
    replayEquals(signalled);

    const timedOut = new FakeHistory('races', [100]);
    timedOut.run(sandbox);
    timedOut.fireTimer('1');
    expect(resultOf(timedOut.run(sandbox))).toBe('timeout');
  });

  test('a failure thrown by a signal handler fails the workflow, another error the workflow task', () => {
    const failing = new FakeHistory('signalFails', ['failure']);
    failing.run(sandbox);
    failing.signal('finish');
    expect(commandOf(failing.run(sandbox), 'FailWorkflowExecution').attributes.failure.message).toBe(
      'on purpose',
    );

    const mistaken = new FakeHistory('signalFails', ['error']);
    mistaken.run(sandbox);
    mistaken.signal('finish');
    expect(mistaken.tryRun(sandbox)).toMatchObject({ kind: 'failed', failure: { message: 'by mistake' } });
  });

  test('a trigger is pulled by a signal', () => {
    const history = new FakeHistory('triggered');
    history.run(sandbox);
    history.signal('finish');
    expect(resultOf(history.run(sandbox))).toBe('pulled');
  });
});

describe('cancellation', () => {
  test('what is scheduled and cancelled in one task never reaches the engine', () => {
    const result = new FakeHistory('cancelsAtOnce').run(sandbox);
    expect(commandTypes(result)).toEqual(['CompleteWorkflowExecution']);
    expect(resultOf(result)).toBe('cancelled');
  });

  test('a timer of an earlier task is cancelled by a command', () => {
    const history = new FakeHistory('cancelsTimerLater');
    history.run(sandbox);
    history.fireTimer('2');
    const result = history.run(sandbox);
    expect(commandTypes(result)).toEqual(['CancelTimer', 'CompleteWorkflowExecution']);
    expect(resultOf(result)).toBe('cancelled');
    replayEquals(history);
  });

  test.each([
    ['TRY_CANCEL', ['RequestCancelActivityTask', 'CompleteWorkflowExecution']],
    ['WAIT_CANCELLATION_COMPLETED', ['RequestCancelActivityTask']],
    ['ABANDON', ['CompleteWorkflowExecution']],
  ])('cancellation type %s gives %j', (cancellationType, expected) => {
    const history = new FakeHistory('cancelsActivity', [cancellationType], `cancels-${cancellationType}`);
    history.run(sandbox);
    history.fireTimer('1');
    const result = history.run(sandbox);
    expect(commandTypes(result)).toEqual(expected);
    if (expected.includes('RequestCancelActivityTask')) {
      const { scheduledEventId } = commandOf(result, 'RequestCancelActivityTask').attributes;
      expect(scheduledEventId).toBe(history.last('ActivityTaskScheduled').eventId);
    }
    if (cancellationType === 'WAIT_CANCELLATION_COMPLETED') {
      history.cancelActivity('1');
      expect(resultOf(history.run(sandbox))).toBe('cancelled');
    }
    replayEquals(history);
  });

  test('a cancelled workflow may clean up in a scope that is not cancellable, and then ends as cancelled', () => {
    for (const [answer, expected] of [
      ['return', 'CompleteWorkflowExecution'],
      ['rethrow', 'CancelWorkflowExecution'],
    ] as const) {
      const history = new FakeHistory('cleansUp', [], `cleans-up-${answer}`);
      history.run(sandbox);
      history.requestCancel();
      expect(commandTypes(history.run(sandbox))).toEqual(['CancelTimer', 'ScheduleActivityTask']);
      history.completeActivity('1', answer);
      expect(commandTypes(history.run(sandbox))).toEqual([expected]);
      replayEquals(history);
    }
  });

  test('scopes are found again after every await, while branches interleave', () => {
    const history = new FakeHistory('nestedScopes');
    const first = history.run(sandbox);
    // Another execution runs in between; it has no part in the scopes of this one.
    new FakeHistory('hello', ['Ada'], 'in-between').run(sandbox);
    expect(commandTypes(first)).toEqual(['StartTimer', 'StartTimer', 'StartTimer']);
    for (const timerId of ['1', '2', '3']) history.fireTimer(timerId);
    history.run(sandbox);
    history.fireTimer('4');
    expect(resultOf(history.run(sandbox))).toEqual([
      'plain: root',
      'a after sleep: a',
      'b after sleep: b',
      'b at end: b',
      'a.a after sleep: a.a',
      'a.a at end: a.a',
      'a at end: a',
      'main: root',
    ]);
    replayEquals(history);
  });

  test('cancelling a scope reaches its cancellable children, and stops at the shielded ones', () => {
    const history = new FakeHistory('scopeTree');
    history.run(sandbox);
    history.fireTimer('4');
    expect(commandTypes(history.run(sandbox))).toEqual(['CancelTimer', 'CancelTimer']);
    history.fireTimer('3');
    expect(commandTypes(history.run(sandbox))).toEqual(['StartTimer']);
    history.fireTimer('5');
    expect(resultOf(history.run(sandbox))).toEqual([
      'outer cancelled',
      'inner cancelled',
      'shielded was told',
      'shielded done',
      'in shielded done',
    ]);
    replayEquals(history);
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

describe('patches', () => {
  test('new runs take the patch and record it once; the replay agrees', () => {
    const history = new FakeHistory('patches');
    expect(commandTypes(history.run(sandbox))).toEqual(['RecordMarker', 'StartTimer']);
    history.fireTimer('1');
    const result = history.run(sandbox);
    expect(commandTypes(result)).toEqual(['RecordMarker', 'CompleteWorkflowExecution']);
    expect(resultOf(result)).toEqual(['a', 'a', 'b']);
    replayEquals(history);
  });

  test('a run of older code keeps to the old branch of what it has passed, and takes the new one of what lies ahead', () => {
    const history = new FakeHistory('patches');
    history.beginTask();
    history.completeTask([
      { commandType: 'StartTimer', attributes: { timerId: '1', startToFireTimeoutMs: 1 } },
    ]);
    history.fireTimer('1');
    const result = history.run(sandbox, { sticky: false });
    expect(resultOf(result)).toEqual(['no a', 'no a', 'b']);
    replayEquals(history);
  });

  test('a deprecated patch accepts the marker of its patch, and its own may be left behind', () => {
    const history = new FakeHistory('deprecates');
    expect(commandTypes(history.run(sandbox))).toEqual(['RecordMarker', 'StartTimer']);
    history.fireTimer('1');
    history.run(sandbox);
    replayEquals(history);
    const events = history.events.map((event) =>
      event.eventType === 'WorkflowExecutionStarted'
        ? { ...event, attributes: { ...event.attributes, workflowType: 'withoutPatch' } }
        : event,
    );
    const later = new FakeHistory('withoutPatch');
    later.events.splice(0, 1, ...events);
    replayEquals(later);
  });

  test('code without the patch cannot replay a run that took it', () => {
    const history = new FakeHistory('patches');
    history.run(sandbox);
    const later = new FakeHistory('withoutPatch');
    later.events.push(...history.events.slice(1));
    later.beginTask();
    expect(sandbox.activate(later.request())).toMatchObject({
      failure: {
        message: expect.stringContaining('MarkerRecorded (markerName "core_patch", patch "a")') as string,
      },
    });
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
    replayEquals(history);
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

describe('queries', () => {
  test('are answered with a workflow task, directly from the cache, and from a whole history', () => {
    const history = new FakeHistory('sums');
    history.run(sandbox);
    history.fireTimer('1');
    history.signal('add', 4);
    history.beginTask();
    const withTask = sandbox.activate(history.stickyRequest({ queries: [queryOf('total')] }));
    expect(answerIn(withTask)).toBe(4);
    history.completeTask([]);
    const cached = { ...history.queryRequest('total', 1), packedEvents: new Uint8Array(0), firstEventId: 9 };
    expect(answerIn(sandbox.activate(cached))).toBe(5);
    sandbox.evict(history.runId);
    expect(sandbox.activate(cached)).toEqual({ kind: 'cacheMiss' });
    expect(answerIn(sandbox.activate(history.queryRequest('total', 2)))).toBe(6);
    history.signal('finish');
    expect(resultOf(history.run(sandbox))).toBe(4);
    expect(answerIn(sandbox.activate(history.queryRequest('total')))).toBe(4);
  });

  test('an unknown query names those that are known', () => {
    const history = new FakeHistory('sums');
    history.run(sandbox);
    history.fireTimer('1');
    history.run(sandbox);
    expect(sandbox.activate(history.queryRequest('nothing'))).toMatchObject({
      queryAnswers: {
        'query-nothing': {
          answered: false,
          errorMessage: 'Workflow did not register a handler for nothing. Registered queries: [total]',
        },
      },
    });
  });

  test('handlers can neither wait nor change anything, not even chance', () => {
    const history = new FakeHistory('badQueries', [], 'bad-queries');
    history.run(sandbox);
    for (const [query, message] of [
      ['changes', /cannot be used in a query handler/],
      ['waits', /must not be async/],
      ['throws', /no answer/],
    ] as const) {
      const result = sandbox.activate(history.queryRequest(query));
      expect(result).toMatchObject({
        kind: 'completed',
        commands: [],
        queryAnswers: {
          [`query-${query}`]: { answered: false, errorMessage: expect.stringMatching(message) as string },
        },
      });
    }
    history.fireTimer('1');
    const queried = resultOf(history.run(sandbox));
    const undisturbed = new FakeHistory('badQueries', [], 'bad-queries');
    undisturbed.run(sandbox, { sticky: false });
    undisturbed.fireTimer('1');
    expect(resultOf(undisturbed.run(sandbox))).toBe(queried);
  });

  test('__stack_trace says what the workflow waits for', () => {
    const history = new FakeHistory('hello', ['Ada']);
    history.run(sandbox);
    expect(answerIn(sandbox.activate(history.queryRequest('__stack_trace')))).toBe(
      'waiting for activity 1 (greet)',
    );
  });
});

test('the globals of workflow code are deterministic, frozen and of its own realm', () => {
  expect(resultOf(new FakeHistory('globals').run(sandbox))).toEqual({
    absent: [],
    frozen: Array(7).fill(true),
    href: 'https://example.org:8080/a?x=1&x=2&y=%C3%BC',
    xs: ['1', '2'],
    error: 'MyError: m',
    copied: [true, 5, true, true],
    text: 'grüße 🎉',
    isIn: true,
    date: true,
    weak: 1,
  });
});

test('hardening the realm leaves the host alone', () => {
  const shared = [
    Object,
    Object.prototype,
    Function.prototype,
    Array.prototype,
    Promise,
    Buffer,
    URL.prototype,
    globalThis,
  ];
  expect(shared.map((value) => Object.isFrozen(value))).toEqual(shared.map(() => false));
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

function answerIn(result: ReturnType<WorkflowSandbox['activate']>): unknown {
  if (result.kind !== 'completed') throw new Error(JSON.stringify(result));
  const [answer] = Object.values(result.queryAnswers);
  if (!answer?.answered) throw new Error(JSON.stringify(answer));
  return valueOf(answer.result && [answer.result]);
}
