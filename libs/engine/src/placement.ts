import { UnavailableError } from '@tidewheel/core';
import { readDeploymentSizes } from '@tidewheel/store';
import type {
  DeploymentSize,
  DeploymentSizes,
  ExecutionKeys,
  Keyspace,
  Redis,
  ScriptRunner,
} from '@tidewheel/store';

/**
 * How long a process may act by what it has read of the deployment's sizes, and so how long a growth is announced at the
 * least, in milliseconds. The rest of the announcement makes up for clocks of Redis servers that differ.
 */
const LEASE_MS = 60_000;
/** From this age on it is read anew beside the work. */
const READ_AGAIN_MS = 20_000;

/** Where a new run of a workflow id may be started, which the script that starts it checks. */
export interface Home {
  readonly execution: ExecutionKeys;
  /** Since when the partition is the home, and how long this process may believe that; Redis' clock. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Whether the id is there from an earlier size: then it stays there as long as anything of it is kept. */
  readonly former: boolean;
}

/** The sizes, and when they were read by the clock of this process, which goes on when the wall clock is set. */
interface Known extends DeploymentSizes {
  readonly readAt: number;
}

/**
 * Knows which partition a workflow id is in, in a deployment that may have grown.
 *
 * A new id goes to the partition that the newest size gives it. An id that is there from an earlier size stays in its former
 * partition until nothing of it is kept: so it is in one partition at a time, and where it has more than one possible home,
 * the former ones are asked first. What a process knows of the sizes holds for a minute at most, and a growth is announced
 * for longer than that; the script that starts runs checks both against Redis' own clock. So no process, however long it
 * slept, starts an id in a place where the others do not look.
 */
export class Placement {
  private reading: Promise<Known> | undefined;

  private constructor(
    private readonly redis: Redis,
    private readonly run: ScriptRunner,
    private readonly keys: Keyspace,
    private known: Known,
    private readonly leaseMs: number,
  ) {}

  static async open(redis: Redis, run: ScriptRunner, keys: Keyspace, leaseMs = LEASE_MS): Promise<Placement> {
    return new Placement(redis, run, keys, await readSizes(run, keys), leaseMs);
  }

  /** How long before its time a growth has to be announced, in milliseconds: the lease, and as much for differing clocks. */
  get shortestNoticeMs(): number {
    return 2 * this.leaseMs;
  }

  /** Every size that the deployment has had, as last read. */
  get sizes(): readonly DeploymentSize[] {
    return this.known.sizes;
  }

  /**
   * Where the execution is: the home of a new id when there is none.
   *
   * @param runId one of its runs, which may be kept longer than the newest one
   * @throws UnavailableError when this process does not know all partitions
   */
  async find(namespace: string, workflowId: string, runId?: string): Promise<ExecutionKeys> {
    const homes = this.homes(await this.fresh(), namespace, workflowId);
    return (await this.formerHome(homes, runId)) ?? homes.newest;
  }

  /**
   * Where a run may be started.
   *
   * @param anew whether what was known before has turned out to be wrong
   * @throws UnavailableError when this process does not know all partitions
   */
  async home(namespace: string, workflowId: string, anew: boolean): Promise<Home> {
    const homes = this.homes(anew ? await this.read() : await this.fresh(), namespace, workflowId);
    const former = await this.formerHome(homes);
    const { newest, fromMs, untilMs } = homes;
    return { execution: former ?? newest, fromMs, untilMs, former: former !== undefined };
  }

  /**
   * That this process knows all partitions that are in use.
   *
   * @throws UnavailableError when it was started before the deployment had them
   */
  async requireCurrent(): Promise<void> {
    this.indexOfSize(await this.fresh());
  }

  /** Reads the sizes anew. */
  private async read(): Promise<Known> {
    this.reading ??= readSizes(this.run, this.keys)
      .then((known) => (this.known = known))
      .finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** What is known, if it may still be acted by. A decision is made by one such reading, whatever is read meanwhile. */
  private async fresh(): Promise<Known> {
    const age = performance.now() - this.known.readAt;
    if (age >= this.leaseMs) return this.read();
    if (age >= Math.min(READ_AGAIN_MS, this.leaseMs / 2)) void this.read().catch(() => undefined);
    return this.known;
  }

  /** Which of the sizes counts now. */
  private indexOfSize({ sizes, readMs, readAt }: Known): number {
    const nowMs = readMs + performance.now() - readAt;
    const index = sizes.findLastIndex(({ fromMs }) => fromMs <= nowMs);
    const partitions = sizes[index]?.partitions ?? NaN;
    if (partitions <= this.keys.partitions) return index;
    throw new UnavailableError(
      `this deployment has grown to ${partitions} partitions since this process started with ${this.keys.partitions}: restart it`,
    );
  }

  private homes(known: Known, namespace: string, workflowId: string): Homes {
    const { sizes, readMs } = known;
    const index = this.indexOfSize(known);
    const { partitions, fromMs } = sizes[index] as DeploymentSize;
    const newest = this.keys.execution(namespace, workflowId, partitions);
    const untilMs = Math.min(readMs + this.leaseMs, sizes[index + 1]?.fromMs ?? Infinity);
    const former = sizes
      .slice(0, index)
      .map((size) => this.keys.execution(namespace, workflowId, size.partitions))
      .filter(
        ({ partition }, i, all) =>
          partition !== newest.partition && all.findIndex((other) => other.partition === partition) === i,
      );
    return { newest, fromMs, untilMs, former };
  }

  /** The former home in which something of the id, or of the run, is kept. */
  private async formerHome({ former }: Homes, runId?: string): Promise<ExecutionKeys | undefined> {
    if (former.length === 0) return undefined;
    const kept = await Promise.all(
      former.map(({ partition, workflowId, execution }) =>
        this.redis.exists(
          execution,
          ...(runId === undefined ? [] : [this.keys.run(partition, workflowId, runId).history]),
        ),
      ),
    );
    return former[kept.findIndex((count) => count > 0)];
  }
}

/** Where an id may be. */
interface Homes extends Pick<Home, 'fromMs' | 'untilMs'> {
  /** Where it goes when it is new. */
  readonly newest: ExecutionKeys;
  /** Where it may be from earlier sizes. */
  readonly former: readonly ExecutionKeys[];
}

async function readSizes(run: ScriptRunner, keys: Keyspace): Promise<Known> {
  // Taken before, so that the lease counts from a time at which the answer was not yet known.
  const readAt = performance.now();
  return { ...(await readDeploymentSizes(run, keys.prefix)), readAt };
}
