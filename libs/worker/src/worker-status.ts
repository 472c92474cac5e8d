import type { ThrottleCounts } from '@tidewheel/polling';
import type { WorkflowRuntimeStats } from './workflow/index.js';

/**
 * Where a worker is in its life: created and not run yet; running; stopping (no more polls, running tasks go on);
 * draining (activities were asked to stop); stopped.
 */
export type WorkerState = 'INITIALIZED' | 'RUNNING' | 'STOPPING' | 'DRAINING' | 'STOPPED' | 'FAILED';

/** What a worker is doing. */
export interface WorkerStatus {
  readonly runState: WorkerState;
  readonly workerId: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly identity: string;
  /** Kinds of task that the worker takes, from its creation to its end. */
  readonly taskKinds: readonly ('workflow' | 'activity')[];
  readonly workflowSlots: { readonly used: number; readonly size: number };
  /** For each kind of task 1 while the worker reads it, otherwise 0; by the names that Temporal's metric has. */
  readonly pollers: {
    readonly workflow_task: number;
    readonly sticky_workflow_task: number;
    readonly activity_task: number;
  };
  readonly activitySlots: { readonly used: number; readonly size: number };
  /** Sessions that are open, and how many may be; undefined when it opens none. */
  readonly sessions: { readonly open: number; readonly size: number } | undefined;
  readonly workflowCache: WorkflowRuntimeStats | undefined;
  /**
   * Share of the workflow tasks that went on from memory, 0 to 1, of those that could have: all but the first of each
   * run. Undefined while there was none.
   */
  readonly stickyCacheHitRate: number | undefined;
  readonly workflowTasks: {
    readonly completed: number;
    readonly failed: number;
    readonly cacheMisses: number;
  };
  readonly activities: {
    readonly completed: number;
    readonly failed: number;
    readonly canceled: number;
    /** Tasks of activities that the worker does not have, which it handed back for others. */
    readonly unregistered: number;
  };
  /** What the dispatch rate of the task queue has done to this worker; undefined when it polls no activities. */
  readonly throttling: ThrottleCounts | undefined;
  /** Milliseconds that the blocking reads of the process have been silent; 0 when all is well. */
  readonly pollSilenceMs: number;
  readonly pollAlive: boolean;
  readonly pollConnectionsReplaced: number;
}
