import { DEFAULTS } from '@tidewheel/core';
import type { SignalWithStartRequest, StartWorkflowRequest } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { executionStatus, workflowIdConflictPolicy, workflowIdReusePolicy } from '../convert/enums.js';
import { payloadMapFromProto, payloadsFromProto } from '../convert/payload.js';
import { durationMs } from '../convert/time.js';
import { userMetadataFromProto } from '../convert/user-metadata.js';
import { overrideFromProto, versionOfWorker } from '../convert/versioning.js';
import { invalidArgument } from '../errors.js';
import type { GatewayContext } from '../gateway-context.js';
import { api } from '../proto.js';
import type { RequestOf } from '../proto.js';
import { workflowTaskResponse } from '../worker-methods/workflow-task-response.js';
import { given, refuseUnsupported, requireText } from './request-fields.js';

/** Replaced by the conflict policy TERMINATE_EXISTING. */
const TERMINATE_IF_RUNNING = api.enums.v1.WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING;

type StartRequest = RequestOf<'StartWorkflowExecution'>;
type SignalWithStart = RequestOf<'SignalWithStartWorkflowExecution'>;

export function startMethods({ engine }: GatewayContext): MethodTable {
  return {
    async StartWorkflowExecution(request) {
      refuseUnsupported({
        completion_callbacks: request.completionCallbacks,
        continued_failure: request.continuedFailure,
        last_completion_result: request.lastCompletionResult,
      });
      const { runId, started, workflowTask } = await engine.startWorkflow({
        ...startRequest(request),
        ...(request.requestEagerExecution && {
          eagerWorker: {
            identity: given(request.identity) ?? engine.context.identity,
            version: versionOfWorker(request.eagerWorkerDeploymentOptions),
          },
        }),
      });
      return {
        runId,
        firstExecutionRunId: runId,
        started,
        status: executionStatus.toProto('RUNNING'),
        eagerWorkflowTask: workflowTask ? await workflowTaskResponse(engine.context, workflowTask) : null,
      };
    },

    async SignalWithStartWorkflowExecution(request) {
      const { runId, started } = await engine.signalWithStart(signalWithStartRequest(request));
      return { runId, firstExecutionRunId: runId, started };
    },
  };
}

function signalWithStartRequest(request: SignalWithStart): SignalWithStartRequest {
  const header = payloadMapFromProto(request.header?.fields);
  return {
    ...startRequest(request),
    signalName: requireText('signal_name', request.signalName),
    signalInput: payloadsFromProto(request.signalInput),
    // There is one header, which belongs to both.
    ...(header && { signalHeader: header }),
  };
}

function startRequest(request: StartRequest & SignalWithStart): StartWorkflowRequest {
  refuseUnsupported({
    retry_policy: request.retryPolicy,
    cron_schedule: request.cronSchedule,
    workflow_start_delay: durationMs(request.workflowStartDelay),
    time_skipping_config: request.timeSkippingConfig,
  });
  const userMetadata = userMetadataFromProto(request.userMetadata);
  return {
    namespace: requireText('namespace', request.namespace),
    workflowId: requireText('workflow_id', request.workflowId),
    workflowType: requireText('workflow_type.name', request.workflowType?.name),
    taskQueue: requireText('task_queue.name', request.taskQueue?.name),
    input: payloadsFromProto(request.input),
    workflowExecutionTimeoutMs: durationMs(request.workflowExecutionTimeout),
    workflowRunTimeoutMs: durationMs(request.workflowRunTimeout),
    // Clients expect that a longer one is cut, not refused.
    workflowTaskTimeoutMs:
      Math.min(durationMs(request.workflowTaskTimeout), DEFAULTS.workflowTaskTimeoutMaxMs) || undefined,
    identity: given(request.identity),
    requestId: given(request.requestId),
    ...workflowIdPolicies(request),
    memo: payloadMapFromProto(request.memo?.fields),
    searchAttributes: payloadMapFromProto(request.searchAttributes?.indexedFields),
    header: payloadMapFromProto(request.header?.fields),
    ...(userMetadata && { userMetadata }),
    versioningOverride: overrideFromProto(request.versioningOverride),
  };
}

function workflowIdPolicies(
  request: Pick<StartRequest, 'workflowIdReusePolicy' | 'workflowIdConflictPolicy'>,
): Pick<StartWorkflowRequest, 'workflowIdReusePolicy' | 'workflowIdConflictPolicy'> {
  const { workflowIdReusePolicy: reuse, workflowIdConflictPolicy: conflict } = request;
  if (reuse === TERMINATE_IF_RUNNING) {
    if (conflict) {
      throw invalidArgument(
        'workflow_id_conflict_policy',
        'cannot go with WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING',
      );
    }
    return { workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'TERMINATE_EXISTING' };
  }
  return {
    workflowIdReusePolicy: workflowIdReusePolicy.fromProto(reuse),
    workflowIdConflictPolicy: workflowIdConflictPolicy.fromProto(conflict),
  };
}
