import type { QueryEntry } from '@tidewheel/store';
import { takeQuery as takeScript, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { MAX_EVENTS_PER_TASK, runOfEntry, storedQuery } from './start-workflow-tasks.js';
import type { WorkflowTaskSource } from './start-workflow-tasks.js';
import type { TaskQuery } from './workflow-task.js';

/** A query that came by itself, for a run that no workflow task is under way for. */
export interface QueryTask {
  readonly run: RunAddress;
  readonly taskQueue: string;
  readonly previousStartedEventId: number;
  /** From the first on; empty when the worker caches the run. */
  readonly events: readonly Buffer[];
  readonly historyLength: number;
  readonly query: TaskQuery;
}

/** Takes a query from the stream where it was read; undefined when nobody waits for it any more. */
export async function takeQuery(
  context: EngineContext,
  source: WorkflowTaskSource,
  entry: QueryEntry,
): Promise<QueryTask | undefined> {
  const run = runOfEntry(context, source.partition, entry);
  const reply = await takeScript(context.run, {
    streamKey: source.streamKey,
    queryKey: context.keys.query(run.partition, entry.queryId),
    executionKey: run.execution,
    historyKey: run.history,
    group: WORKERS_GROUP,
    entryId: entry.entryId,
    runId: entry.runId,
    partial: source.sticky ? '1' : '',
    most: MAX_EVENTS_PER_TASK,
  });
  if (reply[0] === 0) return undefined;
  const [, queryType, input, previousStartedEventId, historyLength, events, header] = reply;
  return {
    run,
    taskQueue: source.taskQueue,
    previousStartedEventId,
    events,
    historyLength,
    query: storedQuery(entry.queryId, queryType, input, header),
  };
}
