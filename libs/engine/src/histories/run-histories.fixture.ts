import { randomUUID } from 'node:crypto';
import { completeActivity } from '@tidewheel/engine';
import {
  activity,
  command,
  finish,
  payload,
  NAMESPACE,
  TestRun,
  WORKER,
} from '../test-deployment.fixture.js';
import type { TestDeployment } from '../test-deployment.fixture.js';
import { end } from './history-lines.fixture.js';
import type { HistoryScenario } from './history-lines.fixture.js';

const BEGIN = `
  1 WorkflowExecutionStarted
  2 WorkflowTaskScheduled attempt=1
  3 WorkflowTaskStarted scheduled=2`;

function freshRequest() {
  const name = randomUUID();
  return { namespace: NAMESPACE, workflowId: name, workflowType: 'order', taskQueue: name };
}

async function signalWithStart(
  deployment: TestDeployment,
  request: ReturnType<typeof freshRequest>,
): Promise<TestRun> {
  const { runId } = await deployment.engine.signalWithStart({ ...request, signalName: 'go' });
  return new TestRun(deployment, request.namespace, request.workflowId, runId, request.taskQueue);
}

export const runHistories: readonly HistoryScenario[] = [
  {
    name: 'signal-with-start: the signal before the first task, later ones as they come',
    async play(deployment) {
      const request = freshRequest();
      const run = await signalWithStart(deployment, request);
      expect((await signalWithStart(deployment, request)).runId).toBe(run.runId);
      await run.decide([finish()]);
      return run;
    },
    history: `
      1 WorkflowExecutionStarted
      2 WorkflowExecutionSignaled signal=go
      3 WorkflowTaskScheduled attempt=1
      4 WorkflowExecutionSignaled signal=go
      5 WorkflowTaskStarted scheduled=3
      6 WorkflowTaskCompleted scheduled=3 started=5
      7 WorkflowExecutionCompleted completed=6`,
  },
  {
    name: 'a start whose first task comes with the answer',
    async play(deployment) {
      const request = freshRequest();
      const { runId, workflowTask } = await deployment.engine.startWorkflow({
        ...request,
        eagerWorker: { identity: WORKER },
      });
      const run = new TestRun(deployment, request.namespace, request.workflowId, runId, request.taskQueue);
      await run.completed(workflowTask!, [finish()]);
      return run;
    },
    history: `
      1 WorkflowExecutionStarted eager=true
      2 WorkflowTaskScheduled attempt=1
      3 WorkflowTaskStarted scheduled=2
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 WorkflowExecutionCompleted completed=4`,
  },
  {
    name: 'signals to an idle run: one task tells of all that came before it',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide();
      await run.signal('one');
      await run.signal('two');
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 WorkflowExecutionSignaled signal=one
      6 WorkflowTaskScheduled attempt=1
      7 WorkflowExecutionSignaled signal=two
      8 WorkflowTaskStarted scheduled=6
      9 WorkflowTaskCompleted scheduled=6 started=8
      10 WorkflowExecutionCompleted completed=9`,
  },
  {
    name: 'a cancel request, once however often it is sent, and the workflow that cancels itself',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide();
      await run.engine.requestCancelWorkflow({ ...run.address, reason: 'enough' });
      await run.engine.requestCancelWorkflow({ ...run.address, reason: 'again' });
      await run.decide([command('CancelWorkflowExecution', {})]);
      await run.engine.requestCancelWorkflow(run.address);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 WorkflowExecutionCancelRequested cause=enough
      6 WorkflowTaskScheduled attempt=1
      7 WorkflowTaskStarted scheduled=6
      8 WorkflowTaskCompleted scheduled=6 started=7
      9 WorkflowExecutionCanceled completed=8`,
  },
  {
    name: 'a workflow that fails',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([command('FailWorkflowExecution', { failure: { message: 'no' } })]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 WorkflowExecutionFailed completed=4 retryState=RETRY_POLICY_NOT_SET failure="no"`,
  },
  {
    name: 'terminating while a task is started: it fails, and what waited is written',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([activity('a')], { forceNext: true });
      const task = await run.activityTask();
      await run.workflowTask();
      await run.signal();
      await completeActivity(run.context, task, [payload(1)], { identity: WORKER });
      await run.engine.terminateWorkflow({ ...run.address, reason: 'enough' });
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 ActivityTaskScheduled completed=4 activity=a
      6 WorkflowTaskScheduled attempt=1
      7 WorkflowTaskStarted scheduled=6
      8 WorkflowTaskFailed scheduled=6 started=7 cause=FORCE_CLOSE_COMMAND
      9 WorkflowExecutionSignaled signal=go
      10 ActivityTaskStarted scheduled=5 attempt=1
      11 ActivityTaskCompleted scheduled=5 started=10
      12 WorkflowExecutionTerminated reason=enough`,
  },
  {
    name: 'terminating while a task waits',
    async play(deployment) {
      const run = await deployment.start();
      await run.engine.terminateWorkflow({ ...run.address, reason: 'enough' });
      return run;
    },
    history: `
      1 WorkflowExecutionStarted
      2 WorkflowTaskScheduled attempt=1
      3 WorkflowExecutionTerminated reason=enough`,
  },
  {
    name: 'a run whose time is over while a task is started',
    async play(deployment) {
      const run = await deployment.start({ workflowRunTimeoutMs: 1_000 });
      await run.workflowTask();
      await run.signal();
      await run.closed();
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskFailed scheduled=2 started=3 cause=FORCE_CLOSE_COMMAND
      5 WorkflowExecutionSignaled signal=go
      6 WorkflowExecutionTimedOut retryState=RETRY_POLICY_NOT_SET`,
  },
  {
    name: 'signals to other executions: the outcome comes by itself',
    async play(deployment) {
      const target = await deployment.start();
      const run = await deployment.start();
      const signal = (workflowId: string) =>
        command('SignalExternalWorkflowExecution', {
          workflowExecution: { workflowId },
          signalName: 'hello',
        });
      await run.decide([signal(target.workflowId)]);
      await run.eventOf('ExternalWorkflowExecutionSignaled');
      await run.decide([signal(`nobody ${randomUUID()}`)]);
      await run.eventOf('SignalExternalWorkflowExecutionFailed');
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 SignalExternalWorkflowExecutionInitiated completed=4 signal=hello
      6 ExternalWorkflowExecutionSignaled initiated=5
      7 WorkflowTaskScheduled attempt=1
      8 WorkflowTaskStarted scheduled=7
      9 WorkflowTaskCompleted scheduled=7 started=8
      10 SignalExternalWorkflowExecutionInitiated completed=9 signal=hello
      11 SignalExternalWorkflowExecutionFailed completed=0 initiated=10 cause=EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND${end(12)}`,
  },
];
