import { WorkflowNotFoundError } from '@tidewheel/core';
import { completeActivity } from '@tidewheel/engine';
import { randomUUID } from 'node:crypto';
import {
  activity,
  command,
  describeEngine,
  finish,
  payload,
  short,
  timer,
  WORKER,
} from './test-deployment.fixture.js';

describeEngine('closing', (deployment) => {
  it('by the workflow ends it with a result, a failure or a cancellation', async () => {
    const completed = await deployment().start();
    await completed.decide([finish({ total: 5 })]);
    expect(await completed.engine.getResult(completed.address)).toEqual({
      runId: completed.runId,
      status: 'COMPLETED',
      result: [payload({ total: 5 })],
    });

    const failed = await deployment().start();
    const failure = {
      message: 'no stock',
      stackTrace: 'at line 1',
      info: { kind: 'application', type: 'OutOfStock', nonRetryable: true, details: [payload(1)] },
      cause: { message: 'empty' },
    } as const;
    await failed.decide([command('FailWorkflowExecution', { failure })]);
    expect(await failed.engine.getResult(failed.address)).toEqual({
      runId: failed.runId,
      status: 'FAILED',
      failure,
    });
    expect((await failed.closed()).at(-1)!.attributes).toMatchObject({ retryState: 'RETRY_POLICY_NOT_SET' });

    const canceled = await deployment().start();
    await canceled.decide([command('CancelWorkflowExecution', {})]);
    expect(await canceled.engine.getResult(canceled.address)).toEqual({
      runId: canceled.runId,
      status: 'CANCELED',
      details: [],
    });
    for (const run of [completed, failed, canceled]) {
      const description = await run.describe();
      const history = await run.closed();
      expect(description).toMatchObject({
        closeTimeMs: history.at(-1)!.eventTimeMs,
        startTimeMs: history[0]!.eventTimeMs,
        historyLength: history.length,
        pendingActivities: [],
        pendingTimers: [],
      });
      expect(description.pendingWorkflowTask).toBeUndefined();
    }
  });

  it('leaves what was pending behind, and nothing of it happens any more', async () => {
    const run = await deployment().start();
    await run.decide([activity('a'), activity('b'), timer('t', 40)], { forceNext: true });
    const { a } = await run.activityTasks(2);
    const outcome = await run.complete(await run.workflowTask(), [finish()]);
    if (outcome.kind === 'unhandledCommand') await run.decide([finish()]);
    const history = await run.closed();
    await expect(completeActivity(run.context, a!, [], { identity: WORKER })).rejects.toMatchObject({
      code: 'ACTIVITY_TASK_NOT_FOUND',
    });
    expect(await run.history()).toEqual(history);
  });

  describe('by terminating', () => {
    it('ends a run with its reason', async () => {
      const run = await deployment().start();
      await run.decide([activity('a'), timer('t', 60_000)]);
      await run.engine.terminateWorkflow({
        ...run.address,
        reason: 'stuck',
        details: [payload('d')],
        identity: 'operator',
      });
      expect((await run.closed()).at(-1)).toMatchObject({
        eventType: 'WorkflowExecutionTerminated',
        attributes: { reason: 'stuck', details: [payload('d')], identity: 'operator' },
      });
      expect(await run.engine.getResult(run.address)).toEqual({
        runId: run.runId,
        status: 'TERMINATED',
        reason: 'stuck',
        details: [payload('d')],
      });
    });

    it('fails the workflow task under way, and writes what waited in the buffer', async () => {
      const run = await deployment().start();
      await run.decide([activity('a')], { forceNext: true });
      const { a } = await run.activityTasks(1);
      const task = await run.workflowTask();
      await run.signal('waiting');
      await completeActivity(run.context, a!, [payload(1)], { identity: WORKER });
      await run.engine.terminateWorkflow(run.address);
      const behind = (await run.closed()).slice(7);
      expect(behind.map(({ eventType }) => short(eventType))).toEqual([
        ...['WT Failed', 'Signaled', 'AT Started', 'AT Completed', 'Terminated'],
      ]);
      expect(behind[0]!.attributes).toMatchObject({
        ...{ scheduledEventId: 6, startedEventId: 7, cause: 'FORCE_CLOSE_COMMAND' },
      });
      expect(await run.complete(task, [finish()])).toEqual({ kind: 'notFound' });
    });

    it('writes what waited in the buffer of a further attempt', async () => {
      const run = await deployment().start();
      await run.fail(await run.workflowTask());
      await run.workflowTask();
      await run.signal();
      await run.engine.terminateWorkflow(run.address);
      expect((await run.story()).slice(3)).toEqual(['WT Failed', 'Signaled', 'Terminated']);
    });

    it('is refused when nothing runs', async () => {
      const run = await deployment().start();
      await run.engine.terminateWorkflow({ ...run.address, runId: undefined });
      for (const address of [
        run.address,
        { ...run.address, runId: undefined },
        { ...run.address, runId: randomUUID() },
        { ...run.address, workflowId: 'nobody', runId: undefined },
      ]) {
        await expect(run.engine.terminateWorkflow(address)).rejects.toThrow(WorkflowNotFoundError);
      }
    });

    it('does not reach the run that has the id now', async () => {
      const run = await deployment().start();
      await run.decide([finish()]);
      const { runId } = await run.engine.startWorkflow({
        ...run.address,
        workflowType: 'order',
        taskQueue: run.taskQueue,
      });
      await expect(run.engine.terminateWorkflow(run.address)).rejects.toThrow(WorkflowNotFoundError);
      expect((await run.engine.describeWorkflow({ ...run.address, runId })).status).toBe('RUNNING');
    });

    it('or completing wins, never both', async () => {
      for (let i = 0; i < 20; i++) {
        const run = await deployment().start();
        const task = await run.workflowTask();
        const [completed, terminated] = await Promise.allSettled([
          run.complete(task, [finish()]),
          run.engine.terminateWorkflow(run.address),
        ]);
        const status = (await run.describe()).status;
        expect(status === 'COMPLETED').toBe(
          completed.status === 'fulfilled' && completed.value.kind === 'completed',
        );
        expect(status === 'TERMINATED').toBe(terminated.status === 'fulfilled');
        await run.closed();
      }
    });
  });

  describe('by a timeout', () => {
    it.each([
      ['the run', { workflowRunTimeoutMs: 50 }],
      ['the execution', { workflowExecutionTimeoutMs: 50 }],
      ['the sooner of both', { workflowExecutionTimeoutMs: 50, workflowRunTimeoutMs: 60_000 }],
    ])('of %s ends it, whatever it does', async (_, timeouts) => {
      const run = await deployment().start(timeouts);
      expect((await run.closed()).map(({ eventType }) => short(eventType))).toEqual([
        ...['Started', 'WT Scheduled', 'TimedOut'],
      ]);
      expect(await run.engine.getResult(run.address)).toEqual({ runId: run.runId, status: 'TIMED_OUT' });
    });

    it('fails the workflow task under way, and writes what waited in the buffer', async () => {
      const run = await deployment().start({ workflowRunTimeoutMs: 400 });
      const task = await run.workflowTask();
      await run.signal();
      const story = (await run.closed()).map(({ eventType }) => short(eventType));
      expect(story.slice(3)).toEqual(['WT Failed', 'Signaled', 'TimedOut']);
      expect(await run.complete(task, [finish()])).toEqual({ kind: 'notFound' });
    });

    it('leaves a run in peace that closed in time', async () => {
      const run = await deployment().start({ workflowRunTimeoutMs: 30_000 });
      await run.decide([finish()]);
      expect((await run.describe()).status).toBe('COMPLETED');
      const { timers } = run.context.keys.partition(run.partition);
      expect(await run.context.redis.zscore(timers, `${run.namespace}:${run.workflowId}`)).toBeNull();
    });
  });

  it('keeps large results readable', async () => {
    const run = await deployment().start();
    const result = [{ metadata: {}, data: new Uint8Array(1024 * 1024).fill(3) }];
    const waiting = run.engine.getResult(run.address);
    await run.decide([command('CompleteWorkflowExecution', { result })]);
    for (const outcome of [await waiting, await run.engine.getResult(run.address)]) {
      expect(outcome.status === 'COMPLETED' && Buffer.compare(outcome.result[0]!.data, result[0]!.data)).toBe(
        0,
      );
    }
  });
});
