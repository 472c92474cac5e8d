import {
  CancelledFailure,
  TerminatedFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import assert from 'node:assert/strict';
import { eventsOfType, onlyEvent, typesOf, WORKFLOW_TASK } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import {
  cancelTimer,
  cleanUpWhenCancelled,
  giveUpAfter,
  nestedScopes,
  sleepFor,
  waitForCancellation,
} from '../workflows/timer-workflows.js';

/** What a workflow failed for. */
export async function causeOf(result: Promise<unknown>): Promise<Error | undefined> {
  const error: unknown = await result.then(
    (value) => new Error(`it completed with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, `the workflow fails: ${String(error)}`);
  return error.cause;
}

export const timerAndCancellationScenarios: readonly Scenario[] = [
  {
    name: 'timer',
    async run(context) {
      await context.work();
      const handle = await context.start(sleepFor, { args: [200] });
      assert.equal(await handle.result(), 'awake');
      const history = await context.history(handle);
      assert.deepEqual(typesOf(history), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'TimerStarted',
        'TimerFired',
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
      const started = onlyEvent(history, 'TimerStarted').timerStartedEventAttributes;
      const fired = onlyEvent(history, 'TimerFired').timerFiredEventAttributes;
      assert.equal(started?.startToFireTimeout?.nanos, 200_000_000);
      assert.equal(fired?.timerId, started.timerId);
      assert.equal(Number(fired?.startedEventId), 5);
    },
  },
  {
    name: 'timer-cancel',
    async run(context) {
      await context.work();
      const handle = await context.start(cancelTimer, {});
      assert.equal(await handle.result(), 'canceled');
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'TimerStarted',
        'TimerStarted',
        'TimerFired',
        ...WORKFLOW_TASK,
        'TimerCanceled',
        'WorkflowExecutionCompleted',
      ]);
    },
  },
  {
    name: 'cancellation-scope-with-timeout',
    async run(context) {
      await context.work();
      const handle = await context.start(giveUpAfter, { args: [50] });
      assert.equal(await handle.result(), 'given up');
      const types = await context.eventTypes(handle);
      assert.equal(types.filter((type) => type === 'TimerCanceled').length, 1);
    },
  },
  {
    name: 'cancellation-scopes-nested',
    async run(context) {
      await context.work();
      const handle = await context.start(nestedScopes, {});
      assert.deepEqual(await handle.result(), [
        'inner canceled',
        'shielded done',
        'considered canceled: true',
      ]);
    },
  },
  {
    name: 'workflow-cancel',
    async run(context) {
      await context.work();
      const handle = await context.start(waitForCancellation, {});
      await waitUntil('the timer', () => context.hasEvent(handle, 'TimerStarted'));
      await handle.cancel();
      await handle.cancel();
      assert.ok((await causeOf(handle.result())) instanceof CancelledFailure);
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'TimerStarted',
        'WorkflowExecutionCancelRequested',
        ...WORKFLOW_TASK,
        'TimerCanceled',
        'WorkflowExecutionCanceled',
      ]);
      assert.equal((await handle.describe()).status.name, 'CANCELLED');
      // A closed one is left alone, without an error.
      await handle.cancel();
    },
  },
  {
    name: 'workflow-cancel-before-first-task',
    async run(context) {
      const handle = await context.start(waitForCancellation, {});
      await handle.cancel();
      await context.work();
      assert.ok((await causeOf(handle.result())) instanceof CancelledFailure);
      assert.ok(!(await context.hasEvent(handle, 'TimerFired')));
    },
  },
  {
    name: 'workflow-cancel-cleans-up',
    async run(context) {
      await context.work();
      const handle = await context.start(cleanUpWhenCancelled, {});
      await waitUntil('the timer', () => context.hasEvent(handle, 'TimerStarted'));
      await handle.cancel();
      assert.ok((await causeOf(handle.result())) instanceof CancelledFailure);
      assert.deepEqual((await context.eventTypes(handle)).slice(5), [
        'WorkflowExecutionCancelRequested',
        ...WORKFLOW_TASK,
        'TimerCanceled',
        'ActivityTaskScheduled',
        'ActivityTaskStarted',
        'ActivityTaskCompleted',
        ...WORKFLOW_TASK,
        'WorkflowExecutionCanceled',
      ]);
    },
  },
  {
    name: 'workflow-terminate',
    async run(context) {
      const handle = await context.start(sleepFor, { args: [1] });
      await handle.terminate('enough of it');
      const cause = await causeOf(handle.result());
      assert.ok(cause instanceof TerminatedFailure);
      assert.equal(cause.message, 'enough of it');
      const { status } = await handle.describe();
      assert.equal(status.name, 'TERMINATED');
      const history = await context.history(handle);
      assert.equal(eventsOfType(history, 'WorkflowExecutionTerminated').length, 1);
      await assert.rejects(handle.terminate('again'), WorkflowNotFoundError);
      await assert.rejects(handle.signal('late'), WorkflowNotFoundError);
    },
  },
];
