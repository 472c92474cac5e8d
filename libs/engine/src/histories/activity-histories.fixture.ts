import type { Failure } from '@tidewheel/core';
import { cancelActivity, completeActivity, failActivity, heartbeatActivity } from '@tidewheel/engine';
import { activity, command, finish, payload, WORKER } from '../test-deployment.fixture.js';
import type { TestDeployment, TestRun } from '../test-deployment.fixture.js';
import { end } from './history-lines.fixture.js';
import type { HistoryScenario } from './history-lines.fixture.js';

const REPORTER = { identity: WORKER };
const FAST = { initialIntervalMs: 1, backoffCoefficient: 1, maximumIntervalMs: 1 };

const failure = (message: string, more: { nonRetryable?: boolean; type?: string } = {}): Failure => ({
  message,
  info: { kind: 'application', nonRetryable: false, ...more },
});

const cancel = (scheduledEventId: number) => command('RequestCancelActivityTask', { scheduledEventId });

/** A run that has scheduled the activity `a` in its first workflow task. */
async function scheduled(
  deployment: TestDeployment,
  attributes: Parameters<typeof activity>[1] = {},
): Promise<TestRun> {
  const run = await deployment.start();
  await run.decide([activity('a', attributes)]);
  return run;
}

async function failAttempts(run: TestRun, messages: readonly string[]): Promise<void> {
  for (const message of messages) {
    await failActivity(run.context, await run.activityTask(), failure(message), REPORTER);
  }
}

/** Lets the workflow end, which hears of the activity's outcome by its second task. */
async function ended(run: TestRun): Promise<TestRun> {
  await run.decide([finish()]);
  return run;
}

const BEGIN = `
  1 WorkflowExecutionStarted
  2 WorkflowTaskScheduled attempt=1
  3 WorkflowTaskStarted scheduled=2
  4 WorkflowTaskCompleted scheduled=2 started=3
  5 ActivityTaskScheduled completed=4 activity=a`;

export const activityHistories: readonly HistoryScenario[] = [
  {
    name: 'an activity that completes: its start is written with its outcome',
    async play(deployment) {
      const run = await scheduled(deployment);
      await completeActivity(run.context, await run.activityTask(), [payload(1)], REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskCompleted scheduled=5 started=6${end(8)}`,
  },
  {
    name: 'attempts that are retried leave nothing but their number and the last failure',
    async play(deployment) {
      const run = await scheduled(deployment, { retryPolicy: FAST });
      await failAttempts(run, ['first', 'second']);
      await completeActivity(run.context, await run.activityTask(), [], REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=3 lastFailure="second"
      7 ActivityTaskCompleted scheduled=5 started=6${end(8)}`,
  },
  {
    name: 'attempts that are used up',
    async play(deployment) {
      const run = await scheduled(deployment, { retryPolicy: { ...FAST, maximumAttempts: 2 } });
      await failAttempts(run, ['first', 'last']);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=2 lastFailure="first"
      7 ActivityTaskFailed scheduled=5 started=6 retryState=MAXIMUM_ATTEMPTS_REACHED failure="last"${end(8)}`,
  },
  {
    name: 'a failure that says it is not to be retried',
    async play(deployment) {
      const run = await scheduled(deployment);
      const never = failure('never', { nonRetryable: true });
      await failActivity(run.context, await run.activityTask(), never, REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskFailed scheduled=5 started=6 retryState=NON_RETRYABLE_FAILURE failure="never"${end(8)}`,
  },
  {
    name: 'a failure whose type the policy excludes',
    async play(deployment) {
      const run = await scheduled(deployment, { retryPolicy: { nonRetryableErrorTypes: ['Broke'] } });
      const broke = failure('broke', { type: 'Broke' });
      await failActivity(run.context, await run.activityTask(), broke, REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskFailed scheduled=5 started=6 retryState=NON_RETRYABLE_FAILURE failure="broke"${end(8)}`,
  },
  {
    name: 'a failure after which there is no time for another attempt',
    async play(deployment) {
      const run = await scheduled(deployment, {
        scheduleToCloseTimeoutMs: 60_000,
        retryPolicy: { initialIntervalMs: 3_600_000 },
      });
      await failAttempts(run, ['too late']);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskFailed scheduled=5 started=6 retryState=TIMEOUT failure="too late"${end(8)}`,
  },
  {
    name: 'an activity that nobody starts: never retried, never started',
    async play(deployment) {
      return ended(await scheduled(deployment, { scheduleToStartTimeoutMs: 20 }));
    },
    history: `${BEGIN}
      6 ActivityTaskTimedOut scheduled=5 started=0 retryState=NON_RETRYABLE_FAILURE failure=SCHEDULE_TO_START${end(7)}`,
  },
  {
    name: 'an attempt that takes too long, with no attempt left',
    async play(deployment) {
      const run = await scheduled(deployment, {
        startToCloseTimeoutMs: 20,
        retryPolicy: { maximumAttempts: 1 },
      });
      await run.activityTask();
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskTimedOut scheduled=5 started=6 retryState=MAXIMUM_ATTEMPTS_REACHED failure=START_TO_CLOSE${end(8)}`,
  },
  {
    name: 'an attempt that takes too long, with no time for another: the whole activity has timed out',
    async play(deployment) {
      const run = await scheduled(deployment, {
        startToCloseTimeoutMs: 20,
        scheduleToCloseTimeoutMs: 60_000,
        retryPolicy: { initialIntervalMs: 3_600_000 },
      });
      await run.activityTask();
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskTimedOut scheduled=5 started=6 retryState=TIMEOUT failure=SCHEDULE_TO_CLOSE<-START_TO_CLOSE${end(8)}`,
  },
  {
    name: 'an activity that falls silent after a failed attempt',
    async play(deployment) {
      const run = await scheduled(deployment, {
        heartbeatTimeoutMs: 50,
        retryPolicy: { ...FAST, maximumAttempts: 2 },
      });
      await failAttempts(run, ['first']);
      await heartbeatActivity(run.context, await run.activityTask(), [payload('half')]);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=2 lastFailure="first"
      7 ActivityTaskTimedOut scheduled=5 started=6 retryState=MAXIMUM_ATTEMPTS_REACHED failure=HEARTBEAT<-"first"${end(8)}`,
  },
  {
    name: 'cancelling an activity that is not started: it ends at once, and the workflow hears of it',
    async play(deployment) {
      const run = await scheduled(deployment);
      await run.signal();
      await run.decide([cancel(5)]);
      return ended(run);
    },
    history: `${BEGIN}
      6 WorkflowExecutionSignaled signal=go
      7 WorkflowTaskScheduled attempt=1
      8 WorkflowTaskStarted scheduled=7
      9 WorkflowTaskCompleted scheduled=7 started=8
      10 ActivityTaskCancelRequested scheduled=5 completed=9
      11 ActivityTaskCanceled scheduled=5 started=0 cancelRequested=10${end(12)}`,
  },
  {
    name: 'cancelling an activity that is started: its worker ends it',
    async play(deployment) {
      const run = await scheduled(deployment);
      const task = await run.activityTask();
      await run.signal();
      await run.decide([cancel(5)]);
      await cancelActivity(run.context, task, [], REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 WorkflowExecutionSignaled signal=go
      7 WorkflowTaskScheduled attempt=1
      8 WorkflowTaskStarted scheduled=7
      9 WorkflowTaskCompleted scheduled=7 started=8
      10 ActivityTaskCancelRequested scheduled=5 completed=9
      11 ActivityTaskStarted scheduled=5 attempt=1
      12 ActivityTaskCanceled scheduled=5 started=11 cancelRequested=10${end(13)}`,
  },
  {
    name: 'an activity that fails after it was asked to cancel is not retried',
    async play(deployment) {
      const run = await scheduled(deployment);
      const task = await run.activityTask();
      await run.signal();
      await run.decide([cancel(5)]);
      await failActivity(run.context, task, failure('stopped'), REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 WorkflowExecutionSignaled signal=go
      7 WorkflowTaskScheduled attempt=1
      8 WorkflowTaskStarted scheduled=7
      9 WorkflowTaskCompleted scheduled=7 started=8
      10 ActivityTaskCancelRequested scheduled=5 completed=9
      11 ActivityTaskStarted scheduled=5 attempt=1
      12 ActivityTaskFailed scheduled=5 started=11 retryState=CANCEL_REQUESTED failure="stopped"${end(13)}`,
  },
  {
    name: 'scheduling and cancelling in one workflow task',
    async play(deployment) {
      const run = await deployment.start();
      await run.decide([activity('a'), cancel(5)]);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskCancelRequested scheduled=5 completed=4
      7 ActivityTaskCanceled scheduled=5 started=0 cancelRequested=6${end(8)}`,
  },
  {
    name: 'an activity that the completing worker starts itself has the same history',
    async play(deployment) {
      const run = await deployment.start();
      const { activities } = await run.decide([activity('a')], { startsEagerly: () => true });
      await completeActivity(run.context, activities[0]!, [], REPORTER);
      return ended(run);
    },
    history: `${BEGIN}
      6 ActivityTaskStarted scheduled=5 attempt=1
      7 ActivityTaskCompleted scheduled=5 started=6${end(8)}`,
  },
];
