import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/client';
import assert from 'node:assert/strict';
import { eventsOfType, onlyEvent, typesOf, WORKFLOW_TASK } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import { runLocalActivity } from '../workflows/activity-workflows.js';

export const localActivityScenarios: readonly Scenario[] = [
  {
    name: 'local-activity',
    async run(context) {
      await context.work();
      const handle = await context.start(runLocalActivity, { args: [{ name: 'increment', args: [4] }] });
      assert.equal(await handle.result(), 5);
      const history = await context.history(handle);
      assert.deepEqual(typesOf(history), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'MarkerRecorded',
        'WorkflowExecutionCompleted',
      ]);
      const marker = onlyEvent(history, 'MarkerRecorded').markerRecordedEventAttributes;
      assert.equal(marker?.markerName, 'core_local_activity');
      assert.deepEqual(Object.keys(marker.details ?? {}).sort(), ['data', 'result']);
    },
  },
  {
    name: 'local-activity-backs-off-by-timer',
    async run(context) {
      await context.work({
        activities: {
          async failFirst() {
            const { attempt } = activityInfo();
            if (attempt === 1) throw ApplicationFailure.create({ message: 'once' });
            return Promise.resolve(attempt);
          },
        },
      });
      const handle = await context.start(runLocalActivity, {
        args: [
          {
            name: 'failFirst',
            options: {
              startToCloseTimeout: '10 seconds',
              localRetryThreshold: 10,
              retry: { initialInterval: 100, backoffCoefficient: 1 },
            },
          },
        ],
      });
      assert.equal(await handle.result(), 2);
      const types = await context.eventTypes(handle);
      assert.ok(types.includes('TimerFired'), 'the wait is a timer');
      assert.equal(types.filter((type) => type === 'MarkerRecorded').length, 2);
    },
  },
  {
    name: 'workflow-task-heartbeats-for-long-local-activity',
    async run(context) {
      let isLetGo = false;
      await context.work({
        activities: { gate: async () => await waitUntil('the heartbeats of the task', () => isLetGo) },
      });
      const handle = await context.start(runLocalActivity, {
        args: [{ name: 'gate' }],
        workflowTaskTimeout: '2 seconds',
      });
      await waitUntil('two heartbeats of the workflow task', async () => {
        return eventsOfType(await context.history(handle), 'WorkflowTaskCompleted').length >= 2;
      });
      isLetGo = true;
      await handle.result();
      const history = await context.history(handle);
      const types = typesOf(history);
      assert.equal(types.filter((type) => type === 'WorkflowTaskTimedOut').length, 0);
      assert.deepEqual(types.slice(-2), ['MarkerRecorded', 'WorkflowExecutionCompleted']);
      const tasks = types.slice(1, -2);
      assert.equal(tasks.length % 3, 0);
      for (let index = 0; index < tasks.length; index += 3) {
        assert.deepEqual(tasks.slice(index, index + 3), [...WORKFLOW_TASK]);
      }
    },
  },
];
