import {
  UnavailableError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@tidewheel/core';
import { partitionOf } from '@tidewheel/routing';
import type { ScriptRunner } from '@tidewheel/store';
import { createSeededRandom, seedFromEnv, waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineContext } from './engine-context.js';
import { signalWithStart } from './signal-with-start.js';
import { startWorkflow } from './start-workflow.js';
import { activity, finish, NAMESPACE, TestDeployment, TestRun, timer } from './test-deployment.fixture.js';
import { completeActivity } from './index.js';

const LEASE_MS = 1_000;
const NOTICE_MS = 2 * LEASE_MS;

/** A workflow id that is at home in the only partition of one, and in another of four. */
function movingId(): string {
  for (;;) {
    const workflowId = `order ${randomUUID()}`;
    if (partitionOf(NAMESPACE, workflowId, 4) !== 0) return workflowId;
  }
}

describe('a deployment that grows from one partition to four', () => {
  let before: TestDeployment;
  let after: TestDeployment | undefined;

  beforeEach(async () => {
    before = await TestDeployment.start(1, { placementLeaseMs: LEASE_MS });
  });

  afterEach(async () => {
    await after?.engine.close();
    after = undefined;
    await before.stop();
  });

  /** Announces the growth, and starts what stands for a process that was restarted since. */
  async function announce(): Promise<TestDeployment> {
    await before.engine.growPartitions({ partitions: 4, delayMs: NOTICE_MS });
    after = await before.seenAnew({ placementLeaseMs: LEASE_MS });
    return after;
  }

  /** Until Redis' clock says that the new partitions are used. */
  async function grown({ context }: TestDeployment): Promise<void> {
    const fromMs = context.placement.sizes.at(-1)?.fromMs ?? NaN;
    await waitUntil(
      async () => {
        const [seconds] = (await context.redis.time()) as unknown as [string, string];
        return Number(seconds) * 1_000 > fromMs;
      },
      { what: 'the time of the growth' },
    );
  }

  /** The partitions in which something is kept under a workflow id. */
  async function homesOf({ context }: TestDeployment, workflowId: string): Promise<number[]> {
    const kept = await Promise.all(
      [0, 1, 2, 3].map((partition) =>
        context.redis.exists(context.keys.executionAt(partition, NAMESPACE, workflowId).execution),
      ),
    );
    return [0, 1, 2, 3].filter((partition) => kept[partition] === 1);
  }

  it('spreads new executions, and leaves in its place whatever was there', async () => {
    const running = await before.start({ workflowId: movingId() });
    const closing = await before.start({ workflowId: movingId(), taskQueue: 'closing' });
    await closing.decide([finish('first')]);

    const deployment = await announce();
    const early = await deployment.start({ workflowId: movingId() });
    expect(await homesOf(deployment, early.workflowId)).toEqual([0]);
    await grown(deployment);

    const late = await deployment.start({ workflowId: movingId() });
    expect(await homesOf(deployment, late.workflowId)).toEqual([partitionOf(NAMESPACE, late.workflowId, 4)]);
    await late.decide([finish()]);
    expect(await late.closed()).toHaveLength(5);

    await expect(deployment.start({ workflowId: running.workflowId })).rejects.toThrow(
      WorkflowExecutionAlreadyStartedError,
    );
    const again = await deployment.start({ workflowId: closing.workflowId });
    expect(await homesOf(deployment, closing.workflowId)).toEqual([0]);
    const first = await deployment.engine.getResult({ ...closing.address, waitMs: 0 });
    expect(first).toMatchObject({ runId: closing.runId, status: 'COMPLETED' });

    const { executions } = await deployment.engine.listWorkflows({ namespace: NAMESPACE, pageSize: 100 });
    expect(executions.map(({ execution }) => execution.runId).sort()).toEqual(
      [running, closing, early, late, again].map(({ runId }) => runId).sort(),
    );
    const nobody = { namespace: NAMESPACE, workflowId: movingId() };
    await expect(deployment.engine.describeWorkflow(nobody)).rejects.toThrow(WorkflowNotFoundError);
  });

  it('goes on with an execution in its former partition to its end: activities, timers, signals, queries, deletion', async () => {
    const old = await before.start({ workflowId: movingId() });
    const deployment = await announce();
    await grown(deployment);
    await before.engine.stopDuties();

    const run = new TestRun(deployment, NAMESPACE, old.workflowId, old.runId, old.taskQueue, 0);
    await run.decide([activity('a'), timer('t', 50)]);
    await completeActivity(deployment.context, await run.activityTask(), [], { identity: 'w' });
    await run.eventOf('TimerFired');
    await run.signal();
    expect(await run.describe()).toMatchObject({ status: 'RUNNING' });
    await run.decide([finish()]);
    expect(await run.closed()).not.toHaveLength(0);

    await deployment.engine.deleteWorkflow(run.address);
    expect(await homesOf(deployment, run.workflowId)).toEqual([]);
    const next = await deployment.start({ workflowId: run.workflowId });
    expect(await homesOf(deployment, next.workflowId)).toEqual([partitionOf(NAMESPACE, next.workflowId, 4)]);
  });

  it('is refused by processes that were not restarted, from its time on', async () => {
    const deployment = await announce();
    const request = { namespace: NAMESPACE, workflowType: 'order', taskQueue: 'q' };
    await before.engine.startWorkflow({ ...request, workflowId: movingId() });
    await grown(deployment);
    await expect(before.engine.startWorkflow({ ...request, workflowId: movingId() })).rejects.toThrow(
      UnavailableError,
    );
    await expect(before.engine.describeWorkflow({ ...request, workflowId: 'any' })).rejects.toThrow(
      /grown to 4 partitions.*restart/,
    );
    await expect(before.engine.listWorkflows({ namespace: NAMESPACE })).rejects.toThrow(UnavailableError);
    await expect(before.engine.countWorkflows({ namespace: NAMESPACE })).rejects.toThrow(UnavailableError);
    const { checks } = await before.engine.health();
    expect(checks).toContainEqual(expect.objectContaining({ name: 'partitions', ok: false }));
  });

  it('cannot be announced twice, at short notice, or as less', async () => {
    const grow = (partitions: number, delayMs = NOTICE_MS): Promise<unknown> =>
      before.engine.growPartitions({ partitions, delayMs });
    for (const partitions of [0, -1, 1.5, NaN, 1_025])
      await expect(grow(partitions)).rejects.toThrow(/partitions/);
    await expect(grow(4, NOTICE_MS - 1)).rejects.toThrow(/delay/);
    await expect(grow(1)).rejects.toThrow(/cannot shrink/);
    expect(await grow(4)).toMatchObject([{ partitions: 1, fromMs: 0 }, { partitions: 4 }]);
    // A repeated call finds its own work.
    expect(await grow(4)).toHaveLength(2);
    await expect(grow(8)).rejects.toThrow(/about to grow/);
  });

  it('starts every workflow id once, however slow the processes are that start it meanwhile', async () => {
    const seed = seedFromEnv();
    const random = createSeededRandom(seed);
    const ids = Array.from({ length: 60 }, () => movingId());
    const deployment = await announce();
    const endMs = Date.now() + NOTICE_MS + LEASE_MS;
    const acknowledged: { readonly workflowId: string; readonly runId: string }[] = [];
    let refused = 0;

    /** Starts and signals at random; between the choice of the home and the start lies any time up to two leases. */
    const act = async ({ context }: TestDeployment): Promise<void> => {
      const run: ScriptRunner = async (script, args) => {
        // Most are quick; some sleep longer than they may believe what they know.
        if (script.name === 'startExecution') {
          await sleep(random.int(0, random.chance(0.2) ? 2 * LEASE_MS : 50));
        }
        return context.run(script, args);
      };
      const slow: EngineContext = { ...context, run };
      while (Date.now() < endMs) {
        const workflowId = random.pick(ids);
        const request = { namespace: NAMESPACE, workflowId, workflowType: 'order', taskQueue: 'q' };
        try {
          const { runId, started } = random.chance(0.7)
            ? await startWorkflow(slow, request)
            : await signalWithStart(slow, { ...request, signalName: 'go' });
          if (started) acknowledged.push({ workflowId, runId });
        } catch (error) {
          if (error instanceof WorkflowExecutionAlreadyStartedError) await sleep(random.int(0, 50));
          else if (error instanceof UnavailableError) refused++;
          else throw error;
          await sleep(10);
        }
      }
    };
    await Promise.all([before, before, before, deployment, deployment, deployment].map(act));
    // Whatever nobody got to start.
    for (const workflowId of ids) {
      await deployment.start({ workflowId }).then(
        ({ runId }) => acknowledged.push({ workflowId, runId }),
        (error: unknown) => expect(error).toBeInstanceOf(WorkflowExecutionAlreadyStartedError),
      );
    }

    const homes = await Promise.all(ids.map((workflowId) => homesOf(deployment, workflowId)));
    const seen = `seed ${seed}: ${JSON.stringify(homes)}, ${acknowledged.length} started, ${refused} refused`;
    console.info(seen);
    expect(homes.every((home) => home.length === 1)).toBe(true);
    expect(acknowledged.map(({ workflowId }) => workflowId).sort()).toEqual([...ids].sort());
    for (const { workflowId, runId } of acknowledged) {
      expect(await deployment.engine.describeWorkflow({ namespace: NAMESPACE, workflowId })).toMatchObject({
        execution: { runId },
      });
    }
  });
});
