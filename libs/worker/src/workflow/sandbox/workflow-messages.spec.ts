import path from 'node:path';
import {
  answerIn,
  commandOf,
  commandTypes,
  expectReplay,
  FakeHistory,
  makeSandbox,
  queryOf,
  resultOf,
} from './fake-history.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

let sandbox: WorkflowSandbox;
beforeAll(async () => {
  sandbox = await makeSandbox(path.join(__dirname, './message-workflows.fixture.ts'));
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
    expectReplay(sandbox, history);
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
    expectReplay(sandbox, history);
  });

  test('a condition that comes true cancels its timer; one that does not, times out', () => {
    const signalled = new FakeHistory('races', [100]);
    signalled.run(sandbox);
    signalled.signal('finish');
    expect(commandTypes(signalled.run(sandbox))).toEqual(['CancelTimer', 'CompleteWorkflowExecution']);
    expectReplay(sandbox, signalled);

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
