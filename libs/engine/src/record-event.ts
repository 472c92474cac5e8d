import { encodeEventBody } from '@tidewheel/codec';
import {
  BusyWorkflowError,
  EVENT_TYPE_CODES,
  LimitExceededError,
  LIMITS,
  WorkflowNotFoundError,
} from '@tidewheel/core';
import type { EventType } from '@tidewheel/core';
import { recordEvent } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import type { EngineContext, Route } from './engine-context.js';
import { readRoute, routeStreams, runAddress } from './engine-context.js';
import { brokenHistoryLimit } from './history-limits.js';
import { checkPayloadMap, checkPayloads, checkRunId, requireIdentifier } from './request-checks.js';
import type { CancelWorkflowRequest, ExecutionAddress, SignalWorkflowRequest } from './requests.js';
import { failRun } from './terminate-workflow.js';
import { forceEndWorkflowTask } from './workflow-task/end-workflow-task.js';

/** How often a route may turn out to be stale before something else must be wrong. */
const MAX_ROUNDS = 50;

/** @throws WorkflowNotFoundError, BusyWorkflowError, LimitExceededError, InvalidArgumentError, NamespaceNotFoundError */
export async function signalWorkflow(context: EngineContext, request: SignalWorkflowRequest): Promise<void> {
  requireIdentifier('signalName', request.signalName);
  checkPayloads('input', request.input);
  checkPayloadMap('header', request.header);
  checkAddressed(request);
  await context.namespaces.require(request.namespace);
  const requestId = request.requestId ?? randomUUID();
  const outcome = await deliverEvent(context, request, {
    eventType: 'WorkflowExecutionSignaled',
    requestId,
    body: encodeEventBody('WorkflowExecutionSignaled', {
      signalName: request.signalName,
      identity: request.identity ?? context.identity,
      ...(request.input && request.input.length > 0 && { input: request.input }),
      ...(request.header && { header: request.header }),
      ...(request.requestId !== undefined && { requestId }),
    }),
  });
  if (outcome === 'notFound') {
    throw new WorkflowNotFoundError(
      request.workflowId,
      request.runId,
      `workflow execution "${request.workflowId}" is not running`,
    );
  }
}

/** @throws WorkflowNotFoundError when there never was one; a closed one, or one already asked, is left as it is */
export async function requestCancelWorkflow(
  context: EngineContext,
  request: CancelWorkflowRequest,
): Promise<void> {
  checkAddressed(request);
  await context.namespaces.require(request.namespace);
  const outcome = await deliverEvent(context, request, {
    eventType: 'WorkflowExecutionCancelRequested',
    requestId: request.requestId ?? '',
    body: encodeEventBody('WorkflowExecutionCancelRequested', {
      identity: request.identity ?? context.identity,
      ...(request.reason !== undefined && { cause: request.reason }),
    }),
  });
  if (outcome === 'notFound' && !(await executionExists(context, request))) {
    throw new WorkflowNotFoundError(request.workflowId, request.runId);
  }
}

function checkAddressed(
  request: ExecutionAddress & {
    readonly requestId?: string | undefined;
    readonly identity?: string | undefined;
  },
): void {
  requireIdentifier('workflowId', request.workflowId);
  checkRunId(request.runId);
  if (request.requestId !== undefined) requireIdentifier('requestId', request.requestId);
  if (request.identity !== undefined) requireIdentifier('identity', request.identity);
}

/** An event that comes to an execution from outside. */
interface ExternalEvent {
  readonly eventType: EventType;
  /** The same request id is recorded once; '' when it is not deduplicated. */
  readonly requestId: string;
  readonly body: Buffer;
}

/** Records an event with a running execution, finding its way anew whenever the route turns out to be stale. */
export async function deliverEvent(
  context: EngineContext,
  address: ExecutionAddress,
  event: ExternalEvent,
): Promise<'recorded' | 'repeated' | 'notFound'> {
  const execution = await context.placement.find(address.namespace, address.workflowId, address.runId);
  const partition = context.keys.partition(execution.partition);
  const requestsOf = (runId: string): string =>
    runAddress(context, execution, address.runId ?? runId).requests;
  let route: Route | undefined = await readRoute(context, execution);
  for (let round = 0; round < MAX_ROUNDS && route; round++) {
    const run = runAddress(context, execution, route.runId);
    const reply = await recordEvent(context.run, {
      executionKey: execution.execution,
      historyKey: run.history,
      bufferKey: run.buffer,
      timersKey: partition.timers,
      notifyKey: partition.notify,
      requestsKey: requestsOf(route.runId),
      ...routeStreams(context, execution, route),
      member: execution.member,
      runId: address.runId ?? '',
      requestId: event.requestId,
      eventType: EVENT_TYPE_CODES[event.eventType],
      body: event.body,
      taskQueue: route.taskQueue,
      sticky: route.sticky,
      currentRunId: route.runId,
      maxSignals: LIMITS.signalsPerExecution,
    });
    switch (reply[0]) {
      case 0:
        return 'notFound';
      case 1:
        return 'recorded';
      case 2:
        return 'repeated';
      case 3:
        throw new LimitExceededError(
          'signalsPerExecution',
          `workflow execution "${address.workflowId}" has received ${LIMITS.signalsPerExecution} signals, the limit of one run: let it continue as new`,
        );
      case 4:
        throw new BusyWorkflowError(address.workflowId);
      case 5: {
        const message = brokenHistoryLimit(reply[1], reply[2]);
        await failRun(context, run, message, 'HistoryLimitExceeded');
        throw new LimitExceededError(
          'history',
          `workflow execution "${address.workflowId}" has failed: ${message}`,
        );
      }
      case -1:
        route = {
          ...route,
          taskQueue: reply[1].toString(),
          sticky: reply[2].toString(),
          runId: reply[3].toString(),
        };
        break;
      case -2:
        await forceEndWorkflowTask(context, run, reply[4].toString(), {
          scheduledEventId: reply[1],
          startedEventId: reply[2],
          attempt: reply[3],
        });
        break;
    }
  }
  return 'notFound';
}

/** Whether there is, or was and is kept, such a run, or any of the workflow id when the address names none. */
export async function executionExists(context: EngineContext, address: ExecutionAddress): Promise<boolean> {
  const execution = await context.placement.find(address.namespace, address.workflowId, address.runId);
  if (address.runId === undefined) return (await context.redis.exists(execution.execution)) === 1;
  const { replaced } = context.keys.run(execution.partition, address.workflowId, address.runId);
  const [current, old] = await Promise.all([
    context.redis.hget(execution.execution, 'r'),
    context.redis.exists(replaced),
  ]);
  return current === address.runId || old === 1;
}
