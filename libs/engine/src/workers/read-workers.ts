import { forgetWorkers } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';
import { registryKeys } from './registry-keys.js';
import type { WorkerInfo } from './worker-heartbeat.js';
import { readRecord } from './worker-record.js';

/** Workers of one queue that are looked at together, to say who has registered what. */
const MOST_OF_QUEUE = 1_000;
const AFTER_ALL = Buffer.from([0xff]);

/** A part of a registry's index: members are a task queue and a worker's key, a line feed between. */
interface IndexRange {
  /** Goes on behind this member. */
  readonly after?: string | undefined;
  /** Only workers of this queue. */
  readonly taskQueue?: string | undefined;
}

/** Forgets the workers that have expired, so that what is read after it is without them. */
export async function forgetExpiredWorkers(context: EngineContext, namespace: string): Promise<void> {
  const keys = registryKeys(context.keys.workers(namespace));
  await forgetWorkers(context.run, { ...keys, goneMs: 0, keepMs: 0, workers: [] });
}

/** Members of the index, in the order of their bytes. */
export async function readWorkerIndex(
  context: EngineContext,
  namespace: string,
  range: IndexRange,
  most: number,
): Promise<string[]> {
  const { index } = context.keys.workers(namespace);
  return context.redis.zrangebylex(index, ...boundsOf(range), 'LIMIT', 0, most);
}

/** How many workers there are. */
export async function countWorkerIndex(
  context: EngineContext,
  namespace: string,
  range: IndexRange,
): Promise<number> {
  const { index } = context.keys.workers(namespace);
  return context.redis.zlexcount(index, ...boundsOf(range));
}

function boundsOf({ after, taskQueue }: IndexRange): [min: string | Buffer, max: string | Buffer] {
  const min = taskQueue === undefined ? '-' : `[${taskQueue}\n`;
  const max = taskQueue === undefined ? '+' : Buffer.concat([Buffer.from(`(${taskQueue}\n`), AFTER_ALL]);
  return [after === undefined ? min : `(${after}`, max];
}

/** The workers behind members of the index, in their places; undefined for one that has gone meanwhile. */
export async function loadWorkers(
  context: EngineContext,
  namespace: string,
  members: readonly string[],
): Promise<(WorkerInfo | undefined)[]> {
  const ids = members.map((member) => member.slice(member.indexOf('\n') + 1));
  return readWorkers(context, namespace, ids);
}

/** Workers by their keys. */
export async function readWorkers(
  context: EngineContext,
  namespace: string,
  workerInstanceKeys: readonly string[],
): Promise<(WorkerInfo | undefined)[]> {
  if (workerInstanceKeys.length === 0) return [];
  const { records } = context.keys.workers(namespace);
  const fields = ['r', 'l'].flatMap((kind) => workerInstanceKeys.map((key) => kind + key));
  const found = await context.redis.hmget(records, ...fields);
  const nowMs = Date.now();
  return workerInstanceKeys.map((_, i) => {
    const record = found[i];
    if (typeof record !== 'string') return undefined;
    const heartbeat = readRecord(record, found[workerInstanceKeys.length + i] ?? '');
    return { ...heartbeat, namespace, timeLagMs: Math.max(0, nowMs - heartbeat.heartbeatTimeMs) };
  });
}

/** The workers of one task queue, a thousand of them at most. */
export async function workersOfQueue(
  context: EngineContext,
  namespace: string,
  taskQueue: string,
): Promise<WorkerInfo[]> {
  await forgetExpiredWorkers(context, namespace);
  const members = await readWorkerIndex(context, namespace, { taskQueue }, MOST_OF_QUEUE);
  const workers = await loadWorkers(context, namespace, members);
  return workers.filter((worker) => worker !== undefined);
}
