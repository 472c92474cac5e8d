import * as fc from 'fast-check';
import type { Command, CommandType } from './command.js';
import { isCloseCommand } from './command.js';
import { planCommands } from './command-plan.js';
import type { CommandContext, CommandPlan } from './command-plan.js';
import { isCloseEvent, isCommandEvent } from './event.js';
import { LIMITS } from './limits.js';
import type { Payload } from './payload.js';
import type { WorkflowTaskFailedCause } from './workflow-task-failed-cause.js';

const context: CommandContext = {
  namespace: 'default',
  workflowId: 'order',
  runId: '00000000-0000-4000-8000-000000000000',
  taskQueue: 'main',
  runTimeoutMs: 0,
  workflowTaskCompletedEventId: 7,
};

const plan = (...commands: Command[]): CommandPlan => planCommands(commands, context);
const payload = (size: number): Payload => ({ metadata: {}, data: new Uint8Array(size) });
const tooLarge = [payload(LIMITS.payloadBytes), payload(1)];

/** A sound command of each type. */
const SOUND: { readonly [T in CommandType]: Command } = {
  ScheduleActivityTask: {
    commandType: 'ScheduleActivityTask',
    attributes: { activityId: 'a', activityType: 'charge', startToCloseTimeoutMs: 1_000 },
  },
  RequestCancelActivityTask: {
    commandType: 'RequestCancelActivityTask',
    attributes: { scheduledEventId: 5 },
  },
  StartTimer: { commandType: 'StartTimer', attributes: { timerId: 't', startToFireTimeoutMs: 1 } },
  CancelTimer: { commandType: 'CancelTimer', attributes: { timerId: 't' } },
  CompleteWorkflowExecution: { commandType: 'CompleteWorkflowExecution', attributes: {} },
  FailWorkflowExecution: {
    commandType: 'FailWorkflowExecution',
    attributes: { failure: { message: 'no' } },
  },
  CancelWorkflowExecution: { commandType: 'CancelWorkflowExecution', attributes: {} },
  RequestCancelExternalWorkflowExecution: {
    commandType: 'RequestCancelExternalWorkflowExecution',
    attributes: { workflowExecution: { workflowId: 'other' } },
  },
  SignalExternalWorkflowExecution: {
    commandType: 'SignalExternalWorkflowExecution',
    attributes: { workflowExecution: { workflowId: 'other' }, signalName: 'go' },
  },
  RecordMarker: { commandType: 'RecordMarker', attributes: { markerName: 'version' } },
  UpsertWorkflowSearchAttributes: {
    commandType: 'UpsertWorkflowSearchAttributes',
    attributes: { searchAttributes: {} },
  },
  ModifyWorkflowProperties: { commandType: 'ModifyWorkflowProperties', attributes: { upsertedMemo: {} } },
};

const anyCommand = fc.constantFrom(...Object.values(SOUND));

/** The cause for which an unsound plan fails its workflow task. */
function causeOf(result: CommandPlan): WorkflowTaskFailedCause | undefined {
  return result.sound ? undefined : result.fault.cause;
}

describe('planCommands', () => {
  it('gives every command one event, in order, with dense ids behind the completed task', () => {
    fc.assert(
      fc.property(
        fc.array(anyCommand, { maxLength: 20 }),
        fc.integer({ min: 3, max: 100_000 }),
        (commands, workflowTaskCompletedEventId) => {
          const result = planCommands(commands, { ...context, workflowTaskCompletedEventId });
          if (!result.sound) throw new Error(result.fault.message);
          const closing = commands.findIndex(({ commandType }) => isCloseCommand(commandType));
          const kept = closing < 0 ? commands : commands.slice(0, closing + 1);
          expect(result.commands.map(({ command }) => command)).toEqual(kept);
          for (const [index, { event, eventId }] of result.commands.entries()) {
            expect(eventId).toBe(workflowTaskCompletedEventId + 1 + index);
            expect(event.attributes).toMatchObject({ workflowTaskCompletedEventId });
            expect(isCommandEvent(event.eventType)).toBe(true);
          }
        },
      ),
    );
  });

  it('drops what stands behind the first command that closes the run, sound or not', () => {
    const unsound: Command = { commandType: 'CancelTimer', attributes: { timerId: '' } };
    for (const close of [
      'CompleteWorkflowExecution',
      'FailWorkflowExecution',
      'CancelWorkflowExecution',
    ] as const) {
      const result = plan(SOUND.StartTimer, SOUND[close], unsound, SOUND.CompleteWorkflowExecution);
      if (!result.sound) throw new Error(result.fault.message);
      expect(result.commands).toHaveLength(2);
      expect(isCloseEvent(result.commands[1]!.event.eventType)).toBe(true);
    }
  });

  it('plans nothing for no commands', () => expect(plan()).toEqual({ sound: true, commands: [] }));

  const BAD: readonly [string, Command, WorkflowTaskFailedCause, RegExp][] = [
    ...activity({ activityId: '' }, /^activityId: must not be empty/),
    ...activity({ activityType: 'a\n' }, /^activityType: .*control/),
    ...activity({ taskQueue: '' }, /^taskQueue: /),
    ...activity({ startToCloseTimeoutMs: 0 }, /^startToCloseTimeout: either it or/),
    ...activity({ startToCloseTimeoutMs: -1 }, /^startToCloseTimeout: must be between/),
    ...activity({ scheduleToCloseTimeoutMs: NaN }, /^scheduleToCloseTimeout: must be between/),
    ...activity({ scheduleToStartTimeoutMs: Infinity }, /^scheduleToStartTimeout: must be between/),
    ...activity({ heartbeatTimeoutMs: 1e15 }, /^heartbeatTimeout: must be between/),
    ...activity({ retryPolicy: { backoffCoefficient: 0.5 } }, /^retryPolicy\.backoffCoefficient: /),
    ...activity({ retryPolicy: { maximumIntervalMs: Infinity } }, /^retryPolicy\.maximumInterval: /),
    ...[0, -1, 1.5, NaN, Infinity].map((scheduledEventId) =>
      bad(
        { commandType: 'RequestCancelActivityTask', attributes: { scheduledEventId } },
        'BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES',
        /^scheduledEventId: /,
      ),
    ),
    ...[0, 0.5, -1, NaN, Infinity, 1e15].map((startToFireTimeoutMs) =>
      bad(
        { commandType: 'StartTimer', attributes: { timerId: 't', startToFireTimeoutMs } },
        'BAD_START_TIMER_ATTRIBUTES',
        /^startToFireTimeout: /,
      ),
    ),
    bad(
      { commandType: 'StartTimer', attributes: { timerId: '', startToFireTimeoutMs: 1 } },
      'BAD_START_TIMER_ATTRIBUTES',
      /^timerId: /,
    ),
    bad(
      { commandType: 'CancelTimer', attributes: { timerId: '' } },
      'BAD_CANCEL_TIMER_ATTRIBUTES',
      /^timerId: /,
    ),
    bad(
      { commandType: 'RecordMarker', attributes: { markerName: '' } },
      'BAD_RECORD_MARKER_ATTRIBUTES',
      /^markerName: /,
    ),
    bad(
      {
        commandType: 'RequestCancelExternalWorkflowExecution',
        attributes: { workflowExecution: { workflowId: '' } },
      },
      'BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
      /^workflowExecution\.workflowId: /,
    ),
    bad(
      {
        commandType: 'RequestCancelExternalWorkflowExecution',
        attributes: { namespace: 'elsewhere', workflowExecution: { workflowId: 'other' } },
      },
      'BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
      /^namespace: /,
    ),
    ...[{}, { runId: context.runId }].map((run) =>
      bad(
        {
          commandType: 'SignalExternalWorkflowExecution',
          attributes: { workflowExecution: { workflowId: 'order', ...run }, signalName: 'go' },
        },
        'BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
        /a workflow cannot signal itself/,
      ),
    ),
    bad(
      {
        commandType: 'SignalExternalWorkflowExecution',
        attributes: { workflowExecution: { workflowId: 'other' }, signalName: '' },
      },
      'BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES',
      /^signalName: /,
    ),
  ];

  it.each(BAD)('refuses %s', (_, command, cause, message) => {
    const result = plan(SOUND.StartTimer, command);
    expect(result).toEqual({
      sound: false,
      fault: { index: 1, cause, terminates: false, message: expect.stringMatching(message) },
    });
  });

  it('lets a workflow signal another run of its own id', () => {
    const other = '00000000-0000-4000-8000-000000000001';
    const command: Command = {
      commandType: 'SignalExternalWorkflowExecution',
      attributes: { workflowExecution: { workflowId: 'order', runId: other }, signalName: 'go' },
    };
    expect(plan(command).sound).toBe(true);
  });

  it.each<[string, Command]>([
    [
      'input of an activity',
      {
        commandType: 'ScheduleActivityTask',
        attributes: { activityId: 'a', activityType: 'b', startToCloseTimeoutMs: 1, input: tooLarge },
      },
    ],
    ['result', { commandType: 'CompleteWorkflowExecution', attributes: { result: tooLarge } }],
    ['details', { commandType: 'CancelWorkflowExecution', attributes: { details: tooLarge } }],
    [
      'details of a failure',
      {
        commandType: 'FailWorkflowExecution',
        attributes: {
          failure: {
            message: 'outer',
            cause: {
              message: 'inner',
              info: { kind: 'application', nonRetryable: false, details: tooLarge },
            },
          },
        },
      },
    ],
    [
      'input of a signal',
      {
        commandType: 'SignalExternalWorkflowExecution',
        attributes: { workflowExecution: { workflowId: 'x' }, signalName: 'go', input: tooLarge },
      },
    ],
    [
      'details of a marker',
      { commandType: 'RecordMarker', attributes: { markerName: 'm', details: { a: [], b: tooLarge } } },
    ],
    [
      'memo',
      {
        commandType: 'ModifyWorkflowProperties',
        attributes: { upsertedMemo: { a: tooLarge[0]!, b: tooLarge[1]! } },
      },
    ],
    [
      'search attributes',
      {
        commandType: 'UpsertWorkflowSearchAttributes',
        attributes: { searchAttributes: { a: tooLarge[0]!, b: tooLarge[1]! } },
      },
    ],
  ])('ends the run for a command whose value is too large: %s', (_, command) => {
    expect(plan(command)).toEqual({
      sound: false,
      fault: {
        index: 0,
        cause: 'PAYLOADS_TOO_LARGE',
        terminates: true,
        message: expect.stringContaining(
          `has ${LIMITS.payloadBytes + 1} bytes, the limit is ${LIMITS.payloadBytes}`,
        ),
      },
    });
  });

  it('lets values be as large as the limit', () => {
    expect(
      plan({ commandType: 'CompleteWorkflowExecution', attributes: { result: [tooLarge[0]!] } }).sound,
    ).toBe(true);
  });

  it('names the first of several faults', () => {
    const result = plan(
      { commandType: 'CancelTimer', attributes: { timerId: '' } },
      { commandType: 'CompleteWorkflowExecution', attributes: { result: tooLarge } },
    );
    expect(causeOf(result)).toBe('BAD_CANCEL_TIMER_ATTRIBUTES');
  });

  it('writes of an activity only what differs from the defaults, with its timeouts completed', () => {
    const result = planCommands(
      [
        {
          commandType: 'ScheduleActivityTask',
          attributes: {
            activityId: 'a',
            activityType: 'charge',
            taskQueue: 'main',
            scheduleToCloseTimeoutMs: 500,
            heartbeatTimeoutMs: 0,
            retryPolicy: { maximumAttempts: 0, initialIntervalMs: 1_000 },
          },
        },
        {
          commandType: 'ScheduleActivityTask',
          attributes: {
            activityId: 'b',
            activityType: 'charge',
            taskQueue: 'other',
            startToCloseTimeoutMs: 500,
            retryPolicy: { maximumAttempts: 3 },
          },
        },
      ],
      { ...context, runTimeoutMs: 300 },
    );
    if (!result.sound) throw new Error(result.fault.message);
    expect(result.commands.map(({ event }) => event.attributes)).toEqual([
      {
        activityId: 'a',
        activityType: 'charge',
        startToCloseTimeoutMs: 300,
        scheduleToCloseTimeoutMs: 300,
        scheduleToStartTimeoutMs: 300,
        workflowTaskCompletedEventId: 7,
      },
      {
        activityId: 'b',
        activityType: 'charge',
        taskQueue: 'other',
        startToCloseTimeoutMs: 300,
        scheduleToCloseTimeoutMs: 300,
        scheduleToStartTimeoutMs: 300,
        workflowTaskCompletedEventId: 7,
        retryPolicy: {
          initialIntervalMs: 1_000,
          backoffCoefficient: 2,
          maximumIntervalMs: 100_000,
          maximumAttempts: 3,
          nonRetryableErrorTypes: [],
        },
      },
    ]);
    expect(result.commands[0]!.activityTimeouts).toEqual({
      scheduleToCloseTimeoutMs: 300,
      scheduleToStartTimeoutMs: 300,
      startToCloseTimeoutMs: 300,
      heartbeatTimeoutMs: 0,
    });
  });

  it('rounds the time of a timer up, so that none fires early', () => {
    const result = plan({
      commandType: 'StartTimer',
      attributes: { timerId: 't', startToFireTimeoutMs: 1.2 },
    });
    if (!result.sound) throw new Error(result.fault.message);
    expect(result.commands[0]!.event.attributes).toMatchObject({ startToFireTimeoutMs: 2 });
  });
});

type Case = [string, Command, WorkflowTaskFailedCause, RegExp];

function bad(command: Command, cause: WorkflowTaskFailedCause, message: RegExp): Case {
  return [`${command.commandType} ${JSON.stringify(command.attributes)}`, command, cause, message];
}

function activity(
  change: Partial<Extract<Command, { commandType: 'ScheduleActivityTask' }>['attributes']>,
  message: RegExp,
): Case[] {
  const attributes = { activityId: 'a', activityType: 'b', startToCloseTimeoutMs: 1, ...change };
  return [
    bad({ commandType: 'ScheduleActivityTask', attributes }, 'BAD_SCHEDULE_ACTIVITY_ATTRIBUTES', message),
  ];
}

describe('user metadata', () => {
  it('goes with the event of any command, and nothing stands where there is none', () => {
    for (const command of Object.values(SOUND)) {
      const userMetadata = { summary: payload(LIMITS.summaryBytes), details: payload(LIMITS.detailsBytes) };
      const result = plan({ ...command, userMetadata });
      expect(result).toMatchObject({ sound: true, commands: [{ event: { userMetadata } }] });
      const bare = plan({ ...command, userMetadata: {} });
      expect(bare.sound && bare.commands[0]?.event).not.toHaveProperty('userMetadata');
    }
  });

  it.each([
    ['summary', { summary: payload(LIMITS.summaryBytes + 1) }],
    ['details', { details: payload(LIMITS.detailsBytes + 1) }],
  ])('whose %s is too large fails the task', (field, userMetadata) => {
    expect(plan({ ...SOUND.StartTimer, userMetadata })).toMatchObject({
      sound: false,
      fault: {
        cause: 'BAD_START_TIMER_ATTRIBUTES',
        message: expect.stringContaining(`userMetadata.${field}: has`),
        terminates: false,
      },
    });
  });
});
