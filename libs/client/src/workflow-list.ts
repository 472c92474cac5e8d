import type { ExecutionStatus } from '@tidewheel/core';
import type { WorkflowService } from '@tidewheel/engine';
import { executionInfo } from './execution-info.js';
import type { WorkflowExecutionInfo } from './execution-info.js';

/** Which executions are wanted; all that is given must hold. */
export interface ListOptions {
  readonly status?: ExecutionStatus;
  readonly workflowType?: string;
  readonly workflowId?: string;
  readonly startedAfter?: Date;
  readonly startedBefore?: Date;
  /** Only closed executions have a close time, so the bounds of it leave running ones out. */
  readonly closedAfter?: Date;
  readonly closedBefore?: Date;
  /**
   * A list filter, for example `WorkflowType = 'order' AND StartTime > '2027-01-31T12:00:00Z'`: over ExecutionStatus,
   * WorkflowType, WorkflowId, RunId, TaskQueue, StartTime and CloseTime, with = != < <= > >= IN, BETWEEN, STARTS_WITH,
   * IS NULL, AND, OR, NOT and parentheses.
   */
  readonly query?: string;
  /** Executions read at a time; default 100, at most 1,000. */
  readonly pageSize?: number;
}

/** Reads page after page while it is iterated over. */
export async function* listExecutions(
  service: WorkflowService,
  namespace: string,
  options: ListOptions,
): AsyncGenerator<WorkflowExecutionInfo, void, undefined> {
  const { startedAfter, startedBefore, closedAfter, closedBefore, ...rest } = options;
  let pageToken: string | undefined;
  do {
    const page = await service.listWorkflows({
      ...rest,
      namespace,
      startedAfterMs: startedAfter?.getTime(),
      startedBeforeMs: startedBefore?.getTime(),
      closedAfterMs: closedAfter?.getTime(),
      closedBeforeMs: closedBefore?.getTime(),
      pageToken,
    });
    yield* page.executions.map(executionInfo);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
}
