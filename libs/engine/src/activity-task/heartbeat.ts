import { encodePayloads } from '@tidewheel/codec';
import { ActivityTaskNotFoundError } from '@tidewheel/core';
import type { Payloads } from '@tidewheel/core';
import { dispatchActivity, recordHeartbeat } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { readRoute } from '../engine-context.js';
import { checkPayloads } from '../request-checks.js';
import { activityStreamName } from '../worker-deployments/stream-names.js';
import type { ActivityAttempt } from './activity-task.js';
import type { ActivityStamp } from './resolve-activity.js';

/** What a heartbeat tells the worker. */
export interface HeartbeatResponse {
  /** The workflow no longer wants the result: the activity should stop. */
  readonly cancelRequested: boolean;
}

/**
 * Notes that an attempt is alive, with details that the next attempt gets should this one fail.
 *
 * @param identity of the worker, for descriptions
 * @throws ActivityTaskNotFoundError when the attempt is no longer expected
 */
export async function heartbeatActivity(
  context: EngineContext,
  task: ActivityStamp,
  details: Payloads,
  identity = '',
): Promise<HeartbeatResponse> {
  checkPayloads('details', details);
  const reply = await recordHeartbeat(context.run, {
    executionKey: task.run.execution,
    detailsKey: task.run.details,
    runId: task.run.runId,
    activityId: task.activityId,
    scheduledId: task.scheduledEventId,
    attempt: task.attempt,
    heartbeat: details.length > 0 ? encodePayloads(details) : '',
    identity,
  });
  if (reply[0] === 0) throw new ActivityTaskNotFoundError();
  return { cancelRequested: reply[1] === 1 };
}

/** Gives a started attempt back untouched, so that another worker takes it. False when it was no longer expected. */
export async function returnActivity(context: EngineContext, task: ActivityAttempt): Promise<boolean> {
  // Where there are no worker versions, it is known without asking where the attempt belongs.
  const versioned = context.deployments.seen(task.run.namespace).revision > 0;
  const route = versioned ? (await readRoute(context, task.run))?.taskQueue : undefined;
  return dispatchAttempt(context, task, task.taskQueue, 'r', route ?? task.workflowTaskQueue);
}

/**
 * Puts an attempt on its stream.
 *
 * @param expect `b`: it is backing off and due; `r`: it is started, and given back; `s`: it waits, on another stream
 * @param route where the run's tasks go
 */
export async function dispatchAttempt(
  context: EngineContext,
  task: ActivityStamp,
  taskQueue: string,
  expect: 'b' | 'r' | 's',
  route: string,
): Promise<boolean> {
  const { run } = task;
  const stream = await activityStreamName(context, run, route, taskQueue);
  const [code] = await dispatchActivity(context.run, {
    executionKey: run.execution,
    timersKey: context.keys.partition(run.partition).timers,
    streamKey: context.keys.taskStream(run.partition, 'activity', run.namespace, stream),
    member: run.member,
    runId: run.runId,
    activityId: task.activityId,
    scheduledId: task.scheduledEventId,
    attempt: task.attempt,
    expect,
  });
  return code === 1;
}
