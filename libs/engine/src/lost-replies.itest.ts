import { ActivityTaskNotFoundError, WorkflowNotFoundError } from '@tidewheel/core';
import {
  completeActivity,
  completeWorkflowTask,
  Engine,
  failActivity,
  returnWorkflowTask,
  runAddress,
} from '@tidewheel/engine';
import { startExecution } from '@tidewheel/store';
import { startFaultProxy } from '@tidewheel/testing';
import type { FaultProxy } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import {
  activity,
  describeEngine,
  eventsOf,
  finish,
  NAMESPACE,
  payload,
  TestRun,
  timer,
  WORKER,
} from './test-deployment.fixture.js';

/** After so many bytes of replies the connection breaks: within the first reply, between two, or behind the last. */
const BUDGETS = [0, 3, 10, 30, 60, 100, 150, 250, 400];

describeEngine('when replies of Redis are lost', (deployment) => {
  let proxy: FaultProxy;
  /** The engine whose connection breaks. */
  let engine: Engine;

  beforeAll(async () => {
    proxy = await startFaultProxy({ target: deployment().redis });
    engine = await Engine.open({ connection: { url: proxy.url }, identity: 'unlucky' });
    await engine.describeNamespace(NAMESPACE);
  });

  afterAll(async () => {
    await engine.close();
    await proxy.stop();
  });

  /** Does something while replies are lost. */
  async function unlucky<T>(budget: number, action: () => Promise<T>): Promise<T> {
    proxy.dropAfterBytes(budget, 'toClient');
    try {
      return await action();
    } finally {
      proxy.restore();
    }
  }

  it.each(BUDGETS)('a start starts one run (%i bytes get through)', async (budget) => {
    const request = {
      namespace: NAMESPACE,
      workflowId: randomUUID(),
      workflowType: 'order',
      taskQueue: randomUUID(),
    };
    const { runId, started } = await unlucky(budget, () => engine.startWorkflow(request));
    expect(started).toBe(true);
    const run = new TestRun(deployment(), NAMESPACE, request.workflowId, runId, request.taskQueue);
    expect(await run.story()).toEqual(['Started', 'WT Scheduled']);
    expect(await run.context.redis.xlen(run.stream('workflow'))).toBe(1);
    await run.decide([finish()]);
  });

  it('a start that is repeated starts no second run under its id, even when others have come and gone', async () => {
    const request = {
      namespace: NAMESPACE,
      workflowId: randomUUID(),
      workflowType: 'order',
      taskQueue: randomUUID(),
    };
    const runs: TestRun[] = [];
    for (let i = 0; i < 3; i++) {
      const { runId } = await deployment().engine.startWorkflow(request);
      const run = new TestRun(deployment(), NAMESPACE, request.workflowId, runId, request.taskQueue);
      await run.decide([finish()]);
      runs.push(run);
    }
    const [, second, third] = runs as [TestRun, TestRun, TestRun];
    const { run: runScript, keys } = second.context;
    const execution = keys.execution(NAMESPACE, request.workflowId);
    const address = runAddress(second.context, execution, second.runId);
    const [code, runId] = await startExecution(runScript, {
      executionKey: execution.execution,
      replacedKey: runAddress(second.context, execution, third.runId).replaced,
      historyKey: address.history,
      timersKey: keys.partition(execution.partition).timers,
      runningKey: keys.running(execution.partition, NAMESPACE),
      streamKey: second.stream('workflow'),
      requestKeys: [],
      member: execution.member,
      runMember: address.runMember,
      runId: second.runId,
      requestId: '',
      workflowType: 'order',
      taskQueue: request.taskQueue,
      startedBody: Buffer.alloc(0),
      taskTimeoutMs: 0,
      runTimeoutMs: 0,
      executionTimeoutMs: 0,
      replacesRunId: third.runId,
      waiter: '',
      memo: '',
      searchAttributes: '',
      eagerStartedBody: '',
      override: '',
      revision: 0,
      // What the caller believed of the partition has lapsed meanwhile, too.
      homeFromMs: 0,
      homeUntilMs: 1,
      former: '',
      signal: [],
    });
    expect([code, String(runId)]).toEqual([0, second.runId]);
    expect(await second.story()).toHaveLength(5);
    expect((await third.describe()).status).toBe('COMPLETED');
  });

  it.each(BUDGETS)('a signal is delivered once (%i bytes get through)', async (budget) => {
    const run = await deployment().start();
    const task = budget % 20 === 0 ? await run.workflowTask() : undefined;
    await unlucky(budget, () => engine.signalWorkflow({ ...run.address, signalName: 'go' }));
    await unlucky(budget, () => engine.requestCancelWorkflow(run.address));
    if (task) await run.completed(task);
    const story = await run.story();
    expect(story.filter((type) => type === 'Signaled')).toHaveLength(1);
    expect(story.filter((type) => type === 'CancelRequested')).toHaveLength(1);
  });

  it('a signal that is repeated after it let its run close was delivered', async () => {
    const run = await deployment().start();
    const signal = { ...run.address, signalName: 'go', requestId: randomUUID() };
    await engine.signalWorkflow(signal);
    await run.decide([finish()]);
    await engine.signalWorkflow(signal);
    const { runId: _, ...anyRun } = signal;
    await engine.signalWorkflow(anyRun);
    await expect(engine.signalWorkflow({ ...signal, requestId: randomUUID() })).rejects.toThrow(
      WorkflowNotFoundError,
    );
    expect((await run.story()).filter((type) => type === 'Signaled')).toHaveLength(1);
    const execution = run.context.keys.execution(NAMESPACE, run.workflowId);
    const { requests } = runAddress(run.context, execution, run.runId);
    expect(await run.context.redis.pttl(requests)).toBeGreaterThan(0);
    await run.closed();
    await engine.deleteWorkflow(run.address);
    await expect(engine.signalWorkflow(signal)).rejects.toThrow(WorkflowNotFoundError);
  });

  it('a signal with a start that is repeated after its run has closed starts no other', async () => {
    const run = await deployment().start();
    const request = {
      namespace: NAMESPACE,
      workflowId: run.address.workflowId,
      workflowType: 'order',
      taskQueue: randomUUID(),
      signalName: 'go',
      signalRequestId: randomUUID(),
    };
    expect(await engine.signalWithStart(request)).toEqual({ runId: run.runId, started: false });
    await run.decide([finish()]);
    expect(await engine.signalWithStart(request)).toEqual({ runId: run.runId, started: false });
    const other = await engine.signalWithStart({ ...request, signalRequestId: randomUUID() });
    expect(other).toMatchObject({ started: true });
    expect(other.runId).not.toBe(run.runId);
    await engine.terminateWorkflow({ namespace: NAMESPACE, workflowId: request.workflowId });
  });

  it.each(BUDGETS)(
    'a signal with a start does one or the other, once (%i bytes get through)',
    async (budget) => {
      const request = {
        namespace: NAMESPACE,
        workflowId: randomUUID(),
        workflowType: 'order',
        taskQueue: randomUUID(),
        signalName: 'go',
        eagerWorker: { identity: WORKER },
      };
      const { runId, started, workflowTask } = await unlucky(budget, () => engine.signalWithStart(request));
      expect(started).toBe(true);
      const run = new TestRun(deployment(), NAMESPACE, request.workflowId, runId, request.taskQueue);
      expect(await run.story()).toEqual(['Started', 'Signaled', 'WT Scheduled', 'WT Started']);
      expect(eventsOf(workflowTask!)).toEqual(await run.history());
      const again = await unlucky(budget, () => engine.signalWithStart(request));
      expect(again).toEqual({ runId, started: false });
      await run.completed(workflowTask!);
      await run.decide([finish()]);
      expect((await run.story()).filter((type) => type === 'Signaled')).toHaveLength(2);
    },
  );

  it.each(BUDGETS)('a workflow task given back comes again once (%i bytes get through)', async (budget) => {
    const run = await deployment().start();
    const { taskQueue, stamp, run: address } = await run.workflowTask();
    await unlucky(budget, () => returnWorkflowTask(engine.context, address, taskQueue, stamp));
    const [again, ...others] = await run.tryWorkflowTasks();
    expect(again?.stamp.attempt).toBe(2);
    expect(others).toEqual([]);
    await run.completed(again!, [finish()]);
  });

  it.each(BUDGETS)('a workflow task completes once (%i bytes get through)', async (budget) => {
    const run = await deployment().start();
    const task = await run.workflowTask();
    const outcome = await unlucky(budget, () =>
      completeWorkflowTask(engine.context, task, {
        commands: [activity('eager'), activity('ordinary'), timer('t', 60_000)],
        identity: WORKER,
        startsEagerly: ({ attributes }) => attributes.activityId === 'eager',
      }),
    );
    expect(outcome).toMatchObject({ kind: 'completed', activities: [{ activityId: 'eager' }] });
    expect((await run.story()).slice(3)).toEqual([
      'WT Completed',
      'AT Scheduled',
      'AT Scheduled',
      'TimerStarted',
    ]);
    const tasks = await run.activityTasks(1);
    expect(Object.keys(tasks)).toEqual(['ordinary']);
  });

  it.each(BUDGETS)('a workflow closes once (%i bytes get through)', async (budget) => {
    const run = await deployment().start();
    const task = await run.workflowTask();
    await unlucky(budget, () =>
      completeWorkflowTask(engine.context, task, { commands: [finish('done')], identity: WORKER }),
    );
    expect(await run.engine.getResult(run.address)).toMatchObject({ result: [payload('done')] });
    await run.closed();
    const other = await deployment().start();
    await unlucky(budget, () => engine.terminateWorkflow(other.address));
    await expect(engine.terminateWorkflow(other.address)).rejects.toThrow(WorkflowNotFoundError);
    expect((await other.describe()).status).toBe('TERMINATED');
    await other.closed();
  });

  it.each(BUDGETS)(
    'an activity completes once, and is tried again once (%i bytes get through)',
    async (budget) => {
      const run = await deployment().start();
      await run.decide([activity('a', { retryPolicy: { initialIntervalMs: 1 } })]);
      const first = await run.activityTask();
      const expected = (error: unknown): void => expect(error).toBeInstanceOf(ActivityTaskNotFoundError);
      await unlucky(budget, () =>
        failActivity(engine.context, first, { message: 'no' }, { identity: WORKER }),
      ).catch(expected);
      const second = await run.activityTask();
      expect(second.attempt).toBe(2);
      await unlucky(budget, () =>
        completeActivity(engine.context, second, [payload('done')], { identity: WORKER }),
      ).catch(expected);
      await run.decide([finish()]);
      const completed = (await run.closed()).filter(({ eventType }) => eventType === 'ActivityTaskCompleted');
      expect(completed).toHaveLength(1);
    },
  );
});
