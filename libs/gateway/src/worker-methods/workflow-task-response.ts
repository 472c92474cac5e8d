import { decodeEvent } from '@tidewheel/codec';
import { DEFAULTS, isEventOf } from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import { readStoredEvents } from '@tidewheel/engine';
import type { EngineContext, QueryTask, TaskQuery, WorkflowTask } from '@tidewheel/engine';
import { eventsToProto } from '../convert/event.js';
import { headerToProto, payloadsToProto } from '../convert/payload.js';
import { typesForEvents } from '../convert/search-attributes.js';
import { normalTaskQueue } from '../convert/task-queue.js';
import { timestampToProto } from '../convert/time.js';
import { int64 } from '../proto.js';
import type { P, ResponseOf } from '../proto.js';
import { encodeHistoryToken, encodeQueryTaskToken, encodeWorkflowTaskToken } from '../tokens.js';
import { runFacts } from './run-facts.js';

/**
 * Bytes of events, as stored, that one response carries at most, unless a single event is larger. What the wire adds to
 * each keeps a response of this and of the engine's 1,000 events well under the 4 MiB that gRPC clients accept by default.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
/** Events from the end of a closed run in which its last workflow task is found. */
const CLOSING_EVENTS = 100;

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
  const sent = decodePage(task.events, task.firstEventId);
  const facts = await factsOf(context, task, sent.events, workflowType);
  const virtualCount = stamp.attempt > 1 ? 2 : 0;
  const lastStored = task.historyLength - virtualCount;
  const next = task.firstEventId + sent.events.length;
  const virtualEvents = task.virtualEvents ?? (virtualCount > 0 ? task.events.slice(-virtualCount) : []);
  return {
    taskToken: encodeWorkflowTaskToken({
      namespace: run.namespace,
      workflowId: run.workflowId,
      runId: run.runId,
      ...stamp,
      ...facts,
      startedMs: task.startedMs,
      taskTimeoutMs: task.taskTimeoutMs,
      runExpiresMs: task.runExpiresMs,
      executionExpiresMs: task.executionExpiresMs,
      historyLength: task.historyLength,
    }),
    workflowExecution: { workflowId: run.workflowId, runId: run.runId },
    workflowType: { name: facts.workflowType },
    previousStartedEventId: int64(previousStartedEventId),
    startedEventId: int64(stamp.startedEventId),
    attempt: stamp.attempt,
    backlogCountHint: int64(backlog ?? 0),
    history: { events: await toProto(context, task, facts.taskQueue, sent.events, task.taskTimeoutMs) },
    nextPageToken:
      next > task.historyLength
        ? NOTHING
        : encodeHistoryToken({ runId: run.runId, nextEventId: next, lastEventId: lastStored, virtualEvents }),
    workflowExecutionTaskQueue: normalTaskQueue(facts.taskQueue),
    scheduledTime: timestampToProto(task.scheduledMs),
    startedTime: timestampToProto(task.startedMs),
    queries: Object.fromEntries(task.queries.map((query) => [query.queryId, queryToProto(query)])),
  };
}

/** A query that came by itself as a worker gets it: with the whole history, or with none when the worker caches the run. */
export async function queryTaskResponse(context: EngineContext, task: QueryTask): Promise<Response> {
  const { run, query } = task;
  const sent = decodePage(task.events, 1);
  const facts = await factsOf(context, task, sent.events);
  const next = sent.events.length + 1;
  const { namespace, workflowId, runId } = run;
  return {
    taskToken: encodeQueryTaskToken({ namespace, workflowId, queryId: query.queryId }),
    workflowExecution: { workflowId, runId },
    workflowType: { name: facts.workflowType },
    previousStartedEventId: int64(await previousStarted(context, task, sent.events)),
    startedEventId: int64(0),
    attempt: 1,
    history: { events: await toProto(context, task, facts.taskQueue, sent.events) },
    nextPageToken:
      sent.events.length === 0 || next > task.historyLength
        ? NOTHING
        : encodeHistoryToken({ runId, nextEventId: next, lastEventId: task.historyLength }),
    workflowExecutionTaskQueue: normalTaskQueue(facts.taskQueue),
    query: queryToProto(query),
  };
}

const NOTHING = new Uint8Array(0);

function queryToProto({ queryType, args, header }: TaskQuery): NonNullable<Response['query']> {
  return { queryType, queryArgs: payloadsToProto(args), header: headerToProto(header) };
}

/** As many of the events as one response should carry. */
function decodePage(stored: readonly Buffer[], firstEventId: number): { readonly events: HistoryEvent[] } {
  const events: HistoryEvent[] = [];
  let bytes = 0;
  for (const one of stored) {
    bytes += one.length;
    if (bytes > MAX_PAGE_BYTES && events.length > 0) break;
    events.push(decodeEvent(one, firstEventId + events.length));
  }
  return { events };
}

/** The run's type and task queue: from its first event, from who knows it, or from the store. */
async function factsOf(
  context: EngineContext,
  task: WorkflowTask | QueryTask,
  events: readonly HistoryEvent[],
  known?: string,
): Promise<{ readonly workflowType: string; readonly taskQueue: string }> {
  const [first] = events;
  if (first && isEventOf(first, 'WorkflowExecutionStarted')) {
    const { workflowType, taskQueue } = first.attributes;
    return { workflowType, taskQueue };
  }
  if (known !== undefined && task.taskQueue !== '') return { workflowType: known, taskQueue: task.taskQueue };
  return runFacts(context, task.run);
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

/** Up to where the workflow has decided before: of a closed run the engine does not keep that, but its history tells. */
async function previousStarted(
  context: EngineContext,
  task: QueryTask,
  events: readonly HistoryEvent[],
): Promise<number> {
  if (task.previousStartedEventId > 0 || events.length === 0) return task.previousStartedEventId;
  const from = Math.max(1, task.historyLength - CLOSING_EVENTS + 1);
  const last =
    events.length === task.historyLength
      ? events.slice(from - 1)
      : (await readStoredEvents(context, task.run, from, task.historyLength)).map((bytes, i) =>
          decodeEvent(bytes, from + i),
        );
  for (const event of last.reverse()) {
    if (isEventOf(event, 'WorkflowTaskCompleted')) return event.attributes.startedEventId;
  }
  return 0;
}
