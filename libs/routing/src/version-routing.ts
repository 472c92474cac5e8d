import type { DeploymentVersion, SharedStream } from './task-route.js';
import { parseRoute, sameVersion, sharedStreamName } from './task-route.js';

/** Who does the unpinned tasks of one kind on one task queue. */
export interface QueueRouting {
  /** Undefined: unversioned workers. */
  readonly current?: DeploymentVersion | undefined;
  /** Undefined: all go to the current version. */
  readonly ramping?: Ramp | undefined;
}

/** Which share of executions goes to another version. */
export interface Ramp {
  /** Undefined: unversioned workers. */
  readonly version: DeploymentVersion | undefined;
  /** 0 to 100. */
  readonly percentage: number;
}

/** The version that an execution's unpinned tasks belong to, and the stream that they stand on. */
export interface TaskTarget {
  /** Undefined: unversioned workers. */
  readonly version: DeploymentVersion | undefined;
  readonly stream: SharedStream;
}

const UNVERSIONED: TaskTarget = { version: undefined, stream: 'unversioned' };

/** Decides which version does an execution's unpinned tasks; always the same for the same routing and workflow id. */
export function chooseTarget(routing: QueueRouting, workflowId: string): TaskTarget {
  const { current, ramping } = routing;
  if (ramping && rampPosition(workflowId) < ramping.percentage) {
    return ramping.version ? { version: ramping.version, stream: 'ramping' } : UNVERSIONED;
  }
  return current ? { version: current, stream: 'current' } : UNVERSIONED;
}

/**
 * The shared streams that workers of a version read, beside that of the executions pinned to it. What stands on the
 * ramping stream and has no ramping version any more is the current version's.
 */
export function streamsOfVersion(routing: QueueRouting, version: DeploymentVersion): readonly SharedStream[] {
  const ramps = routing.ramping?.version;
  if (routing.current && sameVersion(routing.current, version)) {
    return ramps && !sameVersion(ramps, version)
      ? ['current', 'unversioned']
      : ['current', 'ramping', 'unversioned'];
  }
  return ramps && sameVersion(ramps, version) ? ['ramping'] : [];
}

/** The shared streams that no worker of any version reads: what stands on them is for unversioned workers. */
export function abandonedStreams(routing: QueueRouting): readonly SharedStream[] {
  if (routing.current) return [];
  return routing.ramping?.version ? ['current'] : ['current', 'ramping'];
}

/**
 * Where an execution stands among all, from 0 to below 100: a ramp of so many percent takes those below. The longer a
 * ramp grows, the more join; none leaves.
 */
export function rampPosition(workflowId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < workflowId.length; i++) {
    const unit = workflowId.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  // The partition comes from the lowest bits of the same kind of hash; a last mixing makes this independent of it.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100;
}

/**
 * The version whose workers take what stands on a stream of a queue; undefined: those without a version. What stands on a
 * shared stream that has no version of its own any more is the current version's.
 */
export function versionOfStream(
  { current, ramping }: QueueRouting,
  streamName: string,
): DeploymentVersion | undefined {
  const { kind, taskQueue, version } = parseRoute(streamName);
  if (kind === 'pinned') return version;
  if (streamName === sharedStreamName(taskQueue, 'ramping')) return ramping?.version ?? current;
  if (streamName === sharedStreamName(taskQueue, 'current')) return current;
  return ramping && !ramping.version ? undefined : current;
}
