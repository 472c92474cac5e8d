import { decodeEvent, decodeFailure, decodePayloads } from '@tidewheel/codec';
import { DEFAULTS, executionStatusFromCode, isEventOf, WorkflowNotFoundError } from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import { readActivityRecord } from '@tidewheel/store';
import type { ActivityRecord } from '@tidewheel/store';
import { scheduledAttributes } from './activity-task/activity-task.js';
import type { EngineContext, RunAddress } from './engine-context.js';
import { resolveRun } from './read-history.js';
import type {
  ExecutionAddress,
  PendingActivityInfo,
  PendingTimerInfo,
  PendingWorkflowTaskInfo,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
} from './requests.js';

/** The stored state of a run, by field; see libs/store/src/lua/include/execution.lua. */
export type ExecutionState = Readonly<Record<string, Buffer>>;

/** @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError */
export async function describeWorkflow(
  context: EngineContext,
  address: ExecutionAddress,
): Promise<WorkflowExecutionDescription> {
  const run = await resolveRun(context, address);
  const state = await loadState(context, run);
  if (!state) throw new WorkflowNotFoundError(address.workflowId, address.runId);
  const first = await context.redis.lindexBuffer(run.history, 0);
  const started = first ? decodeEvent(first, 1) : undefined;
  const attributes =
    started && isEventOf(started, 'WorkflowExecutionStarted') ? started.attributes : undefined;
  const pendingWorkflowTask = pendingTask(state);
  const runExpiresMs = numberOf(state, 'xr');
  const executionExpiresMs = numberOf(state, 'xe');
  return {
    ...executionInfo(run, state),
    workflowTaskTimeoutMs:
      numberOf(state, 'wt') || (attributes?.workflowTaskTimeoutMs ?? DEFAULTS.workflowTaskTimeoutMs),
    cancelRequested: textOf(state, 'c') === '1',
    ...(runExpiresMs > 0 && { runExpiresMs }),
    ...(executionExpiresMs > 0 && { executionExpiresMs }),
    ...(attributes?.memo && { memo: attributes.memo }),
    ...(attributes?.searchAttributes && { searchAttributes: attributes.searchAttributes }),
    pendingActivities: await pendingActivities(context, run, state),
    pendingTimers: pendingTimers(state),
    ...(pendingWorkflowTask && { pendingWorkflowTask }),
  };
}

async function loadState(context: EngineContext, run: RunAddress): Promise<ExecutionState | undefined> {
  for (const key of [run.execution, run.replaced]) {
    const state = await context.redis.hgetallBuffer(key);
    if (textOf(state, 'r') === run.runId) return state;
  }
  return undefined;
}

/** What every description and list entry says of a run. */
export function executionInfo(
  run: Pick<RunAddress, 'workflowId' | 'runId'>,
  state: ExecutionState,
): WorkflowExecutionInfo {
  const closeTimeMs = numberOf(state, 't1');
  return {
    execution: { workflowId: run.workflowId, runId: run.runId },
    workflowType: textOf(state, 'ty'),
    taskQueue: textOf(state, 'q'),
    status: executionStatusFromCode(numberOf(state, 's')) ?? 'RUNNING',
    startTimeMs: numberOf(state, 't0'),
    ...(closeTimeMs > 0 && { closeTimeMs }),
    historyLength: numberOf(state, 'n'),
    historySizeBytes: numberOf(state, 'z'),
  };
}

function pendingTask(state: ExecutionState): PendingWorkflowTaskInfo | undefined {
  const states = { s: 'SCHEDULED', r: 'STARTED', b: 'BACKING_OFF' } as const;
  const name = states[textOf(state, 'w') as keyof typeof states] as
    (typeof states)[keyof typeof states] | undefined;
  if (!name) return undefined;
  return {
    state: name,
    attempt: numberOf(state, 'wa'),
    scheduledTimeMs: numberOf(state, 'ws'),
    sticky: textOf(state, 'wk') === '1',
    ...(name === 'STARTED' && { startedTimeMs: numberOf(state, 'wb') }),
  };
}

function pendingTimers(state: ExecutionState): PendingTimerInfo[] {
  return Object.entries(state)
    .filter(([name]) => name.startsWith('T'))
    .map(([name, bytes]) => ({ timerId: name.slice(1), firesAtMs: bytes.readUIntBE(0, 6) }));
}

async function pendingActivities(
  context: EngineContext,
  run: RunAddress,
  state: ExecutionState,
): Promise<PendingActivityInfo[]> {
  const records = Object.entries(state)
    .filter(([name]) => name.startsWith('A'))
    .map(([, bytes]) => readActivityRecord(bytes));
  const infos = await Promise.all(records.map((record) => pendingActivity(context, run, state, record)));
  return infos.filter((info) => info !== undefined);
}

async function pendingActivity(
  context: EngineContext,
  run: RunAddress,
  state: ExecutionState,
  record: ActivityRecord,
): Promise<PendingActivityInfo | undefined> {
  const id = record.scheduledEventId;
  const [bytes, details] = await Promise.all([
    context.redis.lindexBuffer(run.history, id - 1),
    record.hasDetails ? context.redis.hmgetBuffer(run.details, `f${id}`, `h${id}`) : [],
  ]);
  const event: HistoryEvent | undefined = bytes ? decodeEvent(bytes, id) : undefined;
  if (!event || !isEventOf(event, 'ActivityTaskScheduled')) return undefined;
  const { activityId, activityType, taskQueue, retryPolicy } = scheduledAttributes(
    event.attributes,
    textOf(state, 'q'),
  );
  const [failure, heartbeat] = details;
  return {
    activityId,
    activityType,
    taskQueue,
    retryPolicy,
    state: record.cancelRequestedEventId > 0 ? 'CANCEL_REQUESTED' : record.state,
    attempt: record.attempt,
    scheduledTimeMs: event.eventTimeMs,
    ...(record.startedMs > 0 && { lastStartedTimeMs: record.startedMs }),
    ...(record.state === 'BACKING_OFF' && { nextAttemptTimeMs: record.deadlineMs }),
    ...(heartbeat && { heartbeatDetails: decodePayloads(heartbeat) }),
    ...(failure && { lastFailure: decodeFailure(failure) }),
  };
}

/** A text field of a run's state, '' when absent. */
export function textOf(state: ExecutionState, name: string): string {
  return state[name]?.toString() ?? '';
}

/** A number field of a run's state, 0 when absent. */
export function numberOf(state: ExecutionState, name: string): number {
  const text = textOf(state, name);
  return text === '' ? 0 : Number(text);
}
