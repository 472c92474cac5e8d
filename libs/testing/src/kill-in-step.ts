import { Redis } from 'ioredis';
import type { TestRedis } from './test-redis.js';
import { waitUntil } from './wait-until.js';

/** Long enough for a replica to catch up; the pause ends with the server anyway. */
const PAUSE_MS = 60_000;

/**
 * Kills a primary when its replica has all that it has: lets it take no more writes, waits for the replica, and kills it.
 * What was asked of it meanwhile was not done, and nobody was told that it was.
 */
export async function killInStep(primary: TestRedis): Promise<void> {
  const redis = new Redis(primary.url, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.call('CLIENT', 'PAUSE', PAUSE_MS, 'WRITE');
    await waitUntil(async () => isInStep(await redis.info('replication')), {
      what: `the replica of ${primary.port} to be in step`,
    });
    await primary.kill();
  } finally {
    redis.disconnect();
  }
}

function isInStep(replication: string): boolean {
  const own = /^master_repl_offset:(\d+)/m.exec(replication)?.[1];
  const replica = /^slave0:.*state=online,offset=(\d+)/m.exec(replication)?.[1];
  return own !== undefined && replica !== undefined && Number(replica) >= Number(own);
}
