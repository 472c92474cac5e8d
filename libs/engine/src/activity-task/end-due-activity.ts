import { decodeEvent, decodeFailure, decodePayloads } from '@tidewheel/codec';
import { decideRetry, isEventOf, timeoutFailure } from '@tidewheel/core';
import type { Payloads, TimeoutType } from '@tidewheel/core';
import { queueOfRoute } from '@tidewheel/routing';
import { readActivityRecord } from '@tidewheel/store';
import type { ActivityRecord } from '@tidewheel/store';
import type { EngineContext, Route, RunAddress } from '../engine-context.js';
import { judgeSilence, lostNote, quarantineSilentActivity } from '../quarantine/silent-tasks.js';
import { scheduledAttributes } from './activity-task.js';
import { dispatchAttempt } from './heartbeat.js';
import { recordResolution, scheduleRetry } from './resolve-activity.js';
import type { ActivityStamp } from './resolve-activity.js';

/** Does what a pending activity's passed deadline asks for: its next attempt, or its end. */
export async function endDueActivity(
  context: EngineContext,
  run: RunAddress,
  route: Route,
  activityIdBytes: Buffer,
  recordBytes: Buffer,
): Promise<void> {
  const record = readActivityRecord(recordBytes);
  const { scheduledEventId, attempt } = record;
  const bytes = await context.redis.lindexBuffer(run.history, scheduledEventId - 1);
  const event = bytes ? decodeEvent(bytes, scheduledEventId) : undefined;
  if (!event || !isEventOf(event, 'ActivityTaskScheduled')) return;
  const attributes = scheduledAttributes(event.attributes, queueOfRoute(route.taskQueue));
  const stamp: ActivityStamp = { run, activityId: activityIdBytes.toString(), scheduledEventId, attempt };
  if (record.state === 'BACKING_OFF') {
    await dispatchAttempt(context, stamp, attributes.taskQueue, 'b', route.taskQueue);
    return;
  }

  const details = await loadDetails(context, run, record);
  const timeoutType = passedTimeout(record);
  const failure = timeoutFailure(timeoutType, details.heartbeat, details.lastFailure);
  const decision = decideRetry({
    policy: attributes.retryPolicy,
    attempt,
    failure,
    nowMs: record.deadlineMs,
    expiresAtMs: record.closeByMs > 0 ? record.closeByMs : undefined,
    cancelRequested: record.cancelRequestedEventId > 0,
  });
  const timedOut = (): void => context.metrics.activityTimedOut(run.namespace, timeoutType);
  if (decision.retry) {
    const { worker, deadlineMs: atMs } = record;
    const silence =
      record.state === 'STARTED'
        ? await judgeSilence(context, { run, noteId: scheduledEventId, worker, atMs })
        : undefined;
    // The timer pump asks again in a moment.
    if (silence?.kind === 'wait') return;
    if (silence?.kind === 'quarantine') {
      if (await quarantineSilentActivity(context, stamp, attributes.taskQueue, failure, silence)) timedOut();
      return;
    }
    const lost = silence ? lostNote(silence) : '';
    const retried = await scheduleRetry(context, stamp, failure, decision.delayMs, 'd', { lost });
    if (retried === 'retries') timedOut();
    if (retried !== 'cancelRequested') return;
  }
  const retryState = decision.retry ? 'CANCEL_REQUESTED' : decision.retryState;
  // No time for another attempt: it is the whole activity that has run out of time.
  const reported =
    retryState === 'TIMEOUT' ? timeoutFailure('SCHEDULE_TO_CLOSE', details.heartbeat, failure) : failure;
  const ended = await recordResolution(
    context,
    stamp,
    { outcomeType: 'ActivityTaskTimedOut', attributes: { failure: reported, retryState } },
    { route, expect: 'd' },
  );
  if (ended !== 'notFound') timedOut();
}

/** Which of the activity's clocks has run out. */
function passedTimeout(record: ActivityRecord): TimeoutType {
  const { deadlineMs } = record;
  if (record.closeByMs > 0 && record.closeByMs <= deadlineMs) return 'SCHEDULE_TO_CLOSE';
  if (record.state === 'SCHEDULED') return 'SCHEDULE_TO_START';
  return record.startedMs + record.startToCloseTimeoutMs <= deadlineMs ? 'START_TO_CLOSE' : 'HEARTBEAT';
}

async function loadDetails(
  context: EngineContext,
  run: RunAddress,
  record: ActivityRecord,
): Promise<{ readonly heartbeat?: Payloads; readonly lastFailure?: ReturnType<typeof decodeFailure> }> {
  if (!record.hasDetails) return {};
  const id = record.scheduledEventId;
  const [failure, heartbeat] = await context.redis.hmgetBuffer(run.details, `f${id}`, `h${id}`);
  return {
    ...(heartbeat && { heartbeat: decodePayloads(heartbeat) }),
    ...(failure && { lastFailure: decodeFailure(failure) }),
  };
}
