import { startTestCluster, type TestCluster } from './test-cluster.js';
import { startTestRedis, type TestRedis } from './test-redis.js';
import { startTestSentinel, type TestSentinel } from './test-sentinel.js';

/** What a run of the tests has its data in. */
export type TestTarget = 'single' | 'partitioned' | 'cluster' | 'sentinel' | 'valkey';

const TARGETS: readonly TestTarget[] = ['single', 'partitioned', 'cluster', 'sentinel', 'valkey'];

/** A Redis of one test, in the form that the run of the tests is for. */
export interface TestStore {
  readonly url: string;
  /** The server, where there is a single one that may be killed, frozen, or reached through a proxy. */
  readonly server: TestRedis | undefined;
  readonly cluster: TestCluster | undefined;
  readonly sentinel: TestSentinel | undefined;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * What the run of the tests is for, as TIDEWHEEL_TEST_ON says; undefined when it says nothing.
 *
 * @throws RangeError when it says something else
 */
export function testTarget(): TestTarget | undefined {
  const given = process.env['TIDEWHEEL_TEST_ON'];
  if (!given) return undefined;
  const target = TARGETS.find((each) => each === given);
  if (!target) throw new RangeError(`TIDEWHEEL_TEST_ON is "${given}", and not one of ${TARGETS.join(', ')}`);
  return target;
}

/** With how many partitions tests are to be run that are about partitions: once for each of these numbers. */
export function testPartitions(): readonly number[] {
  switch (testTarget()) {
    case 'single':
      return [1];
    case 'partitioned':
    case 'cluster':
    case 'sentinel':
      return [4];
    case 'valkey':
    case undefined:
      return [1, 4];
  }
}

/** Starts a Redis for one test: a single server, a cluster, or a primary with a replica and sentinels. */
export async function startTestStore(): Promise<TestStore> {
  const none = { server: undefined, cluster: undefined, sentinel: undefined };
  switch (testTarget()) {
    case 'cluster': {
      const cluster = await startTestCluster();
      return { ...none, url: cluster.url, cluster, stop: () => cluster.stop() };
    }
    case 'sentinel': {
      const sentinel = await startTestSentinel();
      return { ...none, url: sentinel.url, sentinel, stop: () => sentinel.stop() };
    }
    default: {
      const server = await startTestRedis();
      return { ...none, url: server.url, server, stop: () => server.stop() };
    }
  }
}
