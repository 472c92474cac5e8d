import { startActivityTasks, startWorkflowTasks, takeQuery } from '@tidewheel/engine';
import type { EngineContext, WorkflowTaskSource } from '@tidewheel/engine';
import type { PolledStream } from '@tidewheel/polling';
import type { ActivityTaskEntry, QueryEntry, TaskEntry, WorkflowTaskEntry } from '@tidewheel/store';
import type { Poll, PolledTask } from './poll.js';
import type { PolledQueue } from './polled-queue.js';

/** An entry of a stream, and the poll that gets what it points to. */
export interface Match<Entry extends TaskEntry = TaskEntry> {
  readonly poll: Poll;
  readonly entry: Entry;
}

/** Some matches that are claimed together; a task that is no longer wanted is undefined. */
interface Claim {
  readonly matches: readonly Match[];
  readonly claimed: Promise<readonly (PolledTask | undefined)[]>;
}

/** Starts what the entries point to, in the name of each one's poller, with as few calls as that allows. */
export function claimTasks(
  context: EngineContext,
  queue: PolledQueue,
  stream: PolledStream,
  matches: readonly Match[],
  isShared = false,
): Claim[] {
  const claims: Claim[] = [];
  const activities: Match<ActivityTaskEntry>[] = [];
  const byIdentity = new Map<string, Match<WorkflowTaskEntry>[]>();
  for (const { poll, entry } of matches) {
    if (entry.kind === 'activityTask') activities.push({ poll, entry });
    else if (entry.kind === 'query') {
      const source = sourceOf(queue, stream, poll.poller.identity);
      claims.push({ matches: [{ poll, entry }], claimed: claimQuery(context, source, entry) });
    } else {
      const { identity } = poll.poller;
      const group = byIdentity.get(identity);
      if (group) group.push({ poll, entry });
      else byIdentity.set(identity, [{ poll, entry }]);
    }
  }
  if (activities.length > 0) {
    claims.push({
      matches: activities,
      claimed: claimActivities(context, queue, stream, activities, isShared),
    });
  }
  for (const [identity, group] of byIdentity) {
    const source = sourceOf(queue, stream, identity);
    claims.push({ matches: group, claimed: claimWorkflowTasks(context, source, group) });
  }
  return claims;
}

function sourceOf(queue: PolledQueue, stream: PolledStream, identity: string): WorkflowTaskSource {
  return {
    partition: stream.partition,
    streamKey: stream.key,
    taskQueue: queue.normalName,
    identity,
    sticky: queue.kind === 'sticky',
    version: queue.version,
  };
}

async function claimWorkflowTasks(
  context: EngineContext,
  source: WorkflowTaskSource,
  matches: readonly Match<WorkflowTaskEntry>[],
): Promise<(PolledTask | undefined)[]> {
  const { streamKey, sticky } = source;
  const entries = matches.map(({ entry }) => entry);
  const tasks = await startWorkflowTasks(context, source, entries);
  return tasks.map((task) => task && { kind: 'workflowTask', task, sticky, streamKey });
}

async function claimActivities(
  context: EngineContext,
  { name: taskQueue, version }: PolledQueue,
  stream: PolledStream,
  matches: readonly Match<ActivityTaskEntry>[],
  isShared: boolean,
): Promise<(PolledTask | undefined)[]> {
  const entries = matches.map(({ entry }) => entry);
  const shared = version && isShared ? { version, taskQueue } : undefined;
  const source = { partition: stream.partition, streamKey: stream.key, shared };
  const tasks = await startActivityTasks(context, source, entries);
  return tasks.map((task) => task && { kind: 'activityTask', task });
}

async function claimQuery(
  context: EngineContext,
  source: WorkflowTaskSource,
  entry: QueryEntry,
): Promise<(PolledTask | undefined)[]> {
  const { streamKey, sticky } = source;
  const task = await takeQuery(context, source, entry);
  return [task && { kind: 'query', task, sticky, streamKey, entry }];
}
