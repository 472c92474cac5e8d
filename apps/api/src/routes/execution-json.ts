import type {
  PendingActivityInfo,
  PendingWorkflowTaskInfo,
  WorkflowExecutionDescription,
  WorkflowExecutionInfo,
  WorkflowOutcome,
  WorkflowVersioningInfo,
} from '@tidewheel/engine';
import { formatDuration } from '@tidewheel/core';
import {
  failureToJson,
  payloadMapToJson,
  payloadsToJson,
  resultToJson,
  retryPolicyToJson,
  toTimestamp,
  userMetadataToJson,
} from '@tidewheel/protocol';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { quarantineToJson } from './quarantine.js';

type DescriptionJson = RouteAnswer<typeof ROUTES.describeWorkflow>;
type InfoJson = RouteAnswer<typeof ROUTES.listWorkflows>['executions'][number];
type PendingActivityJson = DescriptionJson['pendingActivities'][number];
type OutcomeJson = RouteAnswer<typeof ROUTES.getResult>;

/** One line of a list as JSON. */
export function infoToJson(info: WorkflowExecutionInfo): InfoJson {
  return {
    execution: { workflowId: info.execution.workflowId, runId: info.execution.runId },
    workflowType: info.workflowType,
    taskQueue: info.taskQueue,
    status: info.status,
    startTime: toTimestamp(info.startTimeMs),
    ...(info.closeTimeMs !== undefined && { closeTime: toTimestamp(info.closeTimeMs) }),
    historyLength: info.historyLength,
    historySizeBytes: info.historySizeBytes,
    ...(info.memo && { memo: payloadMapToJson(info.memo) }),
    ...(info.searchAttributes && { searchAttributes: payloadMapToJson(info.searchAttributes) }),
    ...(info.versioning && { versioningInfo: versioningToJson(info.versioning) }),
  };
}

function versioningToJson(info: WorkflowVersioningInfo): NonNullable<InfoJson['versioningInfo']> {
  const { behavior, version, override } = info;
  return {
    ...(behavior && { behavior }),
    ...(version && { deploymentVersion: version }),
    ...(override && { versioningOverride: override }),
  };
}

/** A description as JSON. */
export function descriptionToJson(description: WorkflowExecutionDescription): DescriptionJson {
  const { runExpiresMs, executionExpiresMs, pendingWorkflowTask } = description;
  return {
    ...infoToJson(description),
    workflowTaskTimeout: formatDuration(description.workflowTaskTimeoutMs),
    ...(runExpiresMs !== undefined && { runExpirationTime: toTimestamp(runExpiresMs) }),
    ...(executionExpiresMs !== undefined && { executionExpirationTime: toTimestamp(executionExpiresMs) }),
    cancelRequested: description.cancelRequested,
    ...(description.userMetadata && { userMetadata: userMetadataToJson(description.userMetadata) }),
    pendingActivities: description.pendingActivities.map(pendingActivityToJson),
    pendingTimers: description.pendingTimers.map(({ timerId, firesAtMs }) => ({
      timerId,
      fireTime: toTimestamp(firesAtMs),
    })),
    ...(pendingWorkflowTask && { pendingWorkflowTask: pendingTaskToJson(pendingWorkflowTask) }),
  };
}

function pendingActivityToJson(activity: PendingActivityInfo): PendingActivityJson {
  const { lastStartedTimeMs, nextAttemptTimeMs, lastHeartbeatTimeMs, expiresMs } = activity;
  const { scheduleToCloseTimeoutMs, scheduleToStartTimeoutMs, heartbeatTimeoutMs } = activity;
  const { heartbeatDetails, lastFailure, lastWorkerIdentity } = activity;
  return {
    activityId: activity.activityId,
    activityType: activity.activityType,
    taskQueue: activity.taskQueue,
    state: activity.state,
    attempt: activity.attempt,
    scheduledTime: toTimestamp(activity.scheduledTimeMs),
    ...(lastStartedTimeMs !== undefined && { lastStartedTime: toTimestamp(lastStartedTimeMs) }),
    ...(nextAttemptTimeMs !== undefined && { nextAttemptTime: toTimestamp(nextAttemptTimeMs) }),
    ...(lastHeartbeatTimeMs !== undefined && { lastHeartbeatTime: toTimestamp(lastHeartbeatTimeMs) }),
    ...(expiresMs !== undefined && { expirationTime: toTimestamp(expiresMs) }),
    ...(scheduleToCloseTimeoutMs > 0 && { scheduleToCloseTimeout: formatDuration(scheduleToCloseTimeoutMs) }),
    ...(scheduleToStartTimeoutMs > 0 && { scheduleToStartTimeout: formatDuration(scheduleToStartTimeoutMs) }),
    startToCloseTimeout: formatDuration(activity.startToCloseTimeoutMs),
    ...(heartbeatTimeoutMs > 0 && { heartbeatTimeout: formatDuration(heartbeatTimeoutMs) }),
    ...(heartbeatDetails && { heartbeatDetails: payloadsToJson(heartbeatDetails) }),
    ...(lastFailure && { lastFailure: failureToJson(lastFailure) }),
    ...(lastWorkerIdentity !== undefined && { lastWorkerIdentity }),
    ...(activity.quarantine && { quarantine: quarantineToJson(activity.quarantine) }),
    retryPolicy: retryPolicyToJson(activity.retryPolicy),
  };
}

function pendingTaskToJson(
  task: PendingWorkflowTaskInfo,
): NonNullable<DescriptionJson['pendingWorkflowTask']> {
  const { state, attempt, scheduledTimeMs, startedTimeMs, sticky } = task;
  return {
    state,
    attempt,
    scheduledTime: toTimestamp(scheduledTimeMs),
    ...(startedTimeMs !== undefined && { startedTime: toTimestamp(startedTimeMs) }),
    sticky,
    ...(task.quarantine && { quarantine: quarantineToJson(task.quarantine) }),
  };
}

/** How a run ended as JSON. */
export function outcomeToJson(outcome: WorkflowOutcome): OutcomeJson {
  switch (outcome.status) {
    case 'COMPLETED':
      return { ...outcome, result: resultToJson(outcome.result) };
    case 'FAILED':
      return { ...outcome, failure: failureToJson(outcome.failure) };
    case 'CANCELED':
    case 'TERMINATED':
      return { ...outcome, details: payloadsToJson(outcome.details) };
    default:
      return outcome;
  }
}
