import type {
  Command,
  HistoryEvent,
  PayloadMap,
  Payloads,
  QueryAnswer,
  VersioningBehavior,
  WorkerDeploymentVersion,
} from '@tidewheel/core';
import type { LogLevel, MetricUpdate } from '@tidewheel/common';

export type { MetricUpdate } from '@tidewheel/common';

/** Which run an execution is. */
export interface ExecutionIdentity {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly taskQueue: string;
}

/** What one workflow task tells the workflow, and the circumstances it runs under. */
export interface Activation {
  /** The workflow's clock: when the workflow task was started, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** Whether the code ran through this workflow task before, so that nothing may be logged again. */
  readonly isReplaying: boolean;
  /** Events in the history up to and including this workflow task's start. */
  readonly historyLength: number;
  readonly historySizeBytes: number;
  /** What happened since the previous workflow task, in the order of the history. */
  readonly events: readonly HistoryEvent[];
  /** Patches whose markers this workflow task recorded when it ran first. */
  readonly patchIds: readonly string[];
  /** Of the worker that does this workflow task, or did it when it ran first; absent for an unversioned one. */
  readonly deploymentVersion?: WorkerDeploymentVersion | undefined;
}

/** A query as it reaches a workflow. */
export interface WorkflowQuery {
  readonly queryId: string;
  readonly queryType: string;
  readonly args: Payloads;
  readonly header?: PayloadMap;
}

/** One line that workflow code logged. */
export interface WorkflowLogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** The workflow's clock, not the wall's. */
  readonly timestampMs: number;
}

/** What an activation led to. */
export interface ActivationOutcome {
  readonly commands: readonly Command[];
  readonly logs: readonly WorkflowLogEntry[];
  /** Absent when nothing was recorded. */
  readonly metrics?: readonly MetricUpdate[] | undefined;
  /** Whether the commands close the run. */
  readonly closed: boolean;
  /** Only when the workflow says it. */
  readonly versioningBehavior?: VersioningBehavior;
  /** Why the workflow task fails, when it does; boxed, because anything can be thrown. */
  readonly taskFailure: { readonly error: unknown } | undefined;
}

/** Answers to queries by their ids. */
export type QueryAnswers = Readonly<Record<string, QueryAnswer>>;

/** What a workflow waits for: settled by an event of the history, or cancelled with its scope. */
export interface PendingOperation {
  /** Learns the id of the event that its command became; completions refer to it. */
  recorded(eventId: number): void;
}
