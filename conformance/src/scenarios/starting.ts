import {
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { onlyEvent, typesOf } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { runSequence } from '../workflows/activity-workflows.js';
import { failWith } from '../workflows/property-workflows.js';
import { sleepFor, waitForCancellation } from '../workflows/timer-workflows.js';
import { causeOf } from './timers-and-cancellation.js';

export const startScenarios: readonly Scenario[] = [
  {
    name: 'run-timeout',
    async run(context) {
      await context.work();
      const handle = await context.start(waitForCancellation, { workflowRunTimeout: '1 second' });
      assert.ok((await causeOf(handle.result())) instanceof TimeoutFailure);
      assert.equal((await handle.describe()).status.name, 'TIMED_OUT');
      assert.equal((await context.eventTypes(handle)).at(-1), 'WorkflowExecutionTimedOut');
    },
  },
  {
    name: 'execution-timeout-without-worker',
    async run(context) {
      const handle = await context.start(waitForCancellation, { workflowExecutionTimeout: '1 second' });
      assert.ok((await causeOf(handle.result())) instanceof TimeoutFailure);
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        'WorkflowTaskScheduled',
        'WorkflowExecutionTimedOut',
      ]);
    },
  },
  {
    name: 'id-conflict-fail',
    async run(context) {
      const workflowId = context.workflowId();
      const first = await context.start(waitForCancellation, { workflowId });
      await assert.rejects(context.start(waitForCancellation, { workflowId }), (error: unknown) => {
        assert.ok(error instanceof WorkflowExecutionAlreadyStartedError);
        assert.equal(error.workflowId, workflowId);
        assert.equal(error.workflowType, 'waitForCancellation');
        return true;
      });
      assert.equal((await first.describe()).status.name, 'RUNNING');
    },
  },
  {
    name: 'id-conflict-use-existing',
    async run(context) {
      const workflowId = context.workflowId();
      const first = await context.start(waitForCancellation, { workflowId });
      const second = await context.start(waitForCancellation, {
        workflowId,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      });
      assert.equal(second.firstExecutionRunId, first.firstExecutionRunId);
    },
  },
  {
    name: 'id-conflict-terminate-existing',
    async run(context) {
      const workflowId = context.workflowId();
      const first = await context.start(waitForCancellation, { workflowId });
      const second = await context.start(sleepFor, {
        workflowId,
        args: [1],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.TERMINATE_EXISTING,
      });
      assert.notEqual(second.firstExecutionRunId, first.firstExecutionRunId);
      assert.ok((await causeOf(first.result())) instanceof TerminatedFailure);
      await context.work();
      assert.equal(await second.result(), 'awake');
    },
  },
  {
    name: 'id-reuse',
    async run(context) {
      await context.work();
      const workflowId = context.workflowId();
      const first = await context.start(runSequence, { workflowId, args: [1] });
      await first.result();
      const rejecting = {
        workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      } as const;
      await assert.rejects(
        context.start(runSequence, { ...rejecting, args: [1] }),
        WorkflowExecutionAlreadyStartedError,
      );
      const afterFailure = {
        workflowId,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      } as const;
      await assert.rejects(
        context.start(runSequence, { ...afterFailure, args: [1] }),
        WorkflowExecutionAlreadyStartedError,
      );
      const second = await context.start(failWith, { workflowId, args: ['so that it may be reused', 'Any'] });
      assert.notEqual(second.firstExecutionRunId, first.firstExecutionRunId);
      await causeOf(second.result());
      const third = await context.start(runSequence, { ...afterFailure, args: [2] });
      assert.equal(await third.result(), 2);
      // Earlier runs stay as they were.
      const { raw } = await context.client.workflow
        .getHandle(workflowId, first.firstExecutionRunId)
        .describe();
      assert.equal(raw.workflowExecutionInfo?.execution?.runId, first.firstExecutionRunId);
    },
  },
  {
    name: 'start-request-id-starts-once',
    async run(context) {
      await context.work();
      const workflowId = context.workflowId();
      const request = {
        namespace: 'default',
        workflowId,
        workflowType: { name: 'runSequence' },
        taskQueue: { name: context.taskQueue },
        requestId: randomUUID(),
        identity: 'conformance',
      };
      const first = await context.connection.workflowService.startWorkflowExecution(request);
      const second = await context.connection.workflowService.startWorkflowExecution(request);
      assert.equal(second.runId, first.runId);
      assert.equal(first.started, true);
      const handle = context.client.workflow.getHandle(workflowId);
      await handle.result();
      assert.equal(typesOf(await context.history(handle))[0], 'WorkflowExecutionStarted');
      await assert.rejects(
        context.start(sleepFor, {
          workflowId,
          args: [1],
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        }),
        WorkflowExecutionAlreadyStartedError,
      );
    },
  },
  {
    name: 'eager-start',
    async run(context) {
      await context.work();
      const handle = await context.startEagerly(runSequence, { args: [1] });
      assert.equal(handle.eagerlyStarted, true);
      assert.equal(await handle.result(), 1);
      const started = onlyEvent(await context.history(handle), 'WorkflowExecutionStarted');
      assert.equal(started.workflowExecutionStartedEventAttributes?.eagerExecutionAccepted, true);
    },
  },
  {
    name: 'eager-start-without-worker',
    async run(context) {
      const handle = await context.startEagerly(sleepFor, { args: [1] });
      assert.equal(handle.eagerlyStarted, false);
      await context.work();
      assert.equal(await handle.result(), 'awake');
    },
  },
];
