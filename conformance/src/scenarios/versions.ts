import { WorkflowTaskFailedCause } from '../harness/proto-enums.js';
import assert from 'node:assert/strict';
import { eventsOfType, onlyEvent } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';

const OPTIONS = { stickyQueueScheduleToStartTimeout: '1 second' } as const;

// Histories of other versions than the last are not replayed by the bundle of all scenarios.
export const versionScenarios: readonly Scenario[] = [
  {
    name: 'patched',
    replays: false,
    async run(context) {
      const before = await context.work({ ...OPTIONS, bundle: 'version-before-change' });
      const old = await context.start('changing', {});
      await waitUntil('the first activity', () => context.hasEvent(old, 'ActivityTaskCompleted'));
      await before.stop();

      const after = await context.work({ ...OPTIONS, bundle: 'version-after-change' });
      const young = await context.start('changing', {});
      await old.signal('proceed');
      await young.signal('proceed');
      assert.equal(await old.result(), 'before');
      assert.equal(await young.result(), 'after');
      assert.ok(!(await context.hasEvent(old, 'MarkerRecorded')));
      const history = await context.history(young);
      const marker = onlyEvent(history, 'MarkerRecorded').markerRecordedEventAttributes;
      assert.equal(marker?.markerName, 'core_patch');
      const upsert = onlyEvent(history, 'UpsertWorkflowSearchAttributes');
      const { searchAttributes } = upsert.upsertWorkflowSearchAttributesEventAttributes ?? {};
      assert.ok(searchAttributes?.indexedFields?.['TemporalChangeVersion']);

      const waiting = await context.start('changing', {});
      await waitUntil('the activities', async () => {
        return eventsOfType(await context.history(waiting), 'ActivityTaskCompleted').length === 2;
      });
      await after.stop();
      await context.work({ ...OPTIONS, bundle: 'version-without-old-path' });
      await waiting.signal('proceed');
      assert.equal(await waiting.result(), 'after');
    },
  },
  {
    name: 'non-determinism',
    replays: false,
    async run(context) {
      const before = await context.work({ ...OPTIONS, bundle: 'version-before-change' });
      const handle = await context.start('changing', {});
      await waitUntil('the first activity', () => context.hasEvent(handle, 'ActivityTaskCompleted'));
      await before.stop();

      const wrong = await context.work({ ...OPTIONS, bundle: 'version-out-of-step' });
      await handle.signal('proceed');
      await waitUntil('the failed task', () => context.hasEvent(handle, 'WorkflowTaskFailed'));
      const failed = onlyEvent(await context.history(handle), 'WorkflowTaskFailed');
      const { cause, failure } = failed.workflowTaskFailedEventAttributes ?? {};
      assert.equal(cause, WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR);
      assert.match(failure?.message ?? '', /Nondeterminism|non-determinis/i);
      assert.equal((await handle.describe()).status.name, 'RUNNING');
      await wrong.stop();

      await context.work({ ...OPTIONS, bundle: 'version-before-change' });
      assert.equal(await handle.result(), 'before');
    },
  },
  {
    name: 'workflow-task-failure-is-retried',
    replays: false,
    async run(context) {
      const broken = await context.work({ ...OPTIONS, bundle: 'version-broken' });
      const handle = await context.start('changing', {});
      await waitUntil('another attempt of the task', async () => {
        const { raw } = await handle.describe();
        return (raw.pendingWorkflowTask?.attempt ?? 0) >= 3;
      });
      await broken.stop();
      const failed = onlyEvent(await context.history(handle), 'WorkflowTaskFailed');
      const { cause, failure } = failed.workflowTaskFailedEventAttributes ?? {};
      assert.equal(
        cause,
        WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
      );
      assert.equal(failure?.message, 'a fault in the code');

      await context.work({ ...OPTIONS, bundle: 'version-before-change' });
      await handle.signal('proceed');
      assert.equal(await handle.result(), 'before');
      assert.equal(eventsOfType(await context.history(handle), 'WorkflowTaskFailed').length, 1);
    },
  },
];
