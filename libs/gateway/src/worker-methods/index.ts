import type { Logger } from '@tidewheel/common';
import type { Engine } from '@tidewheel/engine';
import { TaskHub } from '@tidewheel/remote-polling';
import type { MethodTable } from '../call-context.js';
import { activityReports } from './activity-reports.js';
import { pollMethods } from './polls.js';
import { workflowTaskReports } from './workflow-task-reports.js';

/** What the handlers for workers work with. */
export interface WorkerMethodsContext {
  readonly engine: Engine;
  readonly logger: Logger;
}

/** The handlers for workers, and how to end their polls. */
export interface WorkerMethods {
  readonly methods: MethodTable;
  /** Ends all polls with nothing and reads no more tasks; reports are still taken. */
  close(): Promise<void>;
}

/** Handlers of everything that workers ask for and report. */
export function workerMethods(
  context: WorkerMethodsContext,
  hub = new TaskHub(context.engine, context.logger),
): WorkerMethods {
  return {
    methods: {
      ...pollMethods(context, hub),
      ...workflowTaskReports(context),
      ...activityReports(context),
    },
    close: () => hub.stop(),
  };
}
