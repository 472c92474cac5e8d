import { partitionOf } from '@tidewheel/routing';

/** The two kinds of task that have streams of their own. */
export type TaskKind = 'workflow' | 'activity';

/** The consumer group that all workers of a task stream belong to. */
export const WORKERS_GROUP = 'workers';

/** Keys of one execution; all have the hash tag of its partition. */
export interface ExecutionKeys {
  readonly partition: number;
  readonly namespace: string;
  readonly workflowId: string;
  /** Namespace and workflow id, as timers and tasks name the execution. */
  readonly member: string;
  /** State of the current run. */
  readonly execution: string;
}

/** Keys of one run. */
export interface RunKeys {
  /** State of the run once another has taken its place under the workflow id. */
  readonly replaced: string;
  readonly history: string;
  readonly buffer: string;
  readonly requests: string;
  readonly details: string;
  /** Run id and workflow id, as indexes name the run. */
  readonly runMember: string;
}

/** Keys that a partition has one of. */
export interface PartitionKeys {
  readonly timers: string;
  readonly notify: string;
  readonly outbox: string;
  /** Set of the task streams that some poller has read. */
  readonly streams: string;
  /** Processes that read task streams, by when they last showed themselves. */
  readonly presence: string;
  /** Written to find out whether Redis takes writes. */
  readonly probe: string;
  /** Those that have gone within a day, by when they last showed themselves. */
  readonly departed: string;
  /** Index of quarantined tasks, in the order of what stands for them. */
  readonly quarantined: string;
}

/** Keys of a namespace's workers, all on the first partition, whatever the number of partitions. */
export interface WorkerKeys {
  /** Per worker its record and its load, per task queue the sum of the loads. */
  readonly records: string;
  /** Until when each worker counts as there. */
  readonly expiries: string;
  /** The workers, ordered by task queue. */
  readonly index: string;
}

/** Where every key of the system comes from. Keys of one partition share a hash tag, so scripts work on a cluster. */
export class Keyspace {
  /** Number of partitions of the deployment. */
  readonly partitions: number;
  /** First part of every key. */
  readonly prefix: string;
  private readonly heads: readonly string[];
  private readonly byPartition: readonly PartitionKeys[];

  constructor(partitions: number, prefix = 'tw') {
    this.partitions = partitions;
    this.prefix = prefix;
    this.heads = Array.from({ length: partitions }, (_, partition) => `${prefix}:{${partition}}:`);
    this.byPartition = this.heads.map((head) => ({
      timers: `${head}t`,
      notify: `${head}n`,
      outbox: `${head}o`,
      streams: `${head}s`,
      presence: `${head}c`,
      probe: `${head}probe`,
      departed: `${head}g`,
      quarantined: `${head}y`,
    }));
  }

  /** What a deployment was created with, and its namespaces; the same whatever the number of partitions. */
  static deployment(prefix = 'tw'): { readonly meta: string; readonly namespaces: string } {
    return { meta: `${prefix}:{0}:meta`, namespaces: `${prefix}:{0}:namespaces` };
  }

  /** Whether a task stream is that of one worker's sticky queue. */
  isSticky(stream: string): boolean {
    return stream.slice(stream.indexOf('}')).startsWith('}:k:');
  }

  /** The namespace of a task stream, and the name that it has there; undefined for that of a sticky queue. */
  queueOfStream(stream: string): { readonly namespace: string; readonly name: string } | undefined {
    const [, namespace, name] = /^\}:[wa]:([^:]*):(.*)$/s.exec(stream.slice(stream.indexOf('}'))) ?? [];
    return namespace === undefined || name === undefined ? undefined : { namespace, name };
  }

  partition(partition: number): PartitionKeys {
    const keys = this.byPartition[partition];
    if (!keys) throw new RangeError(`there is no partition ${partition} of ${this.partitions}`);
    return keys;
  }

  /**
   * Where a workflow id is at home in a deployment that never grew, or had `partitions` partitions. Where an execution of a
   * deployment that may have grown is, its entry in a stream, index or token says, and else the engine's placement.
   */
  execution(namespace: string, workflowId: string, partitions = this.partitions): ExecutionKeys {
    return this.executionAt(partitionOf(namespace, workflowId, partitions), namespace, workflowId);
  }

  /** Keys of an execution whose partition is known. */
  executionAt(partition: number, namespace: string, workflowId: string): ExecutionKeys {
    const member = `${namespace}:${workflowId}`;
    return { partition, namespace, workflowId, member, execution: `${this.head(partition)}x:${member}` };
  }

  run(partition: number, workflowId: string, runId: string): RunKeys {
    const head = this.head(partition);
    return {
      replaced: `${head}p:${runId}`,
      history: `${head}h:${runId}`,
      buffer: `${head}b:${runId}`,
      requests: `${head}r:${runId}`,
      details: `${head}d:${runId}`,
      runMember: `${runId}:${workflowId}`,
    };
  }

  /** Index of a namespace's running executions of one partition, by start time. */
  running(partition: number, namespace: string): string {
    return `${this.head(partition)}v:${namespace}`;
  }

  /** Index of a namespace's closed runs of one partition, by close time. */
  closed(partition: number, namespace: string): string {
    return `${this.head(partition)}z:${namespace}`;
  }

  taskStream(partition: number, kind: TaskKind, namespace: string, taskQueue: string): string {
    return `${this.head(partition)}${kind === 'workflow' ? 'w' : 'a'}:${namespace}:${taskQueue}`;
  }

  /** Workflow tasks for the one worker that caches their executions. */
  stickyStream(partition: number, namespace: string, stickyQueue: string): string {
    return `${this.head(partition)}k:${namespace}:${stickyQueue}`;
  }

  /** Who polls a task queue through processes that read it in their stead; the same whatever the number of partitions. */
  pollers(kind: TaskKind, namespace: string, taskQueue: string): string {
    return `${this.head(0)}i:${kind === 'workflow' ? 'w' : 'a'}:${namespace}:${taskQueue}`;
  }

  /** The dispatch rate of a task queue and its permits; in one place, whatever the number of partitions. */
  rateLimit(kind: TaskKind, namespace: string, taskQueue: string): string {
    return `${this.head(0)}l:${kind === 'workflow' ? 'w' : 'a'}:${namespace}:${taskQueue}`;
  }

  /** Counts the changes of dispatch rates, so that processes find out that there is one with a single read. */
  get rateLimitChanges(): string {
    return `${this.head(0)}l`;
  }

  /** Worker deployments of a namespace, their versions, and the revision of both; the same whatever the number of partitions. */
  workerDeployments(namespace: string): string {
    return `${this.head(0)}wd:${namespace}`;
  }

  /** The newest revision of a namespace's worker deployments that a partition has heard of. */
  routingRevision(partition: number, namespace: string): string {
    return `${this.head(partition)}wr:${namespace}`;
  }

  /** How many running executions of one partition are pinned to which version. */
  pinnedCounts(partition: number, namespace: string): string {
    return `${this.head(partition)}wp:${namespace}`;
  }

  /** Who works for a namespace. */
  workers(namespace: string): WorkerKeys {
    const head = this.head(0);
    return {
      records: `${head}wh:${namespace}`,
      expiries: `${head}we:${namespace}`,
      index: `${head}wl:${namespace}`,
    };
  }

  query(partition: number, queryId: string): string {
    return `${this.head(partition)}q:${queryId}`;
  }

  private head(partition: number): string {
    const head = this.heads[partition];
    if (head === undefined) throw new RangeError(`there is no partition ${partition} of ${this.partitions}`);
    return head;
  }
}

/** The namespace and workflow id that a member names. */
export function parseMember(member: string): { readonly namespace: string; readonly workflowId: string } {
  const colon = member.indexOf(':');
  return { namespace: member.slice(0, colon), workflowId: member.slice(colon + 1) };
}

/** The run id and workflow id that an index entry names. */
export function parseRunMember(runMember: string): { readonly runId: string; readonly workflowId: string } {
  const colon = runMember.indexOf(':');
  return { runId: runMember.slice(0, colon), workflowId: runMember.slice(colon + 1) };
}
