import { completeActivity } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import { activity, command, finish, payload, timer, WORKER } from '../test-deployment.fixture.js';
import type { TestRun } from '../test-deployment.fixture.js';
import { end } from './history-lines.fixture.js';
import type { HistoryScenario } from './history-lines.fixture.js';

const BEGIN = `
  1 WorkflowExecutionStarted
  2 WorkflowTaskScheduled attempt=1
  3 WorkflowTaskStarted scheduled=2`;

/** The first task completes, and a signal makes another one due. */
const SIGNALLED = `${BEGIN}
  4 WorkflowTaskCompleted scheduled=2 started=3
  5 WorkflowExecutionSignaled signal=go`;

async function noTimerIsPending(run: TestRun): Promise<void> {
  await waitUntil(async () => (await run.describe()).pendingTimers.length === 0, {
    what: 'the timer to fire',
  });
}

export const workflowTaskHistories: readonly HistoryScenario[] = [
  {
    name: 'further attempts of a failed task leave no trace until one succeeds',
    async play(deployment) {
      const run = await deployment.start();
      await run.fail(await run.workflowTask());
      await run.fail(await run.workflowTask());
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskFailed scheduled=2 started=3 cause=WORKFLOW_WORKER_UNHANDLED_FAILURE
      5 WorkflowTaskScheduled attempt=3
      6 WorkflowTaskStarted scheduled=5
      7 WorkflowTaskCompleted scheduled=5 started=6
      8 WorkflowExecutionCompleted completed=7`,
  },
  {
    name: 'a task that times out; its second attempt times out without a trace',
    async play(deployment) {
      const run = await deployment.start({ workflowTaskTimeoutMs: 30 });
      await run.workflowTask();
      await run.workflowTask();
      const third = await run.workflowTask();
      expect(third.stamp.attempt).toBe(3);
      await run.engine.terminateWorkflow({ ...run.address, reason: 'seen enough' });
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskTimedOut scheduled=2 started=3 timeout=START_TO_CLOSE
      5 WorkflowExecutionTerminated reason=seen enough`,
  },
  {
    name: 'what comes while a further attempt waits: a first attempt takes its place',
    async play(deployment) {
      const run = await deployment.start();
      await run.fail(await run.workflowTask());
      await run.signal();
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskFailed scheduled=2 started=3 cause=WORKFLOW_WORKER_UNHANDLED_FAILURE
      5 WorkflowExecutionSignaled signal=go${end(6)}`,
  },
  {
    name: 'what comes while a further attempt runs waits, and stands behind it',
    async play(deployment) {
      const run = await deployment.start();
      await run.fail(await run.workflowTask());
      const second = await run.workflowTask();
      await run.signal();
      await run.completed(second, [command('RecordMarker', { markerName: 'm' })]);
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskFailed scheduled=2 started=3 cause=WORKFLOW_WORKER_UNHANDLED_FAILURE
      5 WorkflowTaskScheduled attempt=2
      6 WorkflowTaskStarted scheduled=5
      7 WorkflowTaskCompleted scheduled=5 started=6
      8 MarkerRecorded completed=7 marker=m
      9 WorkflowExecutionSignaled signal=go${end(10)}`,
  },
  {
    name: 'a sticky task that its worker does not take goes to the normal queue as a first attempt',
    async play(deployment) {
      const run = await deployment.start();
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 30 } });
      await run.signal();
      await run.decide([finish()]);
      return run;
    },
    history: `${SIGNALLED}
      6 WorkflowTaskScheduled attempt=1 sticky=true
      7 WorkflowTaskTimedOut scheduled=6 started=0 timeout=SCHEDULE_TO_START${end(8)}`,
  },
  {
    name: 'a sticky task that fails comes again on the normal queue as a first attempt',
    async play(deployment) {
      const run = await deployment.start();
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 60_000 } });
      await run.signal();
      await run.fail(await run.workflowTask({ sticky: queue }));
      await run.decide([finish()]);
      return run;
    },
    history: `${SIGNALLED}
      6 WorkflowTaskScheduled attempt=1 sticky=true
      7 WorkflowTaskStarted scheduled=6
      8 WorkflowTaskFailed scheduled=6 started=7 cause=WORKFLOW_WORKER_UNHANDLED_FAILURE${end(9)}`,
  },
  {
    name: 'what waited is written behind the commands, outcomes of activities behind the rest',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([activity('a'), activity('b')], { forceNext: true });
      const { a, b } = await run.activityTasks(2);
      const task = await run.workflowTask();
      await completeActivity(run.context, b!, [payload('b')], { identity: WORKER });
      await run.signal();
      await completeActivity(run.context, a!, [payload('a')], { identity: WORKER });
      await run.engine.requestCancelWorkflow({ ...run.address, reason: 'enough' });
      await run.completed(task, [command('RecordMarker', { markerName: 'm' })]);
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 ActivityTaskScheduled completed=4 activity=a
      6 ActivityTaskScheduled completed=4 activity=b
      7 WorkflowTaskScheduled attempt=1
      8 WorkflowTaskStarted scheduled=7
      9 WorkflowTaskCompleted scheduled=7 started=8
      10 MarkerRecorded completed=9 marker=m
      11 ActivityTaskStarted scheduled=6 attempt=1
      12 WorkflowExecutionSignaled signal=go
      13 ActivityTaskStarted scheduled=5 attempt=1
      14 WorkflowExecutionCancelRequested cause=enough
      15 ActivityTaskCompleted scheduled=6 started=11
      16 ActivityTaskCompleted scheduled=5 started=13${end(17)}`,
  },
  {
    name: 'a close that has not seen all fails the task, which comes again with what it had not seen',
    async play(deployment) {
      const run = await deployment.start();
      const task = await run.workflowTask();
      await run.signal();
      expect(await run.complete(task, [finish()])).toEqual({ kind: 'unhandledCommand' });
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskFailed scheduled=2 started=3 cause=UNHANDLED_COMMAND
      5 WorkflowExecutionSignaled signal=go${end(6)}`,
  },
  {
    name: 'a task that is prolonged: the next is scheduled right behind it',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([], { forceNext: true });
      await run.decide([], { forceNext: true });
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 WorkflowTaskScheduled attempt=1
      6 WorkflowTaskStarted scheduled=5
      7 WorkflowTaskCompleted scheduled=5 started=6${end(8)}`,
  },
  {
    name: 'a task that follows at once for the worker that caches the run has the same history',
    async play(deployment) {
      const run = await deployment.start();
      const queue = await run.openSticky();
      const sticky = { queue, timeoutMs: 60_000 };
      const task = await run.workflowTask();
      await run.signal();
      const { next } = await run.completed(task, [], { sticky, startNext: true });
      await run.completed(next!, [finish()], { sticky });
      return run;
    },
    history: `${SIGNALLED}
      6 WorkflowTaskScheduled attempt=1 sticky=true
      7 WorkflowTaskStarted scheduled=6
      8 WorkflowTaskCompleted scheduled=6 started=7
      9 WorkflowExecutionCompleted completed=8`,
  },
  {
    name: 'a command that is not sound fails the task with its cause, and does nothing',
    async play(deployment) {
      const run = await deployment.start();
      const task = await run.workflowTask();
      await run.complete(task, [
        timer('1', 60_000),
        command('StartTimer', { timerId: '', startToFireTimeoutMs: 1 }),
      ]);
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskFailed scheduled=2 started=3 cause=BAD_START_TIMER_ATTRIBUTES failure="command 2 (StartTimer): timerId: must not be empty"
      5 WorkflowTaskScheduled attempt=2
      6 WorkflowTaskStarted scheduled=5
      7 WorkflowTaskCompleted scheduled=5 started=6
      8 WorkflowExecutionCompleted completed=7`,
  },
  {
    name: 'commands become events in their order; nothing stands behind the first that closes',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([
        timer('t', 60_000),
        command('UpsertWorkflowSearchAttributes', { searchAttributes: { city: payload('Kiel') } }),
        command('RecordMarker', { markerName: 'm' }),
        command('ModifyWorkflowProperties', { upsertedMemo: { a: payload(1) } }),
        command('CancelTimer', { timerId: 't' }),
        finish(),
        timer('never', 1),
        finish(),
      ]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 TimerStarted completed=4 timer=t
      6 UpsertWorkflowSearchAttributes completed=4
      7 MarkerRecorded completed=4 marker=m
      8 WorkflowPropertiesModified completed=4
      9 TimerCanceled started=5 completed=4 timer=t
      10 WorkflowExecutionCompleted completed=4`,
  },
  {
    name: 'a timer that fires: one task tells of it and of what comes before the task is started',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([timer('t', 1)]);
      await noTimerIsPending(run);
      await run.signal();
      await run.decide([finish()]);
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 TimerStarted completed=4 timer=t
      6 TimerFired started=5 timer=t
      7 WorkflowTaskScheduled attempt=1
      8 WorkflowExecutionSignaled signal=go
      9 WorkflowTaskStarted scheduled=7
      10 WorkflowTaskCompleted scheduled=7 started=9
      11 WorkflowExecutionCompleted completed=10`,
  },
  {
    name: 'cancelling a timer that has fired into the buffer takes that away: nothing is left to tell',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([timer('t', 1_000)], { forceNext: true });
      const task = await run.workflowTask();
      await noTimerIsPending(run);
      await run.completed(task, [command('CancelTimer', { timerId: 't' })]);
      expect((await run.describe()).pendingWorkflowTask).toBeUndefined();
      await run.engine.terminateWorkflow({ ...run.address, reason: 'seen enough' });
      return run;
    },
    history: `${BEGIN}
      4 WorkflowTaskCompleted scheduled=2 started=3
      5 TimerStarted completed=4 timer=t
      6 WorkflowTaskScheduled attempt=1
      7 WorkflowTaskStarted scheduled=6
      8 WorkflowTaskCompleted scheduled=6 started=7
      9 TimerCanceled started=5 completed=8 timer=t
      10 WorkflowExecutionTerminated reason=seen enough`,
  },
];
