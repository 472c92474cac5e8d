import type { Command } from '@tidewheel/core';
import type { WorkflowTask } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import {
  activity,
  command,
  describeEngine,
  finish,
  short,
  TestRun,
  timer,
} from './test-deployment.fixture.js';

describeEngine('timers', (deployment) => {
  const cancel = (timerId: string) => command('CancelTimer', { timerId });

  /** Waits until no timer of the run is pending. */
  const noneIsPending = (run: TestRun): Promise<unknown> =>
    waitUntil(async () => (await run.describe()).pendingTimers.length === 0, { what: 'the timers to fire' });

  /** Lets the next workflow task be started by the very transition that does the commands. */
  async function decideAndStart(run: TestRun, commands: readonly Command[]): Promise<WorkflowTask> {
    const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
    const { next } = await run.decide(commands, { sticky, startNext: true, forceNext: true });
    return next!;
  }

  it('fire, and a workflow task tells the workflow', async () => {
    const run = await deployment().start();
    await run.decide([timer('wake', 20)]);
    const task = await run.workflowTask();
    const [started, fired] = (await run.history()).slice(4);
    expect(started!.attributes).toEqual({
      timerId: 'wake',
      startToFireTimeoutMs: 20,
      workflowTaskCompletedEventId: 4,
    });
    expect(fired).toMatchObject({
      eventType: 'TimerFired',
      attributes: { timerId: 'wake', startedEventId: 5 },
    });
    await run.completed(task, [finish()]);
    await run.closed();
  });

  it('show when they fire', async () => {
    const run = await deployment().start();
    await run.decide([timer('a', 60_000), timer('b', 90_000)]);
    const started = (await run.history())[4]!;
    expect((await run.describe()).pendingTimers).toEqual(
      expect.arrayContaining([
        { timerId: 'a', firesAtMs: started.eventTimeMs + 60_000 },
        { timerId: 'b', firesAtMs: started.eventTimeMs + 90_000 },
      ]),
    );
  });

  it('fire in the order of their times, and of their starts when those are the same', async () => {
    const run = await deployment().start();
    await run.decide([timer('late', 80), timer('x', 30), timer('early', 1), timer('y', 30)]);
    await noneIsPending(run);
    const fired = (await run.history()).flatMap((event) =>
      event.eventType === 'TimerFired' ? [event.attributes.timerId] : [],
    );
    expect(fired).toEqual(['early', 'x', 'y', 'late']);
    await run.decide([finish()]);
    await run.closed();
  });

  it('may be many at the same time', async () => {
    const run = await deployment().start();
    await run.decide(Array.from({ length: 2_500 }, (_, i) => timer(`${i}`, 1)));
    await noneIsPending(run);
    const fired = (await run.history()).filter(({ eventType }) => eventType === 'TimerFired');
    expect(fired).toHaveLength(2_500);
    await run.decide([finish()]);
    await run.closed();
  });

  it('keep their ids, whatever is in them', async () => {
    const run = await deployment().start();
    const ids = ['a b', 'ü', ':', '日本'.repeat(100), 'x'.repeat(1_000), '0'];
    await run.decide(ids.map((id) => timer(id, 1)));
    await noneIsPending(run);
    const fired = (await run.history()).flatMap((event) =>
      event.eventType === 'TimerFired' ? [event.attributes.timerId] : [],
    );
    expect(fired).toEqual(ids);
    await run.decide([finish()]);
  });

  it('wait in the buffer while a workflow task is started', async () => {
    const run = await deployment().start();
    const task = await decideAndStart(run, [timer('t', 1)]);
    await noneIsPending(run);
    await run.completed(task, [timer('t', 60_000)]);
    // The id was free again, though the workflow did not know: the first one fired, the second one runs.
    const types = (await run.story()).slice(4);
    expect(types.filter((type) => type === 'TimerFired')).toHaveLength(1);
    expect((await run.describe()).pendingTimers).toMatchObject([{ timerId: 't' }]);
    await run.decide([cancel('t'), finish()]);
    await run.closed();
  });

  describe('that are cancelled', () => {
    it('do not fire', async () => {
      const run = await deployment().start();
      await run.decide([timer('a', 1_000), timer('b', 1_000)]);
      await run.signal();
      await run.decide([cancel('a')]);
      const [cancelled] = (await run.history()).slice(-1);
      expect(cancelled!).toMatchObject({
        eventType: 'TimerCanceled',
        attributes: { timerId: 'a', startedEventId: 5, workflowTaskCompletedEventId: 10 },
      });
      await run.eventOf('TimerFired');
      const fired = (await run.history()).flatMap((event) =>
        event.eventType === 'TimerFired' ? [event.attributes.timerId] : [],
      );
      expect(fired).toEqual(['b']);
      await run.decide([finish()]);
    });

    it('do not fire even when they have fired into the buffer', async () => {
      const run = await deployment().start();
      const task = await decideAndStart(run, [timer('a', 1), timer('b', 1)]);
      await noneIsPending(run);
      await run.signal('kept');
      await run.completed(task, [cancel('a')]);
      const behind = (await run.history()).slice(8).map(({ eventType }) => short(eventType));
      expect(behind).toEqual(['WT Completed', 'TimerCanceled', 'TimerFired', 'Signaled', 'WT Scheduled']);
      const history = await run.history();
      expect(history[9]!.attributes).toMatchObject({ timerId: 'a', startedEventId: 5 });
      expect(history[10]!.attributes).toMatchObject({ timerId: 'b', startedEventId: 6 });
      await run.decide([finish()]);
      await run.closed();
    });

    it('leave nothing to be told when nothing else waits in the buffer', async () => {
      const run = await deployment().start();
      const task = await decideAndStart(run, [timer('a', 1)]);
      await noneIsPending(run);
      await run.completed(task, [cancel('a')]);
      expect((await run.story()).slice(-2)).toEqual(['WT Completed', 'TimerCanceled']);
      expect((await run.describe()).pendingWorkflowTask).toBeUndefined();
    });

    it('can be cancelled from the buffer once, and started again at once', async () => {
      const run = await deployment().start();
      const task = await decideAndStart(run, [timer('a', 1)]);
      await noneIsPending(run);
      expect(await run.complete(task, [cancel('a'), cancel('a')])).toMatchObject({ kind: 'rejected' });

      const again = await deployment().start();
      const second = await decideAndStart(again, [timer('a', 1)]);
      await noneIsPending(again);
      await again.completed(second, [cancel('a'), timer('a', 60_000), cancel('a'), timer('a', 70_000)]);
      expect((await again.describe()).pendingTimers).toHaveLength(1);
      await again.history();
    });

    it('can be the one that the same workflow task started', async () => {
      const run = await deployment().start();
      await run.decide([timer('a', 60_000), cancel('a')]);
      expect((await run.story()).slice(4)).toEqual(['TimerStarted', 'TimerCanceled']);
      expect((await run.describe()).pendingTimers).toEqual([]);
    });

    it('make way for another of their id in the same workflow task', async () => {
      const run = await deployment().start();
      await run.decide([timer('a', 60_000)]);
      await run.signal();
      await run.decide([cancel('a'), timer('a', 1)]);
      const fired = await run.eventOf('TimerFired');
      expect(fired.attributes).toEqual({ timerId: 'a', startedEventId: 11 });
      await run.decide([finish()]);
      await run.closed();
    });
  });

  it('fire into the buffer and close nothing: the run must hear of them first', async () => {
    const run = await deployment().start();
    const task = await decideAndStart(run, [timer('a', 1)]);
    await noneIsPending(run);
    expect(await run.complete(task, [finish()])).toEqual({ kind: 'unhandledCommand' });
    await run.decide([finish()]);
    await run.closed();
  });

  it('of a closed run do not fire, nor in the run that has its id now', async () => {
    const run = await deployment().start();
    const task = await decideAndStart(run, [timer('a', 60), activity('x', { startToCloseTimeoutMs: 60 })]);
    const outcome = await run.complete(task, [finish()]);
    if (outcome.kind === 'unhandledCommand') await run.decide([finish()]);
    const first = await run.closed();
    const { runId } = await run.engine.startWorkflow({
      namespace: run.namespace,
      workflowId: run.workflowId,
      workflowType: 'order',
      taskQueue: run.taskQueue,
    });
    const second = new TestRun(deployment(), run.namespace, run.workflowId, runId, run.taskQueue);
    await second.decide([timer('b', 150)]);
    await second.eventOf('TimerFired');
    const fired = (await second.history()).flatMap((event) =>
      event.eventType === 'TimerFired' ? [event.attributes.timerId] : [],
    );
    expect(fired).toEqual(['b']);
    expect(await run.history()).toEqual(first);
    await second.decide([finish()]);
  });

  it('make way for one that is sooner', async () => {
    const run = await deployment().start();
    await run.decide([timer('later', 300_000)]);
    await run.signal();
    await run.decide([timer('sooner', 1)]);
    expect((await run.eventOf('TimerFired')).attributes.timerId).toBe('sooner');
    expect((await run.describe()).pendingTimers).toMatchObject([{ timerId: 'later' }]);
    await run.decide([finish()]);
  });
});
