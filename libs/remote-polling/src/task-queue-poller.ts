import type { Logger } from '@tidewheel/common';
import { returnTaskEntries } from '@tidewheel/engine';
import type { Engine, QueueName } from '@tidewheel/engine';
import { VersionStreams } from '@tidewheel/polling';
import type { PolledStream, Poller } from '@tidewheel/polling';
import type { RawStreamEntry, TaskEntry } from '@tidewheel/store';
import { parseTaskEntry } from '@tidewheel/store';
import { claimTasks } from './claim-tasks.js';
import type { Match } from './claim-tasks.js';
import type { PolledQueue } from './polled-queue.js';
import type { Poll } from './poll.js';
import { streamsOf } from './polled-queue.js';
import { returnTask } from './return-task.js';
import { WaitingPolls } from './waiting-polls.js';

/**
 * Gives the tasks of one queue to the polls that wait for them. An entry is read for a poll that waits, goes to the one
 * that has waited longest when it arrives, and is started in its name. It goes back to its stream when no poll is left,
 * and the started task to the engine when the poll has ended meanwhile.
 */
export class TaskQueuePoller implements Poller {
  readonly changing: VersionStreams | undefined;
  private readonly unversioned: readonly PolledStream[];
  readonly slots = new WaitingPolls();
  readonly returnsSurplus = true;
  readonly ratedQueue?: QueueName;
  /** Entries that are being started. */
  private claims = 0;

  constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
    readonly queue: PolledQueue,
  ) {
    this.unversioned = streamsOf(engine.context.keys, queue);
    const { kind, namespace, name: taskQueue, version } = queue;
    this.changing =
      version && kind !== 'sticky'
        ? new VersionStreams(engine.context, { kind, namespace, taskQueue, version })
        : undefined;
    if (kind === 'activity') this.ratedQueue = { namespace, taskQueue };
  }

  get streams(): readonly PolledStream[] {
    return this.changing?.streams ?? this.unversioned;
  }

  /** Whether no poll waits and nothing is under way. */
  get idle(): boolean {
    return this.slots.size === 0 && this.claims === 0;
  }

  deliver(stream: PolledStream, raw: readonly RawStreamEntry[]): void {
    const matches: Match[] = [];
    const surplus: TaskEntry[] = [];
    for (const one of raw) {
      const entry = parseTaskEntry(one);
      // One that was deleted is dropped by Redis, and one of a kind from the future is taken over by a newer process.
      if (!entry) continue;
      const poll = this.slots.take();
      if (poll) matches.push({ poll, entry });
      else surplus.push(entry);
    }
    if (surplus.length > 0) void this.putBack(stream, surplus);
    if (matches.length > 0) void this.claim(stream, matches);
  }

  private async claim(stream: PolledStream, matches: readonly Match[]): Promise<void> {
    this.claims += matches.length;
    try {
      await Promise.all(
        claimTasks(this.engine.context, this.queue, stream, matches, this.changing?.isShared(stream)).map(
          async ({ matches: some, claimed }) => {
            try {
              const tasks = await claimed;
              for (const [i, { poll }] of some.entries()) {
                const task = tasks[i];
                if (!task) this.waitOn(poll);
                else if (poll.ended) await returnTask(this.engine.context, task, this.logger);
                else poll.end(task);
              }
            } catch (error) {
              this.logger.warn('tasks could not be started', { count: some.length, error: String(error) });
              for (const { poll } of some) this.waitOn(poll);
              await this.putBack(
                stream,
                some.map(({ entry }) => entry),
              );
            }
          },
        ),
      );
    } finally {
      this.claims -= matches.length;
    }
  }

  /** Lets a poll go on waiting that has got nothing after all. */
  private waitOn(poll: Poll): void {
    if (poll.ended) return;
    if (poll.untilMs <= Date.now()) poll.end();
    else this.slots.add(poll);
  }

  private async putBack(stream: PolledStream, entries: readonly TaskEntry[]): Promise<void> {
    try {
      const ids = entries.map(({ entryId }) => entryId);
      await returnTaskEntries(this.engine.context, stream.key, ids);
    } catch (error) {
      // They stay with this process until they are taken over as abandoned.
      this.logger.warn('tasks could not be put back', { count: entries.length, error: String(error) });
    }
  }
}
