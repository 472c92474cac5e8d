import type { Failure } from '@tidewheel/core';
import { completeActivity, Engine, failActivity, handBackUnregisteredActivity } from '@tidewheel/engine';
import type { ActivityTask } from '@tidewheel/engine';
import { startFaultProxy } from '@tidewheel/testing';
import type { FaultProxy } from '@tidewheel/testing';
import {
  activity,
  command,
  describeEngine,
  describeOnOneServer,
  finish,
  payload,
  WORKER,
} from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

const REPORTER = { identity: WORKER };
const MISSING: Failure = {
  message: 'Activity type "charge" is not registered on this worker; registered: refund',
  info: { kind: 'application', type: 'NotFoundError', nonRetryable: false },
};

describeEngine('an activity that a worker does not have', (deployment) => {
  async function scheduled(attributes: Parameters<typeof activity>[1] = {}): Promise<TestRun> {
    const run = await deployment().start();
    await run.decide([activity('a', attributes)]);
    return run;
  }

  const handBack = (run: TestRun, task: ActivityTask, patienceMs?: number) =>
    handBackUnregisteredActivity(run.context, task, MISSING, patienceMs);

  it('is offered to others as the same attempt, and says why it waits', async () => {
    const run = await scheduled();
    const first = await run.activityTask();
    expect(await handBack(run, first)).toBe('handedBack');
    const second = await run.activityTask();
    expect(second.attempt).toBe(1);
    expect(await handBack(run, second)).toBe('handedBack');
    expect((await run.describe()).pendingActivities).toMatchObject([
      { state: 'BACKING_OFF', attempt: 1, lastFailure: { message: MISSING.message } },
    ]);
    const third = await run.activityTask();
    // From the second time on it is not offered again at once.
    expect(third.startedMs - second.startedMs).toBeGreaterThanOrEqual(1_000);
    expect((await run.describe()).pendingActivities[0]).not.toHaveProperty('lastFailure');
    await completeActivity(run.context, third, [payload('done')], REPORTER);
    await run.decide([finish()]);
    const started = (await run.closed()).find(({ eventType }) => eventType === 'ActivityTaskStarted');
    expect(started).not.toHaveProperty('attributes.lastFailure');
  });

  it('fails after a while, and its next attempt is given back again', async () => {
    const run = await scheduled({
      retryPolicy: { initialIntervalMs: 1, backoffCoefficient: 1, maximumIntervalMs: 1, maximumAttempts: 2 },
    });
    const first = await run.activityTask();
    expect(await handBack(run, first, 0)).toBe('patienceOver');
    expect(await failActivity(run.context, first, MISSING, REPORTER)).toMatchObject({ retries: true });
    const second = await run.activityTask();
    expect(second.attempt).toBe(2);
    expect(await handBack(run, second, 60_000)).toBe('handedBack');
    const again = await run.activityTask();
    expect(again.attempt).toBe(2);
    expect(await handBack(run, again, 1)).toBe('patienceOver');
    await failActivity(run.context, again, MISSING, REPORTER);
    const failed = await run.eventOf('ActivityTaskFailed');
    expect(failed.attributes).toMatchObject({
      failure: { message: MISSING.message, info: { type: 'NotFoundError' } },
      retryState: 'MAXIMUM_ATTEMPTS_REACHED',
    });
    await run.decide([finish()]);
    await run.closed();
  });

  it('still times out when nobody starts it, counted from when it was scheduled', async () => {
    const run = await scheduled({ scheduleToStartTimeoutMs: 1_500 });
    for (;;) {
      const [task] = await run.tryActivityTasks();
      if (task) expect(await handBack(run, task)).toBe('handedBack');
      const story = await run.story();
      if (story.includes('AT TimedOut')) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const timedOut = await run.eventOf('ActivityTaskTimedOut');
    expect(timedOut.attributes.failure.info).toMatchObject({ timeoutType: 'SCHEDULE_TO_START' });
    const scheduledEvent = await run.eventOf('ActivityTaskScheduled');
    expect(timedOut.eventTimeMs - scheduledEvent.eventTimeMs).toBeGreaterThanOrEqual(1_500);
    await run.decide([finish()]);
    await run.closed();
  });

  it("is not given back once it was asked to cancel, or is somebody else's", async () => {
    const run = await scheduled();
    const task = await run.activityTask();
    expect(await handBack(run, { ...task, startedMs: task.startedMs - 1 })).toBe('notFound');
    expect(await handBack(run, { ...task, attempt: 2 })).toBe('notFound');
    await run.signal();
    await run.decide([command('RequestCancelActivityTask', { scheduledEventId: task.scheduledEventId })]);
    expect(await handBack(run, task)).toBe('cancelRequested');
    await completeActivity(run.context, task, [], REPORTER);
    expect(await handBack(run, task)).toBe('notFound');
    await run.decide([finish()]);
    await run.closed();
  });

  it('is cancelled at once while it waits for another worker', async () => {
    const run = await scheduled();
    const task = await run.activityTask();
    expect(await handBack(run, task)).toBe('handedBack');
    const again = await run.activityTask();
    expect(await handBack(run, again)).toBe('handedBack');
    await run.signal();
    await run.decide([command('RequestCancelActivityTask', { scheduledEventId: task.scheduledEventId })]);
    await run.decide([finish()]);
    expect(await run.story()).toContain('AT Canceled');
    await run.closed();
  });

  describeOnOneServer('when replies are lost', () => {
    let proxy: FaultProxy;
    let engine: Engine;

    beforeAll(async () => {
      const { host, port } = deployment().redis;
      proxy = await startFaultProxy({ target: { host, port } });
      engine = await Engine.open({ connection: { url: proxy.url }, identity: 'unlucky' });
    });

    afterAll(async () => {
      await engine.close();
      await proxy.stop();
    });

    it.each([0, 3, 10, 30, 60])('is given back once (%i bytes get through)', async (budget) => {
      const run = await scheduled();
      const task = await run.activityTask();
      proxy.dropAfterBytes(budget, 'toClient');
      const outcome = await handBackUnregisteredActivity(engine.context, task, MISSING).finally(() =>
        proxy.restore(),
      );
      // Whoever repeats it cannot know that it was done; what counts is that it was, and no more than once.
      expect(['handedBack', 'notFound']).toContain(outcome);
      const again = await run.activityTask();
      expect(again.attempt).toBe(1);
      expect(await run.tryActivityTasks()).toEqual([]);
      await completeActivity(run.context, again, [], REPORTER);
      await run.decide([finish()]);
      await run.closed();
    });
  });
});
