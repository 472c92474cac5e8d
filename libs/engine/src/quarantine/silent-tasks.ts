import { encodeFailure } from '@tidewheel/codec';
import { judgeLostWorkers } from '@tidewheel/core';
import type { Failure, LostWorkerVerdict } from '@tidewheel/core';
import { quarantineActivity, WORKERS_GROUP } from '@tidewheel/store';
import type { ActivityStamp } from '../activity-task/resolve-activity.js';
import { ABSENT_MS, DEPARTED_KEPT_MS } from '../duties/absence.js';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { decodeNote, encodeNote, noteOfDeaths } from './quarantine-note.js';
import { formatPlace } from './quarantine-place.js';
import { readPresence, silentWorker } from './worker-presence.js';

/** A task whose time was over without a word of its worker. */
interface SilentTask {
  readonly run: RunAddress;
  /** Where its note is: the scheduled event of an activity, 0 for a workflow task. */
  readonly noteId: number;
  readonly worker: number;
  readonly atMs: number;
}

/** What to do with it. */
type SilenceVerdict = LostWorkerVerdict & {
  readonly nowMs: number;
  /** Whether workers were noted as lost before. */
  readonly noted: boolean;
};

/** Decides whether a task whose worker said nothing is tried again. Asks Redis only when its worker is known. */
export async function judgeSilence(context: EngineContext, task: SilentTask): Promise<SilenceVerdict> {
  const { run, worker, atMs, noteId } = task;
  if (worker === 0 || context.quarantineAfter === 0) {
    return { kind: 'retry', lost: [], nowMs: atMs, noted: false };
  }
  const [presence, bytes] = await Promise.all([
    readPresence(context, run.partition),
    context.redis.hgetBuffer(run.details, `l${noteId}`),
  ]);
  const noted = decodeNote(bytes).lost;
  const verdict = judgeLostWorkers({
    noted,
    last: silentWorker(presence, worker, atMs),
    lastSeenMs: presence.lastSeenMs,
    nowMs: presence.nowMs,
    absentMs: ABSENT_MS,
    rememberedMs: DEPARTED_KEPT_MS,
    most: context.quarantineAfter,
  });
  return { ...verdict, nowMs: presence.nowMs, noted: noted.length > 0 };
}

/** The note to keep when a task is tried again; '' to leave what is noted. */
export function lostNote({ lost, noted }: Extract<SilenceVerdict, { kind: 'retry' }>): string {
  return lost.length > 0 || noted ? encodeNote({ lost }) : '';
}

/** Quarantines an activity instead of its next attempt. False when it is no longer so. */
export async function quarantineSilentActivity(
  context: EngineContext,
  stamp: ActivityStamp,
  taskQueue: string,
  failure: Failure,
  verdict: Extract<SilenceVerdict, { kind: 'quarantine' }>,
): Promise<boolean> {
  const { run, activityId, scheduledEventId, attempt } = stamp;
  const partition = context.keys.partition(run.partition);
  const [code] = await quarantineActivity(context.run, {
    executionKey: run.execution,
    timersKey: partition.timers,
    detailsKey: run.details,
    quarantinedKey: partition.quarantined,
    streamKey: context.keys.taskStream(run.partition, 'activity', run.namespace, taskQueue),
    member: run.member,
    runId: run.runId,
    activityId,
    scheduledId: scheduledEventId,
    attempt,
    expect: 'd',
    group: WORKERS_GROUP,
    entryId: '',
    lost: encodeNote(noteOfDeaths('activity', verdict.lost, verdict.nowMs)),
    failure: encodeFailure(failure),
    place: formatPlace({ ...run, activity: { activityId, scheduledEventId } }),
  });
  if (code === 1) tellQuarantined(context, run, activityId);
  return code === 1;
}

/** Says it where the operator looks. */
export function tellQuarantined(
  { logger }: EngineContext,
  { namespace, workflowId, runId }: Pick<RunAddress, 'namespace' | 'workflowId' | 'runId'>,
  activityId: string | undefined,
): void {
  logger.error(
    { namespace, workflowId, runId, activityId },
    'quarantined a task that its workers did not survive',
  );
}
