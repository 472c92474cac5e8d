import { completeActivityTimeouts } from './activity-timeouts.js';
import type { CompleteActivityTimeouts } from './activity-timeouts.js';
import type { Command, CommandAttributes, CommandOf } from './command.js';
import { isCloseCommand } from './command.js';
import { MAX_DURATION_MS } from './duration.js';
import type { NewEvent } from './event.js';
import { failurePayloads } from './failure.js';
import { identifierFault } from './identifier.js';
import { LIMITS } from './limits.js';
import { payloadsSizeBytes, userMetadataFault } from './payload.js';
import type { PayloadMap, Payloads } from './payload.js';
import { completeRetryPolicy, DEFAULT_RETRY_POLICY, retryPolicyFault } from './retry-policy.js';
import type { RetryPolicy } from './retry-policy.js';
import type { WorkflowTaskFailedCause } from './workflow-task-failed-cause.js';

/** What planning needs to know of the run. */
export interface CommandContext {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  /** The run's own task queue. */
  readonly taskQueue: string;
  /** The run's timeout in milliseconds, 0 for none. */
  readonly runTimeoutMs: number;
  /** Id that the WorkflowTaskCompleted event will have; the commands' events follow it. */
  readonly workflowTaskCompletedEventId: number;
  /** What is wrong with search attributes, by what the namespace has; needed only where commands have some. */
  readonly searchAttributesFault?: ((searchAttributes: PayloadMap) => string | undefined) | undefined;
}

/** One command with the event it becomes. Every command becomes exactly one event, so ids follow from the order. */
export interface PlannedCommand {
  readonly command: Command;
  readonly eventId: number;
  readonly event: NewEvent;
  /** Only of ScheduleActivityTask. */
  readonly activityTimeouts?: CompleteActivityTimeouts;
}

/** A command that the workflow task must fail for. */
export interface CommandFault {
  readonly index: number;
  readonly cause: WorkflowTaskFailedCause;
  readonly message: string;
  /** Whether the run cannot go on at all: the same code would only produce the same oversized value again. */
  readonly terminates: boolean;
}

export type CommandPlan =
  | { readonly sound: true; readonly commands: readonly PlannedCommand[] }
  | { readonly sound: false; readonly fault: CommandFault };

/**
 * Turns the commands of a workflow task into events, checking their attributes. Commands behind the first one that
 * closes the run are dropped.
 */
export function planCommands(commands: readonly Command[], context: CommandContext): CommandPlan {
  const planned: PlannedCommand[] = [];
  for (const [index, command] of commands.entries()) {
    const oversized = oversizedField(command);
    if (oversized) return unsound(index, 'PAYLOADS_TOO_LARGE', oversized, true);
    const result = planWithMetadata(command, context);
    if (typeof result === 'string')
      return unsound(index, BAD_ATTRIBUTES_CAUSES[command.commandType], result, false);
    planned.push({ command, eventId: context.workflowTaskCompletedEventId + 1 + index, ...result });
    if (isCloseCommand(command.commandType)) break;
  }
  return { sound: true, commands: planned };
}

function unsound(
  index: number,
  cause: WorkflowTaskFailedCause,
  message: string,
  terminates: boolean,
): CommandPlan {
  return { sound: false, fault: { index, cause, message, terminates } };
}

type Planned = Pick<PlannedCommand, 'event' | 'activityTimeouts'>;

/** The command's event with what the command says about itself, or what is wrong with the command. */
function planWithMetadata(command: Command, context: CommandContext): Planned | string {
  const planned = planCommand(command, context);
  const { userMetadata } = command;
  if (typeof planned === 'string' || (!userMetadata?.summary && !userMetadata?.details)) return planned;
  const fault = userMetadataFault(userMetadata);
  if (fault) return `userMetadata.${fault}`;
  return { ...planned, event: { ...planned.event, userMetadata } };
}

/** The command's event, or what is wrong with the command. */
function planCommand(command: Command, context: CommandContext): Planned | string {
  const workflowTaskCompletedEventId = context.workflowTaskCompletedEventId;
  switch (command.commandType) {
    case 'ScheduleActivityTask':
      return planActivity(command.attributes, context);
    case 'RequestCancelActivityTask': {
      const { scheduledEventId } = command.attributes;
      if (!Number.isSafeInteger(scheduledEventId) || scheduledEventId < 1) {
        return 'scheduledEventId: must be the id of an event';
      }
      return {
        event: {
          eventType: 'ActivityTaskCancelRequested',
          attributes: { scheduledEventId, workflowTaskCompletedEventId },
        },
      };
    }
    case 'StartTimer':
      return planTimer(command.attributes, workflowTaskCompletedEventId);
    case 'CancelTimer':
      return (
        named('timerId', command.attributes.timerId) ?? {
          event: {
            eventType: 'TimerCanceled',
            attributes: {
              timerId: command.attributes.timerId,
              startedEventId: 0,
              workflowTaskCompletedEventId,
            },
          },
        }
      );
    case 'CompleteWorkflowExecution':
      return {
        event: {
          eventType: 'WorkflowExecutionCompleted',
          attributes: { ...command.attributes, workflowTaskCompletedEventId },
        },
      };
    case 'FailWorkflowExecution':
      return {
        event: {
          eventType: 'WorkflowExecutionFailed',
          attributes: {
            failure: command.attributes.failure,
            retryState: 'RETRY_POLICY_NOT_SET',
            workflowTaskCompletedEventId,
          },
        },
      };
    case 'CancelWorkflowExecution':
      return {
        event: {
          eventType: 'WorkflowExecutionCanceled',
          attributes: { ...command.attributes, workflowTaskCompletedEventId },
        },
      };
    case 'RequestCancelExternalWorkflowExecution':
    case 'SignalExternalWorkflowExecution':
      return planExternal(command, context);
    case 'RecordMarker':
      return (
        named('markerName', command.attributes.markerName) ?? {
          event: {
            eventType: 'MarkerRecorded',
            attributes: { ...command.attributes, workflowTaskCompletedEventId },
          },
        }
      );
    case 'UpsertWorkflowSearchAttributes':
      return (
        context.searchAttributesFault?.(command.attributes.searchAttributes) ?? {
          event: {
            eventType: 'UpsertWorkflowSearchAttributes',
            attributes: { ...command.attributes, workflowTaskCompletedEventId },
          },
        }
      );
    case 'ModifyWorkflowProperties':
      return {
        event: {
          eventType: 'WorkflowPropertiesModified',
          attributes: { ...command.attributes, workflowTaskCompletedEventId },
        },
      };
  }
}

function planActivity(
  attributes: CommandAttributes['ScheduleActivityTask'],
  context: CommandContext,
): Planned | string {
  const fault =
    named('activityId', attributes.activityId) ??
    named('activityType', attributes.activityType) ??
    (attributes.taskQueue === undefined ? undefined : named('taskQueue', attributes.taskQueue)) ??
    badDuration('scheduleToCloseTimeout', attributes.scheduleToCloseTimeoutMs) ??
    badDuration('scheduleToStartTimeout', attributes.scheduleToStartTimeoutMs) ??
    badDuration('startToCloseTimeout', attributes.startToCloseTimeoutMs) ??
    badDuration('heartbeatTimeout', attributes.heartbeatTimeoutMs);
  if (fault) return fault;
  const timeouts = completeActivityTimeouts(attributes, context.runTimeoutMs);
  if (!timeouts) return 'startToCloseTimeout: either it or scheduleToCloseTimeout must be given';
  const retryPolicy = attributes.retryPolicy && completeRetryPolicy(attributes.retryPolicy);
  const policyFault = retryPolicy && retryPolicyFault(retryPolicy);
  if (policyFault) return `retryPolicy.${policyFault}`;
  const { taskQueue, header, input } = attributes;
  return {
    activityTimeouts: timeouts,
    event: {
      eventType: 'ActivityTaskScheduled',
      attributes: {
        activityId: attributes.activityId,
        activityType: attributes.activityType,
        startToCloseTimeoutMs: timeouts.startToCloseTimeoutMs,
        workflowTaskCompletedEventId: context.workflowTaskCompletedEventId,
        ...(taskQueue !== undefined && taskQueue !== context.taskQueue && { taskQueue }),
        ...(header && { header }),
        ...(input && { input }),
        ...(timeouts.scheduleToCloseTimeoutMs > 0 && {
          scheduleToCloseTimeoutMs: timeouts.scheduleToCloseTimeoutMs,
        }),
        ...(timeouts.scheduleToStartTimeoutMs > 0 && {
          scheduleToStartTimeoutMs: timeouts.scheduleToStartTimeoutMs,
        }),
        ...(timeouts.heartbeatTimeoutMs > 0 && { heartbeatTimeoutMs: timeouts.heartbeatTimeoutMs }),
        ...(retryPolicy && !isDefaultPolicy(retryPolicy) && { retryPolicy }),
      },
    },
  };
}

function planTimer(
  { timerId, startToFireTimeoutMs }: CommandAttributes['StartTimer'],
  workflowTaskCompletedEventId: number,
): Planned | string {
  const fault = named('timerId', timerId) ?? badDuration('startToFireTimeout', startToFireTimeoutMs);
  if (fault) return fault;
  if (startToFireTimeoutMs < 1) return 'startToFireTimeout: must be at least 1 ms';
  return {
    event: {
      eventType: 'TimerStarted',
      attributes: {
        timerId,
        startToFireTimeoutMs: Math.ceil(startToFireTimeoutMs),
        workflowTaskCompletedEventId,
      },
    },
  };
}

type ExternalCommand =
  CommandOf<'RequestCancelExternalWorkflowExecution'> | CommandOf<'SignalExternalWorkflowExecution'>;

function planExternal(command: ExternalCommand, context: CommandContext): Planned | string {
  const { workflowExecution: target, childWorkflowOnly } = command.attributes;
  const fault = named('workflowExecution.workflowId', target.workflowId);
  if (fault) return fault;
  if (command.attributes.namespace !== undefined && command.attributes.namespace !== context.namespace) {
    return 'namespace: other namespaces cannot be reached';
  }
  const common = {
    workflowTaskCompletedEventId: context.workflowTaskCompletedEventId,
    namespace: context.namespace,
    workflowExecution: target,
    ...(childWorkflowOnly && { childWorkflowOnly }),
  };
  if (command.commandType === 'RequestCancelExternalWorkflowExecution') {
    const { reason } = command.attributes;
    return {
      event: {
        eventType: 'RequestCancelExternalWorkflowExecutionInitiated',
        attributes: { ...common, ...(reason !== undefined && { reason }) },
      },
    };
  }
  const { signalName, input, header } = command.attributes;
  if (
    target.workflowId === context.workflowId &&
    (target.runId === undefined || target.runId === context.runId)
  ) {
    return 'workflowExecution: a workflow cannot signal itself';
  }
  return (
    named('signalName', signalName) ?? {
      event: {
        eventType: 'SignalExternalWorkflowExecutionInitiated',
        attributes: { ...common, signalName, ...(input && { input }), ...(header && { header }) },
      },
    }
  );
}

/** What a workflow task fails with when a command of the type is unsound. */
export const BAD_ATTRIBUTES_CAUSES: Readonly<Record<Command['commandType'], WorkflowTaskFailedCause>> = {
  ScheduleActivityTask: 'BAD_SCHEDULE_ACTIVITY_ATTRIBUTES',
  RequestCancelActivityTask: 'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES',
  StartTimer: 'BAD_START_TIMER_ATTRIBUTES',
  CancelTimer: 'BAD_CANCEL_TIMER_ATTRIBUTES',
  CompleteWorkflowExecution: 'BAD_COMPLETE_WORKFLOW_EXECUTION_ATTRIBUTES',
  FailWorkflowExecution: 'BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES',
  CancelWorkflowExecution: 'BAD_CANCEL_WORKFLOW_EXECUTION_ATTRIBUTES',
  RequestCancelExternalWorkflowExecution: 'BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
  SignalExternalWorkflowExecution: 'BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
  RecordMarker: 'BAD_RECORD_MARKER_ATTRIBUTES',
  UpsertWorkflowSearchAttributes: 'BAD_SEARCH_ATTRIBUTES',
  ModifyWorkflowProperties: 'BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES',
};

function named(field: string, value: unknown): string | undefined {
  const fault = identifierFault(value);
  return fault && `${field}: ${fault}`;
}

function badDuration(field: string, ms: number | undefined): string | undefined {
  if (ms === undefined || (Number.isFinite(ms) && ms >= 0 && ms <= MAX_DURATION_MS)) return undefined;
  return `${field}: must be between 0 and ten years`;
}

/** The first value of the command that is larger than the limit, and how large it is. */
function oversizedField(command: Command): string | undefined {
  for (const [field, payloads] of valuesOf(command)) {
    const bytes = payloadsSizeBytes(payloads);
    if (bytes > LIMITS.payloadBytes)
      return `${field}: has ${bytes} bytes, the limit is ${LIMITS.payloadBytes}`;
  }
  return undefined;
}

function valuesOf(command: Command): readonly (readonly [field: string, payloads: Payloads | undefined])[] {
  switch (command.commandType) {
    case 'ScheduleActivityTask':
    case 'SignalExternalWorkflowExecution':
      return [['input', command.attributes.input]];
    case 'CompleteWorkflowExecution':
      return [['result', command.attributes.result]];
    case 'CancelWorkflowExecution':
      return [['details', command.attributes.details]];
    case 'FailWorkflowExecution':
      return [['failure', failurePayloads(command.attributes.failure)]];
    case 'RecordMarker':
      return Object.entries(command.attributes.details ?? {}).map(([name, value]) => [
        `details.${name}`,
        value,
      ]);
    case 'ModifyWorkflowProperties':
      return [['upsertedMemo', Object.values(command.attributes.upsertedMemo)]];
    case 'UpsertWorkflowSearchAttributes':
      return [['searchAttributes', Object.values(command.attributes.searchAttributes)]];
    default:
      return [];
  }
}

function isDefaultPolicy(policy: RetryPolicy): boolean {
  return (
    policy.initialIntervalMs === DEFAULT_RETRY_POLICY.initialIntervalMs &&
    policy.backoffCoefficient === DEFAULT_RETRY_POLICY.backoffCoefficient &&
    policy.maximumIntervalMs === DEFAULT_RETRY_POLICY.maximumIntervalMs &&
    policy.maximumAttempts === 0 &&
    policy.nonRetryableErrorTypes.length === 0
  );
}
