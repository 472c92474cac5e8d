import type { PayloadMap, Payloads } from '@tidewheel/core';
import type { RunAddress } from '../engine-context.js';
import type { WorkflowTaskStamp } from './end-workflow-task.js';

/** A query that a workflow task brings along, or that came by itself. */
export interface TaskQuery {
  readonly queryId: string;
  readonly queryType: string;
  readonly args: Payloads;
  /** Only if there is any. */
  readonly header?: PayloadMap;
}

/** A started workflow task: what a worker needs to let the workflow decide. Times are milliseconds since the epoch. */
export interface WorkflowTask {
  readonly run: RunAddress;
  readonly stamp: WorkflowTaskStamp;
  /** The run's own task queue. */
  readonly taskQueue: string;
  /** Where the run's tasks go, as stored, as far as known; absent: anywhere on the task queue. */
  readonly route?: string;
  /** Started event of the run's last completed workflow task, 0 when there was none. */
  readonly previousStartedEventId: number;
  readonly scheduledMs: number;
  readonly startedMs: number;
  readonly taskTimeoutMs: number;
  /** 0 for never. */
  readonly runExpiresMs: number;
  /** 0 for never. */
  readonly executionExpiresMs: number;
  /** Id of the first of `events`. */
  readonly firstEventId: number;
  /** Events in storage encoding, the started event last unless there are too many to send at once. */
  readonly events: readonly Buffer[];
  /** Of an attempt above 1, its own two events, when `events` had to be cut: they come after all that are stored. */
  readonly virtualEvents?: readonly Buffer[];
  /** How long the history is, started event included; more than `events` reach when they had to be cut. */
  readonly historyLength: number;
  readonly queries: readonly TaskQuery[];
}
