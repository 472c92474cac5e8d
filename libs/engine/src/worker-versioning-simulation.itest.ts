import { WorkerDeploymentNotReadyError } from '@tidewheel/core';
import type { VersioningBehavior, WorkerDeploymentVersion } from '@tidewheel/core';
import type { WorkflowTask } from '@tidewheel/engine';
import { chooseTarget } from '@tidewheel/routing';
import type { QueueRouting, SharedStream } from '@tidewheel/routing';
import { createSeededRandom, seedFromEnv, waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { describeEngine, finish, NAMESPACE } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';
import { VersionWorker } from './worker-deployments/version-worker.fixture.js';

const STEPS = 120;
const BUILDS = ['1', '2', '3'] as const;
const TASKS_PER_RUN = 3;
const WORKFLOW_TASK_TIMEOUT_MS = 1_000;

/** What the test knows of a run: the version that it is pinned to, and how many tasks it has completed. */
interface Known {
  readonly run: TestRun;
  pinnedTo: string | undefined;
  completed: number;
}

describeEngine('worker versions under random changes', (deployment) => {
  it('lets no execution get stuck, and none be handled by a version that it is not for', async () => {
    const seed = seedFromEnv();
    const random = createSeededRandom(seed);
    const deploymentName = `deployment ${randomUUID()}`;
    const taskQueue = `queue:${randomUUID()}`;
    const { engine, context } = deployment();
    const workers = await Promise.all(
      BUILDS.map((buildId) =>
        new VersionWorker(deployment(), taskQueue, { deploymentName, buildId }).start(['workflow']),
      ),
    );
    const runs = new Map<string, Known>();
    const common = { namespace: NAMESPACE, deploymentName };

    const routing = async (): Promise<QueueRouting> =>
      (await context.deployments.newest(NAMESPACE)).routing(taskQueue, 'workflow');

    /** Changes what is current or ramping, and gives what held before and holds now. */
    async function change(): Promise<void> {
      const buildId = random.pick(BUILDS);
      const percentage = random.int(0, 100);
      const ramp = random.chance(0.3) ? { buildId: '', percentage: 0 } : { buildId, percentage };
      await (
        random.chance(0.5)
          ? engine.setWorkerDeploymentCurrentVersion({ ...common, buildId })
          : engine.setWorkerDeploymentRampingVersion({ ...common, ...ramp })
      ).catch((error: unknown) => {
        // On a slow machine the last poll of its workers may be long ago.
        if (error instanceof WorkerDeploymentNotReadyError) return;
        // What is current does not ramp.
        expect(error).toMatchObject({ name: 'InvalidArgumentError', field: 'buildId' });
      });
    }

    /** Which versions may start a task, by what was current or ramping at some time while it was started. */
    function check(
      task: WorkflowTask,
      version: WorkerDeploymentVersion,
      held: readonly QueueRouting[],
    ): void {
      const known = runs.get(task.run.workflowId);
      const allowed = known?.pinnedTo
        ? [known.pinnedTo]
        : held.map((one) => chooseTarget(one, task.run.workflowId).version?.buildId);
      expect(allowed).toContain(version.buildId);
    }

    async function handle(task: WorkflowTask, worker: VersionWorker): Promise<void> {
      const known = runs.get(task.run.workflowId);
      // The worker dies: the task times out, and goes where it belongs by then.
      if (!known || random.chance(0.15)) return;
      const ends = known.completed + 1 >= TASKS_PER_RUN;
      const behavior: VersioningBehavior = random.chance(0.5) ? 'PINNED' : 'AUTO_UPGRADE';
      const outcome = await worker.complete(task, behavior, ends ? [finish()] : []);
      if (outcome.kind !== 'completed') return;
      known.completed++;
      known.pinnedTo = behavior === 'PINNED' ? worker.version?.buildId : undefined;
      if (!ends) await known.run.signal();
    }

    /** A worker polls, perhaps by what held long ago, perhaps while it changes. */
    async function poll(worker: VersionWorker, changes: boolean): Promise<void> {
      const everywhere: readonly SharedStream[] = ['current', 'ramping', 'unversioned'];
      worker.insistsOn = random.chance(0.3) ? everywhere : undefined;
      const before = await routing();
      const [tasks] = await Promise.all([worker.tryWorkflowTasks(), changes ? change() : undefined]);
      worker.insistsOn = undefined;
      const held = [before, await routing()];
      for (const task of tasks) {
        check(task, worker.version as WorkerDeploymentVersion, held);
        await handle(task, worker);
      }
    }

    await engine.setWorkerDeploymentCurrentVersion({ ...common, buildId: '1' });
    for (let step = 0; step < STEPS; step++) {
      const roll = random.next();
      if (roll < 0.35) {
        const run = await deployment().start({
          taskQueue,
          workflowId: `simulated ${deploymentName} ${step}`,
          workflowTaskTimeoutMs: WORKFLOW_TASK_TIMEOUT_MS,
        });
        runs.set(run.workflowId, { run, pinnedTo: undefined, completed: 0 });
      } else if (roll < 0.5) await change();
      else await poll(random.pick(workers), random.chance(0.2));
    }

    // From now on all goes well, and every execution ends.
    await waitUntil(
      async () => {
        for (const worker of workers) await poll(worker, false);
        return [...runs.values()].every(({ completed }) => completed >= TASKS_PER_RUN) || undefined;
      },
      { what: `all executions to end (TIDEWHEEL_SEED=${seed})`, timeoutMs: 60_000 },
    );
    for (const { run } of runs.values()) await run.closed();
    for (const buildId of BUILDS) {
      const version = await engine.describeWorkerDeploymentVersion(NAMESPACE, { deploymentName, buildId });
      expect(version.pinnedExecutions).toBe(0);
    }
  }, 120_000);
});
