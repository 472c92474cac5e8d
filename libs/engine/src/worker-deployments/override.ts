import { deploymentPartFault, InvalidArgumentError, WorkerDeploymentNotFoundError } from '@tidewheel/core';
import type { VersioningOverride, WorkerDeploymentVersion } from '@tidewheel/core';
import { pinnedRoute, unpinnedRoute } from '@tidewheel/routing';
import type { EngineContext } from '../engine-context.js';
import type { DeploymentView } from './deployment-view.js';

/** @throws InvalidArgumentError naming the field, when a name or build id is none */
export function checkVersion(version: WorkerDeploymentVersion, path = ''): void {
  for (const field of ['deploymentName', 'buildId'] as const) {
    const fault = deploymentPartFault(version[field]);
    if (fault) throw new InvalidArgumentError(`${path}${field}`, fault);
  }
}

/** @throws InvalidArgumentError when an override is given and names no version properly */
export function checkOverride(override: VersioningOverride | undefined): void {
  if (override?.behavior === 'PINNED') checkVersion(override.version, 'versioningOverride.version.');
}

/** Where an override sends a run's tasks. */
export function routeOfOverride(taskQueue: string, override: VersioningOverride): string {
  return override.behavior === 'PINNED' ? pinnedRoute(taskQueue, override.version) : unpinnedRoute(taskQueue);
}

/**
 * The worker deployments, with the version that an override pins to.
 *
 * @throws WorkerDeploymentNotFoundError when there is no such version
 */
export async function requireOverrideVersion(
  context: EngineContext,
  namespace: string,
  override: VersioningOverride,
  known: DeploymentView,
): Promise<DeploymentView> {
  if (override.behavior !== 'PINNED' || known.version(override.version)) return known;
  const newest = await context.deployments.newest(namespace);
  if (newest.version(override.version)) return newest;
  const { deploymentName, buildId } = override.version;
  throw new WorkerDeploymentNotFoundError(
    'versioningOverride.version.buildId',
    `worker deployment "${deploymentName}" has no version "${buildId}"`,
  );
}
