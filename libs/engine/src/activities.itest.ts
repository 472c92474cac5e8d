import { ActivityTaskNotFoundError, InvalidArgumentError, WorkflowNotFoundError } from '@tidewheel/core';
import type { Failure, HistoryEvent, TimeoutType } from '@tidewheel/core';
import {
  cancelActivity,
  completeActivity,
  failActivity,
  heartbeatActivity,
  returnActivity,
} from '@tidewheel/engine';
import type { ActivityTask } from '@tidewheel/engine';
import { readActivityRecord } from '@tidewheel/store';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import {
  activity,
  command,
  describeEngine,
  eventsOf,
  finish,
  payload,
  short,
  timer,
  valueOf,
  WORKER,
} from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

const REPORTER = { identity: WORKER };
const FAST_RETRY = { initialIntervalMs: 1, backoffCoefficient: 1, maximumIntervalMs: 1 };
const failure = (info: Partial<Extract<Failure['info'], { kind: 'application' }>> = {}): Failure => ({
  message: 'no luck',
  info: { kind: 'application', nonRetryable: false, ...info },
});

const complete = (run: TestRun, task: ActivityTask, result: unknown = 'done'): Promise<unknown> =>
  completeActivity(run.context, task, [payload(result)], REPORTER);
const fail = (run: TestRun, task: ActivityTask, reason: Failure = failure()): Promise<{ retries: boolean }> =>
  failActivity(run.context, task, reason, REPORTER);

/** The failure with which an activity ended, and what it says of retries. */
function outcomeOf(event: HistoryEvent): { readonly failure: Failure; readonly retryState: string } {
  if (event.eventType !== 'ActivityTaskFailed' && event.eventType !== 'ActivityTaskTimedOut') {
    throw new Error(`${event.eventType} carries no failure`);
  }
  return event.attributes;
}

function timeoutTypeOf(event: HistoryEvent): TimeoutType | undefined {
  const { info } = outcomeOf(event).failure;
  return info?.kind === 'timeout' ? info.timeoutType : undefined;
}

describeEngine('activities', (deployment) => {
  /** A run that has scheduled one activity. */
  async function scheduled(
    attributes: Parameters<typeof activity>[1] = {},
    request: Parameters<ReturnType<typeof deployment>['start']>[0] = {},
  ): Promise<TestRun> {
    const run = await deployment().start(request);
    await run.decide([activity('a', attributes)]);
    return run;
  }

  /** Completes the next workflow task by closing, and reads the whole history. */
  async function close(run: TestRun): Promise<HistoryEvent[]> {
    await run.decide([finish()]);
    return run.closed();
  }

  it('are scheduled, started and completed; the start is written with the outcome', async () => {
    const run = await scheduled({ input: [payload('in')], header: { trace: payload('t') } });
    expect(await run.describe()).toMatchObject({
      pendingActivities: [{ activityId: 'a', activityType: 'charge', state: 'SCHEDULED', attempt: 1 }],
    });
    const task = await run.activityTask();
    expect(task).toMatchObject({
      workflowType: 'order',
      activityId: 'a',
      activityType: 'charge',
      scheduledEventId: 5,
      attempt: 1,
      taskQueue: run.taskQueue,
      workflowTaskQueue: run.taskQueue,
      input: [payload('in')],
      header: { trace: payload('t') },
      startToCloseTimeoutMs: 60_000,
      scheduleToCloseTimeoutMs: 0,
      heartbeatTimeoutMs: 0,
    });
    expect(await run.describe()).toMatchObject({
      pendingActivities: [{ state: 'STARTED', lastStartedTimeMs: task.startedMs }],
    });
    expect((await run.story()).slice(-1)).toEqual(['AT Scheduled']);
    await complete(run, task);
    const [started, completed] = (await close(run)).slice(5);
    expect(started).toMatchObject({
      eventType: 'ActivityTaskStarted',
      eventTimeMs: task.startedMs,
      attributes: { scheduledEventId: 5, identity: WORKER },
    });
    expect(completed).toMatchObject({
      eventType: 'ActivityTaskCompleted',
      attributes: { scheduledEventId: 5, startedEventId: 6, result: [payload('done')] },
    });
  });

  it('go to the task queue that the command names', async () => {
    const queue = `gpu ${randomUUID()}`;
    const run = await scheduled({ taskQueue: queue });
    expect(await run.tryActivityTasks()).toEqual([]);
    const task = await run.activityTask(queue);
    expect(task).toMatchObject({ taskQueue: queue, workflowTaskQueue: run.taskQueue });
    await complete(run, task);
    await close(run);
  });

  it('may have the id of one that is over', async () => {
    const run = await scheduled();
    await complete(run, await run.activityTask(), 1);
    await run.decide([activity('a')]);
    const second = await run.activityTask();
    expect(second.scheduledEventId).toBe(11);
    await complete(run, second, 2);
    const results = (await close(run)).flatMap((event) =>
      event.eventType === 'ActivityTaskCompleted' ? [valueOf(event.attributes.result?.[0])] : [],
    );
    expect(results).toEqual([1, 2]);
  });

  it('complete in any order, many at the same time', async () => {
    const run = await deployment().start();
    await run.decide(Array.from({ length: 40 }, (_, i) => activity(`${i}`)));
    const tasks = await run.activityTasks(40);
    await Promise.all(Object.values(tasks).map((task) => complete(run, task, task.activityId)));
    const history = await close(run);
    const completed = history.filter(({ eventType }) => eventType === 'ActivityTaskCompleted');
    expect(completed).toHaveLength(40);
    expect((await run.describe()).pendingActivities).toEqual([]);
  });

  describe('that are looked for by their id', () => {
    const find = (run: TestRun, activityId = 'a') => run.engine.findActivity({ ...run.address, activityId });

    it('are found while an attempt is started, with all that its task had', async () => {
      const run = await scheduled({
        input: [payload('in')],
        retryPolicy: FAST_RETRY,
        heartbeatTimeoutMs: 30_000,
      });
      await expect(find(run)).rejects.toThrow(ActivityTaskNotFoundError);
      const first = await run.activityTask();
      expect(await find(run)).toEqual(first);
      expect(await run.engine.findActivity({ ...run.address, runId: undefined, activityId: 'a' })).toEqual(
        first,
      );
      await heartbeatActivity(run.context, await find(run), [payload('half')]);
      await fail(run, await find(run));
      const second = await run.activityTask();
      expect(second).toMatchObject({ attempt: 2, heartbeatDetails: [payload('half')] });
      expect(await find(run)).toEqual(second);
      await complete(run, await find(run));
      await expect(find(run)).rejects.toThrow(ActivityTaskNotFoundError);
      await close(run);
      await expect(find(run)).rejects.toThrow(ActivityTaskNotFoundError);
    });

    it('are not found under another id or run, and unsound ids are refused', async () => {
      const run = await scheduled();
      await run.activityTask();
      await expect(find(run, 'b')).rejects.toThrow(ActivityTaskNotFoundError);
      const { engine } = run;
      await expect(find(run, '')).rejects.toThrow(InvalidArgumentError);
      const elsewhere = { ...run.address, workflowId: 'nobody', activityId: 'a' };
      await expect(engine.findActivity({ ...elsewhere, runId: undefined })).rejects.toThrow(
        WorkflowNotFoundError,
      );
      await expect(engine.findActivity({ ...elsewhere, runId: randomUUID() })).rejects.toThrow(
        ActivityTaskNotFoundError,
      );
      await run.engine.terminateWorkflow(run.address);
      await expect(find(run)).rejects.toThrow(ActivityTaskNotFoundError);
    });
  });

  describe('that are reported late or twice', () => {
    it('are answered that they are no longer expected', async () => {
      const run = await scheduled({ heartbeatTimeoutMs: 60_000 });
      const task = await run.activityTask();
      await complete(run, task, 'first');
      for (const report of [
        () => complete(run, task, 'second'),
        () => fail(run, task),
        () => cancelActivity(run.context, task, [], REPORTER),
        () => heartbeatActivity(run.context, task, []),
      ]) {
        await expect(report()).rejects.toThrow(ActivityTaskNotFoundError);
      }
      expect(await returnActivity(run.context, task)).toBe(false);
      expect(await close(run)).toHaveLength(11);
      await expect(complete(run, task)).rejects.toThrow(ActivityTaskNotFoundError);
    });

    it('are told apart by scheduled event, attempt and run', async () => {
      const run = await scheduled({ retryPolicy: FAST_RETRY });
      const first = await run.activityTask();
      expect(await fail(run, first)).toEqual({ retries: true });
      const second = await run.activityTask();
      for (const wrong of [first, { ...second, attempt: 3 }, { ...second, scheduledEventId: 4 }]) {
        await expect(complete(run, wrong)).rejects.toThrow(ActivityTaskNotFoundError);
        await expect(fail(run, wrong)).rejects.toThrow(ActivityTaskNotFoundError);
        await expect(heartbeatActivity(run.context, wrong, [])).rejects.toThrow(ActivityTaskNotFoundError);
      }
      await complete(run, second);
      await close(run);
    });

    it('lose their task when the run is closed', async () => {
      const run = await scheduled();
      const task = await run.activityTask();
      await run.engine.terminateWorkflow(run.address);
      await expect(complete(run, task)).rejects.toThrow(ActivityTaskNotFoundError);
      const other = await scheduled();
      await other.engine.terminateWorkflow(other.address);
      expect(await other.tryActivityTasks()).toEqual([]);
    });

    it('complete once however often they are reported at the same time', async () => {
      const run = await scheduled();
      const task = await run.activityTask();
      const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => complete(run, task, i)));
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await close(run);
    });

    it('refuse a result that is too large, and still expect another', async () => {
      const run = await scheduled();
      const task = await run.activityTask();
      const large = [{ metadata: {}, data: new Uint8Array(2 * 1024 * 1024 + 1) }];
      for (const report of [
        completeActivity(run.context, task, large, REPORTER),
        heartbeatActivity(run.context, task, large),
        cancelActivity(run.context, task, large, REPORTER),
      ]) {
        await expect(report).rejects.toThrow(InvalidArgumentError);
      }
      await complete(run, task);
      await close(run);
    });
  });

  describe('that fail', () => {
    it('are tried again, with what they reported by heartbeat, until one attempt succeeds', async () => {
      const run = await scheduled({ retryPolicy: FAST_RETRY, heartbeatTimeoutMs: 30_000 });
      const first = await run.activityTask();
      await waitUntil(() => Date.now() > first.startedMs + 1, { what: 'time to pass' });
      await heartbeatActivity(run.context, first, [payload(1)]);
      const [beating] = (await run.describe()).pendingActivities;
      expect(beating).toMatchObject({ heartbeatDetails: [payload(1)], heartbeatTimeoutMs: 30_000 });
      expect(beating!.lastHeartbeatTimeMs).toBeGreaterThan(first.startedMs);
      await heartbeatActivity(run.context, first, [payload(2)], 'the beating worker');
      expect((await run.describe()).pendingActivities).toMatchObject([
        { lastWorkerIdentity: 'the beating worker' },
      ]);
      expect(await fail(run, first)).toEqual({ retries: true });
      const second = await run.activityTask();
      expect(second).toMatchObject({ attempt: 2, heartbeatDetails: [payload(2)], scheduledEventId: 5 });
      expect(second.scheduledMs).toBe(first.scheduledMs);
      expect(second.attemptScheduledMs).toBeGreaterThanOrEqual(first.startedMs);
      expect(await run.describe()).toMatchObject({
        pendingActivities: [
          {
            ...{ attempt: 2, state: 'STARTED', lastFailure: failure(), heartbeatDetails: [payload(2)] },
            lastWorkerIdentity: WORKER,
          },
        ],
      });
      // An attempt without a heartbeat of its own leaves those of the one before to the next.
      await heartbeatActivity(run.context, second, [], 'another worker');
      expect((await run.describe()).pendingActivities).toMatchObject([
        { lastWorkerIdentity: 'another worker' },
      ]);
      await fail(run, second, failure({ type: 'Second' }));
      const third = await run.activityTask();
      expect(third).toMatchObject({ attempt: 3, heartbeatDetails: [payload(2)] });
      await complete(run, third);
      const history = await close(run);
      expect(history.slice(4, 7).map(({ eventType }) => short(eventType))).toEqual([
        ...['AT Scheduled', 'AT Started', 'AT Completed'],
      ]);
      expect(history[5]!.attributes).toEqual({
        scheduledEventId: 5,
        identity: WORKER,
        attempt: 3,
        lastFailure: failure({ type: 'Second' }),
      });
    });

    it('wait for as long as the policy says, and show it', async () => {
      const run = await scheduled({ retryPolicy: { initialIntervalMs: 60_000 } });
      const task = await run.activityTask();
      await fail(run, task);
      const { pendingActivities } = await run.describe();
      expect(pendingActivities).toMatchObject([
        { state: 'BACKING_OFF', attempt: 2, lastFailure: failure(), lastStartedTimeMs: task.startedMs },
      ]);
      expect(pendingActivities[0]!.nextAttemptTimeMs).toBeGreaterThanOrEqual(task.startedMs + 60_000);
      expect(await run.tryActivityTasks()).toEqual([]);
      // Nobody runs it, so no report is expected.
      await expect(complete(run, { ...task, attempt: 2 })).rejects.toThrow(ActivityTaskNotFoundError);
      await expect(heartbeatActivity(run.context, { ...task, attempt: 2 }, [])).rejects.toThrow(
        ActivityTaskNotFoundError,
      );
    });

    it('wait for as long as the failure says instead', async () => {
      const run = await scheduled({ retryPolicy: { initialIntervalMs: 60_000 } });
      await fail(run, await run.activityTask(), failure({ nextRetryDelayMs: 10 }));
      expect((await run.activityTask()).attempt).toBe(2);
      const slow = await scheduled({ retryPolicy: FAST_RETRY });
      const task = await slow.activityTask();
      await fail(slow, task, failure({ nextRetryDelayMs: 50_000 }));
      const [pending] = (await slow.describe()).pendingActivities;
      expect(pending!.nextAttemptTimeMs).toBeGreaterThanOrEqual(task.startedMs + 50_000);
    });

    it('fail for good at the last attempt', async () => {
      const run = await scheduled({ retryPolicy: { ...FAST_RETRY, maximumAttempts: 2 } });
      expect(await fail(run, await run.activityTask(), failure({ type: 'First' }))).toEqual({
        retries: true,
      });
      expect(await fail(run, await run.activityTask(), failure({ type: 'Last' }))).toEqual({
        retries: false,
      });
      const [started, failed] = (await close(run)).slice(5);
      expect(started!.attributes).toMatchObject({ attempt: 2, lastFailure: failure({ type: 'First' }) });
      expect(outcomeOf(failed!)).toMatchObject({
        failure: failure({ type: 'Last' }),
        retryState: 'MAXIMUM_ATTEMPTS_REACHED',
      });
    });

    it.each<[string, Failure]>([
      ['marked as not retryable', failure({ nonRetryable: true })],
      ['of a type that the policy lists', failure({ type: 'Broke' })],
      ['a cancellation', { message: 'stop', info: { kind: 'canceled' } }],
    ])('fail for good when the failure is %s', async (_, reason) => {
      const run = await scheduled({ retryPolicy: { ...FAST_RETRY, nonRetryableErrorTypes: ['Broke'] } });
      expect(await fail(run, await run.activityTask(), reason)).toEqual({ retries: false });
      const [started, failed] = (await close(run)).slice(5);
      expect(started!.attributes).toEqual({ scheduledEventId: 5, identity: WORKER });
      expect(outcomeOf(failed!)).toMatchObject({ failure: reason, retryState: 'NON_RETRYABLE_FAILURE' });
    });

    it('fail for good when there is no time for another attempt', async () => {
      const run = await scheduled({
        scheduleToCloseTimeoutMs: 30_000,
        retryPolicy: { initialIntervalMs: 30_000 },
      });
      expect(await fail(run, await run.activityTask())).toEqual({ retries: false });
      const failed = (await close(run))[6]!;
      expect(outcomeOf(failed)).toMatchObject({ failure: failure(), retryState: 'TIMEOUT' });
    });
  });

  describe('that take too long', () => {
    it('time out for good when nobody starts them', async () => {
      const run = await scheduled({ scheduleToStartTimeoutMs: 30, retryPolicy: FAST_RETRY });
      const timedOut = await run.eventOf('ActivityTaskTimedOut');
      expect(timeoutTypeOf(timedOut)).toBe('SCHEDULE_TO_START');
      expect(timedOut.attributes).toMatchObject({ startedEventId: 0, retryState: 'NON_RETRYABLE_FAILURE' });
      expect(await run.tryActivityTasks()).toEqual([]);
      expect((await close(run)).map(({ eventType }) => eventType)).not.toContain('ActivityTaskStarted');
    });

    it('time out for good as a whole before they start, while they run and while they back off', async () => {
      const waiting = await scheduled({ scheduleToCloseTimeoutMs: 30 });
      expect(timeoutTypeOf(await waiting.eventOf('ActivityTaskTimedOut'))).toBe('SCHEDULE_TO_CLOSE');
      await close(waiting);

      const running = await scheduled({ scheduleToCloseTimeoutMs: 60, retryPolicy: FAST_RETRY });
      const task = await running.activityTask();
      const timedOut = await running.eventOf('ActivityTaskTimedOut');
      expect(timeoutTypeOf(timedOut)).toBe('SCHEDULE_TO_CLOSE');
      expect(timedOut.attributes.startedEventId).toBeGreaterThan(0);
      await expect(complete(running, task)).rejects.toThrow(ActivityTaskNotFoundError);
      await close(running);

      const backing = await scheduled({
        scheduleToCloseTimeoutMs: 400,
        retryPolicy: { initialIntervalMs: 100, backoffCoefficient: 1 },
      });
      await fail(backing, await backing.activityTask());
      const whole = await backing.eventOf('ActivityTaskTimedOut');
      expect(timeoutTypeOf(whole)).toBe('SCHEDULE_TO_CLOSE');
      expect(outcomeOf(whole).failure.cause).toEqual(failure());
      await close(backing);
    });

    it.each<[TimeoutType, Parameters<typeof activity>[1]]>([
      ['START_TO_CLOSE', { startToCloseTimeoutMs: 40 }],
      ['HEARTBEAT', { heartbeatTimeoutMs: 40 }],
    ])('time out an attempt by %s and are tried again, then for good', async (type, timeouts) => {
      const run = await scheduled({ ...timeouts, retryPolicy: { ...FAST_RETRY, maximumAttempts: 2 } });
      const first = await run.activityTask();
      await heartbeatActivity(run.context, first, [payload('half')]);
      const second = await run.activityTask();
      expect(second).toMatchObject({ attempt: 2, heartbeatDetails: [payload('half')] });
      await expect(complete(run, first)).rejects.toThrow(ActivityTaskNotFoundError);
      const timedOut = await run.eventOf('ActivityTaskTimedOut');
      expect(timeoutTypeOf(timedOut)).toBe(type);
      expect(outcomeOf(timedOut)).toMatchObject({
        retryState: 'MAXIMUM_ATTEMPTS_REACHED',
        failure: { info: { lastHeartbeatDetails: [payload('half')] } },
      });
      const history = await close(run);
      const started = history[timedOut.attributes.startedEventId - 1]!;
      expect(started).toMatchObject({
        eventType: 'ActivityTaskStarted',
        attributes: { attempt: 2, lastFailure: { info: { kind: 'timeout', timeoutType: type } } },
      });
    });

    it('show the start of a first attempt that timed out for good', async () => {
      const run = await scheduled({ startToCloseTimeoutMs: 30, retryPolicy: { maximumAttempts: 1 } });
      const task = await run.activityTask();
      const timedOut = await run.eventOf('ActivityTaskTimedOut');
      expect(timeoutTypeOf(timedOut)).toBe('START_TO_CLOSE');
      const started = (await close(run))[timedOut.attributes.startedEventId - 1];
      expect(started).toMatchObject({ eventType: 'ActivityTaskStarted', eventTimeMs: task.startedMs });
    });

    it.each<[TimeoutType, Parameters<typeof activity>[1]]>([
      ['START_TO_CLOSE', { startToCloseTimeoutMs: 40 }],
      ['HEARTBEAT', { heartbeatTimeoutMs: 40 }],
    ])(
      'are reported as out of time as a whole when %s leaves no room for a retry',
      async (type, timeouts) => {
        const run = await scheduled({
          scheduleToCloseTimeoutMs: 20_000,
          retryPolicy: { initialIntervalMs: 30_000 },
          ...timeouts,
        });
        await run.activityTask();
        const timedOut = await run.eventOf('ActivityTaskTimedOut');
        expect(timeoutTypeOf(timedOut)).toBe('SCHEDULE_TO_CLOSE');
        expect(outcomeOf(timedOut)).toMatchObject({
          retryState: 'TIMEOUT',
          failure: { cause: { info: { kind: 'timeout', timeoutType: type } } },
        });
        await close(run);
      },
    );

    it('have more time with every heartbeat, but never more than for the attempt and the whole', async () => {
      const run = await scheduled({
        heartbeatTimeoutMs: 30_000,
        startToCloseTimeoutMs: 40_000,
        retryPolicy: { maximumAttempts: 1 },
      });
      const task = await run.activityTask();
      const deadlineMs = async (): Promise<number> => {
        const bytes = await run.context.redis.hgetBuffer(task.run.execution, 'Aa');
        return readActivityRecord(bytes!).deadlineMs;
      };
      const first = await deadlineMs();
      expect(first).toBe(task.startedMs + 30_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await heartbeatActivity(run.context, task, []);
      expect(await deadlineMs()).toBeGreaterThan(first);
      expect(await deadlineMs()).toBeLessThanOrEqual(task.startedMs + 40_000);
      await complete(run, task);
      await close(run);
    });

    it('are given no more time than their run has', async () => {
      const run = await scheduled({ startToCloseTimeoutMs: 3_600_000 }, { workflowRunTimeoutMs: 60_000 });
      const task = await run.activityTask();
      expect(task.startToCloseTimeoutMs).toBeLessThanOrEqual(60_000);
      expect(task.scheduleToCloseTimeoutMs).toBeLessThanOrEqual(60_000);
      expect(task.closeByMs).toBe(task.scheduledMs + task.scheduleToCloseTimeoutMs);
      await complete(run, task);
      await close(run);
    });
  });

  describe('that are cancelled', () => {
    const cancel = (scheduledEventId: number) => command('RequestCancelActivityTask', { scheduledEventId });

    it('end at once when they are not started', async () => {
      const run = await scheduled();
      await run.signal();
      await run.decide([cancel(5), timer('1', 60_000)]);
      expect(await run.tryActivityTasks()).toEqual([]);
      const behind = (await run.history()).slice(8);
      expect(behind.map(({ eventType }) => short(eventType))).toEqual([
        ...['WT Completed', 'AT CancelRequested', 'TimerStarted', 'AT Canceled', 'WT Scheduled'],
      ]);
      expect(behind[3]!.attributes).toEqual({
        scheduledEventId: 5,
        startedEventId: 0,
        latestCancelRequestedEventId: behind[1]!.eventId,
      });
      expect((await run.describe()).pendingActivities).toEqual([]);
      await close(run);
    });

    it('end at once when they back off', async () => {
      const run = await scheduled({ retryPolicy: { initialIntervalMs: 60_000 }, heartbeatTimeoutMs: 60_000 });
      const task = await run.activityTask();
      await heartbeatActivity(run.context, task, [payload('half')]);
      await fail(run, task);
      await run.signal();
      await run.decide([cancel(5)]);
      expect(await run.story()).toContain('AT Canceled');
      expect(await run.context.redis.hlen(task.run.details)).toBe(0);
      await close(run);
    });

    it('end at once when the same workflow task scheduled them; their id is free', async () => {
      const run = await deployment().start();
      await run.decide([
        activity('a'),
        cancel(5),
        activity('a', { activityType: 'second' }),
        cancel(7),
        activity('a'),
      ]);
      const { a, ...others } = await run.activityTasks(1);
      expect(others).toEqual({});
      expect(a!.scheduledEventId).toBe(9);
      await complete(run, a!);
      expect((await close(run)).filter(({ eventType }) => eventType === 'ActivityTaskCanceled')).toHaveLength(
        2,
      );
    });

    it('free their id for another that the same workflow task schedules', async () => {
      const run = await scheduled();
      await run.signal();
      await run.decide([cancel(5), activity('a')]);
      const task = await run.activityTask();
      expect(task.scheduledEventId).toBe(11);
      await complete(run, task);
      await close(run);
    });

    it('hear of it by heartbeat when they are started, and may stop', async () => {
      const run = await scheduled({ heartbeatTimeoutMs: 60_000 });
      const task = await run.activityTask();
      expect(await heartbeatActivity(run.context, task, [])).toEqual({ cancelRequested: false });
      await run.signal();
      await run.decide([cancel(5)]);
      expect(await run.describe()).toMatchObject({ pendingActivities: [{ state: 'CANCEL_REQUESTED' }] });
      expect(await heartbeatActivity(run.context, task, [payload(1)])).toEqual({ cancelRequested: true });
      await cancelActivity(run.context, task, [payload('stopped')], REPORTER);
      const canceled = await run.eventOf('ActivityTaskCanceled');
      expect(canceled.attributes).toMatchObject({
        scheduledEventId: 5,
        latestCancelRequestedEventId: 10,
        details: [payload('stopped')],
      });
      expect(canceled.attributes.startedEventId).toBe(canceled.eventId - 1);
      await close(run);
    });

    it('may complete or fail all the same; a failure is final', async () => {
      const completes = await scheduled();
      const task = await completes.activityTask();
      await completes.signal();
      await completes.decide([cancel(5)]);
      await complete(completes, task);
      expect((await close(completes)).map(({ eventType }) => short(eventType))).toContain('AT Completed');

      const fails = await scheduled({ retryPolicy: FAST_RETRY });
      const failing = await fails.activityTask();
      await fails.signal();
      await fails.decide([cancel(5)]);
      expect(await fail(fails, failing)).toEqual({ retries: false });
      const failed = (await close(fails)).find(({ eventType }) => eventType === 'ActivityTaskFailed');
      expect(outcomeOf(failed!)).toMatchObject({ failure: failure(), retryState: 'CANCEL_REQUESTED' });
    });

    it('time out for good once asked to cancel', async () => {
      const run = await scheduled({ startToCloseTimeoutMs: 300, retryPolicy: FAST_RETRY });
      await run.activityTask();
      await run.signal();
      await run.decide([cancel(5)]);
      expect(outcomeOf(await run.eventOf('ActivityTaskTimedOut')).retryState).toBe('CANCEL_REQUESTED');
      await close(run);
    });

    it('may have completed in the meantime: the outcome follows the request', async () => {
      const run = await scheduled();
      const task = await run.activityTask();
      await run.signal();
      const workflowTask = await run.workflowTask();
      await complete(run, task);
      await run.completed(workflowTask, [cancel(5)]);
      expect((await run.story()).slice(8)).toEqual([
        ...['WT Completed', 'AT CancelRequested', 'AT Started', 'AT Completed', 'WT Scheduled'],
      ]);
      await close(run);
    });

    it('cannot be cancelled once the workflow knows that they are over, nor twice', async () => {
      const run = await scheduled();
      await complete(run, await run.activityTask());
      expect(await run.complete(await run.workflowTask(), [cancel(5)])).toMatchObject({ kind: 'rejected' });
      await run.decide([activity('b')]);
      const scheduledEventId = (await run.history()).at(-1)!.eventId;
      await run.activityTask();
      await run.signal();
      await run.decide([cancel(scheduledEventId)]);
      await run.signal();
      expect(await run.complete(await run.workflowTask(), [cancel(scheduledEventId)])).toMatchObject({
        kind: 'rejected',
      });
      await close(run);
    });

    it('cannot be cancelled by the old id when another has it', async () => {
      const run = await scheduled();
      await complete(run, await run.activityTask());
      await run.decide([activity('a')]);
      await run.signal();
      expect(await run.complete(await run.workflowTask(), [cancel(5)])).toMatchObject({ kind: 'rejected' });
      await complete(run, await run.activityTask());
      await close(run);
    });

    it('do not stop of themselves: who was not asked to may not report it', async () => {
      const run = await scheduled();
      const task = await run.activityTask();
      await expect(cancelActivity(run.context, task, [], REPORTER)).rejects.toThrow(InvalidArgumentError);
      await complete(run, task);
      await close(run);
    });
  });

  describe('that are started at once', () => {
    const startsEagerly = (): boolean => true;

    it('come with the answer to the completion and not by the stream', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      const { activities } = await run.completed(
        task,
        [activity('a', { scheduleToCloseTimeoutMs: 30_000 }), activity('b')],
        { startsEagerly: ({ attributes }) => attributes.activityId === 'a' },
      );
      expect(activities).toMatchObject([{ activityId: 'a', scheduledEventId: 5, attempt: 1 }]);
      const [eager] = activities;
      expect(eager!.closeByMs).toBe(eager!.startedMs + 30_000);
      expect(await run.describe()).toMatchObject({
        pendingActivities: expect.arrayContaining([
          expect.objectContaining({ activityId: 'a', state: 'STARTED' }),
        ]),
      });
      const { b, ...others } = await run.activityTasks(1);
      expect(others).toEqual({});
      await complete(run, eager!);
      await complete(run, b!);
      await close(run);
    });

    it('have the same timeouts and retries as others', async () => {
      const run = await deployment().start();
      const { activities } = await run.decide(
        [activity('a', { startToCloseTimeoutMs: 40, retryPolicy: { ...FAST_RETRY, maximumAttempts: 2 } })],
        { startsEagerly },
      );
      const second = await run.activityTask();
      expect(second.attempt).toBe(2);
      await expect(complete(run, activities[0]!)).rejects.toThrow(ActivityTaskNotFoundError);
      await complete(run, second);
      await close(run);
    });

    it('are known to the worker that asks again for a lost reply', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      const commands = [activity('a')];
      await run.completed(task, commands, { startsEagerly });
      const { activities } = await run.completed(task, commands, { startsEagerly });
      expect(activities).toMatchObject([{ activityId: 'a', scheduledEventId: 5 }]);
      await complete(run, activities[0]!);
      await close(run);
    });

    it('can be cancelled by the very task that starts them', async () => {
      const run = await deployment().start();
      const { activities } = await run.decide(
        [activity('a'), command('RequestCancelActivityTask', { scheduledEventId: 5 })],
        { startsEagerly },
      );
      expect(await heartbeatActivity(run.context, activities[0]!, [])).toEqual({ cancelRequested: true });
      await cancelActivity(run.context, activities[0]!, [], REPORTER);
      await close(run);
    });

    it('are not started when the run closes', async () => {
      const run = await deployment().start();
      const { activities } = await run.decide([activity('a'), finish()], { startsEagerly });
      expect(activities).toEqual([]);
      await run.closed();
    });
  });

  describe('whose worker caches the run', () => {
    it('are followed by the workflow task at once', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      const sticky = { queue, timeoutMs: 60_000 };
      await run.decide([activity('a'), activity('b')], { sticky });
      const { a, b } = await run.activityTasks(2);
      const { next } = await completeActivity(run.context, a!, [payload(1)], {
        ...REPORTER,
        eagerSticky: queue,
      });
      expect(next).toMatchObject({
        stamp: { scheduledEventId: 9, startedEventId: 10, attempt: 1 },
        previousStartedEventId: 3,
        firstEventId: 4,
        historyLength: 10,
        taskQueue: run.taskQueue,
      });
      expect(eventsOf(next!)).toEqual((await run.history()).slice(3));
      // While one is under way there is no second one.
      const second = await completeActivity(run.context, b!, [], { ...REPORTER, eagerSticky: queue });
      expect(second.next).toBeUndefined();
      await run.completed(next!, [timer('1', 60_000)], { sticky });
      await run.completed(await run.workflowTask({ sticky: queue }), [finish()], { sticky });
      await run.closed();
    });

    it('are followed by an ordinary one when another worker caches it, or none', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      await run.decide([activity('a'), activity('b')], { sticky: { queue, timeoutMs: 60_000 } });
      const { a, b } = await run.activityTasks(2);
      const eagerSticky = await run.openSticky();
      expect(await completeActivity(run.context, a!, [], { ...REPORTER, eagerSticky })).toEqual({});
      await run.completed(await run.workflowTask({ sticky: queue }));
      expect(await completeActivity(run.context, b!, [], { ...REPORTER, eagerSticky })).toEqual({});
      await close(run);
    });

    it('start a workflow task that times out like others', async () => {
      const run = await deployment().start({ workflowTaskTimeoutMs: 60 });
      const queue = await run.openSticky();
      await run.decide([activity('a')], { sticky: { queue, timeoutMs: 60_000 } });
      const { next } = await completeActivity(run.context, await run.activityTask(), [], {
        ...REPORTER,
        eagerSticky: queue,
      });
      await run.eventOf('WorkflowTaskTimedOut');
      expect(await run.complete(next!, [finish()])).toEqual({ kind: 'notFound' });
      await close(run);
    });
  });

  it('can be given back untouched by a worker that stops', async () => {
    const run = await scheduled({ startToCloseTimeoutMs: 60_000 });
    const task = await run.activityTask();
    expect(await returnActivity(run.context, task)).toBe(true);
    expect(await run.describe()).toMatchObject({ pendingActivities: [{ state: 'SCHEDULED', attempt: 1 }] });
    await expect(complete(run, task)).rejects.toThrow(ActivityTaskNotFoundError);
    const again = await run.activityTask();
    expect(again).toMatchObject({ attempt: 1, scheduledEventId: 5 });
    await complete(run, again);
    await close(run);
  });

  it('are told of by the buffer when they end while a workflow task is started', async () => {
    const run = await scheduled({ startToCloseTimeoutMs: 60, retryPolicy: { maximumAttempts: 1 } });
    await run.activityTask();
    await run.signal();
    const task = await run.workflowTask();
    await waitUntil(async () => (await run.describe()).pendingActivities.length === 0, {
      what: 'the activity to time out',
    });
    expect(await run.story()).not.toContain('AT TimedOut');
    await run.completed(task);
    expect((await run.story()).slice(-3)).toEqual(['AT Started', 'AT TimedOut', 'WT Scheduled']);
    await close(run);
  });
});
