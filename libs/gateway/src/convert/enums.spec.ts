import { enumValues } from '../proto.js';
import * as tables from './enums.js';

type Table = (typeof tables)['retryState'];

/** Published enumeration and prefix of each table, and the published names that the engine does without. */
const PUBLISHED: Readonly<Record<keyof typeof tables, readonly [string, string, ...string[]]>> = {
  eventType: [
    'EventType',
    'EVENT_TYPE',
    ...['START_CHILD_WORKFLOW_EXECUTION_INITIATED', 'START_CHILD_WORKFLOW_EXECUTION_FAILED'],
    ...['STARTED', 'COMPLETED', 'FAILED', 'CANCELED', 'TIMED_OUT', 'TERMINATED'].map(
      (end) => `CHILD_WORKFLOW_EXECUTION_${end}`,
    ),
    ...['ACCEPTED', 'REJECTED', 'COMPLETED', 'ADMITTED'].map((end) => `WORKFLOW_EXECUTION_UPDATE_${end}`),
    ...['WORKFLOW_PROPERTIES_MODIFIED_EXTERNALLY', 'ACTIVITY_PROPERTIES_MODIFIED_EXTERNALLY'],
    ...['SCHEDULED', 'STARTED', 'COMPLETED', 'FAILED', 'CANCELED', 'TIMED_OUT', 'CANCEL_REQUESTED'].map(
      (end) => `NEXUS_OPERATION_${end}`,
    ),
    ...['NEXUS_OPERATION_CANCEL_REQUEST_COMPLETED', 'NEXUS_OPERATION_CANCEL_REQUEST_FAILED'],
    ...['PAUSED', 'UNPAUSED', 'TIME_SKIPPING_TRANSITIONED'].map((end) => `WORKFLOW_EXECUTION_${end}`),
  ],
  retryState: ['RetryState', 'RETRY_STATE'],
  timeoutType: ['TimeoutType', 'TIMEOUT_TYPE'],
  deploymentVersionStatus: ['WorkerDeploymentVersionStatus', 'WORKER_DEPLOYMENT_VERSION_STATUS', 'CREATED'],
  drainageStatus: ['VersionDrainageStatus', 'VERSION_DRAINAGE_STATUS'],
  versioningBehavior: ['VersioningBehavior', 'VERSIONING_BEHAVIOR'],
  // The last is a second name for GRPC_MESSAGE_TOO_LARGE.
  workflowTaskFailedCause: ['WorkflowTaskFailedCause', 'WORKFLOW_TASK_FAILED_CAUSE', 'REQUEST_TOO_LARGE'],
  executionStatus: ['WorkflowExecutionStatus', 'WORKFLOW_EXECUTION_STATUS'],
  initiator: ['ContinueAsNewInitiator', 'CONTINUE_AS_NEW_INITIATOR'],
  workflowIdReusePolicy: ['WorkflowIdReusePolicy', 'WORKFLOW_ID_REUSE_POLICY', 'TERMINATE_IF_RUNNING'],
  workflowIdConflictPolicy: ['WorkflowIdConflictPolicy', 'WORKFLOW_ID_CONFLICT_POLICY'],
  workerStatus: ['WorkerStatus', 'WORKER_STATUS'],
  queryRejectCondition: ['QueryRejectCondition', 'QUERY_REJECT_CONDITION'],
  signalExternalFailedCause: [
    'SignalExternalWorkflowExecutionFailedCause',
    'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE',
    'NAMESPACE_NOT_FOUND',
  ],
  cancelExternalFailedCause: [
    'CancelExternalWorkflowExecutionFailedCause',
    'CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE',
    'NAMESPACE_NOT_FOUND',
  ],
  pendingActivityState: ['PendingActivityState', 'PENDING_ACTIVITY_STATE', 'PAUSED', 'PAUSE_REQUESTED'],
  pendingWorkflowTaskState: ['PendingWorkflowTaskState', 'PENDING_WORKFLOW_TASK_STATE'],
  taskQueueKind: ['TaskQueueKind', 'TASK_QUEUE_KIND', 'WORKER_COMMANDS'],
  rateLimitSource: ['RateLimitSource', 'RATE_LIMIT_SOURCE'],
  taskQueueType: ['TaskQueueType', 'TASK_QUEUE_TYPE', 'NEXUS'],
  historyEventFilter: ['HistoryEventFilterType', 'HISTORY_EVENT_FILTER_TYPE'],
  queryResultType: ['QueryResultType', 'QUERY_RESULT_TYPE'],
  namespaceState: ['NamespaceState', 'NAMESPACE_STATE', 'DEPRECATED', 'DELETED'],
  archivalState: ['ArchivalState', 'ARCHIVAL_STATE', 'ENABLED'],
  applicationErrorCategory: ['ApplicationErrorCategory', 'APPLICATION_ERROR_CATEGORY'],
  resourceExhaustedCause: [
    'ResourceExhaustedCause',
    'RESOURCE_EXHAUSTED_CAUSE',
    ...['RPS_LIMIT', 'CONCURRENT_LIMIT', 'PERSISTENCE_LIMIT', 'APS_LIMIT', 'PERSISTENCE_STORAGE_LIMIT'],
    ...['CIRCUIT_BREAKER_OPEN', 'OPS_LIMIT', 'WORKER_DEPLOYMENT_LIMITS'],
  ],
  resourceExhaustedScope: ['ResourceExhaustedScope', 'RESOURCE_EXHAUSTED_SCOPE'],
  indexedValueType: ['IndexedValueType', 'INDEXED_VALUE_TYPE'],
};

describe.each(Object.entries(PUBLISHED))('%s', (name, [published, prefix, ...omitted]) => {
  const table = tables[name as keyof typeof PUBLISHED] as unknown as Table;
  const values = enumValues(`temporal.api.enums.v1.${published}`);

  it('has the published numbers', () => {
    for (const [own, code] of Object.entries(table.codes)) {
      if (code > 0) expect([own, values[`${prefix}_${snakeCase(own)}`]]).toEqual([own, code]);
    }
  });

  it('leaves out only what the engine does not have', () => {
    const known = Object.keys(table.codes).map(snakeCase);
    const missing = Object.keys(values)
      .map((value) => value.slice(prefix.length + 1))
      .filter((value) => value !== 'UNSPECIFIED' && !known.includes(value));
    expect(missing.sort()).toEqual([...omitted].sort());
  });

  it('converts both ways', () => {
    for (const [own, code] of Object.entries(table.codes)) {
      expect(table.toProto(own as 'TIMEOUT')).toBe(code);
      expect(table.fromProto(code)).toBe(own);
    }
    expect(table.fromProto(9_999)).toBeUndefined();
  });
});

function snakeCase(name: string): string {
  return /[a-z]/.test(name)
    ? name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
    : name;
}
