import { startWorkflowTasks, takeQuery } from '@tidewheel/engine';
import type { Engine, WorkflowTaskSource } from '@tidewheel/engine';
import type { Logger } from '@tidewheel/common';
import type { QueryEntry, RawStreamEntry, WorkflowTaskEntry } from '@tidewheel/store';
import { parseTaskEntry } from '@tidewheel/store';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { VersionStreams } from '@tidewheel/polling';
import type { PolledStream, Poller, TaskSlots } from '@tidewheel/polling';
import { METRICS } from '@tidewheel/telemetry';
import type { WorkerMetrics } from '../metrics/worker-metrics.js';
import type { WorkflowSlotInfo } from '../slots/index.js';
import type { WorkflowTaskHandler } from './workflow-task-handler.js';

/** What a poller of workflow tasks is made of. */
interface WorkflowPollerOptions {
  readonly engine: Engine;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Undefined: the worker caches nothing. */
  readonly stickyQueue: string | undefined;
  readonly identity: string;
  readonly slots: TaskSlots<WorkflowSlotInfo>;
  readonly handler: WorkflowTaskHandler;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  /** The worker's version; absent for an unversioned worker. */
  readonly version?: WorkerDeploymentVersion | undefined;
}

/** Reads workflow tasks and queries of a task queue and of the worker's own sticky queue. */
export class WorkflowPoller implements Poller {
  readonly changing: VersionStreams | undefined;
  readonly slots: TaskSlots<WorkflowSlotInfo>;
  private readonly sticky: ReadonlySet<string>;
  private readonly unversioned: readonly PolledStream[];
  private readonly succeeded;
  private readonly empty;

  constructor(private readonly options: WorkflowPollerOptions) {
    const { keys } = options.engine.context;
    const { namespace, taskQueue, stickyQueue, version } = options;
    const partitions = Array.from({ length: keys.partitions }, (_, partition) => partition);
    const sticky =
      stickyQueue === undefined
        ? []
        : partitions.map((partition) => ({
            partition,
            key: keys.stickyStream(partition, namespace, stickyQueue),
          }));
    const normal = partitions.map((partition) => ({
      partition,
      key: keys.taskStream(partition, 'workflow', namespace, taskQueue),
    }));
    this.unversioned = [...sticky, ...normal];
    this.changing =
      version &&
      new VersionStreams(options.engine.context, { kind: 'workflow', namespace, taskQueue, version }, sticky);
    this.sticky = new Set(sticky.map(({ key }) => key));
    this.slots = options.slots;
    this.succeeded = options.metrics.counter(METRICS.workflowTaskQueuePollSucceed);
    this.empty = options.metrics.counter(METRICS.workflowTaskQueuePollEmpty);
  }

  noteRead(found: number): void {
    (found > 0 ? this.succeeded : this.empty).add();
  }

  get streams(): readonly PolledStream[] {
    return this.changing?.streams ?? this.unversioned;
  }

  deliver(stream: PolledStream, entries: readonly RawStreamEntry[]): void {
    const source: WorkflowTaskSource = {
      partition: stream.partition,
      streamKey: stream.key,
      taskQueue: this.options.taskQueue,
      identity: this.options.identity,
      sticky: this.sticky.has(stream.key),
      version: this.options.version,
      worker: this.options.engine.context.worker,
    };
    const tasks: WorkflowTaskEntry[] = [];
    for (const raw of entries) {
      const entry = parseTaskEntry(raw);
      if (entry?.kind === 'workflowTask') tasks.push(entry);
      else if (entry?.kind === 'query') void this.handleQuery(source, entry);
      else this.slots.release();
    }
    if (tasks.length > 0) void this.handleTasks(source, tasks);
  }

  private async handleTasks(
    source: WorkflowTaskSource,
    entries: readonly WorkflowTaskEntry[],
  ): Promise<void> {
    try {
      const tasks = await startWorkflowTasks(this.options.engine.context, source, entries);
      for (const task of tasks) {
        if (task) void this.options.handler.handle(task);
        else this.slots.release();
      }
    } catch (error) {
      // They stay with this poller until they are taken over as abandoned.
      this.options.logger.warn('workflow tasks could not be started', {
        count: entries.length,
        error: String(error),
      });
      for (let i = 0; i < entries.length; i++) this.slots.release();
    }
  }

  private async handleQuery(source: WorkflowTaskSource, entry: QueryEntry): Promise<void> {
    const task = await takeQuery(this.options.engine.context, source, entry).catch((error: unknown) => {
      this.options.logger.warn('a query could not be taken', { error: String(error) });
      return undefined;
    });
    if (task) await this.options.handler.handleQuery(task);
    else this.slots.release();
  }
}
