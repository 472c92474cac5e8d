import {
  DEFAULTS,
  deploymentPartFault,
  InvalidArgumentError,
  WorkerDeploymentConflictError,
  WorkerDeploymentNotFoundError,
  WorkerDeploymentNotReadyError,
} from '@tidewheel/core';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { pinnedRoute } from '@tidewheel/routing';
import { pollersOf } from '../describe-task-queue.js';
import type { EngineContext } from '../engine-context.js';
import type { DeploymentRecord, VersionRecord } from './deployment-records.js';
import type { DeploymentView } from './deployment-view.js';
import { pollsQueue } from './deployment-view.js';

/** What every change of a deployment's routing says. */
export interface RoutingChangeRequest {
  readonly namespace: string;
  readonly deploymentName: string;
  /** From a description; refused when the deployment has changed since. Absent: whatever it is by now. */
  readonly conflictToken?: string | undefined;
  readonly identity?: string | undefined;
  /** Do it even if task queues that the current version polls are not polled by the new one. */
  readonly ignoreMissingTaskQueues?: boolean | undefined;
  /** Do it even if nobody polls for the version, or there is none yet. */
  readonly allowNoPollers?: boolean | undefined;
}

/** The conflict token of a deployment as it is. */
export function conflictTokenOf(deployment: DeploymentRecord): string {
  return Buffer.from(String(deployment.revision)).toString('base64');
}

/** @throws InvalidArgumentError naming the field, when the request is not sound */
export function checkRoutingChange(request: RoutingChangeRequest, buildId: string): void {
  const fault = deploymentPartFault(request.deploymentName);
  if (fault) throw new InvalidArgumentError('deploymentName', fault);
  const buildFault = buildId === '' ? undefined : deploymentPartFault(buildId);
  if (buildFault) throw new InvalidArgumentError('buildId', buildFault);
}

/** @throws WorkerDeploymentNotFoundError, WorkerDeploymentConflictError */
export function requireDeployment(
  view: DeploymentView,
  deploymentName: string,
  conflictToken?: string,
): DeploymentRecord {
  const deployment = view.deployments.get(deploymentName);
  if (!deployment) {
    throw new WorkerDeploymentNotFoundError(
      'deploymentName',
      `there is no worker deployment "${deploymentName}": start a worker with useWorkerVersioning`,
    );
  }
  if (conflictToken !== undefined && conflictToken !== '' && conflictToken !== conflictTokenOf(deployment)) {
    throw new WorkerDeploymentConflictError(deploymentName);
  }
  return deployment;
}

/** @throws WorkerDeploymentNotFoundError */
export function requireVersion(view: DeploymentView, version: WorkerDeploymentVersion): VersionRecord {
  const record = view.version(version);
  if (record) return record;
  throw new WorkerDeploymentNotFoundError(
    'buildId',
    `worker deployment "${version.deploymentName}" has no version "${version.buildId}"`,
  );
}

/** Whether anybody has polled for a version in the last seconds. */
export async function hasPollers(
  context: EngineContext,
  namespace: string,
  version: VersionRecord,
): Promise<boolean> {
  const nowMs = Date.now();
  for (const { taskQueue, kind } of version.queues) {
    const name = pinnedRoute(taskQueue, version);
    for (let partition = 0; partition < context.keys.partitions; partition++) {
      const pollers = await pollersOf(
        context,
        context.keys.taskStream(partition, kind, namespace, name),
        nowMs,
      );
      if (pollers.some(({ lastAccessTimeMs }) => nowMs - lastAccessTimeMs <= DEFAULTS.queryPollerMs))
        return true;
    }
  }
  return false;
}

/** @throws WorkerDeploymentNotReadyError when nobody polls for the version */
export async function requirePollers(
  context: EngineContext,
  request: RoutingChangeRequest,
  version: WorkerDeploymentVersion,
): Promise<void> {
  if (request.allowNoPollers) return;
  const view = await context.deployments.newest(request.namespace);
  requireDeployment(view, request.deploymentName);
  const record = requireVersion(view, version);
  if (await hasPollers(context, request.namespace, record)) return;
  throw new WorkerDeploymentNotReadyError(
    'buildId',
    `no worker polls for version "${version.buildId}": start one, or set allowNoPollers`,
  );
}

/** @throws WorkerDeploymentNotReadyError when the current version polls queues that the new one does not */
export function requireQueues(
  view: DeploymentView,
  deployment: DeploymentRecord,
  version: VersionRecord,
): void {
  const { name, currentBuildId } = deployment;
  const current = view.version({ deploymentName: name, buildId: currentBuildId });
  const missing = (current?.queues ?? []).filter(({ taskQueue, kind }) => {
    // A queue that has gone over to another deployment misses nothing.
    const served = view.routing(taskQueue, kind).current;
    return served?.deploymentName === name && !pollsQueue(version, taskQueue, kind);
  });
  if (missing.length === 0) return;
  const names = missing.map(({ taskQueue, kind }) => `"${taskQueue}" (${kind})`).join(', ');
  throw new WorkerDeploymentNotReadyError(
    'buildId',
    `version "${version.buildId}" does not poll ${names} of the current version: start workers, or set ignoreMissingTaskQueues`,
  );
}
