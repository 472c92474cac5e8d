import { DEFAULTS, isEventOf } from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import type { EngineContext, QueryTask, TaskQuery, WorkflowTask } from '@tidewheel/engine';
import {
  encodeHistoryToken,
  encodeQueryTaskToken,
  sentWithQuery,
  sentWithTask,
  workflowTaskTokenOf,
} from '@tidewheel/remote-polling';
import { eventsToProto } from '../convert/event.js';
import { headerToProto, payloadsToProto } from '../convert/payload.js';
import { typesForEvents } from '../convert/search-attributes.js';
import { normalTaskQueue } from '../convert/task-queue.js';
import { timestampToProto } from '../convert/time.js';
import { int64 } from '../proto.js';
import type { P, ResponseOf } from '../proto.js';

type Response = ResponseOf<'PollWorkflowTaskQueue'>;

/** What is known beside the task itself. */
interface WorkflowTaskDelivery {
  /** Looked up when it is not known, and the task does not bring the run's first event. */
  readonly workflowType?: string | undefined;
  /** How many tasks wait behind this one. */
  readonly backlog?: number | undefined;
}

/** A started workflow task as a worker gets it: from a poll, with the completion of the one before, or with a start. */
export async function workflowTaskResponse(
  context: EngineContext,
  task: WorkflowTask,
  { workflowType, backlog }: WorkflowTaskDelivery = {},
): Promise<Response> {
  const { run, stamp, previousStartedEventId } = task;
  const sent = await sentWithTask(context, task, workflowType);
  const { nextEventId, lastStoredEventId: lastEventId, virtualEvents } = sent;
  return {
    taskToken: workflowTaskTokenOf(task, sent),
    workflowExecution: { workflowId: run.workflowId, runId: run.runId },
    workflowType: { name: sent.workflowType },
    previousStartedEventId: int64(previousStartedEventId),
    startedEventId: int64(stamp.startedEventId),
    attempt: stamp.attempt,
    backlogCountHint: int64(backlog ?? 0),
    history: { events: await toProto(context, task, sent.taskQueue, sent.events, task.taskTimeoutMs) },
    nextPageToken:
      nextEventId > task.historyLength
        ? NOTHING
        : encodeHistoryToken({ runId: run.runId, nextEventId, lastEventId, virtualEvents }),
    workflowExecutionTaskQueue: normalTaskQueue(sent.taskQueue),
    scheduledTime: timestampToProto(task.scheduledMs),
    startedTime: timestampToProto(task.startedMs),
    queries: Object.fromEntries(task.queries.map((query) => [query.queryId, queryToProto(query)])),
  };
}

/** A query that came by itself as a worker gets it: with the whole history, or with none when the worker caches the run. */
export async function queryTaskResponse(context: EngineContext, task: QueryTask): Promise<Response> {
  const { run, query } = task;
  const sent = await sentWithQuery(context, task);
  const { namespace, partition, workflowId, runId } = run;
  return {
    taskToken: encodeQueryTaskToken({ namespace, partition, workflowId, queryId: query.queryId }),
    workflowExecution: { workflowId, runId },
    workflowType: { name: sent.workflowType },
    previousStartedEventId: int64(sent.previousStartedEventId),
    startedEventId: int64(0),
    attempt: 1,
    history: { events: await toProto(context, task, sent.taskQueue, sent.events) },
    nextPageToken:
      sent.events.length === 0 || sent.nextEventId > task.historyLength
        ? NOTHING
        : encodeHistoryToken({ runId, nextEventId: sent.nextEventId, lastEventId: task.historyLength }),
    workflowExecutionTaskQueue: normalTaskQueue(sent.taskQueue),
    query: queryToProto(query),
  };
}

const NOTHING = new Uint8Array(0);

function queryToProto({ queryType, args, header }: TaskQuery): NonNullable<Response['query']> {
  return { queryType, queryArgs: payloadsToProto(args), header: headerToProto(header) };
}

async function toProto(
  context: EngineContext,
  { run }: WorkflowTask | QueryTask,
  taskQueue: string,
  events: readonly HistoryEvent[],
  taskTimeoutMs?: number,
): Promise<P.HistoryEvent[]> {
  const [first] = events;
  const { workflowTaskTimeoutMs = DEFAULTS.workflowTaskTimeoutMs } =
    first && isEventOf(first, 'WorkflowExecutionStarted') ? first.attributes : {};
  return eventsToProto(events, {
    namespace: run.namespace,
    workflowId: run.workflowId,
    runId: run.runId,
    taskQueue,
    workflowTaskTimeoutMs: taskTimeoutMs ?? workflowTaskTimeoutMs,
    searchAttributeTypes: await typesForEvents(context, run.namespace, events),
  });
}
