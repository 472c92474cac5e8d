import { decodeEvent } from '@tidewheel/codec';
import { isEventOf } from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import { readStoredEvents } from '@tidewheel/engine';
import type { EngineContext, QueryTask, WorkflowTask } from '@tidewheel/engine';
import { rememberRun, runFacts } from './run-facts.js';
import type { RunFacts } from './run-facts.js';

/**
 * Bytes of events, as stored, that one answer carries at most, unless a single event is larger. What the wire adds to
 * each keeps an answer of this and of the engine's 1,000 events well under the 4 MiB that gRPC clients accept by default.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
/** Events from the end of a closed run in which its last workflow task is found. */
const CLOSING_EVENTS = 100;

/** The part of a run's history that goes out with a task. */
export interface SentHistory extends RunFacts {
  readonly events: readonly HistoryEvent[];
  /** First event that was left out. */
  readonly nextEventId: number;
  /** Last event that is stored. */
  readonly lastStoredEventId: number;
  /** The events of an attempt above 1, in storage encoding: they stand nowhere yet, and come after all others. */
  readonly virtualEvents: readonly Buffer[];
}

/**
 * What of a workflow task's history goes out with it.
 *
 * @param workflowType looked up when it is not known, and the task does not bring the run's first event
 */
export async function sentWithTask(
  context: EngineContext,
  task: WorkflowTask,
  workflowType?: string,
): Promise<SentHistory> {
  const events = decodePage(task.events, task.firstEventId);
  const virtualCount = task.stamp.attempt > 1 ? 2 : 0;
  return {
    ...(await factsOf(context, task, events, workflowType)),
    events,
    nextEventId: task.firstEventId + events.length,
    lastStoredEventId: task.historyLength - virtualCount,
    virtualEvents: task.virtualEvents ?? (virtualCount > 0 ? task.events.slice(-virtualCount) : []),
  };
}

/** What of a run's history goes out with a query that came by itself. */
export async function sentWithQuery(
  context: EngineContext,
  task: QueryTask,
): Promise<Omit<SentHistory, 'virtualEvents'> & { readonly previousStartedEventId: number }> {
  const events = decodePage(task.events, 1);
  return {
    ...(await factsOf(context, task, events)),
    events,
    nextEventId: events.length + 1,
    lastStoredEventId: task.historyLength,
    previousStartedEventId: await previousStarted(context, task, events),
  };
}

/** As many of the events as one answer should carry. */
function decodePage(stored: readonly Buffer[], firstEventId: number): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  let bytes = 0;
  for (const one of stored) {
    bytes += one.length;
    if (bytes > MAX_PAGE_BYTES && events.length > 0) break;
    events.push(decodeEvent(one, firstEventId + events.length));
  }
  return events;
}

/** The run's type and task queue: from its first event, from who knows it, or from the store. */
async function factsOf(
  context: EngineContext,
  task: WorkflowTask | QueryTask,
  events: readonly HistoryEvent[],
  known?: string,
): Promise<RunFacts> {
  const [first] = events;
  if (first && isEventOf(first, 'WorkflowExecutionStarted')) {
    const { workflowType, taskQueue } = first.attributes;
    rememberRun(task.run.runId, { workflowType, taskQueue });
    return { workflowType, taskQueue };
  }
  if (known !== undefined && task.taskQueue !== '') return { workflowType: known, taskQueue: task.taskQueue };
  return runFacts(context, task.run);
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
  for (const event of [...last].reverse()) {
    if (isEventOf(event, 'WorkflowTaskCompleted')) return event.attributes.startedEventId;
  }
  return 0;
}
