import { RetryState, TimeoutFailure, TimeoutType } from '@temporalio/common';
import assert from 'node:assert/strict';
import { onlyEvent, typesOf } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { runActivity } from '../workflows/activity-workflows.js';
import { activityFailureOf } from './activities.js';

/** The timeout because of which a workflow's only activity failed. */
async function timeoutOf(
  result: Promise<unknown>,
): Promise<{ timeout: TimeoutFailure; retryState: RetryState }> {
  const failure = await activityFailureOf(result);
  assert.ok(failure.cause instanceof TimeoutFailure, `${String(failure.cause)} is a timeout`);
  assert.ok(failure.retryState);
  return { timeout: failure.cause, retryState: failure.retryState };
}

export const activityTimeoutScenarios: readonly Scenario[] = [
  {
    name: 'activity-schedule-to-start-timeout',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'echo',
            options: {
              taskQueue: 'nobody-polls-this',
              startToCloseTimeout: '1 minute',
              scheduleToStartTimeout: 200,
            },
          },
        ],
      });
      const { timeout } = await timeoutOf(handle.result());
      assert.equal(timeout.timeoutType, TimeoutType.SCHEDULE_TO_START);
      assert.ok(!typesOf(await context.history(handle)).includes('ActivityTaskStarted'));
    },
  },
  {
    name: 'activity-schedule-to-close-timeout',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'failAlways',
            args: ['again', 'Again', false],
            options: {
              // The second attempt comes at once, the third would come too late however slow the machine is.
              scheduleToCloseTimeout: '10 seconds',
              retry: { initialInterval: 100, backoffCoefficient: 100, maximumInterval: '10 seconds' },
            },
          },
        ],
      });
      // Attempts go on until the next one would come too late; then the last failure is the result.
      const failure = await activityFailureOf(handle.result());
      assert.equal(failure.retryState, RetryState.TIMEOUT);
      const { attempt } =
        onlyEvent(await context.history(handle), 'ActivityTaskStarted').activityTaskStartedEventAttributes ??
        {};
      assert.ok((attempt ?? 0) > 1, 'there were several attempts');
    },
  },
  {
    name: 'activity-schedule-to-close-timeout-while-running',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [{ name: 'hang', args: ['x'], options: { scheduleToCloseTimeout: 500 } }],
      });
      const { timeout } = await timeoutOf(handle.result());
      assert.equal(timeout.timeoutType, TimeoutType.SCHEDULE_TO_CLOSE);
    },
  },
  {
    name: 'activity-start-to-close-timeout',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'hang',
            args: ['x'],
            options: { startToCloseTimeout: 300, retry: { maximumAttempts: 2, initialInterval: 10 } },
          },
        ],
      });
      const { timeout, retryState } = await timeoutOf(handle.result());
      assert.equal(timeout.timeoutType, TimeoutType.START_TO_CLOSE);
      assert.equal(retryState, RetryState.MAXIMUM_ATTEMPTS_REACHED);
      const history = await context.history(handle);
      const started = onlyEvent(history, 'ActivityTaskStarted').activityTaskStartedEventAttributes;
      assert.equal(started?.attempt, 2);
      onlyEvent(history, 'ActivityTaskTimedOut');
    },
  },
  {
    name: 'activity-heartbeat-timeout',
    async run(context) {
      await context.work();
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'hang',
            args: [{ row: 7 }],
            options: {
              startToCloseTimeout: '1 minute',
              heartbeatTimeout: 500,
              retry: { maximumAttempts: 1 },
            },
          },
        ],
      });
      const { timeout } = await timeoutOf(handle.result());
      assert.equal(timeout.timeoutType, TimeoutType.HEARTBEAT);
      assert.deepEqual(timeout.lastHeartbeatDetails, { row: 7 });
    },
  },
];
