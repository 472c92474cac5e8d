import { decodePayloadMap, decodePayloads, encodeEventBody } from '@tidewheel/codec';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { formatVersion } from '@tidewheel/routing';
import type { WorkflowTaskEntry } from '@tidewheel/store';
import { parseMember, startWorkflowTasks as startScript, WORKERS_GROUP } from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import { runAddress } from '../engine-context.js';
import type { DeploymentView } from '../worker-deployments/deployment-view.js';
import { targetKeys, targetLetters } from '../worker-deployments/stream-names.js';
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
  /** The worker's own version; absent for an unversioned worker. */
  readonly version?: WorkerDeploymentVersion | undefined;
  /** The process that does them, by its number; left out: its end tells nothing about them. */
  readonly worker?: number;
}

/** How often the routing may have changed under the hands of one claim; then its tasks are left to the next. */
const MAX_LOOKS = 20;

/**
 * Starts the tasks that were read from one stream; all leave the stream. A task that is no longer wanted, or belongs to
 * another worker version, gives undefined; the latter goes where that version finds it.
 */
export async function startWorkflowTasks(
  context: EngineContext,
  source: WorkflowTaskSource,
  entries: readonly WorkflowTaskEntry[],
): Promise<(WorkflowTask | undefined)[]> {
  const namespace = parseMember(entries[0]?.member ?? '').namespace;
  const view = source.version && (await context.deployments.fresh(namespace));
  const { tasks, undecided } = await claim(context, source, entries, view);
  let waiting = undecided;
  for (let look = 0; waiting.length > 0 && look < MAX_LOOKS; look++) {
    const newest = await context.deployments.newest(namespace);
    const again = await claim(
      context,
      source,
      waiting.map((index) => entries[index] as WorkflowTaskEntry),
      newest,
    );
    for (const [i, task] of again.tasks.entries()) tasks[waiting[i] as number] = task;
    const places = waiting;
    waiting = again.undecided.map((i) => places[i] as number);
  }
  return tasks;
}

/** What one call of the script gave; `undecided` are the places of entries for which the routing has to be read anew. */
interface Claim {
  readonly tasks: (WorkflowTask | undefined)[];
  readonly undecided: readonly number[];
}

async function claim(
  context: EngineContext,
  source: WorkflowTaskSource,
  entries: readonly WorkflowTaskEntry[],
  view: DeploymentView | undefined,
): Promise<Claim> {
  const runs = entries.map((entry) => runOfEntry(context, source.partition, entry));
  const partition = context.keys.partition(source.partition);
  const { taskQueue, version } = source;
  const namespace = runs[0]?.namespace ?? '';
  const workflowIds = runs.map(({ workflowId }) => workflowId);
  const runKeys = runs.flatMap((run) => [run.execution, run.history]);
  const replies = await startScript(context.run, {
    streamKey: source.streamKey,
    timersKey: partition.timers,
    notifyKey: partition.notify,
    runKeys: view
      ? [...runKeys, ...targetKeys(context, source.partition, namespace, 'workflow', taskQueue)]
      : runKeys,
    version: version ? formatVersion(version) : '',
    revision: view?.revision ?? 0,
    targets: view ? targetLetters(view, taskQueue, 'workflow', workflowIds, version) : '',
    group: WORKERS_GROUP,
    startedBody: startedBody(source.identity),
    worker: source.worker ?? 0,
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
  const undecided: number[] = [];
  const tasks = await Promise.all(
    replies.map(async (reply, index): Promise<WorkflowTask | undefined> => {
      const run = runs[index];
      const entry = entries[index];
      if (!reply || !run || !entry) return undefined;
      if (reply.length === 1) {
        if (reply[0] === 1) undecided.push(index);
        return undefined;
      }
      const [startedEventId, attempt, previousStartedEventId, scheduledMs, startedMs, taskTimeoutMs] = reply;
      const [, , , , , , runExpiresMs, executionExpiresMs, firstEventId, events, virtualEvents, queries] =
        reply;
      const historyLength = reply[13] + virtualEvents.length;
      const scheduledEventId = attempt > 1 ? reply[13] + 1 : entry.scheduledEventId;
      const complete = firstEventId - 1 + events.length === reply[13];
      return {
        run,
        stamp: { scheduledEventId, startedEventId, attempt },
        taskQueue,
        ...(reply[14] && { route: reply[14].toString() }),
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
  return { tasks, undecided };
}

/** The run that a stream entry points to. */
export function runOfEntry(
  context: EngineContext,
  partition: number,
  { member, runId }: { readonly member: string; readonly runId: string },
): RunAddress {
  const { namespace, workflowId } = parseMember(member);
  return runAddress(context, context.keys.executionAt(partition, namespace, workflowId), runId);
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
