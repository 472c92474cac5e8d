import { completeActivityTimeouts, DEFAULT_RETRY_POLICY } from '@tidewheel/core';
import type { EventAttributes, PayloadMap, Payloads, PlannedCommand, RetryPolicy } from '@tidewheel/core';
import type { RunAddress } from '../engine-context.js';
import type { WorkflowTask } from '../workflow-task/workflow-task.js';

/** A started activity task: what a worker needs to run one attempt. Times are milliseconds since the epoch. */
export interface ActivityTask {
  readonly run: RunAddress;
  /** Unknown ('') when it was not looked up. */
  readonly workflowType: string;
  readonly activityId: string;
  readonly activityType: string;
  readonly scheduledEventId: number;
  /** From 1. */
  readonly attempt: number;
  /** Where the activity's tasks go. */
  readonly taskQueue: string;
  /** The task queue of the run's workflow tasks, as far as known. */
  readonly workflowTaskQueue: string;
  /** The same with its place behind it, as stored: which worker version they go to; absent where that is not known. */
  readonly workflowRoute?: string;
  /** The sticky queue of the run, as far as known; '' for none. */
  readonly sticky: string;
  readonly input: Payloads;
  readonly header: PayloadMap;
  /** 0 for no limit. */
  readonly scheduleToCloseTimeoutMs: number;
  readonly scheduleToStartTimeoutMs: number;
  readonly startToCloseTimeoutMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly retryPolicy: RetryPolicy;
  /** When the activity was scheduled. */
  readonly scheduledMs: number;
  /** When this attempt was. */
  readonly attemptScheduledMs: number;
  readonly startedMs: number;
  /** When all attempts must be over; 0 for never. */
  readonly closeByMs: number;
  /** What the attempt before last reported by heartbeat. */
  readonly heartbeatDetails?: Payloads;
}

/** What tells one attempt from all others, and what a report on it needs to know. */
export type ActivityAttempt = Pick<
  ActivityTask,
  | 'run'
  | 'activityId'
  | 'scheduledEventId'
  | 'attempt'
  | 'taskQueue'
  | 'workflowTaskQueue'
  | 'workflowRoute'
  | 'sticky'
  | 'retryPolicy'
  | 'closeByMs'
>;

/** The attributes of a scheduled event, with everything filled in that was left out. */
export function scheduledAttributes(
  attributes: EventAttributes['ActivityTaskScheduled'],
  workflowTaskQueue: string,
): Pick<
  ActivityTask,
  | 'activityId'
  | 'activityType'
  | 'taskQueue'
  | 'input'
  | 'header'
  | 'retryPolicy'
  | 'scheduleToCloseTimeoutMs'
  | 'scheduleToStartTimeoutMs'
  | 'startToCloseTimeoutMs'
  | 'heartbeatTimeoutMs'
> {
  return {
    activityId: attributes.activityId,
    activityType: attributes.activityType,
    taskQueue: attributes.taskQueue ?? workflowTaskQueue,
    input: attributes.input ?? [],
    header: attributes.header ?? {},
    retryPolicy: attributes.retryPolicy ?? DEFAULT_RETRY_POLICY,
    scheduleToCloseTimeoutMs: attributes.scheduleToCloseTimeoutMs ?? 0,
    scheduleToStartTimeoutMs: attributes.scheduleToStartTimeoutMs ?? 0,
    startToCloseTimeoutMs: attributes.startToCloseTimeoutMs,
    heartbeatTimeoutMs: attributes.heartbeatTimeoutMs ?? 0,
  };
}

/** The first attempt of an activity that a workflow task has just scheduled. */
export function activityTaskOfCommand(task: WorkflowTask, planned: PlannedCommand): ActivityTask {
  if (planned.event.eventType !== 'ActivityTaskScheduled')
    throw new TypeError('only scheduled activities have tasks');
  const attributes = scheduledAttributes(planned.event.attributes, task.taskQueue);
  const timeouts = planned.activityTimeouts ?? completeActivityTimeouts(attributes, 0);
  return {
    ...attributes,
    ...timeouts,
    run: task.run,
    workflowType: '',
    scheduledEventId: planned.eventId,
    attempt: 1,
    workflowTaskQueue: task.taskQueue,
    ...(task.route !== undefined && { workflowRoute: task.route }),
    sticky: '',
    scheduledMs: 0,
    attemptScheduledMs: 0,
    startedMs: 0,
    closeByMs: 0,
  };
}
