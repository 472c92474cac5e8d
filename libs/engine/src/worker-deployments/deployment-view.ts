import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { formatVersion, pinnedRoute, sharedStreamName } from '@tidewheel/routing';
import type { QueueRouting, Ramp } from '@tidewheel/routing';
import type { TaskKind } from '@tidewheel/store';
import type { DeploymentRecord, VersionQueue, VersionRecord } from './deployment-records.js';

/** Fields of the stored hash, by what they hold. */
const DEPLOYMENT_PREFIX = 'D';
const VERSION_PREFIX = 'V';

/** The field that a deployment is stored in. */
export function deploymentField(name: string): string {
  return DEPLOYMENT_PREFIX + name;
}

/** The field that a version is stored in. */
export function versionField(version: WorkerDeploymentVersion): string {
  return VERSION_PREFIX + formatVersion(version);
}

interface Timed<T> {
  readonly value: T;
  readonly changedMs: number;
}

/** The worker deployments of a namespace as they were at one revision, and what follows from them. */
export class DeploymentView {
  /** What there is before anything was read, or where there is nothing. */
  static readonly EMPTY = new DeploymentView(0, '', new Map(), new Map());

  private readonly routings = new Map<string, QueueRouting>();

  private constructor(
    /** Grows with every change; 0 where there never was a deployment. */
    readonly revision: number,
    /** Names the change that made it. */
    readonly changeId: string,
    readonly deployments: ReadonlyMap<string, DeploymentRecord>,
    private readonly versions: ReadonlyMap<string, VersionRecord>,
  ) {}

  /** Reads all fields of the stored hash. */
  static parse(fields: Readonly<Record<string, string>>): DeploymentView {
    const deployments = new Map<string, DeploymentRecord>();
    const versions = new Map<string, VersionRecord>();
    for (const [field, text] of Object.entries(fields)) {
      const key = field.slice(1);
      if (field.startsWith(DEPLOYMENT_PREFIX)) deployments.set(key, JSON.parse(text) as DeploymentRecord);
      if (field.startsWith(VERSION_PREFIX)) versions.set(key, JSON.parse(text) as VersionRecord);
    }
    return new DeploymentView(Number(fields['rev'] ?? 0), fields['by'] ?? '', deployments, versions);
  }

  version(version: WorkerDeploymentVersion): VersionRecord | undefined {
    return this.versions.get(formatVersion(version));
  }

  /** Versions of one deployment or of all, newest first. */
  versionsOf(deploymentName?: string): VersionRecord[] {
    return [...this.versions.values()]
      .filter((version) => deploymentName === undefined || version.deploymentName === deploymentName)
      .sort((a, b) => b.createdMs - a.createdMs);
  }

  /** Whether workers of a version have polled a queue for tasks of a kind. */
  polls(version: WorkerDeploymentVersion, taskQueue: string, kind: TaskKind): boolean {
    return pollsQueue(this.version(version), taskQueue, kind);
  }

  /** All queues that workers of any version have polled, each once. */
  queues(): VersionQueue[] {
    const all = [...this.versions.values()].flatMap(({ queues }) => queues);
    return [...new Map(all.map((queue) => [`${queue.kind} ${queue.taskQueue}`, queue])).values()];
  }

  /** The names of all streams that tasks of a queue may stand on. */
  streamNames(taskQueue: string, kind: TaskKind): string[] {
    const versions = [...this.versions.values()].filter((version) => pollsQueue(version, taskQueue, kind));
    if (versions.length === 0) return [taskQueue];
    return [
      ...(['unversioned', 'current', 'ramping'] as const).map((stream) =>
        sharedStreamName(taskQueue, stream),
      ),
      ...versions.map((version) => pinnedRoute(taskQueue, version)),
    ];
  }

  /** Who does the unpinned tasks of a queue. Of several deployments that poll it, the one that changed last decides. */
  routing(taskQueue: string, kind: TaskKind): QueueRouting {
    const key = `${kind} ${taskQueue}`;
    let routing = this.routings.get(key);
    if (!routing) this.routings.set(key, (routing = this.decideRouting(taskQueue, kind)));
    return routing;
  }

  private decideRouting(taskQueue: string, kind: TaskKind): QueueRouting {
    let current: Timed<WorkerDeploymentVersion> | undefined;
    let ramping: Timed<Ramp> | undefined;
    for (const deployment of this.deployments.values()) {
      const { currentBuildId, ramping: ramp } = deployment;
      const isPolledBy = (buildId: string): boolean =>
        buildId !== '' && this.polls({ deploymentName: deployment.name, buildId }, taskQueue, kind);
      if (isPolledBy(currentBuildId) && !(current && current.changedMs > deployment.currentChangedMs)) {
        const value = { deploymentName: deployment.name, buildId: currentBuildId };
        current = { value, changedMs: deployment.currentChangedMs };
      }
      if (!ramp || !isPolledBy(ramp.buildId === '' ? currentBuildId : ramp.buildId)) continue;
      if (ramping && ramping.changedMs > deployment.rampingChangedMs) continue;
      const version =
        ramp.buildId === '' ? undefined : { deploymentName: deployment.name, buildId: ramp.buildId };
      ramping = {
        value: { version, percentage: ramp.percentage },
        changedMs: deployment.rampingChangedMs,
      };
    }
    return { current: current?.value, ramping: ramping?.value };
  }
}

/** Whether a version polls a queue for tasks of a kind. */
export function pollsQueue(
  version: Pick<VersionRecord, 'queues'> | undefined,
  taskQueue: string,
  kind: TaskKind,
): boolean {
  return version?.queues.some((queue) => queue.taskQueue === taskQueue && queue.kind === kind) ?? false;
}
