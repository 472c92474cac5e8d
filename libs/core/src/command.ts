import type { Failure } from './failure.js';
import type { Payload, PayloadMap, Payloads, UserMetadata } from './payload.js';
import type { PartialRetryPolicy } from './retry-policy.js';
import type { WorkflowExecutionTarget } from './event.js';

/**
 * Attributes of each command that a workflow task may complete with, under Temporal's published names in camel case.
 * Durations are milliseconds; a duration of 0 counts as not given.
 */
export interface CommandAttributes {
  readonly ScheduleActivityTask: {
    readonly activityId: string;
    readonly activityType: string;
    /** Absent: the execution's own task queue. */
    readonly taskQueue?: string;
    readonly header?: PayloadMap;
    readonly input?: Payloads;
    readonly scheduleToCloseTimeoutMs?: number;
    readonly scheduleToStartTimeoutMs?: number;
    readonly startToCloseTimeoutMs?: number;
    readonly heartbeatTimeoutMs?: number;
    readonly retryPolicy?: PartialRetryPolicy;
    /** Whether the worker that completes the workflow task would start the activity at once. */
    readonly requestEagerExecution?: boolean;
  };
  readonly RequestCancelActivityTask: { readonly scheduledEventId: number };
  readonly StartTimer: { readonly timerId: string; readonly startToFireTimeoutMs: number };
  readonly CancelTimer: { readonly timerId: string };
  readonly CompleteWorkflowExecution: { readonly result?: Payloads };
  readonly FailWorkflowExecution: { readonly failure: Failure };
  readonly CancelWorkflowExecution: { readonly details?: Payloads };
  readonly RequestCancelExternalWorkflowExecution: {
    readonly namespace?: string;
    readonly workflowExecution: WorkflowExecutionTarget;
    readonly childWorkflowOnly?: boolean;
    readonly reason?: string;
  };
  readonly SignalExternalWorkflowExecution: {
    readonly namespace?: string;
    readonly workflowExecution: WorkflowExecutionTarget;
    readonly signalName: string;
    readonly input?: Payloads;
    readonly childWorkflowOnly?: boolean;
    readonly header?: PayloadMap;
  };
  readonly RecordMarker: {
    readonly markerName: string;
    readonly details?: Readonly<Record<string, Payloads>>;
    readonly header?: PayloadMap;
    readonly failure?: Failure;
  };
  readonly UpsertWorkflowSearchAttributes: { readonly searchAttributes: PayloadMap };
  readonly ModifyWorkflowProperties: { readonly upsertedMemo: PayloadMap };
}

/** The published name of a command's type. */
export type CommandType = keyof CommandAttributes;

/** One decision of a workflow. */
export type Command = { [T in CommandType]: CommandOf<T> }[CommandType];

/** A command of one given type. */
export interface CommandOf<T extends CommandType> {
  readonly commandType: T;
  readonly attributes: CommandAttributes[T];
  readonly userMetadata?: UserMetadata;
}

const CLOSE_COMMANDS: ReadonlySet<CommandType> = new Set<CommandType>([
  'CompleteWorkflowExecution',
  'FailWorkflowExecution',
  'CancelWorkflowExecution',
]);

/** Whether the command ends the run. */
export function isCloseCommand(type: CommandType): boolean {
  return CLOSE_COMMANDS.has(type);
}

/** What a workflow answered to a query. */
export type QueryAnswer =
  | { readonly answered: true; readonly result: Payload | undefined }
  | { readonly answered: false; readonly errorMessage: string; readonly failure?: Failure };
