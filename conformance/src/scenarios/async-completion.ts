import { activityInfo, CompleteAsyncError } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError, ApplicationFailure } from '@temporalio/client';
import { ActivityCancellationType } from '@temporalio/workflow';
import assert from 'node:assert/strict';
import { onlyEvent } from '../harness/history.js';
import type { ScenarioContext } from '../harness/scenario-context.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import { cancelActivity, cancelActivityOnSignal, runActivity } from '../workflows/activity-workflows.js';
import { activityFailureOf } from './activities.js';

/** What is known from outside about an attempt that somebody else completes. */
interface Attempt {
  readonly taskToken: Uint8Array;
  readonly activityId: string;
}

/** A worker whose only activity is left to somebody else; gives the attempts begun so far. */
async function workWithoutCompleting(context: ScenarioContext): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  await context.work({
    activities: {
      async completedElsewhere() {
        const { taskToken, activityId } = activityInfo();
        attempts.push({ taskToken, activityId });
        return Promise.reject(new CompleteAsyncError());
      },
    },
  });
  return attempts;
}

async function firstOf(attempts: readonly Attempt[]): Promise<Attempt> {
  await waitUntil('the activity to begin', () => attempts.length > 0);
  return attempts[0] as Attempt;
}

const CALL = {
  name: 'completedElsewhere',
  options: { startToCloseTimeout: '1 minute', retry: { initialInterval: 10, maximumAttempts: 2 } },
} as const;

export const asyncCompletionScenarios: readonly Scenario[] = [
  {
    name: 'async-completion-by-token',
    async run(context) {
      const attempts = await workWithoutCompleting(context);
      const handle = await context.start(runActivity, { args: [CALL] });
      const { taskToken } = await firstOf(attempts);
      await context.client.activity.complete(taskToken, 'from outside');
      assert.equal(await handle.result(), 'from outside');
      await assert.rejects(context.client.activity.complete(taskToken, 'again'), ActivityNotFoundError);
    },
  },
  {
    name: 'async-completion-by-id',
    async run(context) {
      const attempts = await workWithoutCompleting(context);
      const handle = await context.start(runActivity, { args: [CALL] });
      const { activityId } = await firstOf(attempts);
      const address = { workflowId: handle.workflowId, activityId };
      await context.client.activity.heartbeat(address, { half: true });
      const { raw } = await handle.describe();
      assert.ok(raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.length, 'the details are described');
      await context.client.activity.complete({ ...address, runId: handle.firstExecutionRunId }, 'by its id');
      assert.equal(await handle.result(), 'by its id');
      await assert.rejects(context.client.activity.complete(address, 'again'), ActivityNotFoundError);
    },
  },
  {
    name: 'async-failure-is-retried',
    async run(context) {
      const attempts = await workWithoutCompleting(context);
      const handle = await context.start(runActivity, { args: [CALL] });
      const { taskToken } = await firstOf(attempts);
      await context.client.activity.fail(taskToken, new Error('first'));
      await waitUntil('the second attempt', () => attempts.length === 2);
      const last = attempts[1] as Attempt;
      await context.client.activity.fail(
        { workflowId: handle.workflowId, activityId: last.activityId },
        ApplicationFailure.nonRetryable('second', 'Final'),
      );
      const { cause } = await activityFailureOf(handle.result());
      assert.ok(cause instanceof ApplicationFailure);
      assert.equal(cause.type, 'Final');
      assert.equal(
        onlyEvent(await context.history(handle), 'ActivityTaskStarted').activityTaskStartedEventAttributes
          ?.lastFailure?.message,
        'first',
      );
    },
  },
  {
    name: 'async-cancellation',
    async run(context) {
      const attempts = await workWithoutCompleting(context);
      const handle = await context.start(cancelActivityOnSignal, {
        args: [CALL, ActivityCancellationType.WAIT_CANCELLATION_COMPLETED],
      });
      const { taskToken } = await firstOf(attempts);
      await handle.signal(cancelActivity);
      await waitUntil('the request to cancel', () => context.hasEvent(handle, 'ActivityTaskCancelRequested'));
      await assert.rejects(context.client.activity.heartbeat(taskToken), ActivityCancelledError);
      await context.client.activity.reportCancellation(taskToken, 'as asked');
      assert.deepEqual(await handle.result(), { outcome: 'canceled', failure: 'ActivityFailure' });
    },
  },
];
