import { WorkerDeploymentNotReadyError } from '@tidewheel/core';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { statusOfVersion } from './deployment-records.js';
import { deploymentField, versionField } from './deployment-view.js';
import { countPinned } from './describe-deployments.js';
import { moveToShared } from './move-tasks.js';
import { checkVersion } from './override.js';
import { hasPollers, requireDeployment, requireVersion } from './routing-changes.js';

/**
 * Forgets a version that does nothing any more.
 *
 * @param options `skipDrainage`: even if executions are still pinned to it; their tasks then wait for ever
 * @throws WorkerDeploymentNotFoundError, WorkerDeploymentNotReadyError when it is current, ramping, draining or polled for
 */
export async function deleteWorkerDeploymentVersion(
  context: EngineContext,
  namespace: string,
  version: WorkerDeploymentVersion,
  options: { readonly skipDrainage?: boolean } = {},
): Promise<void> {
  checkVersion(version);
  await context.namespaces.require(namespace);
  const view = await context.deployments.newest(namespace);
  const record = requireVersion(view, version);
  const status = statusOfVersion(record);
  const refuse = (reason: string): never => {
    throw new WorkerDeploymentNotReadyError('buildId', reason);
  };
  if (status === 'CURRENT' || status === 'RAMPING') refuse(`the version is ${status.toLowerCase()}`);
  if (await hasPollers(context, namespace, record)) refuse('workers of the version still poll');
  if (!options.skipDrainage) {
    if (status === 'DRAINING') refuse('the version is still draining: wait, or set skipDrainage');
    const pinned = await countPinned(context, namespace, record);
    if (pinned > 0) refuse(`${pinned} running executions are pinned to it`);
  }
  await moveToShared(context, namespace, record);
  await context.deployments.change(namespace, (newest) => {
    const now = requireVersion(newest, version);
    const changed = statusOfVersion(now);
    if (changed === 'CURRENT' || changed === 'RAMPING') refuse(`the version is ${changed.toLowerCase()}`);
    return new Map([[versionField(version), undefined]]);
  });
}

/**
 * Forgets a deployment that has no versions.
 *
 * @throws WorkerDeploymentNotFoundError, WorkerDeploymentNotReadyError
 */
export async function deleteWorkerDeployment(
  context: EngineContext,
  namespace: string,
  deploymentName: string,
): Promise<void> {
  await context.namespaces.require(namespace);
  await context.deployments.change(namespace, (view) => {
    requireDeployment(view, deploymentName);
    const count = view.versionsOf(deploymentName).length;
    if (count > 0) {
      throw new WorkerDeploymentNotReadyError(
        'deploymentName',
        `it still has ${count} versions: delete them first`,
      );
    }
    return new Map([[deploymentField(deploymentName), undefined]]);
  });
}
