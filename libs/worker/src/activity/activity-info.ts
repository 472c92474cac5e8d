import type { ActivityInfo } from '@tidewheel/activity/runtime';
import { defaultPayloadConverter } from '@tidewheel/common';
import type { ActivityTask } from '@tidewheel/engine';

/** What an activity may know about the attempt that it is. */
export function activityInfoOf(task: ActivityTask, workerId: string): ActivityInfo {
  const { namespace, workflowId, runId } = task.run;
  const [heartbeat] = task.heartbeatDetails ?? [];
  return {
    get taskToken() {
      return taskToken(task);
    },
    get base64TaskToken() {
      return taskToken(task).toString('base64');
    },
    activityId: task.activityId,
    activityType: task.activityType,
    activityNamespace: namespace,
    attempt: task.attempt,
    isLocal: false,
    workflowExecution: { workflowId, runId },
    workflowType: task.workflowType,
    workflowNamespace: namespace,
    namespace,
    heartbeatDetails: heartbeat && defaultPayloadConverter.fromPayload(heartbeat),
    scheduledTimestampMs: task.scheduledMs,
    currentAttemptScheduledTimestampMs: task.attemptScheduledMs,
    startedTimestampMs: task.startedMs,
    scheduleToCloseTimeoutMs: task.scheduleToCloseTimeoutMs,
    startToCloseTimeoutMs: task.startToCloseTimeoutMs,
    ...(task.heartbeatTimeoutMs > 0 && { heartbeatTimeoutMs: task.heartbeatTimeoutMs }),
    retryPolicy: task.retryPolicy,
    taskQueue: task.taskQueue,
    workerId,
  };
}

function taskToken(task: ActivityTask): Buffer {
  const { namespace, workflowId, runId } = task.run;
  const { activityId, scheduledEventId, attempt } = task;
  return Buffer.from(JSON.stringify({ namespace, workflowId, runId, activityId, scheduledEventId, attempt }));
}
