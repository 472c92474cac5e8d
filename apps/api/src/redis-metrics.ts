import type { Engine } from '@tidewheel/engine';
import { primariesOf } from '@tidewheel/store';
import type { Redis } from '@tidewheel/store';
import { observeMetrics, REDIS_METRICS } from '@tidewheel/telemetry';

/** What is collected is shown for this long, however often it is asked for. */
const FRESH_MS = 5_000;
const MICROSECONDS = 1e6;
const COMMAND = /^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm;
const MEMORY = /^used_memory:(\d+)/m;

/** What Redis counts, of all primaries together. */
interface RedisNumbers {
  readonly commands: ReadonlyMap<string, { readonly calls: number; readonly micros: number }>;
  readonly memoryBytes: number;
}

/** Memory of a namespace by what it is for. */
type MemoryByNamespace = () => ReadonlyMap<string, { readonly running: number; readonly closed: number }>;

/**
 * Lets the registered meter ask Redis for its own counts whenever metrics are collected: two cheap commands for each
 * primary, every five seconds at most. While Redis is away its memory is left out, and its counts stay as they were.
 *
 * @returns ends it
 */
export function observeRedis({ context }: Pick<Engine, 'context'>, memoryOf: MemoryByNamespace): () => void {
  let collected: Promise<RedisNumbers | undefined> = Promise.resolve(undefined);
  let collectedMs = 0;
  return observeMetrics(REDIS_METRICS, async (observe) => {
    if (Date.now() - collectedMs > FRESH_MS) {
      collectedMs = Date.now();
      collected = readNumbers(context.redis).catch(() => undefined);
    }
    for (const [namespace, bytes] of memoryOf()) {
      observe('namespaceMemory', bytes.running, { namespace, kind: 'running' });
      observe('namespaceMemory', bytes.closed, { namespace, kind: 'closed' });
    }
    const numbers = await collected;
    if (!numbers) return;
    observe('redisMemory', numbers.memoryBytes);
    for (const [command, { calls, micros }] of numbers.commands) {
      observe('redisCommandCalls', calls, { command });
      observe('redisCommandTime', micros / MICROSECONDS, { command });
    }
  });
}

async function readNumbers(redis: Redis): Promise<RedisNumbers> {
  const commands = new Map<string, { calls: number; micros: number }>();
  let memoryBytes = 0;
  const answers = await Promise.all(
    primariesOf(redis).map((primary) => Promise.all([primary.info('commandstats'), primary.info('memory')])),
  );
  for (const [statistics, memory] of answers) {
    memoryBytes += Number(MEMORY.exec(memory)?.[1] ?? 0);
    for (const [, command = '', calls, micros] of statistics.matchAll(COMMAND)) {
      const sum = commands.get(command) ?? { calls: 0, micros: 0 };
      commands.set(command, { calls: sum.calls + Number(calls), micros: sum.micros + Number(micros) });
    }
  }
  return { commands, memoryBytes };
}
