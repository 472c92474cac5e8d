import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { chooseTarget, parseRoute, pinnedRoute, sameVersion, sharedStreamName } from '@tidewheel/routing';
import type { SharedStream } from '@tidewheel/routing';
import type { ExecutionKeys, TaskKind } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import type { DeploymentView } from './deployment-view.js';

type Execution = Pick<ExecutionKeys, 'namespace' | 'workflowId'>;

/** The name of the stream that workflow tasks of a route stand on, as far as this process knows. */
export function workflowStreamName(context: EngineContext, execution: Execution, route: string): string {
  const view = context.deployments.seen(execution.namespace);
  const { kind, taskQueue } = parseRoute(route);
  if (kind === 'pinned') return route;
  // Only what was never read says that there are no deployments where there are versioned executions.
  if (kind === 'unpinned' && view.revision === 0) return sharedStreamName(taskQueue, 'current');
  return sharedName(view, taskQueue, 'workflow', execution.workflowId);
}

/** The name of the stream that activity tasks of a run with such a route stand on. */
export async function activityStreamName(
  context: EngineContext,
  execution: Execution,
  route: string,
  taskQueue: string,
): Promise<string> {
  const { deployments } = context;
  const { kind, version } = parseRoute(route);
  if (kind === 'unversioned') {
    return sharedName(deployments.seen(execution.namespace), taskQueue, 'activity', execution.workflowId);
  }
  let view = await deployments.fresh(execution.namespace);
  if (version && !view.polls(version, taskQueue, 'activity')) {
    view = await deployments.newest(execution.namespace);
  }
  if (version && view.polls(version, taskQueue, 'activity')) return pinnedRoute(taskQueue, version);
  return sharedName(view, taskQueue, 'activity', execution.workflowId);
}

function sharedName(view: DeploymentView, taskQueue: string, kind: TaskKind, workflowId: string): string {
  if (view.revision === 0) return taskQueue;
  return sharedStreamName(taskQueue, chooseTarget(view.routing(taskQueue, kind), workflowId).stream);
}

/** Whether a version, or unversioned workers, do the unpinned workflow tasks of an execution. */
export function isTarget(
  view: DeploymentView,
  taskQueue: string,
  workflowId: string,
  version: WorkerDeploymentVersion | undefined,
): boolean {
  return sameVersion(chooseTarget(view.routing(taskQueue, 'workflow'), workflowId).version, version);
}

/** What scripts call the shared streams. */
const LETTERS: Readonly<Record<SharedStream, string>> = { current: 'c', ramping: 'r', unversioned: 'u' };

/** For each task whether it is for this version, if it is not pinned, or on which stream it belongs. */
export function targetLetters(
  view: DeploymentView,
  taskQueue: string,
  kind: TaskKind,
  workflowIds: readonly string[],
  version: WorkerDeploymentVersion | undefined,
): string {
  const routing = view.routing(taskQueue, kind);
  return workflowIds
    .map((workflowId) => {
      const target = chooseTarget(routing, workflowId);
      return sameVersion(target.version, version) ? 'o' : LETTERS[target.stream];
    })
    .join('');
}

/** The keys that scripts need to tell a task from one that belongs elsewhere. */
export function targetKeys(
  context: EngineContext,
  partition: number,
  namespace: string,
  kind: TaskKind,
  taskQueue: string,
): string[] {
  const stream = (shared: SharedStream): string =>
    context.keys.taskStream(partition, kind, namespace, sharedStreamName(taskQueue, shared));
  return [
    context.keys.routingRevision(partition, namespace),
    stream('current'),
    stream('ramping'),
    stream('unversioned'),
  ];
}
