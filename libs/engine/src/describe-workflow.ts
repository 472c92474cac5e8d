import { decodeEvent, decodeFailure, decodePayloadMap, decodePayloads } from '@tidewheel/codec';
import { DEFAULTS, executionStatusFromCode, isEventOf, WorkflowNotFoundError } from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import {
  EXECUTION_STATE_FIELDS,
  readActivityRecord,
  readExecutionState,
  readHandBack,
} from '@tidewheel/store';
import type { ActivityRecord, ExecutionState, RunningState, StoredVersioning } from '@tidewheel/store';
import { parseBehavior, parseOverride } from './worker-deployments/stored-versioning.js';
import { scheduledAttributes } from './activity-task/activity-task.js';
import type { EngineContext, RunAddress } from './engine-context.js';
import { decodeNote } from './quarantine/quarantine-note.js';
import { readQuarantine } from './quarantine/quarantined-tasks.js';
import { resolveRun } from './read-history.js';
import type {
  ExecutionAddress,
  PendingActivityInfo,
  PendingTimerInfo,
  PendingWorkflowTaskInfo,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
  WorkflowVersioningInfo,
} from './requests.js';

/** @throws WorkflowNotFoundError, InvalidArgumentError, NamespaceNotFoundError */
export async function describeWorkflow(
  context: EngineContext,
  address: ExecutionAddress,
): Promise<WorkflowExecutionDescription> {
  const run = await resolveRun(context, address);
  const fields = await loadFields(context, run);
  const state = fields && readExecutionState(EXECUTION_STATE_FIELDS.map((name) => fields[name]));
  if (!state) throw new WorkflowNotFoundError(address.workflowId, address.runId);
  const first = await context.redis.lindexBuffer(run.history, 0);
  const started = first ? decodeEvent(first, 1) : undefined;
  const attributes =
    started && isEventOf(started, 'WorkflowExecutionStarted') ? started.attributes : undefined;
  const { running } = state;
  const task = running && (await pendingTask(context, run, running));
  return {
    ...executionInfo(run.workflowId, state),
    workflowTaskTimeoutMs:
      running?.workflowTaskTimeoutMs ?? attributes?.workflowTaskTimeoutMs ?? DEFAULTS.workflowTaskTimeoutMs,
    cancelRequested: running?.cancelRequested ?? false,
    ...(running && running.runExpiresMs > 0 && { runExpiresMs: running.runExpiresMs }),
    ...(running && running.executionExpiresMs > 0 && { executionExpiresMs: running.executionExpiresMs }),
    ...(started?.userMetadata && { userMetadata: started.userMetadata }),
    pendingActivities: await pendingActivities(context, run, state, fields),
    pendingTimers: pendingTimers(fields),
    ...(task && { pendingWorkflowTask: task }),
  };
}

type StateFields = Readonly<Record<string, Buffer>>;

async function loadFields(context: EngineContext, run: RunAddress): Promise<StateFields | undefined> {
  for (const key of [run.execution, run.replaced]) {
    const fields = await context.redis.hgetallBuffer(key);
    if (fields['r']?.toString() === run.runId) return fields;
  }
  return undefined;
}

/** What every description and list entry says of a run. */
export function executionInfo(workflowId: string, state: ExecutionState): WorkflowExecutionInfo {
  return {
    execution: { workflowId, runId: state.runId },
    workflowType: state.workflowType,
    taskQueue: state.taskQueue,
    status: executionStatusFromCode(state.statusCode) ?? 'RUNNING',
    startTimeMs: state.startTimeMs,
    ...(state.closeTimeMs > 0 && { closeTimeMs: state.closeTimeMs }),
    historyLength: state.historyLength,
    historySizeBytes: state.historySizeBytes,
    ...(state.memo && { memo: decodePayloadMap(state.memo) }),
    ...(state.searchAttributes && { searchAttributes: decodePayloadMap(state.searchAttributes) }),
    ...(state.versioning && { versioning: versioningInfo(state.versioning) }),
  };
}

function versioningInfo(stored: StoredVersioning): WorkflowVersioningInfo {
  const last = parseBehavior(stored.behavior);
  const override = parseOverride(stored.override);
  return {
    ...(last && { behavior: last.behavior, version: last.version }),
    ...(override && { override }),
  };
}

async function pendingTask(
  context: EngineContext,
  run: RunAddress,
  { workflowTask }: RunningState,
): Promise<PendingWorkflowTaskInfo | undefined> {
  const { state, attempt, scheduledMs, startedMs, onStickyQueue } = workflowTask;
  if (state === 'NONE') return undefined;
  const quarantine = state === 'QUARANTINED' ? await readQuarantine(context, run, 0) : undefined;
  return {
    state,
    attempt,
    scheduledTimeMs: scheduledMs,
    sticky: onStickyQueue,
    ...(state === 'STARTED' && { startedTimeMs: startedMs }),
    ...(quarantine && { quarantine }),
  };
}

function pendingTimers(fields: StateFields): PendingTimerInfo[] {
  return Object.entries(fields)
    .filter(([name]) => name.startsWith('T'))
    .map(([name, bytes]) => ({ timerId: name.slice(1), firesAtMs: bytes.readUIntBE(0, 6) }));
}

async function pendingActivities(
  context: EngineContext,
  run: RunAddress,
  state: ExecutionState,
  fields: StateFields,
): Promise<PendingActivityInfo[]> {
  const records = Object.entries(fields)
    .filter(([name]) => name.startsWith('A'))
    .map(([, bytes]) => readActivityRecord(bytes));
  const infos = await Promise.all(
    records.map((record) => pendingActivity(context, run, state.taskQueue, record)),
  );
  return infos.filter((info) => info !== undefined);
}

async function pendingActivity(
  context: EngineContext,
  run: RunAddress,
  workflowTaskQueue: string,
  record: ActivityRecord,
): Promise<PendingActivityInfo | undefined> {
  const id = record.scheduledEventId;
  const [bytes, details] = await Promise.all([
    context.redis.lindexBuffer(run.history, id - 1),
    record.hasDetails
      ? context.redis.hmgetBuffer(run.details, `f${id}`, `h${id}`, `u${id}`, `i${id}`, `l${id}`)
      : [],
  ]);
  const event: HistoryEvent | undefined = bytes ? decodeEvent(bytes, id) : undefined;
  if (!event || !isEventOf(event, 'ActivityTaskScheduled')) return undefined;
  const {
    input: _input,
    header: _header,
    ...attributes
  } = scheduledAttributes(event.attributes, workflowTaskQueue);
  const [failed, heartbeat, handBack, identity, lost] = details;
  const { quarantine } = decodeNote(lost);
  const failure = currentFailure(record, failed, handBack);
  const lastHeartbeatTimeMs = lastHeartbeat(record);
  return {
    ...attributes,
    state: record.cancelRequestedEventId > 0 ? 'CANCEL_REQUESTED' : record.state,
    attempt: record.attempt,
    scheduledTimeMs: event.eventTimeMs,
    ...(record.startedMs > 0 && { lastStartedTimeMs: record.startedMs }),
    ...(lastHeartbeatTimeMs !== undefined && { lastHeartbeatTimeMs }),
    ...(record.closeByMs > 0 && { expiresMs: record.closeByMs }),
    ...(record.state === 'BACKING_OFF' && { nextAttemptTimeMs: record.deadlineMs }),
    ...(heartbeat && { heartbeatDetails: decodePayloads(heartbeat) }),
    ...(failure && { lastFailure: decodeFailure(failure) }),
    ...(identity && { lastWorkerIdentity: identity.toString() }),
    ...(record.state === 'QUARANTINED' && quarantine && { quarantine }),
  };
}

/** Why the activity is where it is: nobody had it registered so far, or its last attempt failed. */
function currentFailure(
  record: ActivityRecord,
  failed: Buffer | null | undefined,
  handBackBytes: Buffer | null | undefined,
): Buffer | null | undefined {
  const handBack = handBackBytes ? readHandBack(handBackBytes) : undefined;
  const isWaiting = record.state !== 'STARTED' && handBack?.attempt === record.attempt;
  return isWaiting ? handBack.failure : failed;
}

/** Each heartbeat moves the deadline, unless one that is not moved comes sooner: then nobody knows when the last was. */
function lastHeartbeat(record: ActivityRecord): number | undefined {
  if (record.state !== 'STARTED' || record.heartbeatTimeoutMs === 0) return undefined;
  const ends = [record.closeByMs, record.startedMs + record.startToCloseTimeoutMs];
  if (ends.includes(record.deadlineMs)) return undefined;
  const timeMs = record.deadlineMs - record.heartbeatTimeoutMs;
  return timeMs > record.startedMs ? timeMs : undefined;
}
