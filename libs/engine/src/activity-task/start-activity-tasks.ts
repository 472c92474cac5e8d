import { decodeEvent, decodePayloads } from '@tidewheel/codec';
import { isEventOf } from '@tidewheel/core';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { queueOfRoute } from '@tidewheel/routing';
import type { ActivityTaskEntry } from '@tidewheel/store';
import {
  parseMember,
  readActivityRecord,
  startActivityTasks as startScript,
  WORKERS_GROUP,
} from '@tidewheel/store';
import type { EngineContext, RunAddress } from '../engine-context.js';
import type { DeploymentView } from '../worker-deployments/deployment-view.js';
import { targetKeys, targetLetters } from '../worker-deployments/stream-names.js';
import { runOfEntry } from '../workflow-task/start-workflow-tasks.js';
import { scheduledAttributes } from './activity-task.js';
import type { ActivityTask } from './activity-task.js';

/** Which stream entries were read from, and by whom. */
interface ActivityTaskSource {
  readonly partition: number;
  readonly streamKey: string;
  /** The process that does them, by its number; left out: its end tells nothing about them. */
  readonly worker?: number;
  /** Only of a worker with a version, and only for a stream that it shares with other versions: its version and queue. */
  readonly shared?: { readonly version: WorkerDeploymentVersion; readonly taskQueue: string } | undefined;
}

/** How often the routing may have changed under the hands of one claim; then its tasks are left to the next. */
const MAX_LOOKS = 20;

/**
 * Starts the activity tasks that were read from one stream; all leave the stream. A task that is no longer wanted, or
 * belongs to another worker version, gives undefined; the latter goes where that version finds it.
 */
export async function startActivityTasks(
  context: EngineContext,
  source: ActivityTaskSource,
  entries: readonly ActivityTaskEntry[],
): Promise<(ActivityTask | undefined)[]> {
  if (!source.shared) return claim(context, source, entries, undefined);
  const { namespace } = parseMember(entries[0]?.member ?? '');
  let view = await context.deployments.fresh(namespace);
  for (let look = 0; look < MAX_LOOKS; look++) {
    const tasks = await claim(context, source, entries, view);
    if (tasks !== OUTDATED) return tasks;
    view = await context.deployments.newest(namespace);
  }
  return entries.map(() => undefined);
}

/** Takes tasks that are no longer wanted off a stream that nobody reads; those that are wanted stay as they are. */
export async function dropUnwantedActivityTasks(
  context: EngineContext,
  { partition, streamKey }: Pick<ActivityTaskSource, 'partition' | 'streamKey'>,
  entries: readonly ActivityTaskEntry[],
): Promise<void> {
  const runs = entries.map((entry) => runOfEntry(context, partition, entry));
  const [first] = runs;
  if (!first) return;
  const { namespace } = first;
  // By a routing that is older than any, nothing is started.
  await claimBy(context, { partition, streamKey }, entries, runs, {
    keys: [context.keys.routingRevision(partition, namespace), streamKey, streamKey, streamKey],
    revision: -1,
    targets: 'o'.repeat(entries.length),
  });
}

/** The routing by which the tasks were to be claimed has changed: nothing was claimed. */
const OUTDATED: ActivityTask[] = [];

async function claim(
  context: EngineContext,
  source: ActivityTaskSource,
  entries: readonly ActivityTaskEntry[],
  view: DeploymentView | undefined,
): Promise<(ActivityTask | undefined)[]> {
  const runs = entries.map((entry) => runOfEntry(context, source.partition, entry));
  return claimBy(context, source, entries, runs, routingOf(context, source, runs, view));
}

async function claimBy(
  context: EngineContext,
  source: ActivityTaskSource,
  entries: readonly ActivityTaskEntry[],
  runs: readonly RunAddress[],
  routing: ClaimRouting,
): Promise<(ActivityTask | undefined)[]> {
  const replies = await startScript(context.run, {
    streamKey: source.streamKey,
    timersKey: context.keys.partition(source.partition).timers,
    runKeys: [...runs.flatMap((run) => [run.execution, run.history, run.details]), ...routing.keys],
    revision: routing.revision,
    targets: routing.targets,
    group: WORKERS_GROUP,
    worker: source.worker ?? 0,
    tasks: entries.flatMap((entry) => [
      entry.entryId,
      entry.member,
      entry.runId,
      entry.activityId,
      entry.scheduledEventId,
      entry.attempt,
    ]),
  });
  if (replies.some((reply) => reply?.length === 1 && reply[0] === 1)) return OUTDATED;
  return replies.map((reply, index) => {
    const run = runs[index];
    const entry = entries[index];
    if (!reply || !run || !entry || reply.length === 1) return undefined;
    const [startedMs, eventBytes, recordBytes, taskQueue, sticky, heartbeat, workflowType] = reply;
    const event = decodeEvent(eventBytes, entry.scheduledEventId);
    if (!isEventOf(event, 'ActivityTaskScheduled')) return undefined;
    const record = readActivityRecord(recordBytes);
    const workflowRoute = taskQueue.toString();
    const workflowTaskQueue = queueOfRoute(workflowRoute);
    return {
      ...scheduledAttributes(event.attributes, workflowTaskQueue),
      run,
      workflowType: workflowType.toString(),
      scheduledEventId: entry.scheduledEventId,
      attempt: entry.attempt,
      workflowTaskQueue,
      workflowRoute,
      sticky: sticky.toString(),
      scheduledMs: event.eventTimeMs,
      attemptScheduledMs: record.scheduledMs,
      startedMs,
      closeByMs: record.closeByMs,
      ...(heartbeat && { heartbeatDetails: decodePayloads(heartbeat) }),
    };
  });
}

/** What the script needs of the routing. */
interface ClaimRouting {
  readonly keys: readonly string[];
  readonly revision: number;
  readonly targets: string;
}

/** What the script needs to find out which tasks of a shared stream are for this worker. */
function routingOf(
  context: EngineContext,
  { partition, shared }: ActivityTaskSource,
  runs: readonly RunAddress[],
  view: DeploymentView | undefined,
): ClaimRouting {
  if (!shared || !view) return { keys: [], revision: 0, targets: '' };
  const { taskQueue, version } = shared;
  const workflowIds = runs.map(({ workflowId }) => workflowId);
  return {
    keys: targetKeys(context, partition, runs[0]?.namespace ?? '', 'activity', taskQueue),
    revision: view.revision,
    targets: targetLetters(view, taskQueue, 'activity', workflowIds, version),
  };
}
