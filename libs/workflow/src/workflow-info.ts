import type { Initiator, RetryPolicy, WorkerDeploymentVersion } from '@tidewheel/core';
import { LIMITS } from '@tidewheel/core';
import {
  defaultFailureConverter,
  defaultPayloadConverter,
  fromFirstPayload,
  fromPayloadMap,
} from '@tidewheel/common';
import type { SearchAttributes, TidewheelFailure } from '@tidewheel/common';
import { currentExecution } from './execution/current-execution.js';
import type { Execution } from './execution/execution.js';
import { copyFailure } from './execution/realm-copy.js';
import { wallClockMs } from './execution/wall-clock.js';

/** What a workflow may know about itself. */
export interface WorkflowInfo {
  readonly workflowId: string;
  readonly runId: string;
  /** The first run of the chain that this run continues. */
  readonly firstExecutionRunId: string;
  /** The run that this one continues, if any. */
  readonly continuedFromExecutionRunId?: string;
  readonly initiator?: Initiator;
  readonly namespace: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  /** Attempt of the workflow, from 1; more than that under a retry policy. */
  readonly attempt: number;
  readonly startTime: Date;
  readonly runStartTime: Date;
  readonly executionTimeoutMs?: number;
  readonly executionExpirationTime?: Date;
  readonly runTimeoutMs?: number;
  readonly taskTimeoutMs: number;
  readonly retryPolicy?: RetryPolicy;
  readonly cronSchedule?: string;
  /** Result of the previous run of a cron workflow. */
  readonly lastResult?: unknown;
  /** Failure of the previous run. */
  readonly lastFailure?: TidewheelFailure;
  readonly memo?: Readonly<Record<string, unknown>>;
  readonly searchAttributes: Readonly<SearchAttributes>;
  /** Version of the worker that does the current workflow task, in a replay of the one that did; absent for an unversioned one. */
  readonly currentDeploymentVersion?: WorkerDeploymentVersion;
  /** Events in the history so far. */
  readonly historyLength: number;
  /** Bytes of the history so far. */
  readonly historySize: number;
  /** Whether the history has become so long that the workflow should continue as new. */
  readonly continueAsNewSuggested: boolean;
  /** What must not influence what the workflow does. */
  readonly unsafe: {
    /** The wall clock, in milliseconds since the epoch. */
    readonly now: () => number;
    readonly isReplaying: boolean;
  };
}

const DEFAULT_TASK_TIMEOUT_MS = 10_000;

/** What the calling workflow may know about itself; made anew by each call. */
export function workflowInfo(): WorkflowInfo {
  const execution = currentExecution('workflowInfo()');
  const { started, historyLength, historySizeBytes } = execution;
  const { attributes } = started;
  const startTime = new Date(started.eventTimeMs);
  return {
    ...execution.identity,
    workflowType: attributes.workflowType,
    firstExecutionRunId: attributes.firstExecutionRunId ?? execution.identity.runId,
    attempt: attributes.attempt ?? 1,
    startTime,
    runStartTime: startTime,
    taskTimeoutMs: attributes.workflowTaskTimeoutMs ?? DEFAULT_TASK_TIMEOUT_MS,
    ...limitsOf(execution),
    ...originOf(execution),
    ...memoOf(execution),
    searchAttributes: searchAttributesOf(execution),
    ...(execution.deploymentVersion && { currentDeploymentVersion: { ...execution.deploymentVersion } }),
    historyLength,
    historySize: historySizeBytes,
    continueAsNewSuggested:
      historyLength >= LIMITS.historyEventsSuggestContinueAsNew ||
      historySizeBytes >= LIMITS.historyBytesSuggestContinueAsNew,
    unsafe: { now: wallClockMs, isReplaying: execution.isReplaying },
  };
}

/** The memo with what the workflow changed of it; a value of null removes its key. */
function memoOf({ started, changedMemo }: Execution): { memo?: Record<string, unknown> } {
  const initial = fromPayloadMap(defaultPayloadConverter, started.attributes.memo);
  const entries = Object.entries({ ...initial, ...changedMemo }).filter(([, value]) => isPresent(value));
  return entries.length === 0 ? {} : { memo: Object.fromEntries(entries) };
}

function searchAttributesOf({ started, changedSearchAttributes }: Execution): SearchAttributes {
  const initial = fromPayloadMap(defaultPayloadConverter, started.attributes.searchAttributes);
  const entries = Object.entries({ ...initial, ...changedSearchAttributes });
  return Object.fromEntries(entries.filter(([, value]) => isPresent(value))) as SearchAttributes;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function limitsOf({ started: { attributes } }: Execution) {
  const { workflowExecutionTimeoutMs, workflowRunTimeoutMs, workflowExecutionExpirationTimeMs } = attributes;
  const { retryPolicy, cronSchedule } = attributes;
  return {
    ...(workflowExecutionTimeoutMs !== undefined && { executionTimeoutMs: workflowExecutionTimeoutMs }),
    ...(workflowRunTimeoutMs !== undefined && { runTimeoutMs: workflowRunTimeoutMs }),
    ...(workflowExecutionExpirationTimeMs !== undefined && {
      executionExpirationTime: new Date(workflowExecutionExpirationTimeMs),
    }),
    // A copy: workflow code must not get hold of what came from outside of its realm.
    ...(retryPolicy && {
      retryPolicy: { ...retryPolicy, nonRetryableErrorTypes: [...retryPolicy.nonRetryableErrorTypes] },
    }),
    ...(cronSchedule !== undefined && { cronSchedule }),
  };
}

function originOf({ started: { attributes } }: Execution) {
  const { continuedExecutionRunId, initiator, lastCompletionResult, continuedFailure } = attributes;
  return {
    ...(continuedExecutionRunId !== undefined && { continuedFromExecutionRunId: continuedExecutionRunId }),
    ...(initiator && { initiator }),
    ...(lastCompletionResult && {
      lastResult: fromFirstPayload(defaultPayloadConverter, lastCompletionResult),
    }),
    ...(continuedFailure && {
      lastFailure: defaultFailureConverter.failureToError(
        copyFailure(continuedFailure),
        defaultPayloadConverter,
      ),
    }),
  };
}
