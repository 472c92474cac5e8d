/**
 * What tests need around the system under test: a private Redis that can be killed and frozen, a network that fails on
 * demand, applications as real processes, chance that can be repeated, and waiting for a condition.
 *
 * @example
 *   const redis = await startTestRedis();
 *   const proxy = await startFaultProxy({ target: redis });
 *   const app = await spawnProcess({
 *     command: process.execPath,
 *     args: ['apps/worker/dist/main.js'],
 *     env: { REDIS_URL: proxy.url },
 *   });
 *   await app.waitForLine(/ready/);
 *   proxy.cutAll();
 *   await app.waitForLine(/ready/, { from: 'now' });
 *   app.kill('SIGTERM');
 *   await app.exited;
 *   await proxy.stop();
 *   await redis.stop();
 */
export type { FlowDirection } from './byte-flow.js';
export { type CommandConnection, demote, promote } from './failover.js';
export { type FaultProxy, type FaultProxyOptions, startFaultProxy } from './fault-proxy.js';
export { findLeftovers, type LeftoverOptions, type SurveyConnection } from './leftovers.js';
export { type ExportedSpan, type OtlpSink, startOtlpSink } from './otlp-sink.js';
export { createSeededRandom, type SeededRandom, seedFromEnv } from './seeded-random.js';
export {
  LineNotSeenError,
  type ProcessExit,
  type SpawnedProcess,
  spawnProcess,
  type SpawnProcessOptions,
  type WaitForLineOptions,
} from './spawn-process.js';
export { readExposition } from './prometheus-exposition.js';
export { startTestCluster, type TestCluster, type TestClusterOptions } from './test-cluster.js';
export { startTestSentinel, type TestSentinel } from './test-sentinel.js';
export { startTestStore, testPartitions, type TestStore, testTarget, type TestTarget } from './test-store.js';
export { readmeTable } from './readme-table.js';
export { type RedisFsync, startTestRedis, type TestRedis, type TestRedisOptions } from './test-redis.js';
export { waitUntil, type WaitUntilOptions, WaitTimeoutError } from './wait-until.js';
