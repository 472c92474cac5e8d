import { decodeEvent, encodeEventBody } from '@tidewheel/codec';
import { EVENT_TYPE_CODES, isEventOf, WorkflowNotFoundError } from '@tidewheel/core';
import type { VersioningOverride } from '@tidewheel/core';
import { queueOfRoute, pinnedRoute, unpinnedRoute } from '@tidewheel/routing';
import { readActivityRecord, updateOptions } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import { scheduledAttributes } from '../activity-task/activity-task.js';
import { dispatchAttempt } from '../activity-task/heartbeat.js';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { routeStreams } from '../engine-context.js';
import { resolveRun } from '../read-history.js';
import type { ExecutionAddress } from '../requests.js';
import { forceEndWorkflowTask } from '../workflow-task/end-workflow-task.js';
import { checkOverride, requireOverrideVersion, routeOfOverride } from './override.js';
import { formatOverride, parseBehavior } from './stored-versioning.js';

/** Changes which worker version does the tasks of a running execution. */
export interface UpdateOptionsRequest extends ExecutionAddress {
  /** Undefined: what its workers declare holds again. */
  readonly versioningOverride: VersioningOverride | undefined;
  readonly identity?: string | undefined;
}

/** How often the run may change under the hands of one request. */
const MAX_ROUNDS = 50;

/**
 * Changes which worker version does the tasks of a running execution, from its next workflow task on.
 *
 * @returns what overrides its workers' behaviour now
 * @throws WorkflowNotFoundError when none is running
 * @throws InvalidArgumentError, WorkerDeploymentNotFoundError, NamespaceNotFoundError
 */
export async function updateWorkflowOptions(
  context: EngineContext,
  request: UpdateOptionsRequest,
): Promise<{ readonly versioningOverride?: VersioningOverride }> {
  const { versioningOverride } = request;
  checkOverride(versioningOverride);
  const run = await resolveRun(context, request);
  if (versioningOverride) {
    const view = await context.deployments.fresh(run.namespace);
    await requireOverrideVersion(context, run.namespace, versioningOverride, view);
  }
  const body = encodeEventBody('WorkflowExecutionOptionsUpdated', {
    identity: request.identity ?? context.identity,
    ...(versioningOverride ? { versioningOverride } : { unsetVersioningOverride: true }),
  });
  const requestId = randomUUID();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const [runId, believed, behaviour] = await context.redis.hmget(run.execution, 'r', 'q', 'vb');
    if (runId !== run.runId || believed === null || believed === undefined) break;
    const route = nextRoute(queueOfRoute(believed), versioningOverride, behaviour ?? '');
    const partition = context.keys.partition(run.partition);
    const reply = await updateOptions(context.run, {
      executionKey: run.execution,
      historyKey: run.history,
      bufferKey: run.buffer,
      notifyKey: partition.notify,
      requestsKey: run.requests,
      normalStreamKey: routeStreams(context, run, { taskQueue: route, sticky: '' }).normalStreamKey,
      countsKey: context.keys.pinnedCounts(run.partition, run.namespace),
      member: run.member,
      runId: run.runId,
      requestId,
      taskQueue: believed,
      behaviour: behaviour ?? '',
      route,
      override: formatOverride(versioningOverride),
      eventType: EVENT_TYPE_CODES.WorkflowExecutionOptionsUpdated,
      body,
    });
    if (reply[0] === 0) break;
    if (reply[0] === -2) {
      const stamp = { scheduledEventId: reply[1], startedEventId: reply[2], attempt: reply[3] };
      await forceEndWorkflowTask(context, run, reply[4].toString(), stamp);
    }
    if (reply[0] === 1 || reply[0] === 2) {
      if (route !== believed) await dispatchActivities(context, run, route);
      return versioningOverride ? { versioningOverride } : {};
    }
  }
  throw new WorkflowNotFoundError(
    request.workflowId,
    request.runId,
    `workflow execution "${request.workflowId}" is not running`,
  );
}

/** Where the run's tasks go with an override, or without one by what the worker of its last task declared. */
function nextRoute(taskQueue: string, override: VersioningOverride | undefined, behaviour: string): string {
  if (override) return routeOfOverride(taskQueue, override);
  const last = parseBehavior(behaviour);
  if (last?.behavior === 'PINNED') return pinnedRoute(taskQueue, last.version);
  return unpinnedRoute(taskQueue);
}

/** Puts activities that wait for a worker where the workers of the new version find them too. */
async function dispatchActivities(context: EngineContext, run: RunAddress, route: string): Promise<void> {
  const fields = await context.redis.hgetallBuffer(run.execution);
  for (const [name, bytes] of Object.entries(fields)) {
    if (!name.startsWith('A')) continue;
    const { scheduledEventId, attempt, state } = readActivityRecord(bytes);
    if (state !== 'SCHEDULED') continue;
    const stored = await context.redis.lindexBuffer(run.history, scheduledEventId - 1);
    const event = stored ? decodeEvent(stored, scheduledEventId) : undefined;
    if (!event || !isEventOf(event, 'ActivityTaskScheduled')) continue;
    const { taskQueue } = scheduledAttributes(event.attributes, queueOfRoute(route));
    const stamp = { run, activityId: name.slice(1), scheduledEventId, attempt };
    await dispatchAttempt(context, stamp, taskQueue, 's', route);
  }
}
