import path from 'node:path';
import {
  commandOf,
  commandTypes,
  expectReplay,
  FakeHistory,
  makeSandbox,
  resultOf,
} from './fake-history.fixture.js';
import type { WorkflowSandbox } from './workflow-sandbox.js';

let sandbox: WorkflowSandbox;
beforeAll(async () => {
  sandbox = await makeSandbox(path.join(__dirname, './cancellation-workflows.fixture.ts'));
});

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
  expectReplay(sandbox, history);
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
  expectReplay(sandbox, history);
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
    expectReplay(sandbox, history);
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
  expectReplay(sandbox, history);
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
  expectReplay(sandbox, history);
});
