import type { Command } from '@tidewheel/core';
import { api } from '../proto.js';
import type { P } from '../proto.js';
import { BadCommand, commandFromProto } from './command.js';

const { Command: Message } = api.command.v1;
const { CommandType } = api.enums.v1;

const PAYLOAD = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('1') };
const LIST = { payloads: [PAYLOAD] };

/** As it arrives: encoded by a worker, decoded here. */
function received(command: P.Command): Command {
  return commandFromProto(Message.decode(Message.encode(command).finish()));
}

function refusalOf(command: P.Command): unknown {
  try {
    return received(command);
  } catch (error) {
    return error;
  }
}

const CASES: readonly (readonly [P.Command, Command])[] = [
  [
    {
      commandType: CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
      scheduleActivityTaskCommandAttributes: {
        activityId: '1',
        activityType: { name: 'charge' },
        taskQueue: { name: 'payments' },
        header: { fields: { trace: PAYLOAD } },
        input: LIST,
        startToCloseTimeout: { nanos: 500_000_000 },
        retryPolicy: { maximumAttempts: 3 },
        requestEagerExecution: true,
      },
    },
    {
      commandType: 'ScheduleActivityTask',
      attributes: {
        activityId: '1',
        activityType: 'charge',
        taskQueue: 'payments',
        header: { trace: PAYLOAD },
        input: [PAYLOAD],
        scheduleToCloseTimeoutMs: 0,
        scheduleToStartTimeoutMs: 0,
        startToCloseTimeoutMs: 500,
        heartbeatTimeoutMs: 0,
        retryPolicy: {
          initialIntervalMs: 0,
          backoffCoefficient: 0,
          maximumIntervalMs: 0,
          maximumAttempts: 3,
          nonRetryableErrorTypes: [],
        },
        requestEagerExecution: true,
      },
    },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
      scheduleActivityTaskCommandAttributes: {},
    },
    {
      commandType: 'ScheduleActivityTask',
      attributes: {
        activityId: '',
        activityType: '',
        scheduleToCloseTimeoutMs: 0,
        scheduleToStartTimeoutMs: 0,
        startToCloseTimeoutMs: 0,
        heartbeatTimeoutMs: 0,
      },
    },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK,
      requestCancelActivityTaskCommandAttributes: { scheduledEventId: 5 as never },
    },
    { commandType: 'RequestCancelActivityTask', attributes: { scheduledEventId: 5 } },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_START_TIMER,
      startTimerCommandAttributes: { timerId: 't', startToFireTimeout: { nanos: 1 } },
      userMetadata: { summary: PAYLOAD },
    },
    {
      commandType: 'StartTimer',
      attributes: { timerId: 't', startToFireTimeoutMs: 1 },
      userMetadata: { summary: PAYLOAD },
    },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_CANCEL_TIMER,
      cancelTimerCommandAttributes: { timerId: 't' },
    },
    { commandType: 'CancelTimer', attributes: { timerId: 't' } },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
      completeWorkflowExecutionCommandAttributes: { result: LIST },
    },
    { commandType: 'CompleteWorkflowExecution', attributes: { result: [PAYLOAD] } },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
      failWorkflowExecutionCommandAttributes: { failure: { message: 'no' } },
    },
    { commandType: 'FailWorkflowExecution', attributes: { failure: { message: 'no' } } },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
      cancelWorkflowExecutionCommandAttributes: {},
    },
    { commandType: 'CancelWorkflowExecution', attributes: {} },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION,
      requestCancelExternalWorkflowExecutionCommandAttributes: {
        namespace: 'n',
        workflowId: 'w',
        runId: 'r',
        reason: 'why',
      },
    },
    {
      commandType: 'RequestCancelExternalWorkflowExecution',
      attributes: { namespace: 'n', workflowExecution: { workflowId: 'w', runId: 'r' }, reason: 'why' },
    },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
      signalExternalWorkflowExecutionCommandAttributes: {
        execution: { workflowId: 'w' },
        signalName: 's',
        input: LIST,
        childWorkflowOnly: true,
        header: { fields: { h: PAYLOAD } },
      },
    },
    {
      commandType: 'SignalExternalWorkflowExecution',
      attributes: {
        workflowExecution: { workflowId: 'w' },
        signalName: 's',
        input: [PAYLOAD],
        childWorkflowOnly: true,
        header: { h: PAYLOAD },
      },
    },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_RECORD_MARKER,
      recordMarkerCommandAttributes: {
        markerName: 'core_local_activity',
        details: { data: LIST, empty: {} },
        failure: { message: 'no' },
      },
    },
    {
      commandType: 'RecordMarker',
      attributes: {
        markerName: 'core_local_activity',
        details: { data: [PAYLOAD], empty: [] },
        failure: { message: 'no' },
      },
    },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
      upsertWorkflowSearchAttributesCommandAttributes: {
        searchAttributes: { indexedFields: { A: PAYLOAD } },
      },
    },
    { commandType: 'UpsertWorkflowSearchAttributes', attributes: { searchAttributes: { A: PAYLOAD } } },
  ],
  [
    {
      commandType: CommandType.COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
      modifyWorkflowPropertiesCommandAttributes: { upsertedMemo: { fields: { a: PAYLOAD } } },
    },
    { commandType: 'ModifyWorkflowProperties', attributes: { upsertedMemo: { a: PAYLOAD } } },
  ],
];

describe('commands', () => {
  it.each(CASES)('%# arrive as they were sent', (sent, expected) => {
    expect(received(sent)).toEqual(expected);
  });

  it.each([
    ['COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK', 'BAD_SCHEDULE_ACTIVITY_ATTRIBUTES'],
    ['COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK', 'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES'],
    ['COMMAND_TYPE_START_TIMER', 'BAD_START_TIMER_ATTRIBUTES'],
    ['COMMAND_TYPE_CANCEL_TIMER', 'BAD_CANCEL_TIMER_ATTRIBUTES'],
    ['COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION', 'BAD_COMPLETE_WORKFLOW_EXECUTION_ATTRIBUTES'],
    ['COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION', 'BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES'],
    ['COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION', 'BAD_CANCEL_WORKFLOW_EXECUTION_ATTRIBUTES'],
    [
      'COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION',
      'BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
    ],
    ['COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION', 'BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES'],
    ['COMMAND_TYPE_RECORD_MARKER', 'BAD_RECORD_MARKER_ATTRIBUTES'],
  ] as const)('%s without its attributes is refused with %s', (type, cause) => {
    expect(refusalOf({ commandType: CommandType[type] })).toMatchObject({ name: 'BadCommand', cause });
  });

  it.each([
    'COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION',
    'COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION',
    'COMMAND_TYPE_PROTOCOL_MESSAGE',
    'COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION',
    'COMMAND_TYPE_UNSPECIFIED',
  ] as const)('%s is not supported, and says so', (type) => {
    expect(() => received({ commandType: CommandType[type] })).toThrow(
      new BadCommand('FEATURE_DISABLED', `${type} is not supported`),
    );
  });
});
