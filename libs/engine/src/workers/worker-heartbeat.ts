/** What a worker is doing: taking tasks, winding up, or at its end. Temporal's names. */
export type WorkerRunStatus = 'RUNNING' | 'SHUTTING_DOWN' | 'SHUTDOWN';

/** The kinds of slots that a worker may have; ours have the first two. */
export const SLOT_KINDS = ['workflow', 'activity', 'nexus', 'localActivity'] as const;

export type SlotKind = (typeof SLOT_KINDS)[number];

/** How a worker uses the slots that it has for one kind of task. */
export interface WorkerSlots {
  /** Undefined when the supplier decides only when it is asked. */
  readonly available?: number | undefined;
  readonly used: number;
  /** How the number of slots is decided, for example `Fixed` or `ResourceBased`. */
  readonly supplierKind: string;
  /** Tasks since the worker started, and since the heartbeat before. */
  readonly processed: number;
  readonly failed: number;
  readonly lastIntervalProcessed: number;
  readonly lastIntervalFailed: number;
}

/** The polls of a worker for one kind of task. */
export interface WorkerPollers {
  readonly current: number;
  readonly lastSuccessfulPollTimeMs?: number | undefined;
  readonly autoscaling: boolean;
}

/** What a worker does about one kind of task. */
export interface WorkerKind {
  readonly slots?: WorkerSlots | undefined;
  readonly pollers?: WorkerPollers | undefined;
  /** The types that it has registered; undefined when it does not say. */
  readonly types?: readonly string[] | undefined;
}

/** A build of a worker's code. */
export interface WorkerDeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}

/** How a worker reaches its tasks: by itself from Redis, or through a server process. */
export const WORKER_TRANSPORTS = ['REDIS', 'GRPC', 'REST'] as const;

export type WorkerTransport = (typeof WORKER_TRANSPORTS)[number];

/**
 * What a worker says of itself now and then, or a server that it polls says in its stead. Times are milliseconds since the
 * epoch, by the worker's clock.
 */
export interface WorkerHeartbeat {
  /** Unique among all workers. */
  readonly workerInstanceKey: string;
  readonly workerIdentity: string;
  /** Who polls in its stead, as the poller of a task queue; the worker's identity when left out. */
  readonly pollerIdentity?: string | undefined;
  readonly taskQueue: string;
  /** Undefined in what a process of an older version wrote. */
  readonly transport?: WorkerTransport | undefined;
  /** Texts are '' when the worker does not say. */
  readonly hostInfo: {
    readonly hostName: string;
    readonly processId: string;
    /** Same for all workers of a process. */
    readonly workerGroupingKey?: string | undefined;
    /** From 0 to 1. */
    readonly cpuUsage?: number | undefined;
    readonly memoryUsage?: number | undefined;
  };
  readonly sdkName: string;
  readonly sdkVersion: string;
  readonly deploymentVersion?: WorkerDeploymentVersion | undefined;
  readonly status: WorkerRunStatus;
  readonly startTimeMs: number;
  readonly heartbeatTimeMs: number;
  /** Since the heartbeat before; 0 with the first. */
  readonly elapsedSinceLastHeartbeatMs: number;
  readonly kinds: { readonly [Kind in SlotKind]?: WorkerKind | undefined };
  readonly stickyPollers?: WorkerPollers | undefined;
  readonly stickyCache?:
    | {
        readonly size: number;
        readonly hits: number;
        readonly misses: number;
        readonly evictions: number;
      }
    | undefined;
  readonly plugins?: readonly { readonly name: string; readonly version: string }[] | undefined;
}

/** A registered worker. */
export interface WorkerInfo extends WorkerHeartbeat {
  readonly namespace: string;
  /**
   * How long ago its latest heartbeat was taken, by the clocks of the worker and of the process that answers; more than
   * a few heartbeats show a worker in trouble, or clocks that disagree.
   */
  readonly timeLagMs: number;
}
