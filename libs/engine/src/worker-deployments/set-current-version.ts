import type { EngineContext } from '../engine-context.js';
import { activated, deactivated } from './deployment-records.js';
import type { DeploymentRecord } from './deployment-records.js';
import type { DeploymentChanges } from './deployment-registry.js';
import { deploymentField, versionField } from './deployment-view.js';
import type { DeploymentView } from './deployment-view.js';
import { additions } from './register-version.js';
import {
  checkRoutingChange,
  conflictTokenOf,
  requireDeployment,
  requirePollers,
  requireQueues,
  requireVersion,
} from './routing-changes.js';
import type { RoutingChangeRequest } from './routing-changes.js';

/** Lets new executions, and unpinned ones with their next workflow task, be done by a version. */
export interface SetCurrentVersionRequest extends RoutingChangeRequest {
  /** '' for unversioned workers. */
  readonly buildId: string;
}

export interface SetCurrentVersionResponse {
  readonly conflictToken: string;
  /** '' for unversioned workers. */
  readonly previousBuildId: string;
}

/**
 * Makes a version the current one of its deployment. When it answers, no unpinned task is started by another any more.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError, WorkerDeploymentNotFoundError, WorkerDeploymentConflictError,
 * WorkerDeploymentNotReadyError
 */
export async function setCurrentVersion(
  context: EngineContext,
  request: SetCurrentVersionRequest,
): Promise<SetCurrentVersionResponse> {
  const { namespace, deploymentName, buildId } = request;
  checkRoutingChange(request, buildId);
  await context.namespaces.require(namespace);
  if (buildId !== '') await requirePollers(context, request, { deploymentName, buildId });
  let previousBuildId = '';
  const view = await context.deployments.change(namespace, (before, revision) => {
    previousBuildId = before.deployments.get(deploymentName)?.currentBuildId ?? '';
    return changes(before, revision, request);
  });
  return {
    conflictToken: conflictTokenOf(requireDeployment(view, deploymentName)),
    previousBuildId,
  };
}

function changes(
  view: DeploymentView,
  revision: number,
  request: SetCurrentVersionRequest,
): DeploymentChanges {
  const { deploymentName, buildId } = request;
  const nowMs = Date.now();
  const version = { deploymentName, buildId };
  const isNew = buildId !== '' && request.allowNoPollers && !view.version(version);
  const result = new Map(isNew ? additions(view, revision, version, []) : []);
  const deployment =
    isNew && !view.deployments.has(deploymentName)
      ? (result.get(deploymentField(deploymentName)) as DeploymentRecord)
      : requireDeployment(view, deploymentName, request.conflictToken);
  const { currentBuildId, ramping } = deployment;
  if (currentBuildId === buildId) return new Map();
  if (buildId !== '') {
    const record = isNew ? { ...version, createdMs: nowMs, queues: [] } : requireVersion(view, version);
    if (!request.ignoreMissingTaskQueues) requireQueues(view, deployment, record);
    result.set(versionField(version), activated(record, 'current', nowMs));
  }
  const old = view.version({ deploymentName, buildId: currentBuildId });
  if (old) result.set(versionField(old), deactivated(old, nowMs));
  const rampEnds = ramping?.buildId === buildId;
  const next: DeploymentRecord = {
    ...deployment,
    revision,
    currentBuildId: buildId,
    currentChangedMs: nowMs,
    lastModifierIdentity: request.identity ?? '',
    ...(rampEnds && { ramping: undefined, rampingChangedMs: nowMs, percentageChangedMs: nowMs }),
  };
  return result.set(deploymentField(deploymentName), next);
}
