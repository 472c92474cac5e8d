import type { ActivityTask } from '@tidewheel/engine';
import { activityTaskTokenOf } from '@tidewheel/remote-polling';
import { headerToProto, payloadsToProto } from '../convert/payload.js';
import { retryPolicyToProto } from '../convert/retry-policy.js';
import { durationToProto, timestampToProto } from '../convert/time.js';
import type { ResponseOf } from '../proto.js';

/** A started activity attempt as a worker gets it: from a poll, or with the workflow task that scheduled it. */
export function activityTaskResponse(
  task: ActivityTask,
  workflowType = task.workflowType,
): ResponseOf<'PollActivityTaskQueue'> {
  const { namespace, workflowId, runId } = task.run;
  return {
    taskToken: activityTaskTokenOf(task),
    workflowNamespace: namespace,
    workflowType: { name: workflowType },
    workflowExecution: { workflowId, runId },
    activityType: { name: task.activityType },
    activityId: task.activityId,
    header: headerToProto(task.header),
    input: payloadsToProto(task.input),
    ...(task.heartbeatDetails && { heartbeatDetails: payloadsToProto(task.heartbeatDetails) }),
    scheduledTime: timestampToProto(task.scheduledMs),
    currentAttemptScheduledTime: timestampToProto(task.attemptScheduledMs),
    startedTime: timestampToProto(task.startedMs),
    attempt: task.attempt,
    scheduleToCloseTimeout: durationToProto(task.scheduleToCloseTimeoutMs),
    startToCloseTimeout: durationToProto(task.startToCloseTimeoutMs),
    heartbeatTimeout: durationToProto(task.heartbeatTimeoutMs),
    retryPolicy: retryPolicyToProto(task.retryPolicy),
  };
}
