import type { ExecutionStatus } from '@tidewheel/core';
import { EXECUTION_STATUS_CODES } from '@tidewheel/core';
import { z } from 'zod';
import { retryPolicyJson, userMetadataJson } from './event-json.js';
import { failureJson } from './failure-json.js';
import { payloadJson } from './payload-json.js';
import { durationText, timestamp } from './scalars.js';
import { versioningInfoJson } from './versioning-json.js';

const STATUSES = Object.keys(EXECUTION_STATUS_CODES) as [ExecutionStatus, ...ExecutionStatus[]];

/** State of an execution. */
export const executionStatus = z
  .enum(STATUSES, { error: `must be one of ${STATUSES.join(', ')}` })
  .meta({ id: 'ExecutionStatus' });

const infoShape = {
  execution: z.strictObject({ workflowId: z.string(), runId: z.string() }),
  workflowType: z.string(),
  taskQueue: z.string(),
  status: executionStatus,
  startTime: timestamp,
  closeTime: timestamp.optional(),
  historyLength: z.int().meta({ description: 'Number of events.' }),
  historySizeBytes: z.int(),
  memo: z.record(z.string(), payloadJson).optional(),
  searchAttributes: z.record(z.string(), payloadJson).optional(),
  versioningInfo: versioningInfoJson.optional(),
};

/** One line of a list of executions. */
export const executionInfoJson = z.strictObject(infoShape).meta({ id: 'WorkflowExecutionInfo' });

/** Why a task is quarantined. */
export const quarantineShape = {
  reason: z.string(),
  count: z.int().meta({ description: 'How many workers were lost with it in a row.' }),
  time: timestamp.meta({ description: 'Since when.' }),
  lastWorkers: z.array(z.string()).meta({ description: 'The last of them, by identity.' }),
};

const quarantineJson = z.strictObject(quarantineShape).meta({ id: 'Quarantine' });

const pendingActivityJson = z
  .strictObject({
    activityId: z.string(),
    activityType: z.string(),
    taskQueue: z.string(),
    state: z.enum(['SCHEDULED', 'STARTED', 'CANCEL_REQUESTED', 'BACKING_OFF', 'QUARANTINED']),
    attempt: z.int(),
    scheduledTime: timestamp,
    lastStartedTime: timestamp.optional(),
    nextAttemptTime: timestamp.optional().meta({ description: 'When backing off.' }),
    lastHeartbeatTime: timestamp.optional().meta({ description: 'Of the attempt that runs.' }),
    expirationTime: timestamp.optional().meta({ description: 'When all attempts must be over.' }),
    scheduleToCloseTimeout: durationText.optional(),
    scheduleToStartTimeout: durationText.optional(),
    startToCloseTimeout: durationText,
    heartbeatTimeout: durationText.optional(),
    heartbeatDetails: z.array(payloadJson).optional(),
    lastFailure: failureJson.optional(),
    lastWorkerIdentity: z
      .string()
      .optional()
      .meta({ description: 'Who last reported on it, by a heartbeat or a failed attempt.' }),
    quarantine: quarantineJson.optional().meta({ description: 'When quarantined.' }),
    retryPolicy: retryPolicyJson,
  })
  .meta({ id: 'PendingActivity' });

const pendingWorkflowTaskJson = z
  .strictObject({
    state: z.enum(['SCHEDULED', 'STARTED', 'BACKING_OFF', 'QUARANTINED']),
    quarantine: quarantineJson.optional().meta({ description: 'When quarantined.' }),
    attempt: z.int(),
    scheduledTime: timestamp,
    startedTime: timestamp.optional(),
    sticky: z.boolean(),
  })
  .meta({ id: 'PendingWorkflowTask' });

/** Everything known of an execution but its history. */
export const executionDescriptionJson = z
  .strictObject({
    ...infoShape,
    workflowTaskTimeout: durationText,
    runExpirationTime: timestamp.optional(),
    executionExpirationTime: timestamp.optional(),
    cancelRequested: z.boolean(),
    userMetadata: userMetadataJson.optional(),
    pendingActivities: z.array(pendingActivityJson),
    pendingTimers: z.array(z.strictObject({ timerId: z.string(), fireTime: timestamp })),
    pendingWorkflowTask: pendingWorkflowTaskJson.optional(),
  })
  .meta({ id: 'WorkflowExecutionDescription' });

/** How a run ended, or that it still runs. */
export const outcomeJson = z
  .discriminatedUnion('status', [
    z.strictObject({ runId: z.string(), status: z.enum(['RUNNING', 'PAUSED']) }),
    z.strictObject({ runId: z.string(), status: z.literal('COMPLETED'), result: payloadJson }),
    z.strictObject({ runId: z.string(), status: z.literal('FAILED'), failure: failureJson }),
    z.strictObject({ runId: z.string(), status: z.literal('CANCELED'), details: z.array(payloadJson) }),
    z.strictObject({
      runId: z.string(),
      status: z.literal('TERMINATED'),
      reason: z.string(),
      details: z.array(payloadJson),
    }),
    z.strictObject({ runId: z.string(), status: z.literal('TIMED_OUT') }),
    z.strictObject({ runId: z.string(), status: z.literal('CONTINUED_AS_NEW'), newRunId: z.string() }),
  ])
  .meta({ id: 'WorkflowOutcome' });
