import { defaultPayloadConverter, fromPayloadMap } from '@tidewheel/common';
import type { PayloadConverter, SearchAttributes } from '@tidewheel/common';
import { EXECUTION_STATUS_CODES } from '@tidewheel/core';
import type { ExecutionStatus } from '@tidewheel/core';
import type * as engine from '@tidewheel/engine';

/** Names of the states as Temporal's client spells them. */
export type WorkflowExecutionStatusName = Exclude<ExecutionStatus, 'CANCELED'> | 'CANCELLED';

/** One line of a list of executions. */
export interface WorkflowExecutionInfo {
  readonly type: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly taskQueue: string;
  readonly status: { readonly code: number; readonly name: WorkflowExecutionStatusName };
  /** Number of events. */
  readonly historyLength: number;
  /** Bytes. */
  readonly historySize: number;
  readonly startTime: Date;
  readonly closeTime?: Date;
}

/** Everything known of an execution but its history. */
export interface WorkflowExecutionDescription extends WorkflowExecutionInfo {
  readonly memo: Readonly<Record<string, unknown>>;
  readonly searchAttributes: Readonly<SearchAttributes>;
  readonly cancelRequested: boolean;
  readonly staticSummary?: string;
  readonly staticDetails?: string;
  /** As the engine tells it, with pending activities, timers and workflow task. */
  readonly raw: engine.WorkflowExecutionDescription;
}

/** A line of a list in the client's terms. */
export function executionInfo(raw: engine.WorkflowExecutionInfo): WorkflowExecutionInfo {
  return {
    type: raw.workflowType,
    workflowId: raw.execution.workflowId,
    runId: raw.execution.runId,
    taskQueue: raw.taskQueue,
    status: {
      code: EXECUTION_STATUS_CODES[raw.status],
      name: raw.status === 'CANCELED' ? 'CANCELLED' : raw.status,
    },
    historyLength: raw.historyLength,
    historySize: raw.historySizeBytes,
    startTime: new Date(raw.startTimeMs),
    ...(raw.closeTimeMs !== undefined && { closeTime: new Date(raw.closeTimeMs) }),
  };
}

/** A description in the client's terms. */
export function executionDescription(
  raw: engine.WorkflowExecutionDescription,
  converter: PayloadConverter,
): WorkflowExecutionDescription {
  const { summary, details } = raw.userMetadata ?? {};
  return {
    ...executionInfo(raw),
    memo: fromPayloadMap(converter, raw.memo),
    searchAttributes: fromPayloadMap(defaultPayloadConverter, raw.searchAttributes) as SearchAttributes,
    cancelRequested: raw.cancelRequested,
    ...(summary && { staticSummary: String(converter.fromPayload(summary)) }),
    ...(details && { staticDetails: String(converter.fromPayload(details)) }),
    raw,
  };
}
