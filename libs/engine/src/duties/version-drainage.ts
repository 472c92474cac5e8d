import { DEFAULTS } from '@tidewheel/core';
import { abandonedStreams, sharedStreamName } from '@tidewheel/routing';
import type { EngineContext } from '../engine-context.js';
import type { VersionRecord } from '../worker-deployments/deployment-records.js';
import { deploymentField, versionField } from '../worker-deployments/deployment-view.js';
import type { DeploymentView } from '../worker-deployments/deployment-view.js';
import { countPinned } from '../worker-deployments/describe-deployments.js';
import { moveQueue, moveToShared } from '../worker-deployments/move-tasks.js';
import type { Duty } from './duty.js';

/** How often it is looked whether a version is drained. */
const PERIOD_MS = 10_000;
/** How often namespaces without worker deployments are looked at. */
const IDLE_PERIOD_MS = 60_000;

/**
 * Notes which worker versions are drained, and moves tasks from streams that no worker version reads any more. Where there
 * are no worker deployments it costs one command a minute and namespace.
 */
export class VersionDrainage implements Duty {
  readonly name = 'drainage of worker versions';
  private readonly graceMs: number;

  constructor(
    private readonly context: EngineContext,
    graceMs: number = DEFAULTS.versionDrainageGraceMs,
  ) {
    this.graceMs = graceMs;
  }

  async turn(): Promise<number> {
    let found = false;
    for (const { name } of await this.context.namespaces.list()) {
      const view = await this.context.deployments.newest(name);
      if (view.deployments.size === 0) continue;
      found = true;
      await this.moveAbandoned(name, view);
      for (const version of view.versionsOf()) await this.look(name, version);
    }
    return found ? Math.min(PERIOD_MS, Math.max(100, this.graceMs)) : IDLE_PERIOD_MS;
  }

  /** Executions may be pinned to a drained version later, by an override: then it drains again. */
  private async look(namespace: string, version: VersionRecord): Promise<void> {
    const { drainage } = version;
    if (!drainage) return;
    const nowMs = Date.now();
    const pinned = await countPinned(this.context, namespace, version);
    const wasDrained = drainage.status === 'DRAINED';
    if (!wasDrained && nowMs - drainage.changedMs < this.graceMs) return;
    const isDrained = pinned === 0;
    if (isDrained) await moveToShared(this.context, namespace, version);
    if (isDrained === wasDrained) return;
    const status = isDrained ? 'DRAINED' : 'DRAINING';
    await this.context.deployments.change(namespace, (view, revision) => {
      const now = view.version(version);
      const deployment = view.deployments.get(version.deploymentName);
      if (!now?.drainage || !deployment || now.drainage.status === status) return new Map();
      return new Map<string, object>([
        [versionField(version), { ...now, drainage: { status, changedMs: nowMs, checkedMs: nowMs } }],
        [deploymentField(deployment.name), { ...deployment, revision }],
      ]);
    });
  }

  private async moveAbandoned(namespace: string, view: DeploymentView): Promise<void> {
    for (const { taskQueue, kind } of view.queues()) {
      for (const stream of abandonedStreams(view.routing(taskQueue, kind))) {
        const name = sharedStreamName(taskQueue, stream);
        const moved = await moveQueue(this.context, namespace, kind, name, taskQueue);
        if (moved > 0) {
          this.context.logger.info(
            { namespace, taskQueue, kind, stream, moved },
            'moved tasks to unversioned workers',
          );
        }
      }
    }
  }
}
