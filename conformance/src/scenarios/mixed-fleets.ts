import { ActivityFailure, ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import assert from 'node:assert/strict';
import type { Scenario } from '../harness/scenario.js';
import { runActivity } from '../workflows/activity-workflows.js';

const QUICK = { startToCloseTimeout: '1 minute', retry: { initialInterval: 10 } } as const;

/** Official and Tidewheel's own workers side by side on one task queue. */
export const mixedFleetScenarios: readonly Scenario[] = [
  {
    name: 'official-workflow-with-activities-of-a-tidewheel-worker',
    needsOwnDeployment: true,
    async run(context) {
      await context.work({ enableNonLocalActivities: false });
      await context.workAsTidewheel({ activities: 'tidewheel-activities' });

      const doubled = await context.start(runActivity, { args: [{ name: 'double', args: [21] }] });
      assert.equal(await doubled.result(), 42);
      const resumed = await context.start(runActivity, {
        args: [{ name: 'resume', args: [7], options: QUICK }],
      });
      assert.deepEqual(await resumed.result(), { attempt: 2, lastDetails: { row: 7 } });
      const refused = await context.start(runActivity, { args: [{ name: 'refuse' }] });
      const error: unknown = await refused.result().catch((reason: unknown) => reason);
      assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ActivityFailure);
      const { cause } = error.cause;
      assert.ok(cause instanceof ApplicationFailure);
      assert.deepEqual([cause.message, cause.type, cause.details], ['no', 'Refused', ['detail', 1]]);

      assert.deepEqual(await context.overRest(doubled.workflowId), {
        status: 'COMPLETED',
        events: await context.eventTypes(doubled),
      });
      assert.equal((await context.overRest(refused.workflowId)).status, 'FAILED');
    },
  },
  {
    name: 'tidewheel-workflow-with-activities-of-an-official-worker',
    needsOwnDeployment: true,
    // Its code is not the official SDK's, which could not replay it.
    replays: false,
    async run(context) {
      await context.work({ bundle: 'none' });
      await context.workAsTidewheel({ workflows: 'tidewheel-workflows' });

      const squared = await context.start('squareOfNext', { args: [6] });
      assert.equal(await squared.result(), 49);
      const told = await context.start('tellFailure', {});
      assert.deepEqual(await told.result(), { message: 'no', type: 'Refused', details: ['detail', 1] });

      const { status, events } = await context.overRest(squared.workflowId);
      assert.equal(status, 'COMPLETED');
      assert.deepEqual(events, await context.eventTypes(squared));
      assert.equal(events.filter((type) => type === 'ActivityTaskCompleted').length, 2);
    },
  },
];
