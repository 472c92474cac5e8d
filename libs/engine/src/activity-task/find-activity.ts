import { decodeEvent, decodePayloads } from '@tidewheel/codec';
import { ActivityTaskNotFoundError, isEventOf } from '@tidewheel/core';
import { queueOfRoute } from '@tidewheel/routing';
import { readActivityRecord } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { resolveRun } from '../read-history.js';
import { requireIdentifier } from '../request-checks.js';
import type { ExecutionAddress } from '../requests.js';
import { scheduledAttributes } from './activity-task.js';
import type { ActivityTask } from './activity-task.js';

/**
 * The started attempt that is pending under an activity id: what is needed to report on it without its task.
 *
 * @throws ActivityTaskNotFoundError when none is started under that id
 * @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError
 */
export async function findActivity(
  context: EngineContext,
  request: ExecutionAddress & { readonly activityId: string },
): Promise<ActivityTask> {
  const { activityId } = request;
  requireIdentifier('activityId', activityId);
  const run = await resolveRun(context, request);
  const [runId, taskQueue, sticky, workflowType, bytes] = await context.redis.hmgetBuffer(
    run.execution,
    'r',
    'q',
    'k',
    'ty',
    `A${activityId}`,
  );
  const record = bytes ? readActivityRecord(bytes) : undefined;
  if (runId?.toString() !== run.runId || record?.state !== 'STARTED') throw new ActivityTaskNotFoundError();
  const id = record.scheduledEventId;
  const [eventBytes, heartbeat] = await Promise.all([
    context.redis.lindexBuffer(run.history, id - 1),
    record.hasDetails ? context.redis.hgetBuffer(run.details, `h${id}`) : null,
  ]);
  const event = eventBytes ? decodeEvent(eventBytes, id) : undefined;
  if (!event || !isEventOf(event, 'ActivityTaskScheduled')) throw new ActivityTaskNotFoundError();
  const workflowRoute = taskQueue?.toString() ?? '';
  const workflowTaskQueue = queueOfRoute(workflowRoute);
  return {
    ...scheduledAttributes(event.attributes, workflowTaskQueue),
    run,
    workflowType: workflowType?.toString() ?? '',
    scheduledEventId: id,
    attempt: record.attempt,
    workflowTaskQueue,
    workflowRoute,
    sticky: sticky?.toString() ?? '',
    scheduledMs: event.eventTimeMs,
    attemptScheduledMs: record.scheduledMs,
    startedMs: record.startedMs,
    closeByMs: record.closeByMs,
    ...(heartbeat && { heartbeatDetails: decodePayloads(heartbeat) }),
  };
}
