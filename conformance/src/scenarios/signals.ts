import { WorkflowTaskFailedCause } from '../harness/proto-enums.js';
import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { eventsOfType, onlyEvent, typeOf, typesOf, WORKFLOW_TASK } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { Gate } from '../harness/wait.js';
import { add, awaitGateThenTellSignals, collectSignals } from '../workflows/message-workflows.js';

export const signalScenarios: readonly Scenario[] = [
  {
    name: 'signals-before-first-task',
    async run(context) {
      const handle = await context.start(collectSignals, { args: [3] });
      for (const value of ['a', 'b', 'c']) await handle.signal(add, value);
      await context.work({ sinks: { code: { begins: { fn: () => undefined } } } });
      assert.deepEqual(await handle.result(), ['a', 'b', 'c']);
      assert.deepEqual(await context.eventTypes(handle), [
        'WorkflowExecutionStarted',
        'WorkflowTaskScheduled',
        'WorkflowExecutionSignaled',
        'WorkflowExecutionSignaled',
        'WorkflowExecutionSignaled',
        'WorkflowTaskStarted',
        'WorkflowTaskCompleted',
        'WorkflowExecutionCompleted',
      ]);
    },
  },
  {
    name: 'signals-while-running',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [20] });
      const values = Array.from({ length: 20 }, (_, index) => index);
      for (const value of values) await handle.signal(add, value);
      assert.deepEqual(await handle.result(), values);
      assert.equal(eventsOfType(await context.history(handle), 'WorkflowExecutionSignaled').length, 20);
    },
  },
  {
    name: 'signal-with-start',
    async run(context) {
      await context.work();
      const workflowId = context.workflowId();
      const options = { workflowId, taskQueue: context.taskQueue, args: [2] as [number], signal: add };
      const first = await context.client.workflow.signalWithStart(collectSignals, {
        ...options,
        signalArgs: ['one'],
      });
      const second = await context.client.workflow.signalWithStart(collectSignals, {
        ...options,
        signalArgs: ['two'],
      });
      assert.equal(second.signaledRunId, first.signaledRunId);
      assert.deepEqual(await first.result(), ['one', 'two']);
      const types = await context.eventTypes(first);
      assert.deepEqual(types.slice(0, 3), [
        'WorkflowExecutionStarted',
        'WorkflowExecutionSignaled',
        'WorkflowTaskScheduled',
      ]);
      assert.equal(types.filter((type) => type === 'WorkflowExecutionSignaled').length, 2);
    },
  },
  {
    name: 'signals-during-workflow-task',
    async run(context) {
      const begun = new Gate();
      const gate = new Gate();
      await context.work({
        activities: {
          async gate() {
            begun.open();
            await gate.opened;
          },
        },
      });
      const handle = await context.start(awaitGateThenTellSignals, {
        args: [60],
        workflowTaskTimeout: '1 minute',
      });
      await begun.opened;
      const values = Array.from({ length: 60 }, (_, index) => index);
      for (const value of values) await handle.signal(add, value);
      gate.open();
      assert.deepEqual(await handle.result(), values);
      const history = await context.history(handle);
      assert.deepEqual(typesOf(history), [
        'WorkflowExecutionStarted',
        ...WORKFLOW_TASK,
        'MarkerRecorded',
        ...Array<string>(60).fill('WorkflowExecutionSignaled'),
        ...WORKFLOW_TASK,
        'WorkflowExecutionCompleted',
      ]);
    },
  },
  {
    name: 'signal-at-completion-is-not-lost',
    async run(context) {
      const begun = new Gate();
      const gate = new Gate();
      await context.work({
        activities: {
          async gate() {
            begun.open();
            await gate.opened;
          },
        },
      });
      const handle = await context.start(awaitGateThenTellSignals, {
        args: [0],
        workflowTaskTimeout: '1 minute',
      });
      await begun.opened;
      await handle.signal(add, 'just in time');
      gate.open();
      // It wanted to complete without having seen the signal; that task fails, and another one sees it.
      assert.deepEqual(await handle.result(), ['just in time']);
      const history = await context.history(handle);
      const failed = onlyEvent(history, 'WorkflowTaskFailed').workflowTaskFailedEventAttributes;
      assert.equal(failed?.cause, WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND);
      assert.equal(typeOf(history.events?.at(-1) ?? {}), 'WorkflowExecutionCompleted');
    },
  },
  {
    name: 'signal-request-id-delivers-once',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [1] });
      const request = {
        namespace: 'default',
        workflowExecution: { workflowId: handle.workflowId },
        signalName: 'unheard',
        identity: 'conformance',
        requestId: randomUUID(),
      };
      await context.connection.workflowService.signalWorkflowExecution(request);
      await context.connection.workflowService.signalWorkflowExecution(request);
      await handle.signal(add, 'end');
      await handle.result();
      const signals = eventsOfType(await context.history(handle), 'WorkflowExecutionSignaled');
      assert.deepEqual(
        signals.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName),
        ['unheard', 'add'],
      );
    },
  },
];
