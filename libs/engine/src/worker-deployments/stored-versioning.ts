import type { VersioningBehavior, VersioningOverride, WorkerDeploymentVersion } from '@tidewheel/core';
import { formatVersion, parseVersion } from '@tidewheel/routing';

/** What the last completed workflow task of a run said of versions. */
interface TaskVersioning {
  readonly behavior: VersioningBehavior;
  readonly version: WorkerDeploymentVersion;
}

/** How behaviour and version are stored with a run. */
export function formatBehavior(behavior: VersioningBehavior, version: WorkerDeploymentVersion): string {
  return `${behavior}\n${formatVersion(version)}`;
}

/** Reads what is stored; undefined when an unversioned worker did the last task. */
export function parseBehavior(text: string): TaskVersioning | undefined {
  const end = text.indexOf('\n');
  if (end < 0) return undefined;
  return { behavior: text.slice(0, end) as VersioningBehavior, version: parseVersion(text.slice(end + 1)) };
}

/** How an override is stored with a run. */
export function formatOverride(override: VersioningOverride | undefined): string {
  if (!override) return '';
  return override.behavior === 'PINNED' ? formatBehavior('PINNED', override.version) : override.behavior;
}

/** Reads what is stored; undefined for none. */
export function parseOverride(text: string): VersioningOverride | undefined {
  if (text === '') return undefined;
  const pinned = parseBehavior(text);
  return pinned ? { behavior: 'PINNED', version: pinned.version } : { behavior: 'AUTO_UPGRADE' };
}
