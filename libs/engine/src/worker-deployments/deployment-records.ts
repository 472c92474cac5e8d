import type { WorkerDeploymentVersion } from '@tidewheel/core';
import type { TaskKind } from '@tidewheel/store';

/** A worker deployment as it is stored. Times are milliseconds since the epoch. */
export interface DeploymentRecord {
  readonly name: string;
  readonly createdMs: number;
  /** Revision of the change before which this was not so; its conflict token. */
  readonly revision: number;
  /** Build that does new executions; '' for unversioned workers. */
  readonly currentBuildId: string;
  /** 0 when it never was set. */
  readonly currentChangedMs: number;
  readonly ramping?: RampingRecord | undefined;
  readonly rampingChangedMs: number;
  readonly percentageChangedMs: number;
  readonly lastModifierIdentity: string;
}

/** Which build gets a share of the new executions. */
export interface RampingRecord {
  /** '' for unversioned workers. */
  readonly buildId: string;
  readonly percentage: number;
}

/** What a version's workers poll. */
export interface VersionQueue {
  readonly taskQueue: string;
  readonly kind: TaskKind;
}

/** Whether executions are still pinned to a version that gets no new ones. */
interface DrainageRecord {
  readonly status: 'DRAINING' | 'DRAINED';
  readonly changedMs: number;
  readonly checkedMs: number;
}

/** A version of a deployment as it is stored. */
export interface VersionRecord extends WorkerDeploymentVersion {
  readonly createdMs: number;
  readonly queues: readonly VersionQueue[];
  readonly firstActivatedMs?: number | undefined;
  readonly lastCurrentMs?: number | undefined;
  readonly lastDeactivatedMs?: number | undefined;
  /** Only while it is current. */
  readonly currentSinceMs?: number | undefined;
  /** Only while it is ramping. */
  readonly rampingSinceMs?: number | undefined;
  readonly routingChangedMs?: number | undefined;
  /** Only when it was current or ramping, and is no longer. */
  readonly drainage?: DrainageRecord | undefined;
}

/** How a version stands to its deployment. */
export type DeploymentVersionStatus = 'INACTIVE' | 'CURRENT' | 'RAMPING' | 'DRAINING' | 'DRAINED';

/** Derives how a version stands to its deployment. */
export function statusOfVersion(version: VersionRecord): DeploymentVersionStatus {
  if (version.currentSinceMs !== undefined) return 'CURRENT';
  if (version.rampingSinceMs !== undefined) return 'RAMPING';
  return version.drainage?.status ?? 'INACTIVE';
}

/** A version that begins to get new executions. */
export function activated(
  version: VersionRecord,
  as: 'current' | 'ramping',
  nowMs: number,
  sinceMs = nowMs,
): VersionRecord {
  return {
    ...version,
    firstActivatedMs: version.firstActivatedMs ?? nowMs,
    currentSinceMs: as === 'current' ? sinceMs : undefined,
    rampingSinceMs: as === 'ramping' ? sinceMs : undefined,
    lastCurrentMs: as === 'current' ? nowMs : version.lastCurrentMs,
    routingChangedMs: nowMs,
    drainage: undefined,
  };
}

/** A version that gets no new executions any more. */
export function deactivated(version: VersionRecord, nowMs: number): VersionRecord {
  return {
    ...version,
    currentSinceMs: undefined,
    rampingSinceMs: undefined,
    lastDeactivatedMs: nowMs,
    routingChangedMs: nowMs,
    drainage: { status: 'DRAINING', changedMs: nowMs, checkedMs: nowMs },
  };
}
