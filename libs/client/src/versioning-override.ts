import { deploymentPartFault, InvalidArgumentError } from '@tidewheel/core';
import type { VersioningOverride as RequestedOverride, WorkerDeploymentVersion } from '@tidewheel/core';

/** Keeps an execution on one version of its workers, whatever they declare. */
export interface PinnedVersioningOverride {
  readonly pinnedTo: WorkerDeploymentVersion;
}

/** What is to hold for an execution whatever its workers declare: one version, or always the target of its queue. */
export type VersioningOverride = PinnedVersioningOverride | 'AUTO_UPGRADE';

/**
 * The override as a request has it.
 *
 * @throws InvalidArgumentError when it is none, or names no version properly
 */
export function requestedOverride(override: VersioningOverride): RequestedOverride {
  if (override === 'AUTO_UPGRADE') return { behavior: 'AUTO_UPGRADE' };
  const pinnedTo = pinnedVersion(override);
  if (!pinnedTo) {
    throw new InvalidArgumentError('versioningOverride', 'must be "AUTO_UPGRADE" or have a pinnedTo');
  }
  const { deploymentName, buildId } = pinnedTo;
  for (const [field, value] of Object.entries({ deploymentName, buildId })) {
    const fault = deploymentPartFault(value);
    if (fault) throw new InvalidArgumentError(`versioningOverride.pinnedTo.${field}`, fault);
  }
  return { behavior: 'PINNED', version: { deploymentName, buildId } };
}

/** Callers without types may give anything. */
function pinnedVersion(override: unknown): WorkerDeploymentVersion | undefined {
  if (typeof override !== 'object' || override === null || !('pinnedTo' in override)) return undefined;
  const { pinnedTo } = override;
  return typeof pinnedTo === 'object' && pinnedTo !== null
    ? (pinnedTo as WorkerDeploymentVersion)
    : undefined;
}
