import {
  InvalidArgumentError,
  WorkerDeploymentConflictError,
  WorkerDeploymentNotFoundError,
  WorkerDeploymentNotReadyError,
} from '@tidewheel/core';
import { completeActivity, startWorkflowTasks } from '@tidewheel/engine';
import { chooseTarget } from '@tidewheel/routing';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { activity, describeEngine, finish, NAMESPACE, payload } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';
import { VersionWorker } from './worker-deployments/version-worker.fixture.js';

describeEngine('worker versions', (deployment) => {
  /** A deployment with two versions and unversioned workers beside them, on a queue of their own. */
  async function fleet(): Promise<{
    readonly deploymentName: string;
    readonly taskQueue: string;
    readonly v1: VersionWorker;
    readonly v2: VersionWorker;
    readonly unversioned: VersionWorker;
    setCurrent(buildId: string): Promise<void>;
    ramp(buildId: string, percentage: number): Promise<void>;
    start(workflowId?: string): Promise<TestRun>;
  }> {
    const deploymentName = `deployment ${randomUUID()}`;
    const taskQueue = `queue:${randomUUID()}`;
    const worker = (buildId: string) =>
      new VersionWorker(deployment(), taskQueue, { deploymentName, buildId }).start();
    const { engine } = deployment();
    const common = { namespace: NAMESPACE, deploymentName };
    return {
      deploymentName,
      taskQueue,
      v1: await worker('1'),
      v2: await worker('2'),
      unversioned: await new VersionWorker(deployment(), taskQueue).start(),
      setCurrent: async (buildId) => {
        await engine.setWorkerDeploymentCurrentVersion({ ...common, buildId });
      },
      ramp: async (buildId, percentage) => {
        await engine.setWorkerDeploymentRampingVersion({ ...common, buildId, percentage });
      },
      start: (workflowId) =>
        deployment().start({ taskQueue, ...(workflowId !== undefined && { workflowId }) }),
    };
  }

  it('tells an autoscaler how much waits for which version, without workers of it, too', async () => {
    const { deploymentName, taskQueue, v1, start, setCurrent } = await fleet();
    const { engine } = deployment();
    const waiting = async () => {
      const { workflow } = await engine.scaleTaskQueue(NAMESPACE, taskQueue);
      const loads = workflow.versions.map(({ buildId, backlog }) => [buildId, backlog] as const);
      expect(workflow.backlog).toBe(loads.reduce((sum, [, backlog]) => sum + backlog, 0));
      return loads.sort();
    };
    await start();
    await start();
    expect(await waiting()).toEqual([['', 2]]);
    await setCurrent('1');
    expect(await waiting()).toEqual([['1', 2]]);
    // It starts both.
    const pinned = await v1.workflowTask();
    await v1.complete(pinned, 'PINNED');
    await engine.signalWorkflow({
      namespace: NAMESPACE,
      workflowId: pinned.run.workflowId,
      signalName: 'go',
    });
    await setCurrent('2');
    await start();
    expect(await waiting()).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
    const { versions } = (await engine.scaleTaskQueue(NAMESPACE, taskQueue)).workflow;
    expect(versions[0]).toEqual({
      deploymentName,
      buildId: expect.any(String) as string,
      backlog: 1,
      pollers: 0,
      inFlight: 0,
      slots: 0,
    });
  });

  it('gives new executions to unversioned workers until a version is current, and to that from then on', async () => {
    const { v1, unversioned, start, setCurrent } = await fleet();
    const before = await start();
    expect(await v1.tryWorkflowTasks()).toEqual([]);
    const task = await unversioned.workflowTask();
    expect(task.run.runId).toBe(before.runId);
    await unversioned.complete(task, 'PINNED', [finish()]);
    expect((await before.describe()).versioning).toBeUndefined();

    await setCurrent('1');
    const after = await start();
    expect(await unversioned.tryWorkflowTasks()).toEqual([]);
    await v1.complete(await v1.workflowTask(), 'PINNED', [finish()]);
    const [, , , completed] = await after.closed();
    expect(completed?.attributes).toMatchObject({
      versioningBehavior: 'PINNED',
      workerVersion: { ...v1.version, useVersioning: true },
    });
    expect((await after.describe()).versioning).toEqual({ behavior: 'PINNED', version: v1.version });
  });

  it('takes over what waits when a version becomes current', async () => {
    const { v1, start, setCurrent } = await fleet();
    const run = await start();
    await setCurrent('1');
    const task = await v1.workflowTask();
    expect(task.run.runId).toBe(run.runId);
    await v1.complete(task, 'AUTO_UPGRADE', [finish()]);
  });

  it('keeps pinned executions on their version and moves others on', async () => {
    const { v1, v2, start, setCurrent } = await fleet();
    await setCurrent('1');
    const pinned = await start();
    await v1.complete(await v1.workflowTask(), 'PINNED', [activity('a')]);
    const moving = await start();
    await v1.complete(await v1.workflowTask(), 'AUTO_UPGRADE', [activity('a')]);
    await setCurrent('2');
    const described = await deployment().engine.describeTaskQueue(NAMESPACE, v1.taskQueue);
    expect(described.activity.backlog).toBe(2);

    // Activities: the pinned one's stays, the other's goes along.
    const [stayed, ...noMore] = await v1.tryActivityTasks();
    expect(noMore).toEqual([]);
    expect(stayed?.run.runId).toBe(pinned.runId);
    const [moved] = await v2.tryActivityTasks();
    expect(moved?.run.runId).toBe(moving.runId);
    for (const [task, worker] of [
      [stayed, v1],
      [moved, v2],
    ] as const) {
      if (task)
        await completeActivity(deployment().context, task, [payload(1)], { identity: worker.identity });
    }
    const [first, ...others] = await v1.tryWorkflowTasks();
    expect(others).toEqual([]);
    expect(first?.run.runId).toBe(pinned.runId);
    const second = await v2.workflowTask();
    expect(second.run.runId).toBe(moving.runId);
    if (first) await v1.complete(first, 'PINNED', [finish()]);
    await v2.complete(second, 'AUTO_UPGRADE', [finish()]);
    await Promise.all([pinned.closed(), moving.closed()]);
  });

  it('lets no worker take by an old routing what is no longer its own', async () => {
    const { v1, v2, start, setCurrent } = await fleet();
    await setCurrent('1');
    v1.insistsOn = ['current', 'ramping', 'unversioned'];
    await setCurrent('2');
    const run = await start();
    expect(await v1.tryWorkflowTasks()).toEqual([]);
    const task = await v2.workflowTask();
    await v2.complete(task, 'AUTO_UPGRADE', [activity('a')]);
    expect(await v1.tryActivityTasks()).toEqual([]);
    const [attempt] = await v2.tryActivityTasks();
    if (attempt) await completeActivity(deployment().context, attempt, [], { identity: 'v2' });
    await v2.complete(await v2.workflowTask(), 'AUTO_UPGRADE', [finish()]);
    await run.closed();
  });

  it('leaves the sticky queue when the current version changes', async () => {
    const { v1, v2, start, setCurrent } = await fleet();
    await setCurrent('1');
    const run = await start();
    const queue = await run.openSticky();
    await v1.complete(await v1.workflowTask(), 'AUTO_UPGRADE', [], { sticky: { queue, timeoutMs: 60_000 } });
    await setCurrent('2');
    await run.signal();
    const entries = await deployment().read(run.stickyStream(queue), v1.identity);
    const claimed = await startWorkflowTasks(
      deployment().context,
      {
        partition: run.partition,
        streamKey: run.stickyStream(queue),
        taskQueue: run.taskQueue,
        identity: v1.identity,
        sticky: true,
        version: v1.version,
      },
      entries.filter((entry) => entry.kind === 'workflowTask'),
    );
    expect(entries).toHaveLength(1);
    expect(claimed).toEqual([undefined]);
    await v2.complete(await v2.workflowTask(), 'AUTO_UPGRADE', [finish()]);
    await run.closed();
  });

  it('starts the next task of an unpinned execution on its worker only as long as that is current', async () => {
    const { v1, v2, start, setCurrent } = await fleet();
    await setCurrent('1');
    const run = await start();
    const queue = await run.openSticky();
    const sticky = { queue, timeoutMs: 60_000 };
    const outcome = await v1.complete(await v1.workflowTask(), 'AUTO_UPGRADE', [], {
      sticky,
      startNext: true,
      forceNext: true,
    });
    const next = outcome.kind === 'completed' ? outcome.next : undefined;
    if (!next) throw new Error('the current version does the next task at once');
    await setCurrent('2');
    const again = await v1.complete(next, 'AUTO_UPGRADE', [], { startNext: true, forceNext: true });
    expect(again).toEqual({ kind: 'completed', activities: [] });
    await v2.complete(await v2.workflowTask(), 'AUTO_UPGRADE', [finish()]);
    await run.closed();
  });

  it('gives a ramping version its share, by the workflow id, and all back when the ramp ends', async () => {
    const { deploymentName, v1, v2, start, setCurrent, ramp } = await fleet();
    await setCurrent('1');
    await ramp('2', 40);
    const routing = {
      current: v1.version,
      ramping: { version: { deploymentName, buildId: '2' }, percentage: 40 },
    };
    const runs = await Promise.all(
      Array.from({ length: 30 }, (_, i) => start(`ramp ${deploymentName} ${i}`)),
    );
    const expected = (buildId: string) =>
      runs
        .filter(({ workflowId }) => chooseTarget(routing, workflowId).version?.buildId === buildId)
        .map(({ workflowId }) => workflowId)
        .sort();
    expect(expected('2').length).toBeGreaterThan(0);
    const ramped = await v2.tryWorkflowTasks();
    const others = await v1.tryWorkflowTasks();
    expect(ramped.map(({ run }) => run.workflowId).sort()).toEqual(expected('2'));
    expect(others.map(({ run }) => run.workflowId).sort()).toEqual(expected('1'));
    for (const task of others) await v1.complete(task, 'AUTO_UPGRADE', [finish()]);
    for (const task of ramped) await v2.complete(task, 'AUTO_UPGRADE', []);

    const waiting = runs.filter(({ workflowId }) => expected('2').includes(workflowId));
    for (const run of waiting) await run.signal();
    await ramp('', 0);
    const back = await v1.tryWorkflowTasks();
    expect(back.map(({ run }) => run.workflowId).sort()).toEqual(expected('2'));
    for (const task of back) await v1.complete(task, 'AUTO_UPGRADE', [finish()]);
  });

  it('gives executions back to unversioned workers', async () => {
    const { v1, unversioned, start, setCurrent } = await fleet();
    await setCurrent('1');
    const run = await start();
    await v1.complete(await v1.workflowTask(), 'AUTO_UPGRADE', []);
    await run.signal();
    await setCurrent('');
    const task = await unversioned.workflowTask();
    expect(task.run.runId).toBe(run.runId);
    await unversioned.complete(task, 'PINNED', []);
    expect((await run.describe()).versioning?.behavior).toBeUndefined();
    await run.signal('again');
    await unversioned.complete(await unversioned.workflowTask(), 'PINNED', [finish()]);
    await run.closed();
  });

  it('pins at the start and later, moves, and lets go', async () => {
    const { deploymentName, v1, v2, setCurrent, taskQueue } = await fleet();
    const { engine } = deployment();
    await setCurrent('1');
    const version = { deploymentName, buildId: '2' };
    const pinned = await deployment().start({
      taskQueue,
      versioningOverride: { behavior: 'PINNED', version },
    });
    expect((await pinned.history())[0]?.attributes).toMatchObject({
      versioningOverride: { behavior: 'PINNED', version },
    });
    const task = await v2.workflowTask();
    expect(task.run.runId).toBe(pinned.runId);
    // What its worker declares does not count.
    await v2.complete(task, 'AUTO_UPGRADE', [activity('a')]);
    const described = await engine.describeWorkerDeploymentVersion(NAMESPACE, version);
    expect(described.pinnedExecutions).toBe(1);

    // The activity waits for a version that is left: it is found by the new one too.
    const to1 = { behavior: 'PINNED', version: { deploymentName, buildId: '1' } } as const;
    await engine.updateWorkflowOptions({ ...pinned.address, versioningOverride: to1 });
    expect((await pinned.describe()).versioning).toEqual({
      behavior: 'AUTO_UPGRADE',
      version,
      override: to1,
    });
    const [attempt] = await v1.tryActivityTasks();
    if (!attempt) throw new Error('the activity did not move');
    await completeActivity(deployment().context, attempt, [], { identity: 'v1' });
    expect(await v2.tryWorkflowTasks()).toEqual([]);
    await v1.complete(await v1.workflowTask(), 'AUTO_UPGRADE', []);

    // A workflow task that waits moves as well.
    await pinned.signal();
    await engine.updateWorkflowOptions({ ...pinned.address, versioningOverride: undefined });
    await setCurrent('2');
    expect(await v1.tryWorkflowTasks()).toEqual([]);
    await v2.complete(await v2.workflowTask(), 'AUTO_UPGRADE', [finish()]);
    expect((await pinned.story()).filter((type) => type === 'OptionsUpdated')).toHaveLength(2);
    expect((await engine.describeWorkerDeploymentVersion(NAMESPACE, version)).pinnedExecutions).toBe(0);
  });

  it('pins an execution whose workflow task is under way from the next one on', async () => {
    const { deploymentName, v1, v2, start, setCurrent } = await fleet();
    await setCurrent('1');
    const run = await start();
    const task = await v1.workflowTask();
    await deployment().engine.updateWorkflowOptions({
      ...run.address,
      versioningOverride: { behavior: 'PINNED', version: { deploymentName, buildId: '2' } },
    });
    const queue = await run.openSticky();
    const outcome = await v1.complete(task, 'PINNED', [], {
      sticky: { queue, timeoutMs: 60_000 },
      startNext: true,
    });
    expect(outcome).toEqual({ kind: 'completed', activities: [] });
    await v2.complete(await v2.workflowTask(), 'PINNED', [finish()]);
    await run.closed();
  });

  it('tells a version that is draining from one that is drained', async () => {
    const { deploymentName, v1, start, setCurrent } = await fleet();
    const { engine } = deployment();
    const status = async (): Promise<string> =>
      (await engine.describeWorkerDeploymentVersion(NAMESPACE, { deploymentName, buildId: '1' })).status;
    expect(await status()).toBe('INACTIVE');
    await setCurrent('1');
    expect(await status()).toBe('CURRENT');
    const run = await start();
    await v1.complete(await v1.workflowTask(), 'PINNED', []);
    await setCurrent('2');
    expect(await status()).toBe('DRAINING');
    await expect(
      engine.deleteWorkerDeploymentVersion(NAMESPACE, { deploymentName, buildId: '1' }),
    ).rejects.toThrow(WorkerDeploymentNotReadyError);
    await run.signal();
    await v1.complete(await v1.workflowTask(), 'PINNED', [finish()]);
    await waitUntil(async () => (await status()) === 'DRAINED', {
      what: 'the version to be drained',
      timeoutMs: 20_000,
    });
  });

  it('refuses what would leave tasks without workers, and names the field', async () => {
    const { deploymentName, taskQueue, setCurrent } = await fleet();
    const { engine } = deployment();
    const common = { namespace: NAMESPACE, deploymentName };
    const set = engine.setWorkerDeploymentCurrentVersion.bind(engine);
    await expect(set({ ...common, buildId: 'none' })).rejects.toMatchObject({
      name: 'WorkerDeploymentNotFoundError',
      field: 'buildId',
    });
    await expect(set({ ...common, deploymentName: 'none', buildId: '1' })).rejects.toMatchObject({
      name: 'WorkerDeploymentNotFoundError',
      field: 'deploymentName',
    });
    await expect(set({ ...common, deploymentName: '', buildId: '1' })).rejects.toThrow(InvalidArgumentError);
    await expect(
      engine.setWorkerDeploymentRampingVersion({ ...common, buildId: '1', percentage: 101 }),
    ).rejects.toMatchObject({ field: 'percentage' });
    await expect(
      deployment().start({
        taskQueue,
        versioningOverride: { behavior: 'PINNED', version: { deploymentName, buildId: 'none' } },
      }),
    ).rejects.toThrow(WorkerDeploymentNotFoundError);

    // A version that nobody polls for is taken when that is wanted, and then misses the queues of the current one.
    await expect(set({ ...common, buildId: '3', allowNoPollers: true })).resolves.toMatchObject({
      previousBuildId: '',
    });
    await setCurrent('1');
    await expect(set({ ...common, buildId: '3', allowNoPollers: true })).rejects.toMatchObject({
      name: 'WorkerDeploymentNotReadyError',
      field: 'buildId',
    });
    // Workers that poll, and versions that drain, change a deployment as well: then its token is asked for again.
    let conflictToken = '';
    await waitUntil(
      async () => {
        ({ conflictToken } = await engine.describeWorkerDeployment(NAMESPACE, deploymentName));
        await set({ ...common, buildId: '2', conflictToken });
        return true;
      },
      { what: 'the newest token to be taken' },
    );
    await expect(set({ ...common, buildId: '1', conflictToken })).rejects.toThrow(
      WorkerDeploymentConflictError,
    );
  });
});
