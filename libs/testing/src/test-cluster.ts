import { Redis } from 'ioredis';
import { freeClusterPort } from './free-port.js';
import { killInStep } from './kill-in-step.js';
import { startTestRedis, type TestRedis, type TestRedisOptions } from './test-redis.js';
import { waitUntil } from './wait-until.js';

export interface TestClusterOptions extends Pick<TestRedisOptions, 'fsync' | 'extraArgs'> {
  /** Default 3, which is the least that a cluster can have. */
  readonly primaries?: number;
  /** Replicas of each primary. Default 1. */
  readonly replicas?: number;
}

/** A Redis Cluster of one test, on this machine. It dies with the test process, even when that one is killed. */
export interface TestCluster {
  /** `redis+cluster://127.0.0.1:<port>,127.0.0.1:<port> ...`: all its nodes */
  readonly url: string;
  /** All servers; at first the primaries, in the order of their slots, then their replicas in the same order. */
  readonly nodes: readonly TestRedis[];
  /** The server that has the slot of a key now, as some living node knows it. */
  primaryOf(key: string): Promise<TestRedis>;
  /**
   * Kills the primary that has the slot of a key, once its replica has all that it has, so that nothing acknowledged is
   * lost although replication does not wait. Settles when the replica has taken over; gives what was killed.
   */
  failOver(key: string): Promise<TestRedis>;
  /** Settles when every node that runs says that all slots are served, and knows `replicas` of them as followers in all. */
  waitUntilOk(replicas?: number): Promise<void>;
  /** Ends all servers and removes their data. May be called again. */
  stop(): Promise<void>;
}

const SLOTS = 16_384;
/** A node that is silent for so long is failed over; short, because tests wait for it. */
const NODE_TIMEOUT_MS = 3_000;
const START_TIMEOUT_MS = 90_000;
const ATTEMPTS = 5;

/**
 * Starts a Redis Cluster from the installed server, and waits until all its slots are served and all its replicas follow.
 *
 * @example
 *   const cluster = await startTestCluster();
 *   const primary = await cluster.primaryOf('tw:{0}:meta');
 *   await primary.kill();
 *   await cluster.waitUntilOk(); // its replica has taken over
 *   await cluster.stop();
 */
export async function startTestCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { primaries = 3, replicas = 1 } = options;
  const nodes: TestRedis[] = [];
  const cluster = new LocalTestCluster(nodes);
  try {
    await Promise.all(
      Array.from({ length: primaries * (1 + replicas) }, async (_, i) => {
        nodes[i] = await startNode(options);
      }),
    );
    await unite(nodes, primaries);
    await cluster.waitUntilOk(primaries * replicas);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

class LocalTestCluster implements TestCluster {
  constructor(readonly nodes: readonly TestRedis[]) {}

  get url(): string {
    return `redis+cluster://${this.nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  }

  async primaryOf(key: string): Promise<TestRedis> {
    const port = await waitUntil(() => this.portOf(key), { what: `a node to know where ${key} is` });
    return this.nodes.find((node) => node.port === port) as TestRedis;
  }

  async failOver(key: string): Promise<TestRedis> {
    const primary = await this.primaryOf(key);
    await killInStep(primary);
    await waitUntil(async () => (await this.primaryOf(key)) !== primary, {
      what: `the replica of ${primary.port} to take over`,
      timeoutMs: START_TIMEOUT_MS,
      pollMs: 100,
    });
    await this.waitUntilOk();
    return primary;
  }

  async waitUntilOk(replicas = 0): Promise<void> {
    await waitUntil(
      async () => {
        const running = this.nodes.filter((node) => node.isRunning);
        const states = await Promise.all(running.map((node) => ask(node, stateOf)));
        return states.every((state) => state.ok && state.replicas >= replicas);
      },
      { what: 'the cluster to serve all slots', timeoutMs: START_TIMEOUT_MS, pollMs: 100 },
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.filter(Boolean).map((node) => node.stop()));
  }

  private async portOf(key: string): Promise<number | undefined> {
    for (const node of this.nodes.filter((each) => each.isRunning)) {
      const port = await ask(node, async (redis) => {
        const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', key));
        const ranges = (await redis.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
        return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][1];
      }).catch(() => undefined);
      if (port !== undefined) return port;
    }
    return undefined;
  }
}

async function startNode({ fsync = 'none', extraArgs = [] }: TestClusterOptions): Promise<TestRedis> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS), ...extraArgs];
  for (let attempt = 1; ; attempt++) {
    try {
      return await startTestRedis({ fsync, port: await freeClusterPort(), extraArgs: args });
    } catch (error) {
      // Another process may have been quicker to take one of the two ports.
      if (attempt >= ATTEMPTS) throw error;
    }
  }
}

/** Makes a cluster of servers that do not know each other: gives the first ones the slots, and the others to follow them. */
async function unite(nodes: readonly TestRedis[], primaries: number): Promise<void> {
  const [first] = nodes;
  if (!first) return;
  await Promise.all(
    nodes.map((node, i) =>
      ask(node, async (redis) => {
        await redis.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
        if (i < primaries) await redis.call('CLUSTER', 'ADDSLOTS', ...slotsOf(i, primaries));
      }),
    ),
  );
  // Only now: a node that has heard of another takes no epoch any more.
  await Promise.all(
    nodes.slice(1).map((node) => ask(node, (redis) => redis.call('CLUSTER', 'MEET', first.host, first.port))),
  );
  const ids = await Promise.all(
    nodes.slice(0, primaries).map((node) => ask(node, (redis) => redis.call('CLUSTER', 'MYID'))),
  );
  await Promise.all(
    nodes.slice(primaries).map((node, i) =>
      waitUntil(
        () =>
          ask(node, async (redis) => {
            await redis.call('CLUSTER', 'REPLICATE', String(ids[i % primaries]));
            return true;
          }),
        // Refused until the node has heard of its primary.
        { what: 'the nodes to meet', timeoutMs: START_TIMEOUT_MS, pollMs: 50 },
      ),
    ),
  );
}

function slotsOf(index: number, primaries: number): number[] {
  const from = Math.floor((index * SLOTS) / primaries);
  const to = Math.floor(((index + 1) * SLOTS) / primaries);
  return Array.from({ length: to - from }, (_, i) => from + i);
}

async function stateOf(redis: Redis): Promise<{ readonly ok: boolean; readonly replicas: number }> {
  const [info, nodes, replication] = await Promise.all([
    redis.call('CLUSTER', 'INFO'),
    redis.call('CLUSTER', 'NODES'),
    redis.info('replication'),
  ]);
  const followers = String(nodes)
    .split('\n')
    .filter((line) => line.includes('slave') && !line.includes('fail'));
  const follows = !/^role:slave/m.test(replication) || /^master_link_status:up/m.test(replication);
  return { ok: /^cluster_state:ok/m.test(String(info)) && follows, replicas: followers.length };
}

/** Asks one server something on a connection of its own. */
async function ask<T>({ host, port }: TestRedis, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ host, port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
