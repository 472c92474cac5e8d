/** One version of the workers of a deployment. */
export interface DeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** A character that cannot occur in the name of a queue, a deployment or a build. */
const SEPARATOR = '\n';
const CURRENT = `${SEPARATOR}current`;
const RAMPING = `${SEPARATOR}ramping`;

/**
 * Where the tasks of an execution go, as it is stored: the task queue; once a worker of a deployment version has done one
 * of its tasks, followed by `current`, or by the version that it is pinned to.
 */
export interface TaskRoute {
  readonly taskQueue: string;
  readonly kind: 'unversioned' | 'unpinned' | 'pinned';
  /** Only of a pinned one. */
  readonly version?: DeploymentVersion;
}

/** A version as it is stored. */
export function formatVersion({ deploymentName, buildId }: DeploymentVersion): string {
  return `${deploymentName}${SEPARATOR}${buildId}`;
}

/** Reads a version as it is stored. */
export function parseVersion(text: string): DeploymentVersion {
  const end = text.indexOf(SEPARATOR);
  return { deploymentName: text.slice(0, end), buildId: text.slice(end + 1) };
}

/** Whether both are the same version, or both are none. */
export function sameVersion(a: DeploymentVersion | undefined, b: DeploymentVersion | undefined): boolean {
  return a?.deploymentName === b?.deploymentName && a?.buildId === b?.buildId;
}

/** The route of an execution that stays on one version. It is the name of the streams of its tasks too. */
export function pinnedRoute(taskQueue: string, version: DeploymentVersion): string {
  return `${taskQueue}${SEPARATOR}${formatVersion(version)}`;
}

/** The route of an execution whose tasks are done by whichever version is current. */
export function unpinnedRoute(taskQueue: string): string {
  return taskQueue + CURRENT;
}

/** Reads a route as it is stored. */
export function parseRoute(route: string): TaskRoute {
  const end = route.indexOf(SEPARATOR);
  if (end < 0) return { taskQueue: route, kind: 'unversioned' };
  const taskQueue = route.slice(0, end);
  const place = route.slice(end + 1);
  if (!place.includes(SEPARATOR)) return { taskQueue, kind: 'unpinned' };
  return { taskQueue, kind: 'pinned', version: parseVersion(place) };
}

/** The task queue of a route. */
export function queueOfRoute(route: string): string {
  const end = route.indexOf(SEPARATOR);
  return end < 0 ? route : route.slice(0, end);
}

/** Which of a queue's shared streams a task stands on. */
export type SharedStream = 'unversioned' | 'current' | 'ramping';

/** The name that one of a queue's shared streams has among streams. */
export function sharedStreamName(taskQueue: string, stream: SharedStream): string {
  if (stream === 'unversioned') return taskQueue;
  return taskQueue + (stream === 'current' ? CURRENT : RAMPING);
}
