import { isEventOf } from '@tidewheel/core';
import type { EventAttributes, SearchAttributeTypes } from '@tidewheel/core';
import type {
  Engine,
  ExecutionAddress,
  PendingActivityInfo,
  PendingWorkflowTaskInfo,
  WorkflowExecutionDescription,
} from '@tidewheel/engine';
import type { temporal } from '@temporalio/proto';
import type { MethodTable } from '../call-context.js';
import { pendingActivityState, pendingWorkflowTaskState } from '../convert/enums.js';
import { executionInfoToProto } from '../convert/execution-info.js';
import { failureToProto } from '../convert/failure.js';
import { payloadsToProto } from '../convert/payload.js';
import { retryPolicyToProto } from '../convert/retry-policy.js';
import { normalTaskQueue } from '../convert/task-queue.js';
import { durationToProto, optionalTimestamp, timestampToProto } from '../convert/time.js';
import { userMetadataToProto } from '../convert/user-metadata.js';
import type { GatewayContext } from '../gateway-context.js';
import type { ResponseOf } from '../proto.js';
import { executionAddress } from './request-fields.js';

type StartedAttributes = EventAttributes['WorkflowExecutionStarted'];
type Messages = typeof temporal.api.workflow.v1;

export function describeMethods({ engine }: GatewayContext): MethodTable {
  return {
    async DescribeWorkflowExecution(request) {
      const address = executionAddress(request.namespace, request.execution, 'execution');
      const description = await engine.describeWorkflow(address);
      const { runId } = description.execution;
      const [started, { searchAttributes }] = await Promise.all([
        startedAttributes(engine, { ...address, runId }),
        engine.describeNamespace(address.namespace),
      ]);
      return describe(description, started, searchAttributes);
    },
  };
}

async function startedAttributes(
  engine: Engine,
  address: ExecutionAddress,
): Promise<Partial<StartedAttributes>> {
  const { events } = await engine.getHistory({ ...address, pageSize: 1 });
  const [first] = events;
  return first && isEventOf(first, 'WorkflowExecutionStarted') ? first.attributes : {};
}

function describe(
  description: WorkflowExecutionDescription,
  started: Partial<StartedAttributes>,
  types: SearchAttributeTypes | undefined,
): ResponseOf<'DescribeWorkflowExecution'> {
  const { execution, pendingWorkflowTask } = description;
  return {
    executionConfig: {
      taskQueue: normalTaskQueue(description.taskQueue),
      workflowExecutionTimeout: durationToProto(started.workflowExecutionTimeoutMs),
      workflowRunTimeout: durationToProto(started.workflowRunTimeoutMs),
      defaultWorkflowTaskTimeout: durationToProto(description.workflowTaskTimeoutMs),
      userMetadata: userMetadataToProto(description.userMetadata),
    },
    workflowExecutionInfo: {
      ...executionInfoToProto(description, types),
      firstRunId: started.firstExecutionRunId ?? execution.runId,
    },
    pendingActivities: description.pendingActivities.map(pendingActivity),
    pendingWorkflowTask: pendingWorkflowTask ? pendingTask(pendingWorkflowTask) : null,
    workflowExtendedInfo: {
      executionExpirationTime: optionalTimestamp(description.executionExpiresMs),
      runExpirationTime: optionalTimestamp(description.runExpiresMs),
      cancelRequested: description.cancelRequested,
      originalStartTime: timestampToProto(description.startTimeMs),
    },
  };
}

type PendingActivity = NonNullable<ResponseOf<'DescribeWorkflowExecution'>['pendingActivities']>[number];

/**
 * An activity that waits for its next attempt is scheduled, for clients: they see when by the time of that attempt. A
 * quarantined one is paused, by the server, with the reason.
 */
function pendingActivity(activity: PendingActivityInfo): PendingActivity {
  const { retryPolicy, lastFailure, quarantine } = activity;
  return {
    activityId: activity.activityId,
    activityType: { name: activity.activityType },
    state: pendingActivityState.toProto(
      activity.state === 'BACKING_OFF' || activity.state === 'QUARANTINED' ? 'SCHEDULED' : activity.state,
    ),
    attempt: activity.attempt,
    maximumAttempts: retryPolicy.maximumAttempts,
    scheduledTime: timestampToProto(activity.nextAttemptTimeMs ?? activity.scheduledTimeMs),
    expirationTime: optionalTimestamp(activity.expiresMs),
    lastHeartbeatTime: optionalTimestamp(activity.lastHeartbeatTimeMs),
    lastStartedTime: optionalTimestamp(activity.lastStartedTimeMs),
    nextAttemptScheduleTime: optionalTimestamp(activity.nextAttemptTimeMs),
    heartbeatDetails: payloadsToProto(activity.heartbeatDetails),
    ...(quarantine && {
      paused: true,
      pauseInfo: {
        pauseTime: timestampToProto(quarantine.sinceMs),
        manual: { identity: 'tidewheel', reason: quarantine.reason },
      },
    }),
    lastFailure: lastFailure ? failureToProto(lastFailure) : null,
    lastWorkerIdentity: activity.lastWorkerIdentity ?? '',
    activityOptions: {
      taskQueue: normalTaskQueue(activity.taskQueue),
      scheduleToCloseTimeout: durationToProto(activity.scheduleToCloseTimeoutMs),
      scheduleToStartTimeout: durationToProto(activity.scheduleToStartTimeoutMs),
      startToCloseTimeout: durationToProto(activity.startToCloseTimeoutMs),
      heartbeatTimeout: durationToProto(activity.heartbeatTimeoutMs),
      retryPolicy: retryPolicyToProto(retryPolicy),
    },
  };
}

function pendingTask(
  task: PendingWorkflowTaskInfo,
): NonNullable<Parameters<Messages['PendingWorkflowTaskInfo']['encode']>[0]> {
  const { state, attempt, scheduledTimeMs, startedTimeMs } = task;
  return {
    state: pendingWorkflowTaskState.toProto(
      state === 'BACKING_OFF' || state === 'QUARANTINED' ? 'SCHEDULED' : state,
    ),
    attempt,
    scheduledTime: timestampToProto(scheduledTimeMs),
    originalScheduledTime: timestampToProto(scheduledTimeMs),
    startedTime: optionalTimestamp(startedTimeMs),
  };
}
