import type {
  Command,
  Failure,
  QueryAnswer,
  VersioningBehavior,
  WorkerDeploymentVersion,
  WorkflowTaskFailedCause,
} from '@tidewheel/core';
import type { MetricUpdate, WorkflowLogEntry, WorkflowQuery } from '@tidewheel/workflow/runtime';

export type { WorkflowLogEntry, WorkflowQuery } from '@tidewheel/workflow/runtime';

/** One workflow task, or one direct query, as the workflow runtime takes it. */
export interface ActivationRequest {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  /** The execution's own queue, not a sticky one. */
  readonly taskQueue: string;
  /** Attempt of the workflow task, from 1. */
  readonly attempt: number;
  /** Event that started this workflow task; for a direct query, that of the latest completed one. */
  readonly startedEventId: number;
  /** Event that started the latest completed workflow task; 0 when none has completed. */
  readonly previousStartedEventId: number;
  /** Id of the first event in {@link packedEvents}: 1 for a whole history. */
  readonly firstEventId: number;
  /**
   * Events as `packEvents` of @tidewheel/codec joins them: the whole history, or what follows
   * {@link previousStartedEventId}. The last one is the start of this workflow task, also for a transient attempt,
   * whose events are not in the stored history. A direct query to a cached execution needs none.
   */
  readonly packedEvents: Uint8Array;
  readonly queries: readonly WorkflowQuery[];
  /** The worker's version; absent for an unversioned one. */
  readonly deploymentVersion?: WorkerDeploymentVersion | undefined;
  /** A direct query: the workflow does not advance, and gives no commands. */
  readonly isQueryOnly: boolean;
}

/** What came of an activation. */
export type ActivationResult =
  | {
      readonly kind: 'completed';
      readonly commands: readonly Command[];
      readonly queryAnswers: Readonly<Record<string, QueryAnswer>>;
      readonly logs: readonly WorkflowLogEntry[];
      readonly workflowType: string;
      /** When the run started, in milliseconds since the epoch. */
      readonly runStartedMs: number;
      /** How long running through earlier workflow tasks took; only when that had to be done. */
      readonly replayMs?: number;
      /** What the workflow recorded with its meter; only when it did. */
      readonly metrics?: readonly MetricUpdate[] | undefined;
      /** Only when the workflow says it. */
      readonly versioningBehavior?: VersioningBehavior;
    }
  | {
      /** The workflow task failed; the execution is not cached any more. */
      readonly kind: 'failed';
      readonly cause: WorkflowTaskFailedCause;
      readonly failure: Failure;
      readonly logs: readonly WorkflowLogEntry[];
      /** What the workflow recorded with its meter before; only when it did. */
      readonly metrics?: readonly MetricUpdate[] | undefined;
      /** Absent when it did not come to running any code. */
      readonly workflowType?: string | undefined;
    }
  | {
      /** The execution is not cached where the events continue: send its whole history. */
      readonly kind: 'cacheMiss';
    };

/** State of a cache of executions. */
export interface WorkflowCacheStats {
  readonly cachedWorkflows: number;
  /** Estimated; see {@link WorkflowCacheLimits.maxCachedBytes}. */
  readonly cachedBytes: number;
  /** Activations that continued a cached execution. */
  readonly hits: number;
  /** Activations that expected a cached execution and found none. */
  readonly misses: number;
  /** Workflow tasks, beside the first of a run, that were run from the beginning of the history. */
  readonly replays: number;
  /** Executions dropped to make room. */
  readonly evictions: number;
}

/** How much a thread caches. */
export interface WorkflowCacheLimits {
  readonly maxCachedWorkflows: number;
  /** Limit of the estimated bytes, which are for each execution a base of 10 KB plus the size of its history. */
  readonly maxCachedBytes: number;
}
