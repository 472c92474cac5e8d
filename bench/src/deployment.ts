import { openDeployment, openRedis } from '@tidewheel/store';
import type { Keyspace, Redis } from '@tidewheel/store';
import { startTestCluster, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { RedisFsync, TestCluster, TestRedis } from '@tidewheel/testing';
import { startApi } from './processes/api.js';
import type { Api } from './processes/api.js';
import { ControlledProcess } from './processes/calls.js';
import type { ClientCalls } from './processes/client.js';
import type { PollerCalls } from './processes/poller.js';
import type { WorkerCalls } from './processes/worker.js';
import { TelemetrySink } from './telemetry-sink.js';
import type { TelemetryLevel } from './options.js';

/** What a deployment of the bench is made of. */
interface DeploymentOptions {
  readonly fsync: RedisFsync;
  readonly partitions: number;
  /** Primaries of a Redis Cluster; default: one server that is none. */
  readonly cluster?: number | undefined;
  /** What the workers and the client have; default none. */
  readonly telemetry?: TelemetryLevel;
}

/** Compiled modules that the processes run. */
const CLIENT = new URL('./processes/client.js', import.meta.url);
const POLLER = new URL('./processes/poller.js', import.meta.url);
const WORKER = new URL('./processes/worker.js', import.meta.url);

/** A rewrite of the append-only file forks the server in the middle of a round. */
const REDIS_ARGS = ['--auto-aof-rewrite-percentage', '0'];
const DRAIN_TIMEOUT_MS = 300_000;
const NAMESPACE = 'default';

const running = new Set<BenchDeployment>();

/** Ends all deployments that run, for example on Ctrl-C. */
export async function stopDeployments(): Promise<void> {
  await Promise.all([...running].map((deployment) => deployment.stop()));
}

/**
 * A private Redis and the processes that work on it, each a process of its own. All of them end when the bench ends,
 * even by SIGKILL.
 */
export class BenchDeployment {
  private readonly processes: ControlledProcess<ClientCalls | PollerCalls | WorkerCalls>[] = [];
  private api: Api | undefined;

  private constructor(
    private readonly server: TestRedis | TestCluster,
    /** A connection of the bench itself. */
    readonly redis: Redis,
    /** A connection of the bench to each server, for its statistics. */
    readonly servers: readonly Redis[],
    private readonly keys: Keyspace,
    private readonly sink: TelemetrySink,
  ) {
    running.add(this);
  }

  static async start({
    fsync,
    partitions,
    cluster,
    telemetry = 'off',
  }: DeploymentOptions): Promise<BenchDeployment> {
    const server = cluster
      ? await startTestCluster({ fsync, primaries: cluster, replicas: 0, extraArgs: REDIS_ARGS })
      : await startTestRedis({ fsync, extraArgs: REDIS_ARGS });
    const redis = openRedis({ url: server.url, name: 'bench' });
    const servers =
      'nodes' in server ? server.nodes.map(({ url }) => openRedis({ url, name: 'bench' })) : [redis];
    try {
      const keys = await openDeployment(redis, { partitions });
      return new BenchDeployment(server, redis, servers, keys, await TelemetrySink.start(telemetry));
    } catch (error) {
      for (const one of new Set([redis, ...servers])) one.disconnect();
      await server.stop();
      throw error;
    }
  }

  get redisUrl(): string {
    return this.server.url;
  }

  /** The streams of notices, which are kept trimmed: they grow at first only. */
  get fixedKeys(): readonly string[] {
    return this.perPartition((partition) => this.keys.partition(partition).notify);
  }

  /** A process that works on this deployment once it is told to. */
  addWorker(): ControlledProcess<WorkerCalls> {
    return this.add(
      new ControlledProcess<WorkerCalls>({ name: 'the worker', module: WORKER, ...this.processSettings }),
    );
  }

  /** A connected client process. */
  async addClient(): Promise<ControlledProcess<ClientCalls>> {
    const client = this.add(
      new ControlledProcess<ClientCalls>({ name: 'the client', module: CLIENT, ...this.processSettings }),
    );
    await client.call('connect', this.redisUrl);
    return client;
  }

  /** A connected process of pollers. */
  async addPoller(): Promise<ControlledProcess<PollerCalls>> {
    const poller = this.add(new ControlledProcess<PollerCalls>({ name: 'the pollers', module: POLLER }));
    await poller.call('connect', this.redisUrl);
    return poller;
  }

  /** The API process, ready for requests. */
  async addApi(): Promise<Api> {
    this.api = await startApi(this.redisUrl);
    return this.api;
  }

  /** Closed executions so far. */
  closedCount(): Promise<number> {
    return this.sumOverPartitions((partition) => this.keys.closed(partition, NAMESPACE));
  }

  /** Waits until no execution runs. */
  async drained(): Promise<void> {
    const runningCount = () => this.sumOverPartitions((partition) => this.keys.running(partition, NAMESPACE));
    await waitUntil(async () => (await runningCount()) === 0, {
      what: 'all workflows to close',
      timeoutMs: DRAIN_TIMEOUT_MS,
    });
  }

  /** Activity tasks of a queue that nobody has started yet, and the server's time of it in microseconds. */
  async waitingActivities(taskQueue: string): Promise<{ readonly tasks: number; readonly atMicros: number }> {
    const streams = this.perPartition((partition) =>
      this.keys.taskStream(partition, 'activity', NAMESPACE, taskQueue),
    );
    const transaction = this.redis.multi().time();
    for (const stream of streams) transaction.xlen(stream);
    const [time, ...lengths] = (await transaction.exec()) ?? [];
    const [seconds, micros] = (time?.[1] ?? []) as unknown as string[];
    return {
      tasks: lengths.reduce((sum, [, length]) => sum + Number(length), 0),
      atMicros: Number(seconds) * 1e6 + Number(micros),
    };
  }

  /** Ends everything and removes the data. */
  async stop(): Promise<void> {
    await Promise.all([...this.processes, ...(this.api ? [this.api.process] : [])].map((one) => one.kill()));
    for (const one of new Set([this.redis, ...this.servers])) one.disconnect();
    this.sink.close();
    await this.server.stop();
    running.delete(this);
  }

  private get processSettings() {
    const { nodeArgs, env } = this.sink.settings;
    return { nodeArgs, env: { ...process.env, ...env } };
  }

  private add<P extends (typeof this.processes)[number]>(added: P): P {
    this.processes.push(added);
    return added;
  }

  private async sumOverPartitions(keyOf: (partition: number) => string): Promise<number> {
    const counts = await Promise.all(this.perPartition((partition) => this.redis.zcard(keyOf(partition))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  private perPartition<T>(make: (partition: number) => T): T[] {
    return Array.from({ length: this.keys.partitions }, (_, partition) => make(partition));
  }
}
