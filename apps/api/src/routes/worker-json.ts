import { decodeEvent } from '@tidewheel/codec';
import { formatDuration } from '@tidewheel/core';
import type { PayloadMap, QueryAnswer } from '@tidewheel/core';
import {
  eventToJson,
  payloadMapToJson,
  payloadsToJson,
  retryPolicyToJson,
  toTimestamp,
} from '@tidewheel/protocol';
import type { RouteAnswer, RouteRequest, ROUTES } from '@tidewheel/protocol';
import type { HandedActivityTask, HandedWorkflowTask } from '@tidewheel/remote-polling';

type WorkflowTaskJson = Extract<RouteAnswer<typeof ROUTES.pollWorkflowTask>, { taskToken: string }>;
type ActivityTaskJson = Extract<RouteAnswer<typeof ROUTES.pollActivityTask>, { taskToken: string }>;
type QueryJson = NonNullable<WorkflowTaskJson['query']>;

/** An activity task as JSON. */
export function activityTaskToJson({ task, taskToken }: HandedActivityTask): ActivityTaskJson {
  const { workflowId, runId } = task.run;
  const { scheduleToCloseTimeoutMs, heartbeatTimeoutMs, heartbeatDetails } = task;
  return {
    taskToken: tokenToJson(taskToken),
    workflowExecution: { workflowId, runId },
    workflowType: task.workflowType,
    activityId: task.activityId,
    activityType: task.activityType,
    input: payloadsToJson(task.input),
    ...headerToJson(task.header),
    ...(heartbeatDetails && { heartbeatDetails: payloadsToJson(heartbeatDetails) }),
    attempt: task.attempt,
    scheduledTime: toTimestamp(task.scheduledMs),
    currentAttemptScheduledTime: toTimestamp(task.attemptScheduledMs),
    startedTime: toTimestamp(task.startedMs),
    ...(scheduleToCloseTimeoutMs > 0 && { scheduleToCloseTimeout: formatDuration(scheduleToCloseTimeoutMs) }),
    startToCloseTimeout: formatDuration(task.startToCloseTimeoutMs),
    ...(heartbeatTimeoutMs > 0 && { heartbeatTimeout: formatDuration(heartbeatTimeoutMs) }),
    retryPolicy: retryPolicyToJson(task.retryPolicy),
  };
}

/** A workflow task, or a query that came by itself, as JSON. */
export function workflowTaskToJson(handed: HandedWorkflowTask): WorkflowTaskJson {
  const { sent, taskToken } = handed;
  const { workflowId, runId } = handed.task.run;
  const common = {
    taskToken: tokenToJson(taskToken),
    workflowExecution: { workflowId, runId },
    workflowType: sent.workflowType,
    taskQueue: sent.taskQueue,
    history: historyToJson(handed),
  };
  if (handed.kind === 'query') {
    return {
      ...common,
      attempt: 1,
      previousStartedEventId: handed.sent.previousStartedEventId,
      startedEventId: 0,
      query: queryToJson(handed.task.query),
    };
  }
  const { task } = handed;
  return {
    ...common,
    attempt: task.stamp.attempt,
    previousStartedEventId: task.previousStartedEventId,
    startedEventId: task.stamp.startedEventId,
    scheduledTime: toTimestamp(task.scheduledMs),
    startedTime: toTimestamp(task.startedMs),
    workflowTaskTimeout: formatDuration(task.taskTimeoutMs),
    ...(task.queries.length > 0 && {
      queries: Object.fromEntries(task.queries.map((query) => [query.queryId, queryToJson(query)])),
    }),
  };
}

function historyToJson(handed: HandedWorkflowTask): WorkflowTaskJson['history'] {
  const { taskQueue, events, nextEventId, lastStoredEventId } = handed.sent;
  const sent = events.map((event) => eventToJson(event, taskQueue));
  if (nextEventId > handed.task.historyLength || events.length === 0) return { events: sent };
  const virtual = handed.kind === 'workflowTask' ? handed.sent.virtualEvents : [];
  return {
    events: sent,
    nextEventId,
    lastEventId: lastStoredEventId,
    ...(virtual.length > 0 && {
      attemptEvents: virtual.map((bytes, i) =>
        eventToJson(decodeEvent(bytes, lastStoredEventId + 1 + i), taskQueue),
      ),
    }),
  };
}

function queryToJson({
  queryType,
  args,
}: HandedWorkflowTask['task'] extends infer Task
  ? Task extends { readonly query: infer Query }
    ? Query
    : never
  : never): QueryJson {
  return { queryType, queryArgs: payloadsToJson(args) };
}

function headerToJson(header: PayloadMap): Pick<ActivityTaskJson, 'header'> {
  return Object.keys(header).length > 0 ? { header: payloadMapToJson(header) } : {};
}

/** Opaque bytes in an answer. */
export function tokenToJson(token: Uint8Array): string {
  return Buffer.from(token).toString('base64url');
}

/** An answer to a query as a body has it. */
export function queryAnswerOf({
  result,
  errorMessage,
}: Pick<RouteRequest<typeof ROUTES.completeQueryTask>['body'], 'result' | 'errorMessage'>): QueryAnswer {
  return errorMessage === undefined
    ? { answered: true, result }
    : { answered: false, errorMessage, failure: { message: errorMessage } };
}
