import type { Payload, UserMetadata } from '@tidewheel/core';
import type { ExecutionAddress } from '@tidewheel/engine';
import { eventToJson, resultToJson } from '@tidewheel/protocol';
import type { RouteRequest, ROUTES } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';
import { descriptionToJson, infoToJson, outcomeToJson } from './execution-json.js';

/** Longest wait of a long poll, and the default of results, in milliseconds. */
const LONG_POLL_MS = 20_000;
const QUERY_TIMEOUT_MS = 10_000;

type WorkflowRouteName =
  | 'startWorkflow'
  | 'describeWorkflow'
  | 'getHistory'
  | 'getResult'
  | 'signalWorkflow'
  | 'signalWithStart'
  | 'queryWorkflow'
  | 'cancelWorkflow'
  | 'terminateWorkflow'
  | 'deleteWorkflow'
  | 'listWorkflows'
  | 'countWorkflows';

/** Answers everything about workflow executions. */
export const workflowHandlers: Pick<Handlers, WorkflowRouteName> = {
  async startWorkflow({ params, body }, { ask }) {
    const request = { ...params, ...startOf(body) };
    const { runId, started } = await ask((engine) => engine.startWorkflow(request));
    return { runId, started };
  },

  async describeWorkflow(request, { ask }) {
    return descriptionToJson(await ask((engine) => engine.describeWorkflow(addressOf(request))));
  },

  async getHistory(request, { ask, signal }) {
    const { fromEventId, pageSize, reverse, wait: waitMs = 0 } = request.query;
    const range = { fromEventId, pageSize, reverse, waitMs, signal };
    const page = await ask((engine) => engine.getHistory({ ...addressOf(request), ...range }), waitMs);
    const { runId, taskQueue, status, events, nextEventId } = page;
    return {
      runId,
      status,
      events: events.map((event) => eventToJson(event, taskQueue)),
      ...(nextEventId !== undefined && { nextEventId }),
    };
  },

  async getResult(request, { ask, signal }) {
    const waitMs = request.query.wait ?? LONG_POLL_MS;
    const address = addressOf(request);
    return outcomeToJson(await ask((engine) => engine.getResult({ ...address, waitMs, signal }), waitMs));
  },

  async signalWorkflow(request, { ask }) {
    const { signalName } = request.params;
    const signal = { ...addressOf(request), signalName, ...request.body };
    await ask((engine) => engine.signalWorkflow(signal));
    return {};
  },

  async signalWithStart({ params, body }, { ask }) {
    const { signalInput, signalHeader, signalRequestId, ...start } = body;
    const signal = { signalInput, signalHeader, signalRequestId };
    const request = { ...params, ...startOf(start), ...signal };
    const { runId, started } = await ask((engine) => engine.signalWithStart(request));
    return { runId, started };
  },

  async queryWorkflow(request, { ask }) {
    const { queryArgs, rejectCondition, timeout: timeoutMs = QUERY_TIMEOUT_MS } = request.body;
    const { queryType } = request.params;
    const query = { ...addressOf(request), queryType, queryArgs, rejectCondition, timeoutMs };
    const answer = await ask((engine) => engine.queryWorkflow(query), timeoutMs);
    if (answer.rejected) return { rejected: { status: answer.status } };
    return { result: resultToJson(answer.result) };
  },

  async cancelWorkflow(request, { ask }) {
    await ask((engine) => engine.requestCancelWorkflow({ ...addressOf(request), ...request.body }));
    return {};
  },

  async terminateWorkflow(request, { ask }) {
    await ask((engine) => engine.terminateWorkflow({ ...addressOf(request), ...request.body }));
    return {};
  },

  async deleteWorkflow(request, { ask }) {
    await ask((engine) => engine.deleteWorkflow(addressOf(request)));
    return {};
  },

  async countWorkflows({ params, query }, { ask }) {
    const { count, groups } = await ask((engine) => engine.countWorkflows({ ...params, ...query }));
    return { count, ...(groups && { groups: groups.map((group) => ({ ...group })) }) };
  },

  async listWorkflows({ params, query }, { ask }) {
    const { startedAfter, startedBefore, closedAfter, closedBefore, ...rest } = query;
    const request = {
      ...params,
      ...rest,
      startedAfterMs: startedAfter,
      startedBeforeMs: startedBefore,
      closedAfterMs: closedAfter,
      closedBeforeMs: closedBefore,
    };
    const { executions, nextPageToken } = await ask((engine) => engine.listWorkflows(request));
    return {
      executions: executions.map(infoToJson),
      ...(nextPageToken !== undefined && { nextPageToken }),
    };
  },
};

type StartBody = RouteRequest<typeof ROUTES.startWorkflow>['body'];

/** What a body says of the run that is to be started. */
function startOf(body: StartBody) {
  const { input, userMetadata, ...options } = body;
  const { workflowExecutionTimeout, workflowRunTimeout, workflowTaskTimeout, ...rest } = options;
  return {
    ...rest,
    ...(input && { input }),
    ...(userMetadata && { userMetadata: withoutAbsent(userMetadata) }),
    workflowExecutionTimeoutMs: workflowExecutionTimeout,
    workflowRunTimeoutMs: workflowRunTimeout,
    workflowTaskTimeoutMs: workflowTaskTimeout,
  };
}

function withoutAbsent(metadata: {
  readonly summary?: Payload | undefined;
  readonly details?: Payload | undefined;
}): UserMetadata {
  const { summary, details } = metadata;
  return { ...(summary && { summary }), ...(details && { details }) };
}

interface ExecutionRequest {
  readonly params: { readonly namespace: string; readonly workflowId: string };
  readonly query: { readonly runId?: string | undefined };
}

function addressOf({ params, query }: ExecutionRequest): ExecutionAddress {
  return { namespace: params.namespace, workflowId: params.workflowId, runId: query.runId };
}
