import type { temporal } from '@temporalio/proto';
import type { SearchAttributeTypes } from '@tidewheel/core';
import type { WorkflowExecutionInfo } from '@tidewheel/engine';
import { int64 } from '../proto.js';
import { executionStatus } from './enums.js';
import { historySizeOnWire } from './history-size.js';
import { payloadMapToProto } from './payload.js';
import { searchAttributesToProto } from './search-attributes.js';
import { versioningInfoToProto } from './versioning.js';
import { durationToProto, optionalTimestamp, timestampToProto } from './time.js';

type ExecutionInfo = temporal.api.workflow.v1.IWorkflowExecutionInfo;

/**
 * One execution as lists and descriptions show it.
 *
 * @param types of the search attributes that were registered in the namespace
 */
export function executionInfoToProto(
  info: WorkflowExecutionInfo,
  types: SearchAttributeTypes | undefined,
): ExecutionInfo {
  const { execution, startTimeMs, closeTimeMs } = info;
  return {
    execution,
    type: { name: info.workflowType },
    status: executionStatus.toProto(info.status),
    startTime: timestampToProto(startTimeMs),
    executionTime: timestampToProto(startTimeMs),
    closeTime: optionalTimestamp(closeTimeMs),
    executionDuration: closeTimeMs === undefined ? null : durationToProto(closeTimeMs - startTimeMs),
    historyLength: int64(info.historyLength),
    historySizeBytes: int64(historySizeOnWire(info.historySizeBytes, info.historyLength)),
    taskQueue: info.taskQueue,
    firstRunId: execution.runId,
    rootExecution: execution,
    memo: { fields: payloadMapToProto(info.memo) },
    searchAttributes: searchAttributesToProto(info.searchAttributes, types),
    versioningInfo: versioningInfoToProto(info.versioning),
    ...(info.versioning?.version && {
      workerDeploymentName: info.versioning.version.deploymentName,
    }),
  };
}
