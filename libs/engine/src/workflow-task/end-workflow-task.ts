import { encodeEventBody } from '@tidewheel/codec';
import { EVENT_TYPE_CODES, workflowTaskBackoffMs } from '@tidewheel/core';
import type { Failure, TimeoutType, WorkflowTaskFailedCause } from '@tidewheel/core';
import { endWorkflowTask, readTaskSilence } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { routeStreams } from '../engine-context.js';
import { encodeNote, noteOfDeaths } from '../quarantine/quarantine-note.js';
import { formatPlace } from '../quarantine/quarantine-place.js';
import { judgeSilence, lostNote, tellQuarantined } from '../quarantine/silent-tasks.js';
import type { TaskQuery } from './workflow-task.js';

/** What tells one workflow task from all others of its run. */
export interface WorkflowTaskStamp {
  readonly scheduledEventId: number;
  /** 0 for one that was not started. */
  readonly startedEventId: number;
  readonly attempt: number;
}

/** Why a workflow task failed. */
export interface WorkflowTaskFailure {
  readonly cause: WorkflowTaskFailedCause;
  readonly failure?: Failure | undefined;
  readonly identity?: string | undefined;
  /** Upper bound of the delay before the next attempt, for failures that soon go away by themselves. */
  readonly retryWithinMs?: number | undefined;
}

/** Ends a started workflow task as failed. False when it was no longer expected. */
export function failWorkflowTask(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
  failure: WorkflowTaskFailure,
): Promise<boolean> {
  const body = encodeEventBody('WorkflowTaskFailed', {
    scheduledEventId: stamp.scheduledEventId,
    startedEventId: stamp.startedEventId,
    cause: failure.cause,
    ...(failure.failure && { failure: failure.failure }),
    ...(failure.identity !== undefined && { identity: failure.identity }),
  });
  const delayMs = Math.min(workflowTaskBackoffMs(stamp.attempt + 1), failure.retryWithinMs ?? Infinity);
  return end(context, run, taskQueue, stamp, 'WorkflowTaskFailed', body, {
    delayMs,
    unhandled: failure.cause === 'UNHANDLED_COMMAND',
  });
}

/** Fails a started workflow task because its buffer has no room for what has come from outside. */
export function forceEndWorkflowTask(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
): Promise<boolean> {
  return failWorkflowTask(context, run, taskQueue, stamp, { cause: 'FORCE_CLOSE_COMMAND' });
}

/**
 * Ends a started workflow task whose timeout has passed and whose worker said nothing: another attempt follows, unless too
 * many workers died with it. False when it was no longer expected, or it is too early to tell.
 */
export async function endSilentWorkflowTask(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
): Promise<boolean> {
  const task = await context.redis.hgetBuffer(run.execution, 'w');
  const { worker, atMs } = task ? readTaskSilence(task) : { worker: 0, atMs: 0 };
  const verdict = await judgeSilence(context, { run, noteId: 0, worker, atMs });
  if (verdict.kind === 'wait') return false;
  const delayMs = workflowTaskBackoffMs(stamp.attempt + 1);
  if (verdict.kind === 'retry') {
    const lost = lostNote(verdict);
    return endTimedOut(context, run, taskQueue, stamp, 'START_TO_CLOSE', { delayMs, dueOnly: true, lost });
  }
  const lost = encodeNote(noteOfDeaths('workflow task', verdict.lost, verdict.nowMs));
  const quarantine = formatPlace(run);
  const ended = await endTimedOut(context, run, taskQueue, stamp, 'START_TO_CLOSE', {
    delayMs,
    dueOnly: true,
    lost,
    quarantine,
  });
  if (ended) tellQuarantined(context, run, undefined);
  return ended;
}

/** Ends a workflow task whose timeout has passed, or, with `dueOnly` false, gives back a sticky one that was not started. */
export function timeOutWorkflowTask(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
  timeoutType: TimeoutType,
  dueOnly = true,
): Promise<boolean> {
  const delayMs = workflowTaskBackoffMs(stamp.attempt + 1);
  return endTimedOut(context, run, taskQueue, stamp, timeoutType, { delayMs, dueOnly });
}

/**
 * Gives back a started workflow task that its poller never got, so that another does it at once. The attempt's events
 * stand in the history already, so it ends like one whose worker died, only without waiting for the timeout and without
 * back-off; a task of a sticky queue goes to the normal one.
 *
 * @param queries what the task had brought along: they wait for the next one
 * @returns false when it was no longer expected: it timed out meanwhile, or the run is closed
 */
export function returnWorkflowTask(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
  queries: readonly Pick<TaskQuery, 'queryId'>[] = [],
): Promise<boolean> {
  return endTimedOut(context, run, taskQueue, stamp, 'START_TO_CLOSE', { delayMs: 0, queries });
}

/** What of the end of a workflow task does not follow from its event. */
interface TaskEnd {
  readonly delayMs: number;
  readonly dueOnly?: boolean;
  readonly unhandled?: boolean;
  readonly queries?: readonly Pick<TaskQuery, 'queryId'>[];
  /** Note of the workers lost with it; left out: what is noted stays. */
  readonly lost?: string;
  /** What stands for it in the index, when no attempt is to follow. */
  readonly quarantine?: string;
}

function endTimedOut(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
  timeoutType: TimeoutType,
  options: TaskEnd,
): Promise<boolean> {
  const { scheduledEventId, startedEventId } = stamp;
  const body = encodeEventBody('WorkflowTaskTimedOut', { scheduledEventId, startedEventId, timeoutType });
  return end(context, run, taskQueue, stamp, 'WorkflowTaskTimedOut', body, options);
}

async function end(
  context: EngineContext,
  run: RunAddress,
  taskQueue: string,
  stamp: WorkflowTaskStamp,
  eventType: 'WorkflowTaskFailed' | 'WorkflowTaskTimedOut',
  body: Buffer,
  options: TaskEnd,
): Promise<boolean> {
  const partition = context.keys.partition(run.partition);
  const reply = await endWorkflowTask(context.run, {
    executionKey: run.execution,
    historyKey: run.history,
    bufferKey: run.buffer,
    timersKey: partition.timers,
    notifyKey: partition.notify,
    normalStreamKey: routeStreams(context, run, { taskQueue, sticky: '' }).normalStreamKey,
    detailsKey: run.details,
    quarantinedKey: partition.quarantined,
    member: run.member,
    runId: run.runId,
    scheduledId: stamp.scheduledEventId,
    startedId: stamp.startedEventId,
    attempt: stamp.attempt,
    taskQueue,
    eventType: EVENT_TYPE_CODES[eventType],
    body,
    delayMs: options.delayMs,
    dueOnly: options.dueOnly ? '1' : '',
    unhandled: options.unhandled ? '1' : '',
    lost: options.lost ?? '',
    quarantine: options.quarantine ?? '',
    queries: (options.queries ?? []).map(({ queryId }) => `${queryId} `).join(''),
  });
  if (reply[0] === -1) return end(context, run, reply[1].toString(), stamp, eventType, body, options);
  return reply[0] === 1;
}
