import { InvalidArgumentError } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { activated, deactivated } from './deployment-records.js';
import type { DeploymentRecord, RampingRecord } from './deployment-records.js';
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

/** Gives a version a share of the executions. */
export interface SetRampingVersionRequest extends RoutingChangeRequest {
  /** '' with a percentage above 0 for unversioned workers; '' with 0 ends the ramp. */
  readonly buildId: string;
  /** 0 to 100. */
  readonly percentage: number;
}

export interface SetRampingVersionResponse {
  readonly conflictToken: string;
  /** Absent when there was no ramp. */
  readonly previous?: RampingRecord;
}

/**
 * Gives a version a share of the new executions, and of the unpinned ones: those whose workflow id's hash lies in it.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError, WorkerDeploymentNotFoundError, WorkerDeploymentConflictError,
 * WorkerDeploymentNotReadyError
 */
export async function setRampingVersion(
  context: EngineContext,
  request: SetRampingVersionRequest,
): Promise<SetRampingVersionResponse> {
  const { namespace, deploymentName, buildId, percentage } = request;
  checkRoutingChange(request, buildId);
  if (!(percentage >= 0 && percentage <= 100)) {
    throw new InvalidArgumentError('percentage', 'must be from 0 to 100');
  }
  await context.namespaces.require(namespace);
  if (buildId !== '') await requirePollers(context, request, { deploymentName, buildId });
  let previous: RampingRecord | undefined;
  const view = await context.deployments.change(namespace, (before, revision) => {
    previous = before.deployments.get(deploymentName)?.ramping;
    return changes(before, revision, request);
  });
  return {
    conflictToken: conflictTokenOf(requireDeployment(view, deploymentName)),
    ...(previous && { previous }),
  };
}

function changes(
  view: DeploymentView,
  revision: number,
  request: SetRampingVersionRequest,
): DeploymentChanges {
  const { deploymentName, buildId, percentage } = request;
  const nowMs = Date.now();
  const version = { deploymentName, buildId };
  const isNew = buildId !== '' && request.allowNoPollers && !view.version(version);
  const result = new Map(isNew ? additions(view, revision, version, []) : []);
  const deployment =
    isNew && !view.deployments.has(deploymentName)
      ? (result.get(deploymentField(deploymentName)) as DeploymentRecord)
      : requireDeployment(view, deploymentName, request.conflictToken);
  const before = deployment.ramping;
  const ramping = buildId === '' && percentage === 0 ? undefined : { buildId, percentage };
  if (before?.buildId === ramping?.buildId && before?.percentage === ramping?.percentage) return new Map();
  if (ramping && buildId === deployment.currentBuildId) {
    throw new InvalidArgumentError('buildId', 'is the current version: it has all that is not ramping');
  }
  const versionChanges = before?.buildId !== ramping?.buildId;
  if (buildId !== '') {
    const record = isNew ? { ...version, createdMs: nowMs, queues: [] } : requireVersion(view, version);
    if (!request.ignoreMissingTaskQueues) requireQueues(view, deployment, record);
    const since = versionChanges ? nowMs : (record.rampingSinceMs ?? nowMs);
    result.set(versionField(version), activated(record, 'ramping', nowMs, since));
  }
  const old = versionChanges && before && view.version({ deploymentName, buildId: before.buildId });
  if (old) result.set(versionField(old), deactivated(old, nowMs));
  const next: DeploymentRecord = {
    ...deployment,
    revision,
    ramping,
    ...(versionChanges && { rampingChangedMs: nowMs }),
    percentageChangedMs: nowMs,
    lastModifierIdentity: request.identity ?? '',
  };
  return result.set(deploymentField(deploymentName), next);
}
