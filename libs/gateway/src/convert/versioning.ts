import type { VersioningOverride, WorkerDeploymentVersion } from '@tidewheel/core';
import type { WorkflowVersioningInfo } from '@tidewheel/engine';
import type { temporal } from '@temporalio/proto';
import { invalidArgument } from '../errors.js';
import { api } from '../proto.js';
import { versioningBehavior } from './enums.js';

type OverrideMessage = temporal.api.workflow.v1.IVersioningOverride;
type VersionMessage = temporal.api.deployment.v1.IWorkerDeploymentVersion;
type OptionsMessage = temporal.api.deployment.v1.IWorkerDeploymentOptions;

const VERSIONED = api.enums.v1.WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED;
const PINNED_OVERRIDE =
  api.workflow.v1.VersioningOverride.PinnedOverrideBehavior.PINNED_OVERRIDE_BEHAVIOR_PINNED;

/** The version of a worker that lets its tasks be chosen by it; undefined for an unversioned one. */
export function versionOfWorker(
  options: OptionsMessage | null | undefined,
): WorkerDeploymentVersion | undefined {
  if (options?.workerVersioningMode !== VERSIONED) return undefined;
  const { deploymentName, buildId } = options;
  if (!deploymentName) throw invalidArgument('deployment_options.deployment_name', 'must be set');
  if (!buildId) throw invalidArgument('deployment_options.build_id', 'must be set');
  return { deploymentName, buildId };
}

/** A version as it was written before it had two parts: the name, a dot, the build id. */
export function versionText({ deploymentName, buildId }: WorkerDeploymentVersion): string {
  return `${deploymentName}.${buildId}`;
}

/** Reads either form of a version; undefined when neither is given. */
export function versionFromProto(
  version: VersionMessage | null | undefined,
  text: string | null | undefined,
): WorkerDeploymentVersion | undefined {
  if (version?.deploymentName || version?.buildId) {
    return { deploymentName: version.deploymentName ?? '', buildId: version.buildId ?? '' };
  }
  const dot = (text ?? '').indexOf('.');
  return text && dot >= 0 ? { deploymentName: text.slice(0, dot), buildId: text.slice(dot + 1) } : undefined;
}

/** @throws GatewayError INVALID_ARGUMENT when it says nothing that can be done */
export function overrideFromProto(
  message: OverrideMessage | null | undefined,
): VersioningOverride | undefined {
  if (!message) return undefined;
  const { pinned, autoUpgrade, oneTime, pinnedVersion } = message;
  if (oneTime) throw invalidArgument('versioning_override.one_time', 'is not supported');
  const behavior = versioningBehavior.fromProto(message.behavior);
  if (autoUpgrade || behavior === 'AUTO_UPGRADE') return { behavior: 'AUTO_UPGRADE' };
  if (pinned || behavior === 'PINNED') {
    const version = versionFromProto(pinned?.version, pinnedVersion);
    if (!version) throw invalidArgument('versioning_override.pinned.version', 'must be set');
    return { behavior: 'PINNED', version };
  }
  throw invalidArgument('versioning_override', 'must be pinned or auto_upgrade');
}

/** An override in the form of today and in that of before. */
export function overrideToProto(override: VersioningOverride | undefined): OverrideMessage | null {
  if (!override) return null;
  const behavior = versioningBehavior.toProto(override.behavior);
  if (override.behavior === 'AUTO_UPGRADE') return { autoUpgrade: true, behavior };
  return {
    pinned: { behavior: PINNED_OVERRIDE, version: override.version },
    behavior,
    pinnedVersion: versionText(override.version),
  };
}

/** What descriptions and lists say of an execution's versions. */
export function versioningInfoToProto(
  info: WorkflowVersioningInfo | undefined,
): temporal.api.workflow.v1.IWorkflowExecutionVersioningInfo | null {
  if (!info) return null;
  return {
    ...(info.behavior && { behavior: versioningBehavior.toProto(info.behavior) }),
    ...(info.version && { deploymentVersion: info.version, version: versionText(info.version) }),
    versioningOverride: overrideToProto(info.override),
  };
}
