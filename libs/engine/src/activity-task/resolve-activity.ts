import { encodeEventBody, encodeFailure } from '@tidewheel/codec';
import type { BodyAttributes } from '@tidewheel/codec';
import {
  ActivityTaskNotFoundError,
  decideRetry,
  EVENT_TYPE_CODES,
  InvalidArgumentError,
} from '@tidewheel/core';
import type { Failure, Payloads, RetryState, WorkerDeploymentVersion } from '@tidewheel/core';
import { parseRoute, queueOfRoute } from '@tidewheel/routing';
import { resolveActivity, retryActivity } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { routeStreams } from '../engine-context.js';
import { checkPayloads } from '../request-checks.js';
import { forceEndWorkflowTask } from '../workflow-task/end-workflow-task.js';
import { startedBody } from '../workflow-task/start-workflow-tasks.js';
import type { WorkflowTask } from '../workflow-task/workflow-task.js';
import { isTarget } from '../worker-deployments/stream-names.js';
import type { ActivityAttempt, ActivityTask } from './activity-task.js';

/** Who reports, and whether it does the workflow task that follows at once. */
export interface ActivityReporter {
  readonly identity: string;
  /** The reporter's own sticky queue, when it has a slot for the workflow task of an execution that it caches. */
  readonly eagerSticky?: string | undefined;
  /** The reporter's own version, if it has one. */
  readonly version?: WorkerDeploymentVersion | undefined;
  /** The process that does that task, by its number. */
  readonly worker?: number | undefined;
}

/** What became of a report; `next` is the started workflow task that the report made due. */
export interface ActivityReportOutcome {
  readonly next?: WorkflowTask;
}

/** @throws ActivityTaskNotFoundError when the attempt is no longer expected */
export async function completeActivity(
  context: EngineContext,
  task: ActivityAttempt,
  result: Payloads,
  reporter: ActivityReporter,
): Promise<ActivityReportOutcome> {
  checkPayloads('result', result);
  const attributes = { ...(result.length > 0 && { result }) };
  return report(context, task, { outcomeType: 'ActivityTaskCompleted', attributes }, reporter);
}

/**
 * Reports that an attempt stopped because it was asked to.
 *
 * @throws ActivityTaskNotFoundError when the attempt is no longer expected
 * @throws InvalidArgumentError when nobody asked it to
 */
export async function cancelActivity(
  context: EngineContext,
  task: ActivityAttempt,
  details: Payloads,
  reporter: ActivityReporter,
): Promise<ActivityReportOutcome> {
  checkPayloads('details', details);
  const attributes = { ...(details.length > 0 && { details }) };
  return report(context, task, { outcomeType: 'ActivityTaskCanceled', attributes }, reporter);
}

/**
 * Reports that an attempt failed: another follows by the retry policy, or the failure goes to the workflow.
 *
 * @throws ActivityTaskNotFoundError when the attempt is no longer expected
 */
export async function failActivity(
  context: EngineContext,
  task: ActivityAttempt,
  failure: Failure,
  reporter: ActivityReporter,
): Promise<ActivityReportOutcome & { readonly retries: boolean }> {
  const decision = decideRetry({
    policy: task.retryPolicy,
    attempt: task.attempt,
    failure,
    nowMs: Date.now(),
    expiresAtMs: task.closeByMs > 0 ? task.closeByMs : undefined,
  });
  let retryState: RetryState;
  if (decision.retry) {
    const retried = await scheduleRetry(context, task, failure, decision.delayMs, 'r', {
      identity: reporter.identity,
    });
    if (retried === 'retries') return { retries: true };
    if (retried === 'notFound') throw new ActivityTaskNotFoundError();
    retryState = 'CANCEL_REQUESTED';
  } else {
    retryState = decision.retryState;
  }
  const attributes = { failure, retryState };
  const outcome = await report(context, task, { outcomeType: 'ActivityTaskFailed', attributes }, reporter);
  return { ...outcome, retries: false };
}

/** What tells one attempt of an activity from all others. */
export type ActivityStamp = Pick<ActivityTask, 'run' | 'activityId' | 'scheduledEventId' | 'attempt'>;

/** What is kept beside an attempt that another follows; '' and nothing leave what is noted. */
interface RetryNotes {
  /** Of the worker that reported the failure. */
  readonly identity?: string;
  /** Note of the workers lost with it. */
  readonly lost?: string;
}

/**
 * Lets another attempt follow after a delay.
 *
 * @param expect `r`: the attempt must be started; `d`: one of its deadlines must have passed
 * @param notes who reported the failure, and which workers were lost with it
 */
export async function scheduleRetry(
  context: EngineContext,
  task: ActivityStamp,
  failure: Failure,
  delayMs: number,
  expect: 'r' | 'd',
  { identity = '', lost = '' }: RetryNotes = {},
): Promise<'retries' | 'cancelRequested' | 'notFound'> {
  const [code] = await retryActivity(context.run, {
    executionKey: task.run.execution,
    timersKey: context.keys.partition(task.run.partition).timers,
    detailsKey: task.run.details,
    notifyKey: context.keys.partition(task.run.partition).notify,
    member: task.run.member,
    runId: task.run.runId,
    activityId: task.activityId,
    scheduledId: task.scheduledEventId,
    attempt: task.attempt,
    expect,
    delayMs: Math.max(1, delayMs),
    failure: encodeFailure(failure),
    identity,
    lost,
  });
  return code === 1 ? 'retries' : code === 2 ? 'cancelRequested' : 'notFound';
}

/** How an activity ended. */
type ActivityResolution = {
  [T in 'ActivityTaskCompleted' | 'ActivityTaskFailed' | 'ActivityTaskTimedOut' | 'ActivityTaskCanceled']: {
    readonly outcomeType: T;
    readonly attributes: BodyAttributes<T>;
  };
}['ActivityTaskCompleted' | 'ActivityTaskFailed' | 'ActivityTaskTimedOut' | 'ActivityTaskCanceled'];

async function report(
  context: EngineContext,
  task: ActivityAttempt,
  resolution: ActivityResolution,
  reporter: ActivityReporter,
): Promise<ActivityReportOutcome> {
  const outcome = await recordResolution(context, task, resolution, {
    route: { taskQueue: task.workflowRoute ?? task.workflowTaskQueue, sticky: task.sticky },
    version: reporter.version,
    identity: reporter.identity,
    eagerSticky: reporter.eagerSticky,
    worker: reporter.worker,
    expect: 'r',
  });
  if (outcome === 'notFound') throw new ActivityTaskNotFoundError();
  return outcome;
}

/** A process that serves many workers sees many identities come and go. */
const REMEMBERED_IDENTITIES = 1_000;
const firstAttemptBodies = new Map<string | undefined, Buffer>();

/** Body of ActivityTaskStarted; the same for every first attempt that one worker runs. */
function activityStartedBody(identity: string | undefined, attempt: number): Buffer {
  const known = attempt === 1 ? firstAttemptBodies.get(identity) : undefined;
  if (known) return known;
  const body = encodeEventBody('ActivityTaskStarted', {
    ...(identity !== undefined && { identity }),
    ...(attempt > 1 && { attempt }),
  });
  if (attempt === 1) {
    if (firstAttemptBodies.size >= REMEMBERED_IDENTITIES) firstAttemptBodies.clear();
    firstAttemptBodies.set(identity, body);
  }
  return body;
}

/** How {@link recordResolution} finds its way. */
interface ResolutionOptions {
  readonly route: { readonly taskQueue: string; readonly sticky: string };
  /** Who ran the attempt; undefined for one that never started. */
  readonly identity?: string | undefined;
  readonly eagerSticky?: string | undefined;
  readonly version?: WorkerDeploymentVersion | undefined;
  readonly worker?: number | undefined;
  /** `r`: the attempt must be started; `d`: one of its deadlines must have passed. */
  readonly expect: 'r' | 'd';
}

/** By which routing a worker may do the next task of an unpinned run at once; undefined when it may not, or needs none. */
function unpinnedTarget(
  context: EngineContext,
  run: RunAddress,
  route: string,
  version: WorkerDeploymentVersion | undefined,
): { readonly revisionKey: string; readonly revision: number } | undefined {
  const { kind, taskQueue } = parseRoute(route);
  if (kind !== 'unpinned') return undefined;
  const view = context.deployments.seen(run.namespace);
  if (!isTarget(view, taskQueue, run.workflowId, version)) return undefined;
  return {
    revisionKey: context.keys.routingRevision(run.partition, run.namespace),
    revision: view.revision,
  };
}

/** Writes the outcome of an activity into its run's history. */
export async function recordResolution(
  context: EngineContext,
  task: ActivityStamp,
  resolution: ActivityResolution,
  options: ResolutionOptions,
): Promise<ActivityReportOutcome | 'notFound'> {
  const { run } = task;
  const partition = context.keys.partition(run.partition);
  const input = {
    executionKey: run.execution,
    historyKey: run.history,
    bufferKey: run.buffer,
    timersKey: partition.timers,
    notifyKey: partition.notify,
    detailsKey: run.details,
    member: run.member,
    runId: run.runId,
    activityId: task.activityId,
    scheduledId: task.scheduledEventId,
    attempt: task.attempt,
    expect: options.expect,
    startedBody: activityStartedBody(options.identity, task.attempt),
    outcomeType: EVENT_TYPE_CODES[resolution.outcomeType],
    outcomeBody: encodeEventBody(resolution.outcomeType, resolution.attributes),
    eagerSticky: options.eagerSticky ?? '',
    worker: options.worker ?? 0,
    workflowTaskStartedBody: options.eagerSticky ? startedBody(options.identity ?? '') : '',
  };
  let route = options.route;
  const eager = options.eagerSticky
    ? unpinnedTarget(context, run, route.taskQueue, options.version)
    : undefined;
  if (options.eagerSticky && route.sticky === '') route = { ...route, sticky: options.eagerSticky };
  for (;;) {
    const reply = await resolveActivity(context.run, {
      ...input,
      ...route,
      revisionKeys: eager ? [eager.revisionKey] : [],
      revision: eager?.revision ?? 0,
      ...routeStreams(context, run, route),
    });
    switch (reply[0]) {
      case 0:
        return 'notFound';
      case 2:
        throw new InvalidArgumentError('activity', 'was not asked to cancel: report that it failed instead');
      case -1:
        route = { taskQueue: reply[1].toString(), sticky: reply[2].toString() };
        break;
      case -2:
        await forceEndWorkflowTask(context, run, reply[4].toString(), {
          scheduledEventId: reply[1],
          startedEventId: reply[2],
          attempt: reply[3],
        });
        break;
      case 1: {
        const [, nowMs, startedEventId, previousStartedEventId, events, scheduledEventId] = reply;
        if (startedEventId === 0) return {};
        const [, , , , , , taskTimeoutMs, runExpiresMs, executionExpiresMs, historyLength] = reply;
        return {
          next: {
            run,
            stamp: { scheduledEventId, startedEventId, attempt: 1 },
            taskQueue: queueOfRoute(route.taskQueue),
            route: route.taskQueue,
            previousStartedEventId,
            scheduledMs: nowMs,
            startedMs: nowMs,
            taskTimeoutMs,
            runExpiresMs,
            executionExpiresMs,
            firstEventId: previousStartedEventId + 1,
            events,
            historyLength,
            queries: [],
          },
        };
      }
    }
  }
}
