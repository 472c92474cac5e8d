import { encodeEventBody } from '@tidewheel/codec';
import { EVENT_TYPE_CODES, EXECUTION_STATUS_CODES, WorkflowNotFoundError } from '@tidewheel/core';
import type { EventAttributes, Payloads } from '@tidewheel/core';
import { closeExecution } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import type { EngineContext, RunAddress } from './engine-context.js';
import { readRoute, runAddress } from './engine-context.js';
import type { ClosedStatus } from './engine-metrics.js';
import { checkPayloads, checkRunId, requireIdentifier } from './request-checks.js';
import type { TerminateWorkflowRequest } from './requests.js';
import type { WorkflowTaskStamp } from './workflow-task/end-workflow-task.js';

/** Body of WorkflowTaskFailed for a task that was under way when its run was closed from outside, without its ids. */
const TASK_FAILED_BODY = encodeEventBody('WorkflowTaskFailed', {
  cause: 'FORCE_CLOSE_COMMAND',
} as EventAttributes['WorkflowTaskFailed']);

/** @throws WorkflowNotFoundError when no such run is running */
export async function terminateWorkflow(
  context: EngineContext,
  request: TerminateWorkflowRequest,
): Promise<void> {
  requireIdentifier('workflowId', request.workflowId);
  checkRunId(request.runId);
  checkPayloads('details', request.details);
  await context.namespaces.require(request.namespace);
  const execution = await context.placement.find(request.namespace, request.workflowId, request.runId);
  const runId = request.runId ?? (await readRoute(context, execution))?.runId;
  const terminated =
    runId !== undefined &&
    // The connection repeats a script whose reply was lost.
    (await terminateRun(context, runAddress(context, execution, runId), request, {
      requestId: randomUUID(),
    }));
  if (!terminated) {
    throw new WorkflowNotFoundError(
      request.workflowId,
      request.runId,
      `workflow execution "${request.workflowId}" is not running`,
    );
  }
}

/** When a run is to be closed, and how often the same request may be heard. */
interface CloseOptions {
  /** Only for this workflow task: nothing happens when it is no longer under way. */
  readonly task?: WorkflowTaskStamp | undefined;
  /** Only when the run's or the execution's timeout has passed. */
  readonly dueOnly?: boolean;
  /** A request repeated with the same id is answered like the first. */
  readonly requestId?: string;
}

/** Ends a run with a WorkflowExecutionTerminated event. False when it was not running, or its task not under way. */
export async function terminateRun(
  context: EngineContext,
  address: RunAddress,
  cause: {
    readonly reason?: string | undefined;
    readonly details?: Payloads | undefined;
    readonly identity?: string | undefined;
  },
  options: CloseOptions = {},
): Promise<boolean> {
  const body = encodeEventBody('WorkflowExecutionTerminated', {
    identity: cause.identity ?? context.identity,
    ...(cause.reason !== undefined && { reason: cause.reason }),
    ...(cause.details && { details: cause.details }),
  });
  return closeRun(context, address, 'WorkflowExecutionTerminated', body, 'TERMINATED', options);
}

/** Ends a run whose run or execution timeout has passed. False when it has not, or the run is closed. */
export async function timeOutRun(context: EngineContext, address: RunAddress): Promise<boolean> {
  const body = encodeEventBody('WorkflowExecutionTimedOut', { retryState: 'RETRY_POLICY_NOT_SET' });
  return closeRun(context, address, 'WorkflowExecutionTimedOut', body, 'TIMED_OUT', { dueOnly: true });
}

/**
 * Fails a run for a limit that it broke. False when it is closed.
 *
 * @param task the workflow task for which it is failed, if it is for one: false when that is no longer under way
 */
export async function failRun(
  context: EngineContext,
  address: RunAddress,
  message: string,
  type: string,
  task?: WorkflowTaskStamp,
): Promise<boolean> {
  const body = encodeEventBody('WorkflowExecutionFailed', {
    failure: { message, source: 'Server', info: { kind: 'application', type, nonRetryable: true } },
    retryState: 'NON_RETRYABLE_FAILURE',
    workflowTaskCompletedEventId: 0,
  });
  return closeRun(context, address, 'WorkflowExecutionFailed', body, 'FAILED', { task });
}

async function closeRun(
  context: EngineContext,
  address: RunAddress,
  eventType: 'WorkflowExecutionTerminated' | 'WorkflowExecutionTimedOut' | 'WorkflowExecutionFailed',
  body: Buffer,
  status: ClosedStatus,
  options: CloseOptions,
): Promise<boolean> {
  const partition = context.keys.partition(address.partition);
  const input = {
    executionKey: address.execution,
    historyKey: address.history,
    bufferKey: address.buffer,
    timersKey: partition.timers,
    runningKey: context.keys.running(address.partition, address.namespace),
    closedKey: context.keys.closed(address.partition, address.namespace),
    notifyKey: partition.notify,
    requestsKey: address.requests,
    detailsKey: address.details,
    member: address.member,
    runMember: address.runMember,
    runId: address.runId,
    startedId: options.task?.startedEventId ?? 0,
    attempt: options.task?.attempt ?? 0,
    taskFailedBody: TASK_FAILED_BODY,
    eventType: EVENT_TYPE_CODES[eventType],
    body,
    status: String(EXECUTION_STATUS_CODES[status]),
    dueOnly: options.dueOnly ? '1' : '',
    requestId: options.requestId ?? '',
  };
  let reply = await closeExecution(context.run, { ...input, countKeys: [] });
  if (reply[0] === -1) {
    // It is pinned to a worker version, of which one execution fewer has to be counted.
    const countKeys = [context.keys.pinnedCounts(address.partition, address.namespace)];
    reply = await closeExecution(context.run, { ...input, countKeys });
  }
  if (reply[0] !== 1) return false;
  context.metrics.runClosed(address.namespace, status);
  return true;
}
