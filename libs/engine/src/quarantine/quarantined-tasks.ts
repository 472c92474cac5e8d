import { decodeEvent } from '@tidewheel/codec';
import { InvalidArgumentError, isEventOf, QuarantinedTaskNotFoundError } from '@tidewheel/core';
import { queueOfRoute } from '@tidewheel/routing';
import { checkQuarantined, releaseActivity, releaseWorkflowTask } from '@tidewheel/store';
import { scheduledAttributes } from '../activity-task/activity-task.js';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { routeStreams, runAddress } from '../engine-context.js';
import { activityStreamName } from '../worker-deployments/stream-names.js';
import { resolveRun } from '../read-history.js';
import type { ExecutionAddress } from '../requests.js';
import { decodeNote } from './quarantine-note.js';
import type { QuarantineInfo } from './quarantine-note.js';
import { formatPlace, parsePlace } from './quarantine-place.js';
import type { QuarantinePlace } from './quarantine-place.js';

/** A quarantined task. */
interface QuarantinedTask extends QuarantineInfo {
  readonly workflowId: string;
  readonly runId: string;
  /** Absent for a workflow task. */
  readonly activityId?: string;
}

/** A page of them; `nextPageToken` is absent on the last one. */
export interface QuarantinedTasksPage {
  readonly tasks: readonly QuarantinedTask[];
  readonly nextPageToken?: string;
}

/** Lists the quarantined tasks of a namespace. */
export interface ListQuarantinedTasksRequest {
  readonly namespace: string;
  /** Default 100, at most 1,000. */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

const PAGE_SIZE = 100;
/** Entries of the index that are looked through in one turn. */
const SWEEP = 1_000;

/** @throws InvalidArgumentError, NamespaceNotFoundError */
export async function listQuarantinedTasks(
  context: EngineContext,
  { namespace, pageSize = PAGE_SIZE, pageToken }: ListQuarantinedTasksRequest,
): Promise<QuarantinedTasksPage> {
  await context.namespaces.require(namespace);
  let { partition, after } =
    pageToken === undefined ? { partition: 0, after: '' } : readPageToken(namespace, pageToken);
  const tasks: QuarantinedTask[] = [];
  for (; partition < context.keys.partitions; partition++, after = '') {
    const { quarantined } = context.keys.partition(partition);
    for (let isLast = false; !isLast;) {
      const from = after === '' ? `[${namespace}:` : `(${after}`;
      const most = pageSize - tasks.length + 1;
      // The character that follows a colon ends what begins with the namespace and one.
      const places = await context.redis.zrangebylex(quarantined, from, `(${namespace};`, 'LIMIT', 0, most);
      for (const text of places) {
        if (tasks.length === pageSize) return { tasks, nextPageToken: writePageToken(partition, after) };
        const task = await quarantinedTask(context, partition, text);
        if (task) tasks.push(task);
        after = text;
      }
      isLast = places.length < most;
    }
  }
  return { tasks };
}

async function quarantinedTask(
  context: EngineContext,
  partition: number,
  text: string,
): Promise<QuarantinedTask | undefined> {
  const place = parsePlace(text);
  const { namespace, workflowId, runId, activity } = place;
  const run = runAddress(context, context.keys.executionAt(partition, namespace, workflowId), runId);
  if (!(await isStillQuarantined(context, partition, run, place, text))) return undefined;
  const info = await readQuarantine(context, run, activity?.scheduledEventId ?? 0);
  return info && { workflowId, runId, ...(activity && { activityId: activity.activityId }), ...info };
}

async function isStillQuarantined(
  context: EngineContext,
  partition: number,
  run: RunAddress,
  { activity }: QuarantinePlace,
  place: string,
): Promise<boolean> {
  const [code] = await checkQuarantined(context.run, {
    executionKey: run.execution,
    quarantinedKey: context.keys.partition(partition).quarantined,
    runId: run.runId,
    activityId: activity?.activityId ?? '',
    scheduledId: activity?.scheduledEventId ?? 0,
    place,
  });
  return code === 1;
}

/** Lets the index forget what ended otherwise: cancelled, timed out, or its run was closed. One command when it is empty. */
export async function forgetReleased(context: EngineContext, partition: number): Promise<void> {
  const { quarantined } = context.keys.partition(partition);
  for (const text of await context.redis.zrangebylex(quarantined, '-', '+', 'LIMIT', 0, SWEEP)) {
    const place = parsePlace(text);
    const execution = context.keys.executionAt(partition, place.namespace, place.workflowId);
    await isStillQuarantined(context, partition, runAddress(context, execution, place.runId), place, text);
  }
}

/** Why a task is quarantined; undefined when it is not. */
export async function readQuarantine(
  context: EngineContext,
  run: RunAddress,
  scheduledEventId: number,
): Promise<QuarantineInfo | undefined> {
  return decodeNote(await context.redis.hgetBuffer(run.details, `l${scheduledEventId}`)).quarantine;
}

/** How many there are; those that ended otherwise are counted for up to half a minute. */
export async function countQuarantinedTasks({ redis, keys }: EngineContext): Promise<number> {
  const counts = Array.from({ length: keys.partitions }, (_, partition) =>
    redis.zcard(keys.partition(partition).quarantined),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/**
 * Puts a quarantined task on its stream again, with the workers that were lost with it forgotten.
 *
 * @param request without an activity id, the workflow task is meant
 * @throws QuarantinedTaskNotFoundError, WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError
 */
export async function releaseQuarantinedTask(
  context: EngineContext,
  request: ExecutionAddress & { readonly activityId?: string | undefined },
): Promise<void> {
  const run = await resolveRun(context, request);
  const released =
    request.activityId === undefined
      ? await releaseTask(context, run)
      : await releaseOneActivity(context, run, request.activityId);
  if (!released) throw new QuarantinedTaskNotFoundError(run.workflowId, request.activityId);
}

async function releaseTask(context: EngineContext, run: RunAddress, believed?: string): Promise<boolean> {
  const partition = context.keys.partition(run.partition);
  const taskQueue = believed ?? (await context.redis.hget(run.execution, 'q')) ?? '';
  const reply = await releaseWorkflowTask(context.run, {
    executionKey: run.execution,
    historyKey: run.history,
    timersKey: partition.timers,
    notifyKey: partition.notify,
    detailsKey: run.details,
    quarantinedKey: partition.quarantined,
    normalStreamKey: routeStreams(context, run, { taskQueue, sticky: '' }).normalStreamKey,
    member: run.member,
    runId: run.runId,
    taskQueue,
    place: formatPlace(run),
  });
  if (reply[0] === -1) return releaseTask(context, run, reply[1].toString());
  return reply[0] === 1;
}

async function releaseOneActivity(
  context: EngineContext,
  run: RunAddress,
  activityId: string,
): Promise<boolean> {
  const [queue, record] = await context.redis.hmgetBuffer(run.execution, 'q', `A${activityId}`);
  const scheduledEventId = record?.readUIntBE(0, 3) ?? 0;
  const bytes = record && (await context.redis.lindexBuffer(run.history, scheduledEventId - 1));
  const event = bytes ? decodeEvent(bytes, scheduledEventId) : undefined;
  if (!event || !isEventOf(event, 'ActivityTaskScheduled')) return false;
  const partition = context.keys.partition(run.partition);
  const route = queue?.toString() ?? '';
  const { taskQueue } = scheduledAttributes(event.attributes, queueOfRoute(route));
  const stream = await activityStreamName(context, run, route, taskQueue);
  const [code] = await releaseActivity(context.run, {
    executionKey: run.execution,
    timersKey: partition.timers,
    detailsKey: run.details,
    quarantinedKey: partition.quarantined,
    streamKey: context.keys.taskStream(run.partition, 'activity', run.namespace, stream),
    member: run.member,
    runId: run.runId,
    activityId,
    scheduledId: scheduledEventId,
    place: formatPlace({ ...run, activity: { activityId, scheduledEventId } }),
  });
  return code === 1;
}

function writePageToken(partition: number, after: string): string {
  return Buffer.from(JSON.stringify([partition, after])).toString('base64url');
}

function readPageToken(
  namespace: string,
  text: string,
): { readonly partition: number; readonly after: string } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(parsed)) {
      const [partition, after] = parsed as unknown[];
      if (
        Number.isSafeInteger(partition) &&
        Number(partition) >= 0 &&
        typeof after === 'string' &&
        // Nobody reads on in another namespace.
        (after === '' || after.startsWith(`${namespace}:`))
      ) {
        return { partition: Number(partition), after };
      }
    }
  } catch {
    // Refused below, like anything else that is none.
  }
  throw new InvalidArgumentError('pageToken', 'is not what the page before had');
}
