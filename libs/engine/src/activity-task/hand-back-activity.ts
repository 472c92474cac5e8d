import { encodeFailure } from '@tidewheel/codec';
import { DEFAULTS } from '@tidewheel/core';
import type { Failure } from '@tidewheel/core';
import { handBackActivity } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import type { ActivityTask } from './activity-task.js';

/** Another worker that waits for tasks should get it at once; it has been asked for longest. */
const FIRST_DELAY_MS = 10;

/**
 * What became of an attempt that a worker gave back: it waits for another worker; it has to fail, as nobody had the
 * activity for too long; it was asked to cancel meanwhile, and has to be reported so; or it was not expected any more.
 */
export type HandBackOutcome = 'handedBack' | 'patienceOver' | 'cancelRequested' | 'notFound';

/**
 * Gives back a started attempt whose activity the worker does not have, for another worker. The attempt's number and its
 * schedule-to-start timeout stay as they are. At first it is offered again at once, later once a second.
 *
 * @param failure says what the worker has instead; pending activities show it as their last failure meanwhile
 * @param patienceMs how long it is given back, counted from the first time; 0 for not at all
 */
export async function handBackUnregisteredActivity(
  context: EngineContext,
  task: ActivityTask,
  failure: Failure,
  patienceMs: number = DEFAULTS.unregisteredActivityMs,
): Promise<HandBackOutcome> {
  const { run } = task;
  const partition = context.keys.partition(run.partition);
  const [code] = await handBackActivity(context.run, {
    executionKey: run.execution,
    timersKey: partition.timers,
    detailsKey: run.details,
    notifyKey: partition.notify,
    member: run.member,
    runId: run.runId,
    activityId: task.activityId,
    scheduledId: task.scheduledEventId,
    attempt: task.attempt,
    startedMs: task.startedMs,
    firstDelayMs: FIRST_DELAY_MS,
    delayMs: DEFAULTS.unregisteredRetryMs,
    patienceMs,
    failure: encodeFailure(failure),
  });
  return OUTCOMES[code];
}

const OUTCOMES = ['notFound', 'handedBack', 'cancelRequested', 'patienceOver'] as const;
