import type { RetryPolicy } from '@tidewheel/core';

/** What an activity may know about itself and about the task it runs for. Durations and times are milliseconds. */
export interface ActivityInfo {
  /** Names this attempt to the engine: for completing the activity from elsewhere. */
  readonly taskToken: Uint8Array;
  /** {@link taskToken} as text. */
  readonly base64TaskToken: string;
  readonly activityId: string;
  readonly activityType: string;
  readonly activityNamespace: string;
  /** From 1. */
  readonly attempt: number;
  /** Whether it runs inside of the workflow task. Always false so far. */
  readonly isLocal: boolean;
  readonly workflowExecution: { readonly workflowId: string; readonly runId: string };
  readonly workflowType: string;
  readonly workflowNamespace: string;
  /** The same as {@link workflowNamespace}. */
  readonly namespace: string;
  /** What the previous attempt gave to its latest heartbeat; undefined in the first. */
  readonly heartbeatDetails: unknown;
  /** When the activity was scheduled, since the epoch. */
  readonly scheduledTimestampMs: number;
  /** When this attempt was scheduled. */
  readonly currentAttemptScheduledTimestampMs: number;
  /** When this attempt was started. */
  readonly startedTimestampMs: number;
  /** 0: no limit. */
  readonly scheduleToCloseTimeoutMs: number;
  /** Of this attempt. */
  readonly startToCloseTimeoutMs: number;
  /** Absent: heartbeats are not required. */
  readonly heartbeatTimeoutMs?: number;
  readonly retryPolicy?: RetryPolicy;
  readonly taskQueue: string;
  /** The worker that runs it. */
  readonly workerId: string;
}
