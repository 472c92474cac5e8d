import { decodePayloadMap, decodePayloads, encodeEventBody } from '@tidewheel/codec';
import type { WorkflowTaskEntry } from '@tidewheel/store';
import { parseMember, startWorkflowTasks as startScript, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { runAddress } from '../engine-context.js';
import type { TaskQuery, WorkflowTask } from './workflow-task.js';

/** Events sent with a task at most; a longer history is read in pages. */
export const MAX_EVENTS_PER_TASK = 1_000;

/** Which stream entries were read from, and by whom. */
export interface WorkflowTaskSource {
  readonly partition: number;
  readonly streamKey: string;
  /** The task queue that the stream belongs to, or the one of the worker whose sticky stream it is. */
  readonly taskQueue: string;
  readonly identity: string;
  /** Whether the worker caches what it is sent, and needs only what is new. */
  readonly sticky: boolean;
}

/**
 * Starts the tasks that were read from one stream; all leave the stream. A task that is no longer wanted gives
 * undefined.
 */
export async function startWorkflowTasks(
  context: EngineContext,
  source: WorkflowTaskSource,
  entries: readonly WorkflowTaskEntry[],
): Promise<(WorkflowTask | undefined)[]> {
  const runs = entries.map((entry) => runOfEntry(context, entry.member, entry.runId));
  const partition = context.keys.partition(source.partition);
  const replies = await startScript(context.run, {
    streamKey: source.streamKey,
    timersKey: partition.timers,
    notifyKey: partition.notify,
    runKeys: runs.flatMap((run) => [run.execution, run.history]),
    group: WORKERS_GROUP,
    startedBody: startedBody(source.identity),
    maxEvents: MAX_EVENTS_PER_TASK,
    partial: source.sticky ? '1' : '',
    tasks: entries.flatMap((entry) => [
      entry.entryId,
      entry.member,
      entry.runId,
      entry.scheduledEventId,
      entry.attempt,
    ]),
  });
  return Promise.all(
    replies.map(async (reply, index) => {
      const run = runs[index];
      const entry = entries[index];
      if (!reply || !run || !entry) return undefined;
      const [startedEventId, attempt, previousStartedEventId, scheduledMs, startedMs, taskTimeoutMs] = reply;
      const [, , , , , , runExpiresMs, executionExpiresMs, firstEventId, events, virtualEvents, queries] =
        reply;
      const historyLength = reply[13] + virtualEvents.length;
      const scheduledEventId = attempt > 1 ? reply[13] + 1 : entry.scheduledEventId;
      const complete = firstEventId - 1 + events.length === reply[13];
      return {
        run,
        stamp: { scheduledEventId, startedEventId, attempt },
        taskQueue: source.taskQueue,
        previousStartedEventId,
        scheduledMs,
        startedMs,
        taskTimeoutMs,
        runExpiresMs,
        executionExpiresMs,
        firstEventId,
        events: complete ? [...events, ...virtualEvents] : events,
        ...(!complete && virtualEvents.length > 0 && { virtualEvents }),
        historyLength,
        queries: queries.length > 0 ? await loadQueries(context, run, queries.toString()) : [],
      };
    }),
  );
}

/** The run that a stream entry points to. */
export function runOfEntry(context: EngineContext, member: string, runId: string): RunAddress {
  const { namespace, workflowId } = parseMember(member);
  return runAddress(context, context.keys.execution(namespace, workflowId), runId);
}

/** A process that serves many workers sees many identities come and go. */
const REMEMBERED_IDENTITIES = 1_000;
const bodies = new Map<string, Buffer>();

/** Body of WorkflowTaskStarted; the same for every task that one worker starts. */
export function startedBody(identity: string): Buffer {
  let body = bodies.get(identity);
  if (!body) {
    body = encodeEventBody('WorkflowTaskStarted', { identity });
    if (bodies.size >= REMEMBERED_IDENTITIES) bodies.clear();
    bodies.set(identity, body);
  }
  return body;
}

async function loadQueries(context: EngineContext, run: RunAddress, queryIds: string): Promise<TaskQuery[]> {
  const ids = queryIds.split(' ').filter((id) => id !== '');
  const stored = await Promise.all(
    ids.map((id) => context.redis.hmgetBuffer(context.keys.query(run.partition, id), 't', 'a', 'h')),
  );
  return stored.flatMap(([type, input, header], index) =>
    type && input ? [storedQuery(ids[index] as string, type, input, header)] : [],
  );
}

/** A query as it is stored. */
export function storedQuery(
  queryId: string,
  type: Buffer,
  input: Buffer,
  header: Buffer | null | undefined,
): TaskQuery {
  return {
    queryId,
    queryType: type.toString(),
    args: decodePayloads(input),
    ...(header && header.length > 0 && { header: decodePayloadMap(header) }),
  };
}
