import { EXECUTION_STATUS_CODES } from '@tidewheel/core';
import type { ExecutionStatus } from '@tidewheel/core';
import type { EngineContext } from './engine-context.js';
import type { CountWorkflowsRequest, WorkflowCount } from './requests.js';
import { readIndex } from './visibility/index-entries.js';
import type { IndexPosition, VisibilityIndex } from './visibility/index-entries.js';
import { holdsForAll, loadMatching, truthOfEntry, wantedRange } from './visibility/matching.js';
import type { Condition } from './visibility/matching.js';
import { parseNamespaceFilter } from './visibility/namespace-filter.js';

/** Index entries read at a time. */
const BATCH = 500;

/**
 * Counts executions. What the indexes alone can tell is told at once; for anything else, every execution that may match
 * is looked at.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError
 */
export async function countWorkflows(
  context: EngineContext,
  request: CountWorkflowsRequest,
): Promise<WorkflowCount> {
  const { filter, groupBy, types } = await parseNamespaceFilter(
    context,
    request.namespace,
    request.query ?? '',
  );
  await context.placement.requireCurrent();
  const groups = new Map<ExecutionStatus, number>();
  let count = 0;
  for (const index of ['running', 'closed'] as const) {
    if (!groupBy && holdsForAll(filter, index)) {
      count += await sizeOf(context, request.namespace, index);
      continue;
    }
    count += await countIndex(context, request.namespace, index, { filter, types }, groupBy && groups);
  }
  if (!groupBy) return { count };
  const sorted = [...groups].sort(([a], [b]) => EXECUTION_STATUS_CODES[a] - EXECUTION_STATUS_CODES[b]);
  return { count, groups: sorted.map(([status, size]) => ({ status, count: size })) };
}

async function sizeOf(context: EngineContext, namespace: string, index: VisibilityIndex): Promise<number> {
  const sizes = await Promise.all(
    Array.from({ length: context.keys.partitions }, (_, partition) =>
      context.redis.zcard(context.keys[index](partition, namespace)),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @param groups where to count by status; without it, what the index tells is not looked up */
async function countIndex(
  context: EngineContext,
  namespace: string,
  index: VisibilityIndex,
  condition: Condition,
  groups: Map<ExecutionStatus, number> | undefined,
): Promise<number> {
  const { filter } = condition;
  const range = wantedRange(filter, index);
  if (!range) return 0;
  let count = 0;
  let position: IndexPosition = { index, timeMs: range.latestMs };
  for (;;) {
    const entries = await readIndex(context, namespace, position, range.earliestMs, BATCH);
    const known = groups ? [] : entries.filter((entry) => truthOfEntry(filter, index, entry) === true);
    const open = entries.filter((entry) => !known.includes(entry));
    const infos = await loadMatching(context, namespace, condition, index, open);
    count += known.length;
    for (const info of infos) {
      if (!info) continue;
      count++;
      groups?.set(info.status, (groups.get(info.status) ?? 0) + 1);
    }
    const last = entries.at(-1);
    if (!last || entries.length < BATCH) return count;
    position = { index, timeMs: last.timeMs, runId: last.runId };
  }
}
