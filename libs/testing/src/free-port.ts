import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A range of ports: from, inclusive, to, exclusive. */
type PortRange = readonly [from: number, to: number];

const RANGE: PortRange = [20_000, 30_000];
/** A node of a cluster listens on the port that is so much higher as well. */
const BUS_OFFSET = 10_000;
const CLUSTER_RANGE: PortRange = [20_000, 22_700];

/**
 * A port that nobody listens on, below the range from which systems take the ports of outgoing connections: while the
 * server is down, none of those takes its port, and no client that tries to reconnect ends up connected to itself.
 */
export function freePort(): Promise<number> {
  return findPort(RANGE, isFree);
}

/** A port for a node of a cluster: its second port is free as well. */
export function freeClusterPort(): Promise<number> {
  return findPort(CLUSTER_RANGE, async (port) => (await isFree(port)) && (await isFree(port + BUS_OFFSET)));
}

async function findPort([from, to]: PortRange, fits: (port: number) => Promise<boolean>): Promise<number> {
  for (;;) {
    const port = randomInt(from, to);
    if (await fits(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
