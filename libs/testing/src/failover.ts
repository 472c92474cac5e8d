/** The part of an ioredis connection that is needed here. */
export interface CommandConnection {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** Nobody listens on it, so that the replica never finds a primary and keeps its data. */
const DEAD_PORT = '1';

/**
 * Makes a primary behave as it does after a failover that went elsewhere: it still answers reads, refuses writes with
 * READONLY, and ends blocking commands with UNBLOCKED. Its data stays.
 */
export async function demote(redis: CommandConnection): Promise<void> {
  await redis.call('CONFIG', 'SET', 'replica-read-only', 'yes');
  await redis.call('REPLICAOF', '127.0.0.1', DEAD_PORT);
}

/** Makes a demoted server a primary again. */
export async function promote(redis: CommandConnection): Promise<void> {
  await redis.call('REPLICAOF', 'NO', 'ONE');
}
