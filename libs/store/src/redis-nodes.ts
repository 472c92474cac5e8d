import { Command } from 'ioredis';
import type { Cluster } from 'ioredis';
import type { Redis, RedisServer } from './redis-connection.js';
import type { RedisNode } from './redis-address.js';
import type { Script } from './script.js';

/** Whether a connection is one to all primaries of a cluster, so that a command reaches one partition only. */
export function isCluster(redis: Redis): redis is Cluster {
  return redis.isCluster;
}

/** Connections to all servers that take writes: one, or the primaries of a cluster. */
export function primariesOf(redis: Redis): RedisServer[] {
  return isCluster(redis) ? redis.nodes('master') : [redis];
}

/** The server that has a key, for commands that name none, such as TIME. Of a cluster, as far as is known now. */
export function primaryOf(redis: Redis, key: string): RedisServer {
  if (!isCluster(redis)) return redis;
  const node = nodeOf(redis, key);
  const primaries = redis.nodes('master');
  const primary = primaries.find((each) => isSameNode(each, node)) ?? primaries[0];
  if (!primary) throw new Error('no node of the cluster is connected');
  return primary;
}

/** Where the primary of a key is, as far as is known now; any node will tell if it is elsewhere. */
export function nodeOf(cluster: Cluster, key: string): RedisNode | undefined {
  const slot = new Command('EXISTS', [key]).getSlot();
  const named = cluster.slots[slot]?.[0];
  const colon = named?.lastIndexOf(':') ?? -1;
  return named === undefined
    ? undefined
    : { host: named.slice(0, colon), port: Number(named.slice(colon + 1)) };
}

/** Whether a connection goes to a node. */
export function isSameNode(connection: RedisServer, node: RedisNode | undefined): boolean {
  const { host, port } = connection.options;
  return node !== undefined && host === node.host && port === node.port;
}

/**
 * Loads the given scripts wherever they may be called, so that none is sent in full on the first use. A server that
 * comes later, after a failover, is sent each in full once.
 */
export async function loadScripts(redis: Redis, scripts: readonly Script[]): Promise<void> {
  const loading = primariesOf(redis).flatMap((primary) =>
    scripts.map((script) => primary.call('SCRIPT', 'LOAD', script.lua)),
  );
  if (isCluster(redis)) await Promise.allSettled(loading);
  else await Promise.all(loading);
}

/**
 * Loads those of the scripts that a server lacks, for example after somebody flushed them.
 *
 * @throws what a server says that cannot be asked or does not take them
 */
export async function loadMissingScripts(redis: Redis, scripts: readonly Script[]): Promise<void> {
  const load = async (primary: RedisServer): Promise<void> => {
    const present = (await primary.call('SCRIPT', 'EXISTS', ...scripts.map(({ sha }) => sha))) as number[];
    const missing = scripts.filter((_script, i) => present[i] !== 1);
    await Promise.all(missing.map(({ lua }) => primary.call('SCRIPT', 'LOAD', lua)));
  };
  await Promise.all(primariesOf(redis).map(load));
}
