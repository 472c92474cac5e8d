import type { ActivityTask, QueryTask, WorkflowTask } from '@tidewheel/engine';
import type { QueryEntry } from '@tidewheel/store';
import type { WorkerFacts } from './worker-notes.js';

/** What a poll may bring. */
export type PolledTask =
  | {
      readonly kind: 'workflowTask';
      readonly task: WorkflowTask;
      readonly sticky: boolean;
      readonly streamKey: string;
    }
  | {
      readonly kind: 'query';
      readonly task: QueryTask;
      readonly sticky: boolean;
      readonly streamKey: string;
      readonly entry: QueryEntry;
    }
  | { readonly kind: 'activityTask'; readonly task: ActivityTask };

/** Who polls. */
export interface PollerIdentity {
  /** Written into the events of what it starts. */
  readonly identity: string;
  /** Names one worker among all; '' when it does not say. */
  readonly workerInstanceKey: string;
  /** Tells more of the worker, for the registry; asked for once, not with every poll. Absent: it is not shown there. */
  readonly facts?: (() => WorkerFacts) | undefined;
}

/** One poll that waits: until it gets a task, its time is over, or its caller has gone. */
export class Poll {
  /** What it got; undefined for nothing. */
  readonly result: Promise<PolledTask | undefined>;
  private resolve: (task: PolledTask | undefined) => void = () => undefined;
  private over = false;

  constructor(
    readonly poller: PollerIdentity,
    /** When it ends at the latest, milliseconds since the epoch. */
    readonly untilMs: number,
  ) {
    this.result = new Promise((resolve) => (this.resolve = resolve));
  }

  /** Whether nothing can be given to it any more. */
  get ended(): boolean {
    return this.over;
  }

  /** Ends it, with a task or with nothing. */
  end(task?: PolledTask): void {
    this.over = true;
    this.resolve(task);
  }
}
