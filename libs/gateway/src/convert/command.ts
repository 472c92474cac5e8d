import { BAD_ATTRIBUTES_CAUSES } from '@tidewheel/core';
import type { Command, CommandOf, CommandType, WorkflowTaskFailedCause } from '@tidewheel/core';
import type { P } from '../proto.js';
import { api, toNumber } from '../proto.js';
import { failureFromProto } from './failure.js';
import { payloadMapFromProto, payloadsFromProto } from './payload.js';
import { retryPolicyFromProto } from './retry-policy.js';
import { durationMs } from './time.js';
import { userMetadataFromProto } from './user-metadata.js';

/** A command that cannot be carried out; fails the workflow task that it came with. */
export class BadCommand extends Error {
  override readonly name = 'BadCommand';

  constructor(
    override readonly cause: WorkflowTaskFailedCause,
    message: string,
  ) {
    super(message);
  }
}

const { CommandType: Type } = api.enums.v1;

/** @throws BadCommand for a command without its attributes, or one that the engine does not have */
export function commandFromProto(command: P.Command): Command {
  const userMetadata = userMetadataFromProto(command.userMetadata);
  return { ...translate(command), ...(userMetadata && { userMetadata }) };
}

function translate(command: P.Command): Command {
  switch (command.commandType) {
    case Type.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
      return scheduleActivity(command);
    case Type.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK: {
      const it = command.requestCancelActivityTaskCommandAttributes;
      if (!it) throw withoutAttributes('RequestCancelActivityTask');
      return made('RequestCancelActivityTask', { scheduledEventId: toNumber(it.scheduledEventId) });
    }
    case Type.COMMAND_TYPE_START_TIMER: {
      const it = command.startTimerCommandAttributes;
      if (!it) throw withoutAttributes('StartTimer');
      return made('StartTimer', {
        timerId: it.timerId ?? '',
        startToFireTimeoutMs: durationMs(it.startToFireTimeout),
      });
    }
    case Type.COMMAND_TYPE_CANCEL_TIMER: {
      const it = command.cancelTimerCommandAttributes;
      if (!it) throw withoutAttributes('CancelTimer');
      return made('CancelTimer', { timerId: it.timerId ?? '' });
    }
    case Type.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION: {
      const it = command.completeWorkflowExecutionCommandAttributes;
      if (!it) throw withoutAttributes('CompleteWorkflowExecution');
      return made('CompleteWorkflowExecution', {
        ...(it.result && { result: payloadsFromProto(it.result) }),
      });
    }
    case Type.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION: {
      const failure = command.failWorkflowExecutionCommandAttributes?.failure;
      if (!failure) throw withoutAttributes('FailWorkflowExecution');
      return made('FailWorkflowExecution', { failure: failureFromProto(failure) });
    }
    case Type.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION: {
      const it = command.cancelWorkflowExecutionCommandAttributes;
      if (!it) throw withoutAttributes('CancelWorkflowExecution');
      return made('CancelWorkflowExecution', {
        ...(it.details && { details: payloadsFromProto(it.details) }),
      });
    }
    case Type.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
      return requestCancelExternal(command);
    case Type.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
      return signalExternal(command);
    case Type.COMMAND_TYPE_RECORD_MARKER:
      return recordMarker(command);
    case Type.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: {
      const fields = command.upsertWorkflowSearchAttributesCommandAttributes?.searchAttributes?.indexedFields;
      return made('UpsertWorkflowSearchAttributes', { searchAttributes: payloadMapFromProto(fields) ?? {} });
    }
    case Type.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES: {
      const fields = command.modifyWorkflowPropertiesCommandAttributes?.upsertedMemo?.fields;
      return made('ModifyWorkflowProperties', { upsertedMemo: payloadMapFromProto(fields) ?? {} });
    }
    default:
      throw new BadCommand(
        'FEATURE_DISABLED',
        `${Type[command.commandType ?? 0] ?? 'this command'} is not supported`,
      );
  }
}

function scheduleActivity(command: P.Command): Command {
  const it = command.scheduleActivityTaskCommandAttributes;
  if (!it) throw withoutAttributes('ScheduleActivityTask');
  const header = payloadMapFromProto(it.header?.fields);
  return made('ScheduleActivityTask', {
    activityId: it.activityId ?? '',
    activityType: it.activityType?.name ?? '',
    ...(it.taskQueue?.name && { taskQueue: it.taskQueue.name }),
    ...(header && { header }),
    ...(it.input && { input: payloadsFromProto(it.input) }),
    scheduleToCloseTimeoutMs: durationMs(it.scheduleToCloseTimeout),
    scheduleToStartTimeoutMs: durationMs(it.scheduleToStartTimeout),
    startToCloseTimeoutMs: durationMs(it.startToCloseTimeout),
    heartbeatTimeoutMs: durationMs(it.heartbeatTimeout),
    ...(it.retryPolicy && { retryPolicy: retryPolicyFromProto(it.retryPolicy) }),
    ...(it.requestEagerExecution && { requestEagerExecution: true }),
  });
}

function requestCancelExternal(command: P.Command): Command {
  const it = command.requestCancelExternalWorkflowExecutionCommandAttributes;
  if (!it) throw withoutAttributes('RequestCancelExternalWorkflowExecution');
  return made('RequestCancelExternalWorkflowExecution', {
    ...(it.namespace && { namespace: it.namespace }),
    workflowExecution: { workflowId: it.workflowId ?? '', ...(it.runId && { runId: it.runId }) },
    ...(it.childWorkflowOnly && { childWorkflowOnly: true }),
    ...(it.reason && { reason: it.reason }),
  });
}

function signalExternal(command: P.Command): Command {
  const it = command.signalExternalWorkflowExecutionCommandAttributes;
  if (!it) throw withoutAttributes('SignalExternalWorkflowExecution');
  const header = payloadMapFromProto(it.header?.fields);
  return made('SignalExternalWorkflowExecution', {
    ...(it.namespace && { namespace: it.namespace }),
    workflowExecution: {
      workflowId: it.execution?.workflowId ?? '',
      ...(it.execution?.runId && { runId: it.execution.runId }),
    },
    signalName: it.signalName ?? '',
    ...(it.input && { input: payloadsFromProto(it.input) }),
    ...(it.childWorkflowOnly && { childWorkflowOnly: true }),
    ...(header && { header }),
  });
}

function recordMarker(command: P.Command): Command {
  const it = command.recordMarkerCommandAttributes;
  if (!it) throw withoutAttributes('RecordMarker');
  const details = Object.entries(it.details ?? {});
  const header = payloadMapFromProto(it.header?.fields);
  return made('RecordMarker', {
    markerName: it.markerName ?? '',
    ...(details.length > 0 && {
      details: Object.fromEntries(details.map(([name, payloads]) => [name, payloadsFromProto(payloads)])),
    }),
    ...(header && { header }),
    ...(it.failure && { failure: failureFromProto(it.failure) }),
  });
}

function withoutAttributes(type: CommandType): BadCommand {
  return new BadCommand(BAD_ATTRIBUTES_CAUSES[type], `${type} command has no attributes`);
}

function made<T extends CommandType>(commandType: T, attributes: CommandOf<T>['attributes']): CommandOf<T> {
  return { commandType, attributes };
}
