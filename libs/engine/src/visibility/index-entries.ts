import { parseRunMember } from '@tidewheel/store';
import type { EngineContext } from '../engine-context.js';

/** The two indexes of a namespace: running executions by start time, closed runs by close time. */
export type VisibilityIndex = 'running' | 'closed';

/** A run as an index has it. */
export interface IndexEntry {
  readonly partition: number;
  readonly workflowId: string;
  readonly runId: string;
  /** Start time of a running execution, close time of a closed run. */
  readonly timeMs: number;
}

/** Where reading goes on: behind the run of that time and id, or, without an id, at the first of that time. */
export interface IndexPosition {
  readonly index: VisibilityIndex;
  readonly timeMs: number;
  readonly runId?: string | undefined;
}

/**
 * The next entries of an index over all partitions, newest first, those of the same time by descending run id. Fewer
 * than asked for mean that there are no more.
 *
 * @param earliestMs entries before this time are not wanted
 */
export async function readIndex(
  context: EngineContext,
  namespace: string,
  position: IndexPosition,
  earliestMs: number,
  most: number,
): Promise<IndexEntry[]> {
  const perPartition = await Promise.all(
    Array.from({ length: context.keys.partitions }, (_, partition) =>
      readPartition(context, namespace, partition, position, earliestMs, most),
    ),
  );
  return perPartition.flat().sort(newestFirst).slice(0, most);
}

async function readPartition(
  context: EngineContext,
  namespace: string,
  partition: number,
  position: IndexPosition,
  earliestMs: number,
  most: number,
): Promise<IndexEntry[]> {
  const key = context.keys[position.index](partition, namespace);
  const entries: IndexEntry[] = [];
  for (let offset = 0; ; offset += most) {
    const flat = await context.redis.zrevrangebyscore(
      key,
      position.timeMs,
      earliestMs === -Infinity ? '-inf' : earliestMs,
      'WITHSCORES',
      'LIMIT',
      offset,
      most,
    );
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const entry = { partition, ...parseRunMember(flat[i] as string), timeMs: Number(flat[i + 1]) };
      if (isBehind(entry, position)) entries.push(entry);
    }
    if (entries.length >= most || flat.length < most * 2) return entries;
  }
}

function isBehind(entry: IndexEntry, position: IndexPosition): boolean {
  return entry.timeMs < position.timeMs || position.runId === undefined || entry.runId < position.runId;
}

function newestFirst(a: IndexEntry, b: IndexEntry): number {
  return b.timeMs - a.timeMs || (a.runId < b.runId ? 1 : -1);
}
