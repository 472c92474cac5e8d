import { ActivityCancellationType } from '@temporalio/workflow';
import assert from 'node:assert/strict';
import { onlyEvent, typesOf, WORKFLOW_TASK } from '../harness/history.js';
import type { ScenarioContext } from '../harness/scenario-context.js';
import type { Scenario } from '../harness/scenario.js';
import { Gate, waitUntil } from '../harness/wait.js';
import {
  cancelActivity,
  cancelActivityOnSignal,
  finish,
  tellCanceledActivity,
} from '../workflows/activity-workflows.js';
import { heartbeat, sleep } from '@temporalio/activity';
import type { RunningWorker } from '../harness/scenario-context.js';

const QUICK = { defaultHeartbeatThrottleInterval: 50, maxHeartbeatThrottleInterval: 50 } as const;

/** An activity that tells when it begins and when it hears of its cancellation, and then does as it is told. */
class WatchedActivity {
  readonly begun = new Gate();
  readonly heard = new Gate();

  constructor(private readonly result?: string) {}

  readonly run = async (): Promise<string> => {
    this.begun.open();
    try {
      for (;;) {
        heartbeat();
        await sleep(50);
      }
    } catch (error) {
      this.heard.open();
      if (this.result === undefined) throw error;
      return this.result;
    }
  };
}

async function workWith(context: ScenarioContext, watched: WatchedActivity): Promise<RunningWorker> {
  return await context.work({ ...QUICK, activities: { watched: watched.run } });
}

export const activityCancellationScenarios: readonly Scenario[] = [
  {
    name: 'activity-cancellation-waited-for',
    async run(context) {
      const watched = new WatchedActivity();
      await workWith(context, watched);
      const handle = await context.start(cancelActivityOnSignal, {
        args: [{ name: 'watched' }, ActivityCancellationType.WAIT_CANCELLATION_COMPLETED],
      });
      await watched.begun.opened;
      await handle.signal(cancelActivity);
      assert.deepEqual(await handle.result(), { outcome: 'canceled', failure: 'ActivityFailure' });
      const types = await context.eventTypes(handle);
      assert.deepEqual(types, [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'ActivityTaskScheduled',
        'WorkflowExecutionSignaled',
        ...WORKFLOW_TASK,
        'ActivityTaskCancelRequested',
        'ActivityTaskStarted',
        'ActivityTaskCanceled',
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
      const canceled = onlyEvent(await context.history(handle), 'ActivityTaskCanceled');
      const { latestCancelRequestedEventId, scheduledEventId } =
        canceled.activityTaskCanceledEventAttributes ?? {};
      assert.equal(Number(scheduledEventId), 5);
      assert.equal(Number(latestCancelRequestedEventId), 10);
    },
  },
  {
    name: 'activity-cancellation-ignored-by-activity',
    async run(context) {
      const watched = new WatchedActivity('done anyway');
      await workWith(context, watched);
      const handle = await context.start(cancelActivityOnSignal, {
        args: [{ name: 'watched' }, ActivityCancellationType.WAIT_CANCELLATION_COMPLETED],
      });
      await watched.begun.opened;
      await handle.signal(cancelActivity);
      assert.deepEqual(await handle.result(), { outcome: 'completed', result: 'done anyway' });
      onlyEvent(await context.history(handle), 'ActivityTaskCompleted');
    },
  },
  {
    name: 'activity-cancellation-tried',
    async run(context) {
      const watched = new WatchedActivity();
      await workWith(context, watched);
      const handle = await context.start(cancelActivityOnSignal, {
        args: [{ name: 'watched' }, ActivityCancellationType.TRY_CANCEL, true],
      });
      await watched.begun.opened;
      await handle.signal(cancelActivity);
      await watched.heard.opened;
      await handle.signal(finish);
      assert.deepEqual(await handle.result(), { outcome: 'canceled', failure: 'ActivityFailure' });
      onlyEvent(await context.history(handle), 'ActivityTaskCancelRequested');
    },
  },
  {
    name: 'activity-cancellation-abandons',
    async run(context) {
      const watched = new WatchedActivity();
      const { worker } = await workWith(context, watched);
      const handle = await context.start(cancelActivityOnSignal, {
        args: [{ name: 'watched' }, ActivityCancellationType.ABANDON],
      });
      await watched.begun.opened;
      await handle.signal(cancelActivity);
      assert.deepEqual(await handle.result(), { outcome: 'canceled', failure: 'ActivityFailure' });
      assert.ok(!typesOf(await context.history(handle)).includes('ActivityTaskCancelRequested'));
      // The activity hears at its next heartbeat that its workflow is over.
      await watched.heard.opened;
      await waitUntil('the worker to be free', () => worker.getStatus().numInFlightActivities === 0);
    },
  },
  {
    name: 'activity-cancellation-before-start',
    async run(context) {
      const worker = await context.work();
      const handle = await context.start(cancelActivityOnSignal, {
        args: [
          { name: 'echo', options: { taskQueue: 'nobody-polls-this' } },
          ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        ],
      });
      await waitUntil('the activity to be scheduled', () =>
        context.hasEvent(handle, 'ActivityTaskScheduled'),
      );
      await handle.signal(cancelActivity);
      assert.deepEqual(await handle.result(), { outcome: 'canceled', failure: 'ActivityFailure' });
      const types = await context.eventTypes(handle);
      assert.ok(types.includes('ActivityTaskCanceled'));
      assert.ok(!types.includes('ActivityTaskStarted'));
      await worker.stop();
    },
  },
  {
    name: 'activity-cancellation-in-same-task',
    async run(context) {
      await context.work();
      const handle = await context.start(tellCanceledActivity, {});
      const { outcome } = await handle.result();
      assert.equal(outcome, 'canceled');
      assert.ok(!typesOf(await context.history(handle)).includes('ActivityTaskStarted'));
    },
  },
];
