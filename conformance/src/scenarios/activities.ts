import { ActivityFailure, ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { RetryState } from '@temporalio/common';
import assert from 'node:assert/strict';
import { ACTIVITY_DONE, eventsOfType, onlyEvent, WORKFLOW_TASK } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import { runActivity, runParallel, runSequence } from '../workflows/activity-workflows.js';

export const activityScenarios: readonly Scenario[] = [
  {
    name: 'activity-one',
    async run(context) {
      await context.work({ identity: 'the worker' });
      const handle = await context.start(runActivity, { args: [{ name: 'echo', args: [{ a: [1, null] }] }] });
      assert.deepEqual(await handle.result(), { a: [1, null] });

      const history = await context.history(handle);
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'ActivityTaskScheduled',
        ...ACTIVITY_DONE,
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
      const scheduled = onlyEvent(history, 'ActivityTaskScheduled').activityTaskScheduledEventAttributes;
      assert.equal(scheduled?.activityType?.name, 'echo');
      assert.equal(scheduled.taskQueue?.name, context.taskQueue);
      assert.equal(Number(scheduled.workflowTaskCompletedEventId), 4);
      assert.equal(Number(scheduled.startToCloseTimeout?.seconds), 60);
      for (const timeout of [
        'scheduleToCloseTimeout',
        'scheduleToStartTimeout',
        'heartbeatTimeout',
      ] as const) {
        assert.ok(scheduled[timeout], `${timeout} is there`);
      }
      const started = onlyEvent(history, 'ActivityTaskStarted').activityTaskStartedEventAttributes;
      assert.equal(Number(started?.scheduledEventId), 5);
      assert.equal(started?.attempt, 1);
      assert.equal(started.identity, 'the worker');
      const completed = onlyEvent(history, 'ActivityTaskCompleted').activityTaskCompletedEventAttributes;
      assert.equal(Number(completed?.scheduledEventId), 5);
      assert.equal(Number(completed?.startedEventId), 6);
    },
  },
  {
    name: 'activities-in-sequence',
    async run(context) {
      await context.work();
      const handle = await context.start(runSequence, { args: [10] });
      assert.equal(await handle.result(), 10);
      const step = [...WORKFLOW_TASK, 'ActivityTaskScheduled', ...ACTIVITY_DONE];
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...Array.from({ length: 10 }, () => step).flat(),
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
    },
  },
  {
    name: 'activities-in-parallel',
    async run(context) {
      await context.work();
      const values = Array.from({ length: 20 }, (_, index) => index);
      const handle = await context.start(runParallel, { args: [values] });
      assert.deepEqual(
        await handle.result(),
        values.map((value) => value * value),
      );
      const types = await context.eventTypes(handle);
      assert.deepEqual(types.slice(4, 24), Array<string>(20).fill('ActivityTaskScheduled'));
      const history = await context.history(handle);
      const ends = eventsOfType(history, 'ActivityTaskCompleted').map((event) =>
        Number(event.activityTaskCompletedEventAttributes?.scheduledEventId),
      );
      assert.deepEqual(
        ends.sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, index) => 5 + index),
      );
    },
  },
  {
    name: 'activity-retry-keeps-heartbeat-details',
    async run(context) {
      await context.work({ defaultHeartbeatThrottleInterval: 10, maxHeartbeatThrottleInterval: 10 });
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'failThenReport',
            args: [2],
            options: {
              startToCloseTimeout: '1 minute',
              heartbeatTimeout: '1 minute',
              retry: { initialInterval: 50 },
            },
          },
        ],
      });
      assert.deepEqual(await handle.result(), { attempt: 3, lastDetails: { attempt: 2 } });

      const history = await context.history(handle);
      const started = onlyEvent(history, 'ActivityTaskStarted').activityTaskStartedEventAttributes;
      assert.equal(started?.attempt, 3, 'only the last attempt is in the history');
      assert.equal(started.lastFailure?.message, 'attempt 2');
      assert.equal(started.lastFailure.applicationFailureInfo?.type, 'NotYet');
      assert.equal(eventsOfType(history, 'ActivityTaskFailed').length, 0);
    },
  },
  {
    name: 'activity-out-of-attempts',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'failAlways',
            args: ['never', 'Never', false],
            options: { startToCloseTimeout: '1 minute', retry: { initialInterval: 10, maximumAttempts: 2 } },
          },
        ],
      });
      const failure = await activityFailureOf(handle.result());
      assert.equal(failure.retryState, RetryState.MAXIMUM_ATTEMPTS_REACHED);
      const failed = onlyEvent(await context.history(handle), 'ActivityTaskFailed');
      assert.equal(failed.activityTaskFailedEventAttributes?.failure?.message, 'never');
    },
  },
  {
    name: 'activity-pending-retry-is-described',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'failAlways',
            args: ['once more', 'Again', false],
            options: { startToCloseTimeout: '1 minute', retry: { initialInterval: '1 hour' } },
          },
        ],
      });
      await waitUntil('the first attempt to fail', async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities?.[0]?.lastFailure?.message === 'once more';
      });
      const { raw } = await handle.describe();
      const [pending, ...others] = raw.pendingActivities ?? [];
      assert.equal(others.length, 0);
      assert.equal(pending?.activityType?.name, 'failAlways');
      assert.equal(pending.attempt, 2);
      assert.equal(pending.state, 1, 'it is scheduled, not started');
      await handle.terminate();
    },
  },
  {
    name: 'activity-non-retryable',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [{ name: 'failAlways', args: ['for good', 'Fatal', true] }],
      });
      const failure = await activityFailureOf(handle.result());
      assert.equal(failure.retryState, RetryState.NON_RETRYABLE_FAILURE);
      assert.equal(failure.activityType, 'failAlways');
      const { cause } = failure;
      assert.ok(cause instanceof ApplicationFailure);
      assert.equal(cause.message, 'for good');
      assert.equal(cause.type, 'Fatal');
      assert.equal(cause.nonRetryable, true);
      assert.deepEqual(cause.details, ['detail', 1]);
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'ActivityTaskScheduled',
        'ActivityTaskStarted',
        'ActivityTaskFailed',
        ...WORKFLOW_TASK,
        'WorkflowExecutionFailed',
      ]);
    },
  },
  {
    name: 'activity-non-retryable-type',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'failAlways',
            args: ['by its type', 'Listed', false],
            options: { startToCloseTimeout: '1 minute', retry: { nonRetryableErrorTypes: ['Listed'] } },
          },
        ],
      });
      const failure = await activityFailureOf(handle.result());
      assert.equal(failure.retryState, RetryState.NON_RETRYABLE_FAILURE);
    },
  },
  {
    name: 'activity-next-retry-delay',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'failWithDelay',
            args: [10],
            // By the policy alone, the second attempt would be tomorrow.
            options: { startToCloseTimeout: '1 minute', retry: { initialInterval: '1 day' } },
          },
        ],
      });
      assert.equal(await handle.result(), 2);
    },
  },
];

/** The failure of the activity for which a workflow failed. */
export async function activityFailureOf(result: Promise<unknown>): Promise<ActivityFailure> {
  const error: unknown = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WorkflowFailedError, `the workflow fails: ${String(error)}`);
  assert.ok(error.cause instanceof ActivityFailure);
  return error.cause;
}
