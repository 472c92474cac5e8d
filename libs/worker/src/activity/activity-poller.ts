import { startActivityTasks } from '@tidewheel/engine';
import type { Engine, QueueName } from '@tidewheel/engine';
import type { Logger } from '@tidewheel/common';
import type { ActivityTaskEntry, RawStreamEntry } from '@tidewheel/store';
import { parseTaskEntry } from '@tidewheel/store';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { VersionStreams } from '@tidewheel/polling';
import type { PolledStream, Poller, TaskRoom, TaskSlots } from '@tidewheel/polling';
import { METRICS } from '@tidewheel/telemetry';
import type { WorkerMetrics } from '../metrics/worker-metrics.js';
import type { ActivitySlotInfo } from '../slots/index.js';
import type { ActivityExecutor } from './activity-executor.js';

/** What a poller of activity tasks is made of. */
interface ActivityPollerOptions {
  readonly engine: Engine;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly slots: TaskSlots<ActivitySlotInfo>;
  /** What the poller may take: the slots, or fewer. */
  readonly room: TaskRoom;
  readonly executor: ActivityExecutor;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  /** The worker's version; absent for an unversioned worker. */
  readonly version?: WorkerDeploymentVersion | undefined;
}

/** Reads the activity tasks of a task queue. */
export class ActivityPoller implements Poller {
  readonly changing: VersionStreams | undefined;
  readonly slots: TaskRoom;
  readonly ratedQueue: QueueName;
  private readonly unversioned: readonly PolledStream[];
  private readonly empty;

  constructor(private readonly options: ActivityPollerOptions) {
    const { keys } = options.engine.context;
    const { namespace, taskQueue, version } = options;
    this.ratedQueue = { namespace, taskQueue };
    this.changing =
      version &&
      new VersionStreams(options.engine.context, { kind: 'activity', namespace, taskQueue, version });
    this.unversioned = Array.from({ length: keys.partitions }, (_, partition) => ({
      partition,
      key: keys.taskStream(partition, 'activity', namespace, taskQueue),
    }));
    this.slots = options.room;
    this.empty = options.metrics.counter(METRICS.activityPollNoTask);
  }

  noteRead(found: number): void {
    if (found === 0) this.empty.add();
  }

  get streams(): readonly PolledStream[] {
    return this.changing?.streams ?? this.unversioned;
  }

  deliver(stream: PolledStream, raw: readonly RawStreamEntry[]): void {
    const entries: ActivityTaskEntry[] = [];
    for (const one of raw) {
      const entry = parseTaskEntry(one);
      if (entry?.kind === 'activityTask') entries.push(entry);
      else this.options.slots.release();
    }
    if (entries.length > 0) void this.handle(stream, entries);
  }

  private async handle(stream: PolledStream, entries: readonly ActivityTaskEntry[]): Promise<void> {
    try {
      const { taskQueue, version, engine } = this.options;
      const { context } = engine;
      const shared = version && this.changing?.isShared(stream) ? { version, taskQueue } : undefined;
      const source = { partition: stream.partition, streamKey: stream.key, shared, worker: context.worker };
      const tasks = await startActivityTasks(context, source, entries);
      for (const task of tasks) {
        if (task) void this.options.executor.execute(task);
        else this.options.slots.release();
      }
    } catch (error) {
      // They stay with this poller until they are taken over as abandoned.
      this.options.logger.warn('activity tasks could not be started', {
        count: entries.length,
        error: String(error),
      });
      for (let i = 0; i < entries.length; i++) this.options.slots.release();
    }
  }
}
