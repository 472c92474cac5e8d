import { LimitExceededError, LIMITS, WorkflowNotFoundError } from '@tidewheel/core';
import type { Command, WorkflowTaskFailedCause } from '@tidewheel/core';
import { completeActivity, returnWorkflowTask, timeOutWorkflowTask } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import {
  activity,
  command,
  describeEngine,
  eventsOf,
  finish,
  payload,
  short,
  timer,
  WORKER,
} from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

/** The types of the events that came with a task. */
const storyOf = (task: Parameters<typeof eventsOf>[0]): string[] =>
  eventsOf(task).map(({ eventType }) => short(eventType));

describeEngine('workflow tasks', (deployment) => {
  it('are scheduled, started and completed, with the events of commands behind, in order', async () => {
    const run = await deployment().start();
    const task = await run.workflowTask();
    expect(await run.describe()).toMatchObject({ pendingWorkflowTask: { state: 'STARTED', attempt: 1 } });
    const outcome = await run.complete(task, [
      timer('1', 60_000),
      activity('a'),
      command('RecordMarker', { markerName: 'm' }),
      command('ModifyWorkflowProperties', { upsertedMemo: { a: payload(1) } }),
      command('UpsertWorkflowSearchAttributes', { searchAttributes: { city: payload('Kiel') } }),
    ]);
    expect(outcome).toEqual({ kind: 'completed', activities: [] });
    expect(await run.story()).toEqual([
      ...['Started', 'WT Scheduled', 'WT Started', 'WT Completed'],
      ...['TimerStarted', 'AT Scheduled', 'MarkerRecorded', 'WorkflowPropertiesModified'],
      'UpsertWorkflowSearchAttributes',
    ]);
    expect(await run.describe()).toMatchObject({
      pendingTimers: [{ timerId: '1' }],
      pendingActivities: [{ activityId: 'a', state: 'SCHEDULED' }],
    });
    expect((await run.describe()).pendingWorkflowTask).toBeUndefined();
  });

  it('that decide nothing leave the run waiting', async () => {
    const run = await deployment().start();
    await run.decide();
    expect(await run.story()).toEqual(['Started', 'WT Scheduled', 'WT Started', 'WT Completed']);
    expect(await run.tryWorkflowTasks()).toEqual([]);
  });

  it('record what the worker says of itself', async () => {
    const run = await deployment().start();
    const sdkMetadata = { langUsedFlags: [1, 2], sdkName: 'ts', sdkVersion: '1' };
    await run.completed(await run.workflowTask({ identity: 'me' }), [], { sdkMetadata });
    const [, , started, completed] = await run.history();
    expect(started!.attributes).toMatchObject({ scheduledEventId: 2, identity: 'me' });
    expect(completed!.attributes).toEqual({ scheduledEventId: 2, startedEventId: 3, sdkMetadata });
  });

  it('carry the whole history, unless the worker caches the run', async () => {
    const run = await deployment().start();
    const queue = await run.openSticky();
    await run.decide([], { sticky: { queue, timeoutMs: 60_000 } });
    await run.signal();
    const partial = await run.workflowTask({ sticky: queue });
    expect(partial).toMatchObject({ firstEventId: 4, previousStartedEventId: 3, historyLength: 7 });
    expect(storyOf(partial)).toEqual(['WT Completed', 'Signaled', 'WT Scheduled', 'WT Started']);
    await run.completed(partial);
    await run.signal();
    const full = await run.workflowTask();
    expect(full).toMatchObject({ firstEventId: 1, previousStartedEventId: 7 });
    expect(eventsOf(full)).toEqual(await run.history());
  });

  it('carry no more than a thousand events at a time, and say how many there are', async () => {
    const run = await deployment().start();
    const markers = Array.from({ length: 1_500 }, (_, i) => command('RecordMarker', { markerName: `m${i}` }));
    await run.decide(markers);
    await run.signal();
    const task = await run.workflowTask();
    expect(task).toMatchObject({ firstEventId: 1, historyLength: 1_507 });
    expect(task.events).toHaveLength(1_000);
    await run.completed(task, [finish()]);
    expect(await run.closed()).toHaveLength(1_509);
  });

  describe('whose poller went away before it got them', () => {
    it('come again at once, without back-off, however often', async () => {
      const run = await deployment().start();
      for (let attempt = 1; attempt <= 6; attempt++) {
        const [task] = await run.tryWorkflowTasks();
        expect(task?.stamp.attempt).toBe(attempt);
        expect(await returnWorkflowTask(run.context, task!.run, task!.taskQueue, task!.stamp)).toBe(true);
      }
      const [task] = await run.tryWorkflowTasks();
      await run.completed(task!, [finish()]);
      expect((await run.closed()).map(({ eventType }) => short(eventType))).toEqual([
        ...['Started', 'WT Scheduled', 'WT Started', 'WT TimedOut'],
        ...['WT Scheduled', 'WT Started', 'WT Completed', 'Completed'],
      ]);
    });

    it('are written with what came meanwhile, and come as a first attempt that knows of it', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      await run.signal();
      expect(await returnWorkflowTask(run.context, task.run, task.taskQueue, task.stamp)).toBe(true);
      const [again] = await run.tryWorkflowTasks();
      expect(again?.stamp.attempt).toBe(1);
      expect(storyOf(again!)).toEqual([
        ...['Started', 'WT Scheduled', 'WT Started', 'WT TimedOut', 'Signaled', 'WT Scheduled', 'WT Started'],
      ]);
      await run.completed(again!, [finish()]);
    });

    it('go from a sticky queue to the normal one', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 60_000 } });
      await run.signal();
      const sticky = await run.workflowTask({ sticky: queue });
      expect(await returnWorkflowTask(run.context, sticky.run, sticky.taskQueue, sticky.stamp)).toBe(true);
      expect(await run.tryWorkflowTasks({ sticky: queue })).toEqual([]);
      const [again] = await run.tryWorkflowTasks();
      expect(again).toMatchObject({ firstEventId: 1, stamp: { attempt: 1 } });
      await run.completed(again!, [finish()]);
    });

    it('are given back once, and by whoever holds their token', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      const wrong = { ...task.stamp, startedEventId: 2 };
      expect(await returnWorkflowTask(run.context, task.run, task.taskQueue, wrong)).toBe(false);
      expect(await returnWorkflowTask(run.context, task.run, 'another queue', task.stamp)).toBe(true);
      expect(await returnWorkflowTask(run.context, task.run, task.taskQueue, task.stamp)).toBe(false);
      expect(await run.complete(task, [finish()])).toEqual({ kind: 'notFound' });
      await run.decide([finish()]);
      expect(await returnWorkflowTask(run.context, task.run, task.taskQueue, task.stamp)).toBe(false);
    });
  });

  describe('that are reported late or twice', () => {
    it('change nothing the second time, and the worker that asks again for a lost reply is told so', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      const commands = [activity('a'), timer('1', 60_000)];
      await run.completed(task, commands);
      const before = await run.history();
      expect(await run.complete(task, commands)).toMatchObject({ kind: 'completed' });
      expect(await run.history()).toEqual(before);
      // Once the next task is under way, it is an old story.
      await run.signal();
      const next = await run.workflowTask();
      expect(await run.complete(task, commands)).toMatchObject({ kind: 'completed' });
      await run.completed(next);
      expect(await run.complete(task, commands)).toEqual({ kind: 'notFound' });
    });

    it('are not found when they failed, timed out, or their run is closed', async () => {
      const run = await deployment().start();
      const failed = await run.workflowTask();
      expect(await run.fail(failed)).toBe(true);
      expect(await run.fail(failed)).toBe(false);
      expect(await run.complete(failed, [finish()])).toEqual({ kind: 'notFound' });
      const second = await run.workflowTask();
      await run.engine.terminateWorkflow(run.address);
      expect(await run.complete(second, [finish()])).toEqual({ kind: 'notFound' });
      expect(await run.fail(second)).toBe(false);
    });

    it('are told apart by every part of their token', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      for (const wrong of [{ scheduledEventId: 1 }, { startedEventId: 2 }, { attempt: 2 }]) {
        const stamp = { ...task.stamp, ...wrong };
        expect(await run.complete({ ...task, stamp }, [finish()])).toEqual({ kind: 'notFound' });
        expect(await run.fail({ ...task, stamp })).toBe(false);
      }
      await run.completed(task, [finish()]);
    });

    it('are not taken for one another when they are attempts with the same ids', async () => {
      const run = await deployment().start();
      await run.fail(await run.workflowTask());
      const second = await run.workflowTask();
      await run.fail(second);
      const third = await run.workflowTask();
      expect(third.stamp).toEqual({ ...second.stamp, attempt: 3 });
      expect(await run.complete(second, [finish()])).toEqual({ kind: 'notFound' });
      await run.completed(third, [activity('of the third')]);
      // The second was never accepted: its worker must not believe that its eager activity is started.
      const late = await run.complete(second, [activity('of the second')], { startsEagerly: () => true });
      expect(late).toEqual({ kind: 'notFound' });
    });

    it('do not end a run by values that are too large', async () => {
      const run = await deployment().start();
      const stale = await run.workflowTask();
      await run.fail(stale);
      const current = await run.workflowTask();
      const tooLarge = { result: [{ metadata: {}, data: new Uint8Array(LIMITS.payloadBytes + 1) }] };
      await run.complete(stale, [command('CompleteWorkflowExecution', tooLarge)]);
      await run.complete({ ...stale, historyLength: LIMITS.historyEvents + 1 }, []);
      expect((await run.describe()).status).toBe('RUNNING');
      await run.completed(current, [finish()]);
    });
  });

  describe('that fail', () => {
    it('are tried again without events until one succeeds', async () => {
      const run = await deployment().start();
      const first = await run.workflowTask();
      const failure = { message: 'no such workflow', source: 'TypeScriptSDK' };
      expect(await run.fail(first, { cause: 'NON_DETERMINISTIC_ERROR', failure })).toBe(true);
      const second = await run.workflowTask();
      expect(second).toMatchObject({
        stamp: { scheduledEventId: 5, startedEventId: 6, attempt: 2 },
        previousStartedEventId: 0,
        historyLength: 6,
      });
      // The task shows events that the history does not have yet.
      expect(storyOf(second).slice(3)).toEqual(['WT Failed', 'WT Scheduled', 'WT Started']);
      const [, , , failed] = await run.history();
      expect(failed!.attributes).toEqual({
        scheduledEventId: 2,
        startedEventId: 3,
        cause: 'NON_DETERMINISTIC_ERROR',
        failure,
        identity: WORKER,
      });
      expect(await run.story()).toEqual(['Started', 'WT Scheduled', 'WT Started', 'WT Failed']);
      await run.fail(second, { failure });
      const third = await run.workflowTask();
      expect(third.stamp).toEqual({ scheduledEventId: 5, startedEventId: 6, attempt: 3 });
      await run.completed(third, [finish()]);
      expect(await run.story()).toEqual([
        ...['Started', 'WT Scheduled', 'WT Started', 'WT Failed'],
        ...['WT Scheduled', 'WT Started', 'WT Completed', 'Completed'],
      ]);
      const history = await run.history();
      expect(history[4]!.attributes).toEqual({ attempt: 3 });
      // What the worker was shown is what was written.
      expect(history.slice(0, 6)).toEqual(eventsOf(third));
    });

    it('back off from the fourth attempt on', async () => {
      const run = await deployment().start();
      for (let attempt = 1; attempt <= 3; attempt++) {
        const task = await run.workflowTask();
        expect(task.stamp.attempt).toBe(attempt);
        await run.fail(task);
      }
      expect(await run.describe()).toMatchObject({
        pendingWorkflowTask: { state: 'BACKING_OFF', attempt: 4, sticky: false },
      });
      expect(await run.tryWorkflowTasks()).toEqual([]);
    });

    it('come again once the back-off is over', async () => {
      const run = await deployment().start();
      for (let attempt = 1; attempt <= 3; attempt++) {
        await run.fail(await run.workflowTask(), attempt === 3 ? { retryWithinMs: 30 } : {});
      }
      const fourth = await run.workflowTask();
      expect(fourth.stamp.attempt).toBe(4);
      await run.completed(fourth, [finish()]);
    });

    it.each(['scheduled', 'backing off'])(
      'begin again as a first attempt when news comes while the next is %s',
      async (state) => {
        const run = await deployment().start();
        for (let attempt = 1; attempt <= (state === 'scheduled' ? 1 : 3); attempt++) {
          await run.fail(await run.workflowTask());
        }
        await run.signal();
        const task = await run.workflowTask();
        expect(task.stamp.attempt).toBe(1);
        expect(storyOf(task)).toEqual([
          ...['Started', 'WT Scheduled', 'WT Started', 'WT Failed'],
          ...['Signaled', 'WT Scheduled', 'WT Started'],
        ]);
        await run.completed(task, [finish()]);
        await run.closed();
      },
    );

    it('keep what came meanwhile, and begin again as a first attempt with it', async () => {
      const run = await deployment().start();
      await run.fail(await run.workflowTask());
      const second = await run.workflowTask();
      await run.signal('early');
      expect(await run.story()).toEqual(['Started', 'WT Scheduled', 'WT Started', 'WT Failed']);
      await run.fail(second);
      const next = await run.workflowTask();
      expect(next.stamp).toEqual({ scheduledEventId: 6, startedEventId: 7, attempt: 1 });
      await run.completed(next, [finish()]);
      expect((await run.story()).slice(4, 7)).toEqual(['Signaled', 'WT Scheduled', 'WT Started']);
    });

    it('write what came meanwhile behind the attempt that succeeds', async () => {
      const run = await deployment().start();
      await run.fail(await run.workflowTask());
      const second = await run.workflowTask();
      await run.signal();
      await run.completed(second, [timer('1', 60_000)]);
      expect((await run.story()).slice(4)).toEqual([
        ...['WT Scheduled', 'WT Started', 'WT Completed', 'TimerStarted', 'Signaled', 'WT Scheduled'],
      ]);
    });
  });

  describe('that take too long', () => {
    it('time out, and are tried again', async () => {
      const run = await deployment().start({ workflowTaskTimeoutMs: 50 });
      const late = await run.workflowTask();
      await run.eventOf('WorkflowTaskTimedOut');
      const [, , , timedOut] = await run.history();
      expect(timedOut!.attributes).toEqual({
        scheduledEventId: 2,
        startedEventId: 3,
        timeoutType: 'START_TO_CLOSE',
      });
      expect(await run.complete(late, [finish()])).toEqual({ kind: 'notFound' });
      const second = await run.workflowTask();
      expect(second.stamp).toEqual({ scheduledEventId: 5, startedEventId: 6, attempt: 2 });
    });

    it('time out again without an event', async () => {
      const run = await deployment().start({ workflowTaskTimeoutMs: 50 });
      await run.workflowTask();
      const second = await run.workflowTask();
      const third = await run.workflowTask();
      expect([second.stamp.attempt, third.stamp.attempt]).toEqual([2, 3]);
      expect((await run.story()).slice(0, 4)).toEqual([
        'Started',
        'WT Scheduled',
        'WT Started',
        'WT TimedOut',
      ]);
      expect((await run.story()).filter((type) => type === 'WT TimedOut')).toHaveLength(1);
    });

    it('do not time out before their time', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      expect(
        await timeOutWorkflowTask(run.context, task.run, run.taskQueue, task.stamp, 'START_TO_CLOSE'),
      ).toBe(false);
      await run.completed(task, [finish()]);
    });
  });

  describe('while they are started', () => {
    it('let what comes from outside wait, and write it behind the commands', async () => {
      const run = await deployment().start();
      await run.decide([timer('soon', 1_500), activity('a'), activity('b')]);
      const { a, b } = await run.activityTasks(2);
      await run.signal('first');
      const task = await run.workflowTask();
      const length = (await run.history()).length;
      await completeActivity(run.context, b!, [payload('b')], { identity: WORKER });
      await run.signal('second');
      await waitUntil(async () => (await run.describe()).pendingTimers.length === 0, { what: 'the timer' });
      await completeActivity(run.context, a!, [payload('a')], { identity: WORKER });
      await run.engine.requestCancelWorkflow(run.address);
      await run.signal('third');
      expect(await run.history()).toHaveLength(length);
      await run.completed(task, [timer('later', 60_000)]);
      const behind = (await run.history()).slice(length);
      expect(behind.map(({ eventType }) => short(eventType))).toEqual([
        ...['WT Completed', 'TimerStarted'],
        ...['AT Started', 'Signaled', 'TimerFired', 'AT Started', 'CancelRequested', 'Signaled'],
        ...['AT Completed', 'AT Completed', 'WT Scheduled'],
      ]);
      // Outcomes in the order in which they came, each linked to its start.
      expect(behind[8]!.attributes).toMatchObject({
        scheduledEventId: b!.scheduledEventId,
        startedEventId: behind[2]!.eventId,
        result: [payload('b')],
      });
      expect(behind[9]!.attributes).toMatchObject({
        scheduledEventId: a!.scheduledEventId,
        startedEventId: behind[5]!.eventId,
        result: [payload('a')],
      });
      await run.decide([finish()]);
      await run.closed();
    });

    it('are failed when the buffer is full, and nothing is lost', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      const count = LIMITS.bufferedEvents + 20;
      for (let i = 0; i < count; i++) await run.signal(`signal ${i}`);
      expect(await run.complete(task, [finish()])).toEqual({ kind: 'notFound' });
      const history = await run.history();
      const failed = history.find(({ eventType }) => eventType === 'WorkflowTaskFailed');
      expect(failed!.attributes).toMatchObject({ cause: 'FORCE_CLOSE_COMMAND', startedEventId: 3 });
      const names = history.flatMap((event) =>
        event.eventType === 'WorkflowExecutionSignaled' ? [event.attributes.signalName] : [],
      );
      expect(names).toEqual(Array.from({ length: count }, (_, i) => `signal ${i}`));
      const next = await run.workflowTask();
      expect(next.stamp.attempt).toBe(1);
      await run.completed(next, [finish()]);
      await run.closed();
    });

    it('are failed for a full buffer by activities and timers too', async () => {
      const run = await deployment().start();
      await run.decide([activity('a'), timer('t', 500)]);
      const { a } = await run.activityTasks(1);
      await run.signal();
      await run.workflowTask();
      for (let i = 0; i < LIMITS.bufferedEvents; i++) await run.signal(`signal ${i}`);
      await completeActivity(run.context, a!, [], { identity: WORKER });
      await run.eventOf('TimerFired');
      expect(await run.story()).toContain('WT Failed');
      expect(await run.story()).toContain('AT Completed');
    });

    it('are failed when the buffer holds too many bytes', async () => {
      const run = await deployment().start();
      await run.workflowTask();
      const input = [{ metadata: {}, data: new Uint8Array(LIMITS.payloadBytes) }];
      const request = { ...run.address, signalName: 'large', input };
      await run.engine.signalWorkflow(request);
      await run.engine.signalWorkflow(request);
      expect((await run.story()).slice(3)).toEqual(['WT Failed', 'Signaled', 'WT Scheduled', 'Signaled']);
    });
  });

  describe('that would close a run that has not seen all', () => {
    it('fail as unhandled and come again; meanwhile signals have to wait', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      await run.signal('unseen');
      expect(await run.complete(task, [timer('1', 1), finish()])).toEqual({ kind: 'unhandledCommand' });
      expect((await run.story()).slice(3)).toEqual(['WT Failed', 'Signaled', 'WT Scheduled']);
      expect((await run.history())[3]!.attributes).toMatchObject({ cause: 'UNHANDLED_COMMAND' });
      await run.signal('while the task waits');
      const again = await run.workflowTask();
      await expect(run.signal('while it is started')).rejects.toMatchObject({
        code: 'BUSY_WORKFLOW',
        workflowId: run.workflowId,
      });
      // Only signals are kept away: the rest cannot be sent again by somebody.
      await run.engine.requestCancelWorkflow(run.address);
      expect(await run.complete(again, [finish()])).toEqual({ kind: 'unhandledCommand' });
      const last = await run.workflowTask();
      await run.completed(last, [finish()]);
      const story = (await run.closed()).map(({ eventType }) => short(eventType));
      expect(story.slice(-3)).toEqual(['WT Started', 'WT Completed', 'Completed']);
    });

    it('let signals through again once a task has completed', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      await run.signal();
      await run.complete(task, [finish()]);
      const again = await run.workflowTask();
      await expect(run.signal()).rejects.toMatchObject({ code: 'BUSY_WORKFLOW' });
      await run.completed(again, [timer('1', 60_000)]);
      await run.signal();
      await run.workflowTask();
      await run.signal();
    });

    it('fail as unhandled at a further attempt as well', async () => {
      const run = await deployment().start();
      await run.fail(await run.workflowTask());
      const second = await run.workflowTask();
      await run.signal();
      expect(await run.complete(second, [finish()])).toEqual({ kind: 'unhandledCommand' });
      await run.decide([finish()]);
      expect((await run.story()).slice(3)).toEqual([
        ...['WT Failed', 'Signaled', 'WT Scheduled', 'WT Started', 'WT Completed', 'Completed'],
      ]);
    });
  });

  describe('that are sticky', () => {
    it('go back to the normal queue when their worker does not take them', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 30 } });
      await run.signal();
      const task = await run.workflowTask();
      expect(task.stamp.attempt).toBe(1);
      expect(storyOf(task)).toEqual([
        ...['Started', 'WT Scheduled', 'WT Started', 'WT Completed'],
        ...['Signaled', 'WT Scheduled', 'WT TimedOut', 'WT Scheduled', 'WT Started'],
      ]);
      const history = await run.history();
      expect(history[5]!.attributes).toEqual({ sticky: true });
      expect(history[6]!.attributes).toEqual({
        scheduledEventId: 6,
        startedEventId: 0,
        timeoutType: 'SCHEDULE_TO_START',
      });
      // The entry on the sticky queue is worth nothing any more.
      expect(await run.tryWorkflowTasks({ sticky: queue })).toEqual([]);
      await run.completed(task);
      // Stickiness is cleared: the next goes to the normal queue at once.
      await run.signal();
      await run.completed(await run.workflowTask(), [finish()]);
    });

    it('go to the normal queue when the sticky one does not exist', async () => {
      const run = await deployment().start();
      await run.decide([], { sticky: { queue: 'gone', timeoutMs: 60_000 } });
      await run.signal();
      const task = await run.workflowTask();
      expect(task.firstEventId).toBe(1);
      expect((await run.history())[5]!.attributes).toEqual({});
      await run.completed(task, [finish()]);
      expect(await run.context.redis.exists(run.stickyStream('gone'))).toBe(0);
    });

    it('come again on the normal queue as a first attempt when they fail', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 60_000 } });
      await run.signal();
      await run.fail(await run.workflowTask({ sticky: queue }));
      const task = await run.workflowTask();
      expect(task.stamp.attempt).toBe(1);
      expect(storyOf(task).slice(-3)).toEqual(['WT Failed', 'WT Scheduled', 'WT Started']);
      await run.completed(task, [finish()]);
    });

    it('come again on the normal queue when they time out after their start', async () => {
      const run = await deployment().start({ workflowTaskTimeoutMs: 50 });
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 60_000 } });
      await run.signal();
      await run.workflowTask({ sticky: queue });
      const task = await run.workflowTask();
      expect(task.stamp.attempt).toBe(1);
      await run.completed(task, [finish()]);
    });

    it('can be given back unstarted', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      await run.decide([], { sticky: { queue, timeoutMs: 60_000 } });
      await run.signal();
      const stamp = { scheduledEventId: 6, startedEventId: 0, attempt: 1 };
      const { run: address } = await run.workflowTask({ sticky: queue }).then(async (task) => {
        expect(task.stamp.scheduledEventId).toBe(6);
        return task;
      });
      // Started: nothing to be given back.
      expect(
        await timeOutWorkflowTask(run.context, address, run.taskQueue, stamp, 'SCHEDULE_TO_START', false),
      ).toBe(false);
    });
  });

  describe('that follow at once', () => {
    it('are started for the worker that asks for them', async () => {
      const run = await deployment().start();
      const queue = await run.openSticky();
      const sticky = { queue, timeoutMs: 60_000 };
      const task = await run.workflowTask();
      await run.signal();
      const { next } = await run.completed(task, [timer('1', 60_000)], { sticky, startNext: true });
      expect(next).toMatchObject({
        stamp: { scheduledEventId: 7, startedEventId: 8, attempt: 1 },
        previousStartedEventId: 3,
        firstEventId: 4,
        historyLength: 8,
      });
      expect(storyOf(next!)).toEqual([
        'WT Completed',
        'TimerStarted',
        'Signaled',
        'WT Scheduled',
        'WT Started',
      ]);
      expect(await run.tryWorkflowTasks()).toEqual([]);
      expect(await run.tryWorkflowTasks({ sticky: queue })).toEqual([]);
      expect(await run.completed(next!, [finish()], { sticky, startNext: true })).toEqual({
        kind: 'completed',
        activities: [],
      });
      await run.closed();
    });

    it('are not made when nothing is due', async () => {
      const run = await deployment().start();
      const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
      expect((await run.decide([], { sticky, startNext: true })).next).toBeUndefined();
    });

    it('are made when the worker forces one, and time out like others', async () => {
      const run = await deployment().start({ workflowTaskTimeoutMs: 50 });
      const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
      const { next } = await run.decide([], { sticky, startNext: true, forceNext: true });
      expect(storyOf(next!)).toEqual(['WT Completed', 'WT Scheduled', 'WT Started']);
      await run.eventOf('WorkflowTaskTimedOut');
      expect(await run.complete(next!, [finish()])).toEqual({ kind: 'notFound' });
      const again = await run.workflowTask();
      expect(again.stamp.attempt).toBe(1);
      await run.completed(again, [finish()]);
    });

    it('are only scheduled when the worker forces one and does not start it', async () => {
      const run = await deployment().start();
      expect((await run.decide([], { forceNext: true })).next).toBeUndefined();
      await run.decide([finish()]);
      expect(await run.story()).toEqual([
        ...['Started', 'WT Scheduled', 'WT Started', 'WT Completed'],
        ...['WT Scheduled', 'WT Started', 'WT Completed', 'Completed'],
      ]);
    });
  });

  describe('with commands that cannot be done', () => {
    it.each<[string, readonly Command[], readonly Command[], WorkflowTaskFailedCause]>([
      ['a second timer of one id', [timer('1', 60_000)], [timer('1', 60_000)], 'START_TIMER_DUPLICATE_ID'],
      ['two timers of one id', [], [timer('1', 60_000), timer('1', 60_000)], 'START_TIMER_DUPLICATE_ID'],
      ['a second activity of one id', [activity('a')], [activity('a')], 'SCHEDULE_ACTIVITY_DUPLICATE_ID'],
      ['two activities of one id', [], [activity('a'), activity('a')], 'SCHEDULE_ACTIVITY_DUPLICATE_ID'],
      [
        'a timer that was never started',
        [],
        [command('CancelTimer', { timerId: 'x' })],
        'BAD_CANCEL_TIMER_ATTRIBUTES',
      ],
      [
        'a timer that is cancelled already',
        [timer('1', 60_000), command('CancelTimer', { timerId: '1' })],
        [command('CancelTimer', { timerId: '1' })],
        'BAD_CANCEL_TIMER_ATTRIBUTES',
      ],
      [
        'an activity that was never scheduled',
        [],
        [command('RequestCancelActivityTask', { scheduledEventId: 4 })],
        'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES',
      ],
      [
        'an event that does not exist',
        [],
        [command('RequestCancelActivityTask', { scheduledEventId: 4_000 })],
        'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES',
      ],
      [
        'an activity whose cancellation is asked for twice',
        [],
        [
          activity('a'),
          command('RequestCancelActivityTask', { scheduledEventId: 10 }),
          command('RequestCancelActivityTask', { scheduledEventId: 10 }),
        ],
        'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES',
      ],
      ['a timer without a time', [], [timer('1', 0)], 'BAD_START_TIMER_ATTRIBUTES'],
      [
        'an activity without a timeout',
        [],
        [activity('a', { startToCloseTimeoutMs: 0 })],
        'BAD_SCHEDULE_ACTIVITY_ATTRIBUTES',
      ],
    ])('fail: %s', async (_, before, commands, cause) => {
      const run = await deployment().start();
      await run.decide([...before, ...fillers(2 - before.length)], { forceNext: true });
      const task = await run.workflowTask();
      const length = (await run.history()).length;
      const outcome = await run.complete(task, [...commands, finish()]);
      expect(outcome).toMatchObject({ kind: 'rejected' });
      const failed = (await run.history())[length]!;
      expect(failed).toMatchObject({ eventType: 'WorkflowTaskFailed', attributes: { cause } });
      expect(failed.attributes).toMatchObject({ failure: { source: 'Server' }, identity: WORKER });
      // None of the commands was done; the next attempt may do better.
      await run.decide([finish()]);
      await run.closed();
    });

    it('end the run when a value is too large', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      const result = [{ metadata: {}, data: new Uint8Array(LIMITS.payloadBytes + 1) }];
      expect(await run.complete(task, [command('CompleteWorkflowExecution', { result })])).toMatchObject({
        kind: 'rejected',
        message: expect.stringContaining('result: has 2097153 bytes'),
      });
      expect(await run.engine.getResult(run.address)).toMatchObject({
        status: 'TERMINATED',
        reason: expect.stringContaining('result: has 2097153 bytes'),
      });
      await run.history();
    });

    it.each([
      ['events', 7, 7_500, 10, 'has 52', 'the limit is 51200'],
      ['bytes', 3, 10, 2_000_000, 'bytes', 'the limit is 52428800'],
    ])(
      'fail the run when its history has too many %s, and say so',
      async (_what, tasks, markers, bytes, ...said) => {
        const run = await deployment().start();
        const details = { blob: [{ metadata: {}, data: new Uint8Array(bytes) }] };
        for (let i = 0; i < tasks; i++) {
          await run.decide(
            Array.from({ length: markers }, () => command('RecordMarker', { markerName: 'm', details })),
            { forceNext: true },
          );
        }
        const outcome = await run.complete(await run.workflowTask(), [timer('1', 60_000)]);
        expect(outcome).toMatchObject({ kind: 'rejected' });
        for (const text of said) {
          expect(await run.engine.getResult(run.address)).toMatchObject({
            status: 'FAILED',
            failure: {
              message: expect.stringContaining(text),
              info: { type: 'HistoryLimitExceeded', nonRetryable: true },
            },
          });
        }
        await run.history();
      },
    );

    it('fail the run also when it is signals that make its history too large', async () => {
      const run = await deployment().start();
      const input = [{ metadata: {}, data: new Uint8Array(2_000_000) }];
      const signal = () => run.engine.signalWorkflow({ ...run.address, signalName: 'large', input });
      for (let i = 0; i < 27; i++) await signal();
      await expect(signal()).rejects.toThrow(LimitExceededError);
      await expect(signal()).rejects.toThrow(WorkflowNotFoundError);
      expect((await run.closed()).at(-1)!.attributes).toMatchObject({
        failure: { message: expect.stringContaining('the limit is 52428800') },
      });
    });
  });

  describe('behind a long history', () => {
    const suggestions = async (run: TestRun): Promise<(boolean | undefined)[]> =>
      (await run.history())
        .filter((event) => event.eventType === 'WorkflowTaskStarted')
        .map(({ attributes }) => attributes.suggestContinueAsNew);

    it.each([
      ['long', fillers(4_096)],
      ['large', fillers(3, 1_500_000)],
    ])('suggest to continue as new once it is %s', async (_what, markers) => {
      const run = await deployment().start();
      await run.decide(markers);
      await run.signal();
      const task = await run.workflowTask();
      await run.completed(task);
      expect(await suggestions(run)).toEqual([undefined, true]);
    });

    it('suggest it with further attempts as well', async () => {
      const run = await deployment().start();
      await run.decide(fillers(3, 1_500_000));
      await run.signal();
      await run.fail(await run.workflowTask());
      const task = await run.workflowTask();
      expect(eventsOf(task).at(-1)).toMatchObject({
        eventType: 'WorkflowTaskStarted',
        attributes: { suggestContinueAsNew: true },
      });
      await run.completed(task, [finish()]);
      expect(await suggestions(run)).toEqual([undefined, true, true]);
    });

    it('do not suggest it before', async () => {
      const run = await deployment().start();
      // Four events before them, and three behind them up to the start that is the 4,095th.
      await run.decide(fillers(4_095 - 4 - 3));
      await run.signal();
      await run.completed(await run.workflowTask());
      expect(await suggestions(run)).toEqual([undefined, undefined]);
    });
  });

  describe('that are prolonged', () => {
    const execution = (run: TestRun): string =>
      run.context.keys.execution(run.namespace, run.workflowId).execution;

    /** Moves the beginning of the chain back in time. */
    async function age(run: TestRun, ms: number): Promise<void> {
      const chain = await run.context.redis.hgetBuffer(execution(run), 'hb');
      chain!.writeUIntBE(chain!.readUIntBE(3, 6) - ms, 3, 6);
      await run.context.redis.hset(execution(run), 'hb', chain!);
    }

    it('go on for half an hour from the first of the chain, then time out and are sticky no more', async () => {
      const run = await deployment().start();
      const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
      const beat = { sticky, startNext: true, forceNext: true };
      let { next } = await run.decide([], beat);
      for (let i = 0; i < 3; i++) ({ next } = await run.completed(next!, [], beat));
      await age(run, 30 * 60_000 - 20_000);
      ({ next } = await run.completed(next!, [], beat));
      await age(run, 30_000);
      expect(await run.complete(next!, [], beat)).toEqual({ kind: 'notFound' });
      expect((await run.story()).slice(-2)).toEqual(['WT TimedOut', 'WT Scheduled']);
      expect(await run.describe()).toMatchObject({ pendingWorkflowTask: { sticky: false, attempt: 1 } });
      // The next one may be prolonged for as long again.
      await run.decide([], { forceNext: true });
      await run.decide([finish()]);
    });

    it('begin a new chain when they decide something', async () => {
      const run = await deployment().start();
      const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
      const beat = { sticky, startNext: true, forceNext: true };
      let { next } = await run.decide([], beat);
      await age(run, 40 * 60_000);
      ({ next } = await run.completed(next!, [command('RecordMarker', { markerName: 'm' })], beat));
      ({ next } = await run.completed(next!, [], beat));
      await run.completed(next!, [finish()]);
    });

    it('begin a new chain when one of them was not', async () => {
      const run = await deployment().start();
      await run.decide([], { forceNext: true });
      await age(run, 40 * 60_000);
      await run.decide([timer('1', 60_000)]);
      await run.signal();
      await run.decide([], { forceNext: true });
      await run.decide([finish()]);
    });
  });

  it('do only the first of several closes, and nothing behind it', async () => {
    const run = await deployment().start();
    await run.decide([timer('1', 60_000), finish('first'), timer('1', 60_000), finish('second')]);
    expect((await run.story()).slice(4)).toEqual(['TimerStarted', 'Completed']);
    expect(await run.engine.getResult(run.address)).toMatchObject({ result: [payload('first')] });
  });

  it('do thousands of commands in one go', async () => {
    const run = await deployment().start();
    await run.decide(Array.from({ length: 9_000 }, (_, i) => timer(`${i}`, 300_000)));
    expect((await run.describe()).pendingTimers).toHaveLength(9_000);
    await run.signal();
    await run.decide([
      ...Array.from({ length: 9_000 }, (_, i) => command('CancelTimer', { timerId: `${i}` })),
      ...Array.from({ length: 2_000 }, (_, i) => activity(`${i}`)),
    ]);
    expect(await run.describe()).toMatchObject({ pendingTimers: [] });
    expect((await run.describe()).pendingActivities).toHaveLength(2_000);
  });

  it.each([
    ['signals', 'SignalExternalWorkflowExecution', 'PENDING_SIGNALS_LIMIT_EXCEEDED'],
    ['cancel requests', 'RequestCancelExternalWorkflowExecution', 'PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED'],
  ] as const)(
    'fail when they would leave more %s to others pending than a run may have',
    async (_, type, cause) => {
      const run = await deployment().start();
      const send = command(type, {
        workflowExecution: { workflowId: `nobody-${run.runId}` },
        signalName: 'go',
      });
      const many = Array.from({ length: 2_001 }, () => send);
      expect(await run.complete(await run.workflowTask(), many)).toMatchObject({ kind: 'rejected' });
      expect((await run.eventOf('WorkflowTaskFailed')).attributes).toMatchObject({ cause });
      // Those that have their outcome no longer count.
      await run.decide([send, send]);
      const field = type === 'SignalExternalWorkflowExecution' ? 'ps' : 'pc';
      const { execution } = run.context.keys.execution(run.address.namespace, run.address.workflowId);
      await waitUntil(async () => (await run.context.redis.hget(execution, field)) === '0', {
        what: 'both outcomes',
      });
    },
  );

  it('fail when they would leave more activities pending than a run may have', async () => {
    const run = await deployment().start();
    await run.decide(Array.from({ length: 2_000 }, (_, i) => activity(`${i}`)));
    await run.signal();
    expect(await run.complete(await run.workflowTask(), [activity('one more')])).toMatchObject({
      kind: 'rejected',
    });
    expect((await run.eventOf('WorkflowTaskFailed')).attributes).toMatchObject({
      cause: 'PENDING_ACTIVITIES_LIMIT_EXCEEDED',
    });
    // In place of another it may be.
    const { eventId } = await run.eventOf('ActivityTaskScheduled');
    const cancel = command('RequestCancelActivityTask', { scheduledEventId: eventId });
    await run.decide([cancel, activity('one more'), timer('t', 60_000)]);
    expect((await run.describe()).pendingActivities).toHaveLength(2_000);
  });
});

/** Commands that only make history, so that the ids that follow are known. */
function fillers(count: number, bytes = 0): Command[] {
  const details = bytes > 0 ? { details: { blob: [{ metadata: {}, data: new Uint8Array(bytes) }] } } : {};
  return Array.from({ length: Math.max(0, count) }, (_, i) =>
    command('RecordMarker', { markerName: `${i}`, ...details }),
  );
}
