import { Redis } from 'ioredis';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { killInStep } from './kill-in-step.js';
import { redisServerBinary } from './redis-server-binary.js';
import { spawnProcess, type SpawnedProcess } from './spawn-process.js';
import { startTestRedis, type TestRedis, type TestRedisOptions } from './test-redis.js';
import { waitUntil } from './wait-until.js';

/** A primary with a replica, and three sentinels that watch it. All die with the test process. */
export interface TestSentinel {
  /** `redis+sentinel://127.0.0.1:<port>,... /main` */
  readonly url: string;
  /** The two servers; at first the primary, then its replica. */
  readonly nodes: readonly TestRedis[];
  /** The server that the sentinels name as the primary now. */
  primary(): Promise<TestRedis>;
  /**
   * Kills the primary, once its replica has all that it has, so that nothing acknowledged is lost although replication
   * does not wait. Settles when the sentinels name another; gives what was killed.
   */
  failOver(): Promise<TestRedis>;
  /** Settles when the primary that the sentinels name has a replica that follows it. */
  waitUntilReplicated(): Promise<void>;
  /** Ends everything and removes its data. May be called again. */
  stop(): Promise<void>;
}

const NAME = 'main';
const SENTINELS = 3;
const QUORUM = 2;
/** A primary that is silent for so long is failed over; short, because tests wait for it. */
const DOWN_AFTER_MS = 2_000;
const FAILOVER_TIMEOUT_MS = 6_000;
const START_TIMEOUT_MS = 90_000;

/** Starts them from the installed server, and waits until the replica follows and the sentinels know each other. */
export async function startTestSentinel(
  options: Pick<TestRedisOptions, 'fsync'> = {},
): Promise<TestSentinel> {
  const dir = await mkdtemp(join(tmpdir(), 'tidewheel-sentinel-'));
  const nodes: TestRedis[] = [];
  const sentinels: Sentinel[] = [];
  const watched = new LocalTestSentinel(nodes, sentinels, dir);
  try {
    const primary = await startTestRedis(options);
    nodes.push(primary);
    const extraArgs = ['--replicaof', `${primary.host} ${primary.port}`];
    nodes.push(await startTestRedis({ ...options, extraArgs }));
    for (let i = 0; i < SENTINELS; i++) sentinels.push(await startSentinel(dir, primary));
    await watched.waitUntilReplicated();
    return watched;
  } catch (error) {
    await watched.stop();
    throw error;
  }
}

interface Sentinel {
  readonly port: number;
  readonly process: SpawnedProcess;
}

class LocalTestSentinel implements TestSentinel {
  constructor(
    readonly nodes: readonly TestRedis[],
    private readonly sentinels: readonly Sentinel[],
    private readonly dir: string,
  ) {}

  get url(): string {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`;
  }

  async primary(): Promise<TestRedis> {
    const [sentinel] = this.sentinels;
    const port = await ask(sentinel?.port ?? 0, async (redis) => {
      const address = (await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [string, string];
      return Number(address[1]);
    });
    return this.nodes.find((node) => node.port === port) as TestRedis;
  }

  async failOver(): Promise<TestRedis> {
    const primary = await this.primary();
    await killInStep(primary);
    await waitUntil(async () => (await this.primary()) !== primary, {
      what: `the replica of ${primary.port} to take over`,
      timeoutMs: START_TIMEOUT_MS,
      pollMs: 100,
    });
    return primary;
  }

  async waitUntilReplicated(): Promise<void> {
    await waitUntil(
      async () => {
        const views = await Promise.all(this.sentinels.map(({ port }) => ask(port, viewOf)));
        const { port } = await this.primary();
        const replication = await ask(port, (redis) => redis.info('replication'));
        return (
          views.every(
            (view) => view.port === port && view.sentinels === SENTINELS - 1 && view.replicas > 0,
          ) &&
          /^role:master/m.test(replication) &&
          /^slave0:.*state=online/m.test(replication)
        );
      },
      { what: 'the sentinels to see a replicated primary', timeoutMs: START_TIMEOUT_MS, pollMs: 100 },
    );
  }

  async stop(): Promise<void> {
    for (const { process } of this.sentinels) process.kill('SIGKILL');
    await Promise.all(this.sentinels.map(({ process }) => process.exited));
    await Promise.all(this.nodes.map((node) => node.stop()));
    await rm(this.dir, { recursive: true, force: true });
  }
}

async function startSentinel(dir: string, { host, port: primaryPort }: TestRedis): Promise<Sentinel> {
  const port = await freePort();
  const file = join(dir, `${port}.conf`);
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor ${NAME} ${host} ${primaryPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} ${FAILOVER_TIMEOUT_MS}`,
  ];
  await writeFile(file, `${settings.join('\n')}\n`);
  const process = await spawnProcess({
    command: await redisServerBinary(),
    args: [file, '--sentinel'],
    name: 'sentinel',
  });
  await process.waitForLine(/\+monitor master/);
  return { port, process };
}

/** What a sentinel knows: where the primary is, and how many replicas and other sentinels there are. */
async function viewOf(
  redis: Redis,
): Promise<{ readonly port: number; readonly replicas: number; readonly sentinels: number }> {
  const reply = (await redis.call('SENTINEL', 'MASTER', NAME)) as string[];
  const field = (name: string): number => Number(reply[reply.indexOf(name) + 1]);
  return { port: field('port'), replicas: field('num-slaves'), sentinels: field('num-other-sentinels') };
}

async function ask<T>(port: number, question: (redis: Redis) => Promise<T>): Promise<T> {
  // A sentinel does not take what connections to servers begin with.
  const options = { enableReadyCheck: false, retryStrategy: () => null, maxRetriesPerRequest: 0 };
  const redis = new Redis({ host: '127.0.0.1', port, ...options });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
