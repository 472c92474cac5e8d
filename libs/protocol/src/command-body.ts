import type { Command } from '@tidewheel/core';
import { z } from 'zod';
import { failureBody } from './failure-body.js';
import { payload, payloadList, payloadMap } from './payload-json.js';
import { duration, identifier } from './scalars.js';

const MAX_COMMANDS = 2_000;

/** A retry policy in a body; durations are milliseconds after parsing. */
const retryPolicyBody = z.strictObject({
  initialInterval: duration('Before the second attempt; default 1 s.').optional(),
  backoffCoefficient: z.number().optional(),
  maximumInterval: duration('Longest; default 100 times the initial one.').optional(),
  maximumAttempts: z.int().min(0).optional().meta({ description: '0, the default, means no limit.' }),
  nonRetryableErrorTypes: z.array(identifier('Type of failures that are not retried.')).optional(),
});

const target = z.strictObject({
  workflowId: identifier('Its id.'),
  runId: identifier('Its run; the current one by default.').optional(),
});

const header = payloadMap('Headers, by name.').optional();
const namespace = identifier('Its namespace; only the own one is there.').optional();

/** What each command takes; durations, without their unit in the name, become milliseconds with it. */
const ATTRIBUTES = {
  ScheduleActivityTask: {
    activityId: identifier('Unique among what is pending in the run.'),
    activityType: identifier('Name of the activity function.'),
    taskQueue: identifier("Where its tasks go; the run's own queue by default.").optional(),
    header,
    input: payloadList('Arguments.').optional(),
    scheduleToCloseTimeout: duration('Over all attempts.').optional(),
    scheduleToStartTimeout: duration('Longest wait for a worker.').optional(),
    startToCloseTimeout: duration('Of one attempt.').optional(),
    heartbeatTimeout: duration('Longest time between two heartbeats.').optional(),
    retryPolicy: retryPolicyBody.optional(),
  },
  RequestCancelActivityTask: { scheduledEventId: z.int().min(1) },
  StartTimer: {
    timerId: identifier('Unique among the timers of the run.'),
    startToFireTimeout: duration('When it fires.', { minMs: 1 }),
  },
  CancelTimer: { timerId: identifier('Which timer.') },
  CompleteWorkflowExecution: { result: payload('The result.').optional() },
  FailWorkflowExecution: { failure: failureBody('Why it failed.') },
  CancelWorkflowExecution: { details: payloadList('Values for whoever cancelled it.').optional() },
  RequestCancelExternalWorkflowExecution: {
    namespace,
    workflowExecution: target,
    childWorkflowOnly: z.boolean().optional(),
    reason: z.string().max(1_000).optional(),
  },
  SignalExternalWorkflowExecution: {
    namespace,
    workflowExecution: target,
    signalName: identifier('Name of the signal.'),
    input: payloadList('Arguments of the signal.').optional(),
    childWorkflowOnly: z.boolean().optional(),
    header,
  },
  RecordMarker: {
    markerName: identifier('Name of the marker.'),
    details: z.record(z.string(), payloadList('Values.')).optional(),
    header,
    failure: failureBody('What went wrong.').optional(),
  },
  UpsertWorkflowSearchAttributes: { searchAttributes: payloadMap('New values, by name.') },
  ModifyWorkflowProperties: { upsertedMemo: payloadMap('New values, by name.') },
} as const satisfies { readonly [Type in Command['commandType']]: z.ZodRawShape };

const DURATIONS = new Set([
  'scheduleToCloseTimeout',
  'scheduleToStartTimeout',
  'startToCloseTimeout',
  'heartbeatTimeout',
  'startToFireTimeout',
  'initialInterval',
  'maximumInterval',
]);

function commandOf<Type extends keyof typeof ATTRIBUTES>(commandType: Type) {
  return z
    .strictObject({
      commandType: z.literal(commandType),
      attributes: z.strictObject(ATTRIBUTES[commandType]),
      userMetadata: z
        .strictObject({
          summary: payload('One line for people.').optional(),
          details: payload('More for people.').optional(),
        })
        .optional(),
    })
    .meta({ id: `${commandType}Command` });
}

const command = z.discriminatedUnion(
  'commandType',
  [
    commandOf('ScheduleActivityTask'),
    commandOf('RequestCancelActivityTask'),
    commandOf('StartTimer'),
    commandOf('CancelTimer'),
    commandOf('CompleteWorkflowExecution'),
    commandOf('FailWorkflowExecution'),
    commandOf('CancelWorkflowExecution'),
    commandOf('RequestCancelExternalWorkflowExecution'),
    commandOf('SignalExternalWorkflowExecution'),
    commandOf('RecordMarker'),
    commandOf('UpsertWorkflowSearchAttributes'),
    commandOf('ModifyWorkflowProperties'),
  ],
  { error: `must be one of ${Object.keys(ATTRIBUTES).join(', ')}` },
);

/** The decisions of a workflow in a body; {@link toCommand} makes commands of them. */
export const commandList = z
  .array(command, { error: 'must be a list of commands' })
  .max(MAX_COMMANDS, { error: `must have at most ${MAX_COMMANDS} commands` })
  .meta({ description: 'What the workflow decides, in its order; a close command is the last.' });

/** A parsed command of a body as the engine takes it. */
export function toCommand(parsed: z.output<typeof command>): Command {
  const { commandType, attributes, userMetadata } = parsed;
  const renamed = withUnits(attributes);
  // A result is one value to whoever reads it, and a list to the engine.
  if (commandType === 'CompleteWorkflowExecution' && 'result' in renamed)
    renamed['result'] = [renamed['result']];
  return { commandType, attributes: renamed, ...(userMetadata && { userMetadata }) } as unknown as Command;
}

function withUnits(attributes: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]): [string, unknown][] => {
      if (value === undefined) return [];
      if (name === 'retryPolicy') return [[name, withUnits(value as object)]];
      return [[DURATIONS.has(name) ? `${name}Ms` : name, value]];
    }),
  );
}
