import type { ExecutionStatus, TimeoutType } from '@tidewheel/core';

/** How a run can end. */
export type ClosedStatus = Exclude<ExecutionStatus, 'RUNNING'>;

/** What hears what the engine has done, in whichever process it did it. Called often, so it has to be quick. */
export interface EngineMetrics {
  /** A run was closed by this process. */
  runClosed(namespace: string, status: ClosedStatus): void;
  /** An attempt of an activity was ended because a clock of it ran out. */
  activityTimedOut(namespace: string, timeoutType: TimeoutType): void;
  /** A script was called; `failed` when it gave no reply. */
  scriptCalled(script: string, durationMs: number, failed: boolean): void;
  /** A poll that waited in this process for tasks of a queue has ended, with a task or with none. */
  pollEnded(namespace: string, taskQueue: string, kind: 'workflow' | 'activity', gotTask: boolean): void;
}

/** Hears nothing. */
export const NO_METRICS: EngineMetrics = {
  runClosed: () => undefined,
  activityTimedOut: () => undefined,
  scriptCalled: () => undefined,
  pollEnded: () => undefined,
};
