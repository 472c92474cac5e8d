import type { WorkerHeartbeat, WorkerKind, WorkerRunStatus, WorkerSlots } from '@tidewheel/engine';
import type { WorkerDeploymentVersion } from '@tidewheel/core';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { WorkerState, WorkerStatus } from '../worker-status.js';
import { processUsage } from '../slots/index.js';
import type { CompiledSlots } from '../slots/index.js';

/** Name of this SDK, as workers tell it. */
const SDK_NAME = 'tidewheel-typescript';

/** What of a worker does not change while it runs. */
interface WorkerFacts {
  /** Under which name the process reads task queues. */
  readonly pollerIdentity: string;
  /** Undefined for an unversioned worker. */
  readonly deploymentVersion: WorkerDeploymentVersion | undefined;
  /** Undefined for a worker without workflows. */
  readonly workflows: KindFacts | undefined;
  /** Undefined for a worker without activities. */
  readonly activities: KindFacts | undefined;
}

/** What of a worker does not change about one kind of task. */
interface KindFacts {
  /** Undefined while they are not known. */
  readonly types: () => readonly string[] | undefined;
  readonly supplier: CompiledSlots<never>['kind'];
}

/** Tasks of one kind, counted since the worker started. */
interface TaskCounts {
  readonly processed: number;
  readonly failed: number;
}

const STATUSES: Readonly<Record<WorkerState, WorkerRunStatus>> = {
  INITIALIZED: 'RUNNING',
  RUNNING: 'RUNNING',
  STOPPING: 'SHUTTING_DOWN',
  DRAINING: 'SHUTTING_DOWN',
  STOPPED: 'SHUTDOWN',
  FAILED: 'SHUTDOWN',
};
const SUPPLIER_KINDS = { fixed: 'Fixed', resource: 'ResourceBased', custom: 'Custom' } as const;
const NOTHING: TaskCounts = { processed: 0, failed: 0 };

/** Describes a worker for the registry: what it is, and what it has done since it was last described. */
export class SelfDescription {
  private readonly startTimeMs = Date.now();
  private toldMs: number | undefined;
  private told = { workflow: NOTHING, activity: NOTHING };
  private toldState: WorkerState | undefined;

  constructor(private readonly facts: WorkerFacts) {}

  /** Whether the latest heartbeat still holds: the worker has ended nothing since, and has nothing in hand. */
  isIdle(status: WorkerStatus): boolean {
    const { workflow, activity } = countsOf(status);
    return (
      status.runState === this.toldState &&
      status.workflowSlots.used + status.activitySlots.used === 0 &&
      workflow.processed === this.told.workflow.processed &&
      activity.processed === this.told.activity.processed
    );
  }

  /** What the worker says of itself now. */
  heartbeat(status: WorkerStatus): WorkerHeartbeat {
    const { workflows, activities } = this.facts;
    const { workflowCache: cache } = status;
    const heartbeatTimeMs = Date.now();
    const elapsedSinceLastHeartbeatMs = heartbeatTimeMs - (this.toldMs ?? heartbeatTimeMs);
    const { workflow, activity } = countsOf(status);
    const before = this.told;
    this.toldMs = heartbeatTimeMs;
    this.told = { workflow, activity };
    this.toldState = status.runState;
    const pollers = { current: status.runState === 'RUNNING' ? 1 : 0, autoscaling: false };
    const kind = (
      facts: KindFacts | undefined,
      slots: { readonly used: number; readonly size: number },
      counts: TaskCounts,
      countsBefore: TaskCounts,
    ): WorkerKind | undefined =>
      facts && { slots: slotsOf(facts.supplier, slots, counts, countsBefore), pollers, types: facts.types() };
    return {
      workerInstanceKey: status.workerId,
      workerIdentity: status.identity,
      pollerIdentity: this.facts.pollerIdentity,
      taskQueue: status.taskQueue,
      transport: 'REDIS',
      hostInfo: { hostName: hostname(), processId: String(process.pid), ...hostUsage() },
      sdkName: SDK_NAME,
      sdkVersion: sdkVersion(),
      deploymentVersion: this.facts.deploymentVersion,
      status: STATUSES[status.runState],
      startTimeMs: this.startTimeMs,
      heartbeatTimeMs,
      elapsedSinceLastHeartbeatMs,
      kinds: {
        workflow: kind(workflows, status.workflowSlots, workflow, before.workflow),
        activity: kind(activities, status.activitySlots, activity, before.activity),
      },
      ...(workflows && { stickyPollers: pollers }),
      ...(cache && {
        stickyCache: {
          size: cache.cachedWorkflows,
          hits: cache.hits,
          misses: cache.misses,
          evictions: cache.evictions,
        },
      }),
    };
  }
}

function countsOf({ workflowTasks, activities }: WorkerStatus): {
  readonly workflow: TaskCounts;
  readonly activity: TaskCounts;
} {
  return {
    workflow: { processed: workflowTasks.completed + workflowTasks.failed, failed: workflowTasks.failed },
    activity: {
      processed: activities.completed + activities.failed + activities.canceled,
      failed: activities.failed,
    },
  };
}

function slotsOf(
  supplier: KindFacts['supplier'],
  { used, size }: { readonly used: number; readonly size: number },
  counts: TaskCounts,
  before: TaskCounts,
): WorkerSlots {
  return {
    used,
    // The size of others is what they have given out so far.
    available: supplier === 'fixed' ? Math.max(0, size - used) : undefined,
    supplierKind: SUPPLIER_KINDS[supplier],
    ...counts,
    lastIntervalProcessed: counts.processed - before.processed,
    lastIntervalFailed: counts.failed - before.failed,
  };
}

/** How busy the host is, from 0 to 1. */
function hostUsage(): { readonly cpuUsage: number; readonly memoryUsage: number } {
  const { cpu, memory } = processUsage().read();
  return { cpuUsage: rounded(cpu), memoryUsage: rounded(memory) };
}

function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}

let version: string | undefined;

/** Version of this package, as its package.json says. */
function sdkVersion(): string {
  if (version === undefined) {
    const manifest: unknown = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    const { version: found } = manifest as { readonly version?: unknown };
    version = typeof found === 'string' ? found : '0.0.0';
  }
  return version;
}
