import { startTestCluster, startTestRedis, startTestSentinel } from '@tidewheel/testing';
import type { TestCluster, TestRedis, TestSentinel } from '@tidewheel/testing';
import type { RedisForm } from './crash-options.js';

/** A Redis that forces every write to disk, and can be struck. */
export interface CrashRedis {
  readonly url: string;
  /** Whether a replica takes over when a primary is killed. */
  readonly takesOver?: boolean;
  /** Kills a primary; where a replica takes over, settles when it has. */
  kill(): Promise<void>;
  /** Starts again what was killed; settles when all is as it was before. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Stops the server as by SIGSTOP, where it is one. */
  freeze?(): Promise<void>;
  thaw?(): void;
}

/** Starts it in the given form. */
export async function startRedis(form: RedisForm, partitions: number): Promise<CrashRedis> {
  switch (form) {
    case 'server':
      return startTestRedis({ fsync: 'always' });
    case 'cluster':
      return new StruckCluster(await startTestCluster({ fsync: 'always' }), partitions);
    case 'sentinel':
      return new StruckPrimary(await startTestSentinel({ fsync: 'always' }));
  }
}

/** A cluster of which one primary after another is killed, and its replica takes over. */
class StruckCluster implements CrashRedis {
  readonly takesOver = true;
  readonly url: string;
  private strikes = 0;
  private killed: TestRedis | undefined;

  constructor(
    private readonly cluster: TestCluster,
    private readonly partitions: number,
  ) {
    this.url = cluster.url;
  }

  async kill(): Promise<void> {
    const partition = this.strikes++ % this.partitions;
    this.killed = await this.cluster.failOver(`{${partition}}`);
  }

  async restart(): Promise<void> {
    await this.killed?.restart();
    const { nodes } = this.cluster;
    await this.cluster.waitUntilOk(nodes.length / 2);
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }
}

/** A primary that sentinels watch; when it is killed, its replica takes over. */
class StruckPrimary implements CrashRedis {
  readonly takesOver = true;
  readonly url: string;
  private killed: TestRedis | undefined;

  constructor(private readonly sentinel: TestSentinel) {
    this.url = sentinel.url;
  }

  async kill(): Promise<void> {
    this.killed = await this.sentinel.failOver();
  }

  async restart(): Promise<void> {
    await this.killed?.restart();
    await this.sentinel.waitUntilReplicated();
  }

  stop(): Promise<void> {
    return this.sentinel.stop();
  }
}
