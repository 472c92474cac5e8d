import type { WorkerVersion } from '@tidewheel/core';
import type { P, RequestOf } from '../proto.js';
import { api } from '../proto.js';

const VERSIONED = api.enums.v1.WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;

type Said = Pick<
  RequestOf<'RespondWorkflowTaskCompleted'>,
  'deploymentOptions' | 'workerVersionStamp' | 'binaryChecksum'
>;

/** Which build completed a workflow task; undefined when it does not say. */
export function workerVersionFromProto({
  deploymentOptions,
  workerVersionStamp,
  binaryChecksum,
}: Said): WorkerVersion | undefined {
  // Workers name their build as a checksum to a server that does not claim to know of builds.
  const buildId = deploymentOptions?.buildId || workerVersionStamp?.buildId || binaryChecksum;
  const deploymentName = deploymentOptions?.deploymentName;
  const useVersioning =
    workerVersionStamp?.useVersioning === true || deploymentOptions?.workerVersioningMode === VERSIONED;
  const version: WorkerVersion = {
    ...(buildId && { buildId }),
    ...(useVersioning && { useVersioning }),
    ...(deploymentName && { deploymentName }),
    ...(binaryChecksum && binaryChecksum !== buildId && { binaryChecksum }),
  };
  return Object.keys(version).length > 0 ? version : undefined;
}

/** The same in the attributes of WorkflowTaskCompleted. */
export function workerVersionToProto(
  version: WorkerVersion | undefined,
): NonNullable<P.HistoryEvent['workflowTaskCompletedEventAttributes']> {
  const { buildId, useVersioning = false, deploymentName = '', binaryChecksum = '' } = version ?? {};
  return {
    binaryChecksum,
    workerVersion: buildId ? { buildId, useVersioning } : null,
    workerDeploymentName: deploymentName,
    deploymentVersion: buildId && deploymentName ? { buildId, deploymentName } : null,
  };
}
