import { formatVersion } from '@tidewheel/routing';
import type { EngineContext } from '../engine-context.js';
import { statusOfVersion } from './deployment-records.js';
import type { DeploymentRecord, DeploymentVersionStatus, VersionRecord } from './deployment-records.js';
import { checkVersion } from './override.js';
import { conflictTokenOf, requireDeployment, requireVersion } from './routing-changes.js';

/** A version, and how it stands to its deployment. */
export interface VersionSummary extends VersionRecord {
  readonly status: DeploymentVersionStatus;
}

export interface WorkerDeploymentDescription {
  readonly deployment: DeploymentRecord;
  /** Newest first. */
  readonly versions: readonly VersionSummary[];
  /** For changes that are to be made only if nobody else has made one since. */
  readonly conflictToken: string;
}

export interface WorkerDeploymentVersionDescription extends VersionSummary {
  /** Running executions that are pinned to it. */
  readonly pinnedExecutions: number;
  readonly rampPercentage: number;
}

/** All deployments of a namespace by name, with their versions. @throws NamespaceNotFoundError */
export async function listWorkerDeployments(
  context: EngineContext,
  namespace: string,
): Promise<WorkerDeploymentDescription[]> {
  await context.namespaces.require(namespace);
  const view = await context.deployments.newest(namespace);
  return [...view.deployments.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((deployment) => ({
      deployment,
      versions: view.versionsOf(deployment.name).map(summary),
      conflictToken: conflictTokenOf(deployment),
    }));
}

/** @throws NamespaceNotFoundError, WorkerDeploymentNotFoundError, InvalidArgumentError */
export async function describeWorkerDeployment(
  context: EngineContext,
  namespace: string,
  deploymentName: string,
): Promise<WorkerDeploymentDescription> {
  await context.namespaces.require(namespace);
  const view = await context.deployments.newest(namespace);
  const deployment = requireDeployment(view, deploymentName);
  return {
    deployment,
    versions: view.versionsOf(deploymentName).map(summary),
    conflictToken: conflictTokenOf(deployment),
  };
}

/** @throws NamespaceNotFoundError, WorkerDeploymentNotFoundError, InvalidArgumentError */
export async function describeWorkerDeploymentVersion(
  context: EngineContext,
  namespace: string,
  version: { readonly deploymentName: string; readonly buildId: string },
): Promise<WorkerDeploymentVersionDescription> {
  checkVersion(version);
  await context.namespaces.require(namespace);
  const view = await context.deployments.newest(namespace);
  const { ramping } = requireDeployment(view, version.deploymentName);
  const record = requireVersion(view, version);
  return {
    ...summary(record),
    pinnedExecutions: await countPinned(context, namespace, record),
    rampPercentage: ramping?.buildId === version.buildId ? ramping.percentage : 0,
  };
}

/** How many running executions are pinned to a version, over all partitions. */
export async function countPinned(
  context: EngineContext,
  namespace: string,
  version: { readonly deploymentName: string; readonly buildId: string },
): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: context.keys.partitions }, (_, partition) =>
      context.redis.hget(context.keys.pinnedCounts(partition, namespace), formatVersion(version)),
    ),
  );
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0);
}

function summary(version: VersionRecord): VersionSummary {
  return { ...version, status: statusOfVersion(version) };
}
