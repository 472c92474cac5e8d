import { LimitExceededError, LIMITS } from '@tidewheel/core';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import type { DeploymentRecord, VersionQueue, VersionRecord } from './deployment-records.js';
import type { DeploymentChanges } from './deployment-registry.js';
import { deploymentField, pollsQueue, versionField } from './deployment-view.js';
import type { DeploymentView } from './deployment-view.js';
import { checkVersion } from './override.js';

/**
 * Notes that workers of a version are about to poll task queues; the deployment and the version are made when they are
 * new. Whoever polls for a version does this before.
 *
 * @throws InvalidArgumentError, LimitExceededError
 */
export async function registerVersion(
  context: EngineContext,
  namespace: string,
  version: WorkerDeploymentVersion,
  queues: readonly VersionQueue[],
): Promise<void> {
  checkVersion(version);
  const isKnown = (view: DeploymentView): boolean => {
    const known = view.version(version);
    return known !== undefined && queues.every(({ taskQueue, kind }) => pollsQueue(known, taskQueue, kind));
  };
  if (isKnown(await context.deployments.fresh(namespace))) return;
  await context.deployments.change(namespace, (view, revision) =>
    isKnown(view) ? new Map() : additions(view, revision, version, queues),
  );
}

/** The fields of a version with these queues too, and of its deployment if it is new. */
export function additions(
  view: DeploymentView,
  revision: number,
  version: WorkerDeploymentVersion,
  queues: readonly VersionQueue[],
): DeploymentChanges {
  const { deploymentName, buildId } = version;
  const nowMs = Date.now();
  const changes = new Map<string, object>();
  if (!view.deployments.has(deploymentName)) {
    limit('deploymentsPerNamespace', view.deployments.size);
    const deployment: DeploymentRecord = {
      name: deploymentName,
      createdMs: nowMs,
      revision,
      currentBuildId: '',
      currentChangedMs: 0,
      rampingChangedMs: 0,
      percentageChangedMs: 0,
      lastModifierIdentity: '',
    };
    changes.set(deploymentField(deploymentName), deployment);
  }
  const known = view.version(version);
  if (!known) limit('versionsPerDeployment', view.versionsOf(deploymentName).length);
  const before = known?.queues ?? [];
  const added = queues.filter(({ taskQueue, kind }) => !pollsQueue(known, taskQueue, kind));
  limit('taskQueuesPerVersion', before.length + added.length - 1);
  const record: VersionRecord = {
    ...(known ?? { deploymentName, buildId, createdMs: nowMs }),
    queues: [...before, ...added],
  };
  return changes.set(versionField(version), record);
}

function limit(
  name: 'deploymentsPerNamespace' | 'versionsPerDeployment' | 'taskQueuesPerVersion',
  count: number,
): void {
  if (count < LIMITS[name]) return;
  throw new LimitExceededError(
    name,
    `there are ${count} already, the limit is ${LIMITS[name]}: delete some first`,
  );
}
