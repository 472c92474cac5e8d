import { activityInfo, CancelledFailure, Context } from '@temporalio/activity';
import assert from 'node:assert/strict';
import { eventsOfType, onlyEvent, typesOf } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { Gate, waitUntil } from '../harness/wait.js';
import { runActivity, runSequence } from '../workflows/activity-workflows.js';
import { end, growHistory } from '../workflows/long-workflows.js';
import { add, collected, collectSignals } from '../workflows/message-workflows.js';

export const workerScenarios: readonly Scenario[] = [
  {
    name: 'worker-killed-in-activity',
    async run(context) {
      const victim = await context.workElsewhere('victim');
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'hangOnce',
            args: [{ row: 3 }],
            options: {
              startToCloseTimeout: '1 minute',
              heartbeatTimeout: '2 seconds',
              retry: { initialInterval: 10 },
            },
          },
        ],
      });
      await victim.line(/^activity hangOnce 1 begins/);
      await waitUntil('the details of the heartbeat', async () => {
        const { raw } = await handle.describe();
        return (raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.length ?? 0) > 0;
      });
      await victim.kill();
      await context.work({ identity: 'the heir' });
      assert.deepEqual(await handle.result(), { attempt: 2, lastDetails: { row: 3 } });
      const started = onlyEvent(await context.history(handle), 'ActivityTaskStarted');
      const { attempt, identity, lastFailure } = started.activityTaskStartedEventAttributes ?? {};
      assert.equal(attempt, 2);
      assert.equal(identity, 'the heir');
      assert.ok(lastFailure?.timeoutFailureInfo, 'the first attempt timed out');
    },
  },
  {
    name: 'worker-killed-with-cached-workflow',
    async run(context) {
      const victim = await context.workElsewhere('victim', { CONFORMANCE_STICKY_TIMEOUT: '1s' });
      const handle = await context.start(collectSignals, { args: [2] });
      await handle.signal(add, 'before');
      assert.deepEqual(await handle.query(collected), ['before']);
      await victim.kill();
      await handle.signal(add, 'after');
      await context.work();
      assert.deepEqual(await handle.result(), ['before', 'after']);
    },
  },
  {
    name: 'worker-killed-in-workflow-task',
    async run(context) {
      // Nobody answers for a task that was given to a worker which is gone; its timeout gives it to another one.
      const victim = await context.workElsewhere('victim');
      const handle = await context.start('runLocalActivity', {
        args: [{ name: 'takeTime', args: [3_000] }],
        workflowTaskTimeout: '2 seconds',
      });
      await victim.line(/^activity takeTime 1 begins/);
      await victim.kill();
      await context.work();
      assert.equal(await handle.result(), 'done');
      assert.ok(await context.hasEvent(handle, 'WorkflowTaskTimedOut'));
    },
  },
  {
    name: 'worker-shuts-down-gracefully',
    async run(context) {
      const begun = new Gate();
      const mayEnd = new Gate();
      const worker = await context.work({
        identity: 'the leaver',
        shutdownGraceTime: '1 minute',
        activities: {
          async slow() {
            begun.open();
            await mayEnd.opened;
            return Promise.resolve('finished in time');
          },
        },
      });
      const handle = await context.start(runActivity, { args: [{ name: 'slow' }] });
      await begun.opened;
      const stopped = worker.stop();
      assert.ok(['STOPPING', 'DRAINING'].includes(worker.worker.getState()));
      mayEnd.open();
      await stopped;
      assert.equal(worker.worker.getState(), 'STOPPED');
      const completed = onlyEvent(await context.history(handle), 'ActivityTaskCompleted');
      assert.equal(completed.activityTaskCompletedEventAttributes?.identity, 'the leaver');
      await context.work();
      assert.equal(await handle.result(), 'finished in time');
    },
  },
  {
    name: 'worker-shutdown-hands-activity-over',
    async run(context) {
      const begun = new Gate();
      const activities = {
        async untilShutdown() {
          const { attempt } = activityInfo();
          if (attempt > 1) return attempt;
          begun.open();
          await Context.current().cancelled.catch((error: unknown) => {
            assert.ok(error instanceof CancelledFailure);
            assert.equal(error.message, 'WORKER_SHUTDOWN');
            throw error;
          });
          return attempt;
        },
      };
      const worker = await context.work({ activities });
      const handle = await context.start(runActivity, {
        args: [
          {
            name: 'untilShutdown',
            options: { startToCloseTimeout: '1 minute', retry: { initialInterval: 10 } },
          },
        ],
      });
      await begun.opened;
      await worker.stop();
      await context.work({ activities });
      assert.equal(await handle.result(), 2);
    },
  },
  {
    name: 'workers-share-a-task-queue',
    async run(context) {
      // Official workers of one process and connection must not share a queue.
      await context.work();
      await context.workElsewhere('another worker');
      const handles = [];
      for (let index = 0; index < 30; index++) handles.push(await context.start(runSequence, { args: [2] }));
      for (const handle of handles) assert.equal(await handle.result(), 2);
    },
  },
  {
    name: 'worker-without-cache-and-with-one-slot',
    async run(context) {
      await context.work({ maxCachedWorkflows: 0, maxConcurrentWorkflowTaskExecutions: 1 });
      const starts = Array.from({ length: 4 }, () => context.start(collectSignals, { args: [1] }));
      const handles = await Promise.all(starts);
      await Promise.all(handles.map((handle) => handle.signal(add, 'x')));
      for (const handle of handles) assert.deepEqual(await handle.result(), ['x']);
    },
  },
  {
    name: 'worker-without-activities',
    async run(context) {
      await context.work({ enableNonLocalActivities: false });
      const handle = await context.start(runSequence, { args: [1] });
      await waitUntil('the activity', () => context.hasEvent(handle, 'ActivityTaskScheduled'));
      await context.workElsewhere('a worker with activities');
      assert.equal(await handle.result(), 1);
    },
  },
  {
    name: 'history-of-3000-events-evicted-and-replayed',
    async run(context) {
      const first = await context.work();
      const handle = await context.start(growHistory, { args: [50, 20] });
      await waitUntil(
        'all activities',
        async () => (await handle.describe()).historyLength >= 3_000,
        120_000,
      );
      await first.stop();
      await context.work();
      await handle.signal(end);
      assert.equal(await handle.result(), 1_000);
      const history = await context.history(handle);
      assert.equal(eventsOfType(history, 'ActivityTaskCompleted').length, 1_000);
      assert.ok(typesOf(history).length > 3_000);
      assert.ok(!typesOf(history).includes('WorkflowTaskFailed'));
    },
  },
];
