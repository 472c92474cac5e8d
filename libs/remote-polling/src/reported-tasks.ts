import { ActivityTaskNotFoundError, WorkflowTaskNotFoundError } from '@tidewheel/core';
import { runAddress } from '@tidewheel/engine';
import type {
  ActivityAttempt,
  ActivityTask,
  EngineContext,
  RunAddress,
  WorkflowTask,
} from '@tidewheel/engine';
import type { RunFacts } from './run-facts.js';
import { encodeActivityTaskToken, encodeWorkflowTaskToken } from './tokens.js';
import type { ActivityTaskToken, WorkflowTaskToken } from './tokens.js';

/** The token of a started activity attempt. */
export function activityTaskTokenOf(task: ActivityTask): Buffer {
  const { namespace, partition, workflowId, runId } = task.run;
  return encodeActivityTaskToken({
    namespace,
    partition,
    workflowId,
    runId,
    activityId: task.activityId,
    scheduledEventId: task.scheduledEventId,
    attempt: task.attempt,
    taskQueue: task.taskQueue,
    workflowTaskQueue: task.workflowTaskQueue,
    sticky: task.sticky,
    retryPolicy: task.retryPolicy,
    closeByMs: task.closeByMs,
  });
}

/**
 * The attempt that a token stands for.
 *
 * @throws ActivityTaskNotFoundError when it names a partition that there is not
 */
export function activityAttemptOf(context: EngineContext, token: ActivityTaskToken): ActivityAttempt {
  const run = runOfToken(context, token);
  if (!run) throw new ActivityTaskNotFoundError();
  return { ...token, run };
}

/** The token of a started workflow task. */
export function workflowTaskTokenOf(task: WorkflowTask, facts: RunFacts): Buffer {
  const { run, stamp } = task;
  return encodeWorkflowTaskToken({
    namespace: run.namespace,
    partition: run.partition,
    workflowId: run.workflowId,
    runId: run.runId,
    ...stamp,
    ...facts,
    startedMs: task.startedMs,
    taskTimeoutMs: task.taskTimeoutMs,
    runExpiresMs: task.runExpiresMs,
    executionExpiresMs: task.executionExpiresMs,
    historyLength: task.historyLength,
  });
}

/**
 * The workflow task that a token stands for, without the events that the worker had got with it.
 *
 * @throws WorkflowTaskNotFoundError when it names a partition that there is not
 */
export function workflowTaskOf(context: EngineContext, token: WorkflowTaskToken): WorkflowTask {
  const { scheduledEventId, startedEventId, attempt } = token;
  const run = runOfToken(context, token);
  if (!run) throw new WorkflowTaskNotFoundError();
  return {
    run,
    stamp: { scheduledEventId, startedEventId, attempt },
    taskQueue: token.taskQueue,
    previousStartedEventId: 0,
    scheduledMs: 0,
    startedMs: token.startedMs,
    taskTimeoutMs: token.taskTimeoutMs,
    runExpiresMs: token.runExpiresMs,
    executionExpiresMs: token.executionExpiresMs,
    firstEventId: token.historyLength + 1,
    events: [],
    historyLength: token.historyLength,
    queries: [],
  };
}

/** Undefined when the token names a partition that there is not. */
function runOfToken(
  context: EngineContext,
  { namespace, partition, workflowId, runId }: ActivityTaskToken | WorkflowTaskToken,
): RunAddress | undefined {
  if (partition >= context.keys.partitions) return undefined;
  return runAddress(context, context.keys.executionAt(partition, namespace, workflowId), runId);
}
