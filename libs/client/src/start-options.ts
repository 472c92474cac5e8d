import { defaultPayloadConverter, toPayloadMap, toPayloads } from '@tidewheel/common';
import type {
  Duration,
  PayloadConverter,
  SearchAttributes,
  SignalDefinition,
  Workflow,
} from '@tidewheel/common';
import { InvalidArgumentError, InvalidDurationError, optionalDurationToMs } from '@tidewheel/core';
import type { StartWorkflowRequest } from '@tidewheel/engine';
import { requestedOverride } from './versioning-override.js';
import type { VersioningOverride } from './versioning-override.js';
import type { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from './policies.js';

/** How to start a workflow, its arguments apart. Durations are text such as `10s`, or milliseconds. */
export interface WorkflowOptions {
  /** The id in the terms of the application, for example of the order that the workflow processes. */
  readonly workflowId: string;
  /** The queue whose workers run it. */
  readonly taskQueue: string;
  /** When the last run of the id is closed; default ALLOW_DUPLICATE. */
  readonly workflowIdReusePolicy?: WorkflowIdReusePolicy;
  /** When the id has a running execution; default FAIL. */
  readonly workflowIdConflictPolicy?: WorkflowIdConflictPolicy;
  /** Longest life over all runs; no limit by default. */
  readonly workflowExecutionTimeout?: Duration;
  /** Longest life of one run; no limit by default. */
  readonly workflowRunTimeout?: Duration;
  /** How long a worker may take for one workflow task; default 10 s. */
  readonly workflowTaskTimeout?: Duration;
  /** Notes shown with the execution. */
  readonly memo?: Readonly<Record<string, unknown>>;
  /** Values to find the execution by. */
  readonly searchAttributes?: Readonly<SearchAttributes>;
  /** One line about this execution for people, at most 400 bytes. */
  readonly staticSummary?: string;
  /** More about this execution for people, at most 20,000 bytes. */
  readonly staticDetails?: string;
  /** Makes a start that is repeated count once; default: a new one for every call. */
  readonly requestId?: string;
  /** Which version of the workers runs it, whatever they declare. Default: as they declare. */
  readonly versioningOverride?: VersioningOverride;
  /** Whether `result` goes on with the next run when one continues as new. Default: true. */
  readonly followRuns?: boolean;
}

/** The arguments of a workflow: asked for when it cannot do without; any when nothing is known of it but its name. */
export type WithWorkflowArgs<W extends Workflow> = Workflow extends W
  ? { readonly args?: readonly unknown[] }
  : Parameters<W> extends [unknown, ...unknown[]]
    ? { readonly args: Readonly<Parameters<W>> }
    : { readonly args?: Readonly<Parameters<W>> };

/** How to start a workflow. */
export type WorkflowStartOptions<W extends Workflow = Workflow> = WorkflowOptions & WithWorkflowArgs<W>;

/** How to signal a workflow, and to start it if need be. */
export type WorkflowSignalWithStartOptions<
  W extends Workflow = Workflow,
  SignalArgs extends unknown[] = [],
> = WorkflowStartOptions<W> & {
  readonly signal: SignalDefinition<SignalArgs> | string;
  readonly signalArgs?: Readonly<SignalArgs>;
};

/** The name of a workflow type, given by name or as the function itself. */
export function workflowTypeName(type: string | Workflow): string {
  const name = typeof type === 'string' ? type : type.name;
  if (name === '')
    throw new InvalidArgumentError('workflowType', 'is a function without a name: give the name');
  return name;
}

/**
 * The request that starts a workflow.
 *
 * @throws InvalidArgumentError when a duration or the versioning override is none
 */
export function startRequest(
  options: WorkflowOptions & { readonly args?: readonly unknown[] },
  context: {
    readonly namespace: string;
    readonly identity: string | undefined;
    readonly workflowType: string;
    readonly payloadConverter: PayloadConverter;
  },
): StartWorkflowRequest {
  const { payloadConverter, ...rest } = context;
  const { args, memo, searchAttributes, staticSummary, staticDetails, versioningOverride } = options;
  const input = args && toPayloads(payloadConverter, args);
  return {
    ...rest,
    workflowId: options.workflowId,
    taskQueue: options.taskQueue,
    ...(input && { input }),
    workflowExecutionTimeoutMs: milliseconds('workflowExecutionTimeout', options.workflowExecutionTimeout),
    workflowRunTimeoutMs: milliseconds('workflowRunTimeout', options.workflowRunTimeout),
    workflowTaskTimeoutMs: milliseconds('workflowTaskTimeout', options.workflowTaskTimeout),
    requestId: options.requestId,
    workflowIdReusePolicy: options.workflowIdReusePolicy,
    workflowIdConflictPolicy: options.workflowIdConflictPolicy,
    versioningOverride: versioningOverride && requestedOverride(versioningOverride),
    ...((staticSummary !== undefined || staticDetails !== undefined) && {
      userMetadata: {
        ...(staticSummary !== undefined && { summary: payloadConverter.toPayload(staticSummary) }),
        ...(staticDetails !== undefined && { details: payloadConverter.toPayload(staticDetails) }),
      },
    }),
    memo: memo && toPayloadMap(payloadConverter, memo),
    // The engine reads these, so they are never in the application's own encoding.
    searchAttributes:
      searchAttributes && toPayloadMap(defaultPayloadConverter, withoutAbsent(searchAttributes)),
  };
}

function withoutAbsent(attributes: Readonly<SearchAttributes>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null),
  );
}

function milliseconds(field: string, duration: Duration | undefined): number | undefined {
  try {
    return optionalDurationToMs(duration);
  } catch (error) {
    if (error instanceof InvalidDurationError) throw new InvalidArgumentError(field, error.message);
    throw error;
  }
}
