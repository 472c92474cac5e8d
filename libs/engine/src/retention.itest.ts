import { InvalidArgumentError, WorkflowNotFoundError } from '@tidewheel/core';
import { completeActivity, failActivity, heartbeatActivity } from '@tidewheel/engine';
import type { WorkflowTask } from '@tidewheel/engine';
import { findLeftovers, testPartitions, waitUntil } from '@tidewheel/testing';
import {
  activity,
  command,
  finish,
  payload,
  TestDeployment,
  TestRun,
  timer,
  WORKER,
} from './test-deployment.fixture.js';

describe.each(testPartitions())('retention, with %i partition(s)', (partitions) => {
  let deployment: TestDeployment;

  beforeEach(async () => {
    deployment = await TestDeployment.start(partitions);
  });

  afterEach(async () => {
    await deployment.stop();
  });

  /** Lets closed runs of a namespace be kept for as short as possible. */
  async function shortRetention(name: string): Promise<void> {
    await deployment.engine.createNamespace({ name, retentionMs: 1_000 });
  }

  /** Deletes what is expired until that many are gone. */
  async function deleteExpired(count: number, most = 100): Promise<number[]> {
    const batches: number[] = [];
    const sum = (): number => batches.reduce((total, deleted) => total + deleted, 0);
    await waitUntil(
      async () => {
        const deleted = await deployment.engine.deleteExpiredExecutions(most);
        if (deleted > 0) batches.push(deleted);
        return sum() >= count;
      },
      { what: `${count} runs to be deleted`, pollMs: 50 },
    );
    return batches;
  }

  /** A run that uses all there is: buffer, request ids, details, timers, sticky queue, outbox; and what it signals. */
  async function busy(): Promise<{ run: TestRun; target: TestRun; task: WorkflowTask }> {
    await shortRetention('brief');
    const target = await deployment.start({ namespace: 'brief' });
    const run = await deployment.start({ namespace: 'brief', workflowRunTimeoutMs: 600_000 });
    const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
    await run.decide(
      [
        activity('a', { retryPolicy: { initialIntervalMs: 1 }, heartbeatTimeoutMs: 60_000 }),
        activity('never'),
        timer('t', 60_000),
        command('SignalExternalWorkflowExecution', {
          workflowExecution: { workflowId: target.workflowId },
          signalName: 'hello',
        }),
      ],
      { sticky },
    );
    const [first] = await run.tryActivityTasks();
    await heartbeatActivity(run.context, first!, [payload('half')]);
    await failActivity(run.context, first!, { message: 'no' }, { identity: WORKER });
    await run.signal('go', 'a request id');
    await run.eventOf('ExternalWorkflowExecutionSignaled');
    const task = await run.workflowTask({ sticky: sticky.queue });
    await run.signal('buffered');
    return { run, target, task };
  }

  it('deletes every trace of closed runs', async () => {
    const { run, target, task } = await busy();
    await run.engine.terminateWorkflow(run.address);
    await target.engine.terminateWorkflow(target.address);
    expect(await run.complete(task)).toEqual({ kind: 'notFound' });

    await deleteExpired(2);
    expect(await deployment.wipe()).toEqual([]);
    expect(await findLeftovers(run.context.redis, { deleted: true })).toEqual([]);
    for (const read of [
      () => run.engine.describeWorkflow(run.address),
      () => run.engine.getHistory(run.address),
      () => run.engine.getResult(run.address),
      () => run.engine.requestCancelWorkflow(run.address),
      () => run.engine.describeWorkflow({ ...run.address, runId: undefined }),
    ]) {
      await expect(read()).rejects.toThrow(WorkflowNotFoundError);
    }
    expect(await run.engine.listWorkflows({ namespace: 'brief' })).toEqual({ executions: [] });
  });

  it('deletes a run at once when it is asked to, a running one as well, and every trace of it', async () => {
    const { run, target, task } = await busy();
    const { engine, address } = run;
    const result = engine.getResult(address);
    await engine.deleteWorkflow(address);
    expect(await result).toMatchObject({ status: 'TERMINATED', reason: 'terminated to be deleted' });
    expect(await run.complete(task)).toEqual({ kind: 'notFound' });
    await expect(run.describe()).rejects.toThrow(WorkflowNotFoundError);
    await expect(engine.deleteWorkflow(address)).rejects.toThrow(WorkflowNotFoundError);
    // Without a run id, the current one.
    await target.decide([finish()]);
    await engine.deleteWorkflow({ ...target.address, runId: undefined });
    await expect(engine.deleteWorkflow({ ...target.address, runId: undefined })).rejects.toThrow(
      WorkflowNotFoundError,
    );
    expect(await deployment.wipe()).toEqual([]);
    expect(await findLeftovers(run.context.redis, { deleted: true })).toEqual([]);
    expect(await engine.listWorkflows({ namespace: 'brief' })).toEqual({ executions: [] });
  });

  it('deletes the run that is named, whichever of its id it is, and refuses what is unsound', async () => {
    const first = await deployment.start();
    await first.decide([finish()]);
    const second = await deployment.start({ workflowId: first.workflowId, taskQueue: first.taskQueue });
    await deployment.engine.deleteWorkflow(first.address);
    await expect(first.describe()).rejects.toThrow(WorkflowNotFoundError);
    expect(await second.describe()).toMatchObject({ status: 'RUNNING' });
    const third = await deployment.engine.startWorkflow({
      namespace: second.namespace,
      workflowId: second.workflowId,
      workflowType: 'order',
      taskQueue: second.taskQueue,
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    });
    await deployment.engine.deleteWorkflow({ ...second.address, runId: third.runId });
    expect(await second.describe()).toMatchObject({ status: 'TERMINATED' });
    await deployment.engine.deleteWorkflow(second.address);
    const unsound = deployment.engine.deleteWorkflow({ ...second.address, runId: 'none' });
    await expect(unsound).rejects.toThrow(InvalidArgumentError);
    expect(await deployment.wipe()).toEqual([]);
    expect(await findLeftovers(second.context.redis, { deleted: true })).toEqual([]);
  });

  it('deletes old runs of an id and leaves the one that runs', async () => {
    await shortRetention('brief');
    const first = await deployment.start({ namespace: 'brief' });
    await first.decide([finish()]);
    const { runId } = await deployment.engine.startWorkflow({
      namespace: 'brief',
      workflowId: first.workflowId,
      workflowType: 'order',
      taskQueue: first.taskQueue,
    });
    const second = new TestRun(deployment, 'brief', first.workflowId, runId, first.taskQueue);
    await deleteExpired(1);
    await expect(first.describe()).rejects.toThrow(WorkflowNotFoundError);
    await second.decide([activity('a')]);
    await completeActivity(second.context, await second.activityTask(), [], { identity: WORKER });
    await second.decide([finish('second')]);
    expect(await second.engine.getResult(second.address)).toMatchObject({ status: 'COMPLETED' });
    await deleteExpired(1);
    expect(await findLeftovers(second.context.redis, { deleted: true })).toEqual([]);
  });

  it('deletes at most as many as asked for at a time', async () => {
    await shortRetention('brief');
    for (let i = 0; i < 25; i++) {
      const run = await deployment.start({ namespace: 'brief' });
      await run.engine.terminateWorkflow(run.address);
      await run.tryWorkflowTasks();
    }
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const batches = await deleteExpired(25, 10);
    expect(Math.max(...batches)).toBeLessThanOrEqual(10);
    expect(batches.reduce((sum, deleted) => sum + deleted, 0)).toBe(25);
    expect(await deployment.engine.deleteExpiredExecutions(10)).toBe(0);
    expect(await findLeftovers(deployment.context.redis, { deleted: true })).toEqual([]);
  });

  it('keeps what is not old enough, namespace by namespace', async () => {
    await shortRetention('brief');
    const kept = await deployment.start();
    await kept.decide([finish()]);
    const open = await deployment.start({ namespace: 'brief' });
    const gone = await deployment.start({ namespace: 'brief' });
    await gone.decide([finish()]);
    await deleteExpired(1);
    expect(await deployment.engine.deleteExpiredExecutions(100)).toBe(0);
    expect((await kept.describe()).status).toBe('COMPLETED');
    expect((await open.describe()).status).toBe('RUNNING');
    await expect(gone.describe()).rejects.toThrow(WorkflowNotFoundError);
  });

  it('lets the id of a deleted run be used whatever the policy', async () => {
    await shortRetention('brief');
    const run = await deployment.start({ namespace: 'brief' });
    await run.decide([finish()]);
    await deleteExpired(1);
    const { started } = await deployment.engine.startWorkflow({
      namespace: 'brief',
      workflowId: run.workflowId,
      workflowType: 'order',
      taskQueue: run.taskQueue,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    expect(started).toBe(true);
  });
});
