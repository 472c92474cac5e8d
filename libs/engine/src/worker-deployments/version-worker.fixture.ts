import type { Command, VersioningBehavior, WorkerDeploymentVersion } from '@tidewheel/core';
import {
  completeWorkflowTask,
  registerVersion,
  startActivityTasks,
  startWorkflowTasks,
} from '@tidewheel/engine';
import type {
  ActivityTask,
  WorkflowTask,
  WorkflowTaskCompletion,
  WorkflowTaskCompletionOutcome,
} from '@tidewheel/engine';
import { pinnedRoute, sharedStreamName, streamsOfVersion } from '@tidewheel/routing';
import type { SharedStream } from '@tidewheel/routing';
import type { TaskKind } from '@tidewheel/store';
import { waitUntil } from '@tidewheel/testing';
import { NAMESPACE } from '../test-deployment.fixture.js';
import type { TestDeployment } from '../test-deployment.fixture.js';

/** A worker of one version, or an unversioned one, that polls when it is told to. */
export class VersionWorker {
  /** Streams that it goes on reading, though the routing does not say so: it has not heard of a change. */
  insistsOn: readonly SharedStream[] | undefined;

  constructor(
    readonly deployment: TestDeployment,
    readonly taskQueue: string,
    readonly version?: WorkerDeploymentVersion,
  ) {}

  get identity(): string {
    return this.version ? `worker ${this.version.buildId}` : 'unversioned worker';
  }

  /** Registers its version, and polls once, so that it is seen. */
  async start(kinds: readonly TaskKind[] = ['workflow', 'activity']): Promise<this> {
    const { context } = this.deployment;
    if (this.version) {
      const queues = kinds.map((kind) => ({ taskQueue: this.taskQueue, kind }));
      await registerVersion(context, NAMESPACE, this.version, queues);
    }
    for (const kind of kinds) {
      for (const { key } of await this.streams(kind)) {
        await this.deployment.read(key, this.identity);
        // Before Redis 7.2 one that has only tried to read is not stored.
        await context.redis.xgroup('CREATECONSUMER', key, 'workers', this.identity);
      }
    }
    return this;
  }

  /** Starts the workflow tasks that are there for it now. */
  async tryWorkflowTasks(): Promise<WorkflowTask[]> {
    const tasks: WorkflowTask[] = [];
    for (const { key, partition } of await this.streams('workflow')) {
      const entries = (await this.deployment.read(key, this.identity)).filter(
        (entry) => entry.kind === 'workflowTask',
      );
      if (entries.length === 0) continue;
      const { taskQueue, identity, version } = this;
      const source = { partition, streamKey: key, taskQueue, identity, sticky: false, version };
      tasks.push(...(await startWorkflowTasks(this.deployment.context, source, entries)).filter(isThere));
    }
    return tasks;
  }

  /** Waits for one workflow task. */
  async workflowTask(): Promise<WorkflowTask> {
    const [task] = await waitUntil(
      async () => {
        const tasks = await this.tryWorkflowTasks();
        return tasks.length > 0 ? tasks : undefined;
      },
      { what: `a workflow task for the ${this.identity}`, timeoutMs: 20_000 },
    );
    return task as WorkflowTask;
  }

  /** Starts the activity tasks that are there for it now. */
  async tryActivityTasks(): Promise<ActivityTask[]> {
    const tasks: ActivityTask[] = [];
    for (const { key, partition, isShared } of await this.streams('activity')) {
      const entries = (await this.deployment.read(key, this.identity)).filter(
        (entry) => entry.kind === 'activityTask',
      );
      if (entries.length === 0) continue;
      const { version, taskQueue } = this;
      const shared = version && isShared ? { version, taskQueue } : undefined;
      const source = { partition, streamKey: key, shared };
      tasks.push(...(await startActivityTasks(this.deployment.context, source, entries)).filter(isThere));
    }
    return tasks;
  }

  complete(
    task: WorkflowTask,
    behavior: VersioningBehavior,
    commands: readonly Command[] = [],
    options: Partial<WorkflowTaskCompletion> = {},
  ): Promise<WorkflowTaskCompletionOutcome> {
    const { version, identity } = this;
    return completeWorkflowTask(this.deployment.context, task, {
      commands,
      identity,
      ...(version && { versioning: { version, behavior } }),
      ...options,
    });
  }

  private async streams(
    kind: TaskKind,
  ): Promise<{ readonly key: string; readonly partition: number; readonly isShared: boolean }[]> {
    const { keys, deployments } = this.deployment.context;
    const { version, taskQueue } = this;
    const view = await deployments.newest(NAMESPACE);
    const shared = version
      ? (this.insistsOn ?? streamsOfVersion(view.routing(taskQueue, kind), version))
      : (['unversioned'] as const);
    const names = shared.map((stream) => ({ name: sharedStreamName(taskQueue, stream), isShared: true }));
    const own = version ? [{ name: pinnedRoute(taskQueue, version), isShared: false }] : [];
    return Array.from({ length: keys.partitions }, (_, partition) =>
      [...own, ...names].map(({ name, isShared }) => ({
        key: keys.taskStream(partition, kind, NAMESPACE, name),
        partition,
        isShared,
      })),
    ).flat();
  }
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
