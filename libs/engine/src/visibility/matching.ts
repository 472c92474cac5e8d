import { settableSearchAttributeType } from '@tidewheel/core';
import type { ExecutionStatus, SearchAttributeTypes } from '@tidewheel/core';
import { EXECUTION_STATE_FIELDS, readExecutionState } from '@tidewheel/store';
import { executionInfo } from '../describe-workflow.js';
import type { EngineContext } from '../engine-context.js';
import type { WorkflowExecutionInfo } from '../requests.js';
import { searchAttributeValues } from '../search-attributes/attribute-value.js';
import { wordsOf } from './filter-values.js';
import { attributesOf, earliestTime, evaluate, latestTime } from './filter.js';
import type { Filter, FilterValue, Truth, VisibilityValues } from './filter.js';
import type { IndexEntry, VisibilityIndex } from './index-entries.js';

const STATUSES: Readonly<Record<VisibilityIndex, readonly ExecutionStatus[]>> = {
  running: ['RUNNING', 'PAUSED'],
  closed: ['COMPLETED', 'FAILED', 'CANCELED', 'TERMINATED', 'CONTINUED_AS_NEW', 'TIMED_OUT'],
};

/** What executions have to match. */
export interface Condition {
  /** Undefined when all do. */
  readonly filter: Filter | undefined;
  /** Types of the search attributes of the namespace. */
  readonly types: SearchAttributeTypes | undefined;
}

/** What of an index has to be read for a filter; undefined when nothing in it can match. Times are milliseconds. */
export function wantedRange(
  filter: Filter | undefined,
  index: VisibilityIndex,
): { readonly latestMs: number; readonly earliestMs: number } | undefined {
  if (!filter) return { latestMs: Number.MAX_SAFE_INTEGER, earliestMs: -Infinity };
  const notClosed = index === 'running' ? { CloseTime: null } : {};
  const possible = STATUSES[index].some((ExecutionStatus) =>
    mayHold(evaluate(filter, { ExecutionStatus, ...notClosed })),
  );
  const attribute = index === 'running' ? 'StartTime' : 'CloseTime';
  const latestMs = Math.floor(Math.min(latestTime(filter, attribute), Number.MAX_SAFE_INTEGER));
  const earliestMs = Math.ceil(earliestTime(filter, attribute));
  return possible && latestMs >= 0 && earliestMs <= latestMs ? { latestMs, earliestMs } : undefined;
}

/** Whether all that an index holds matches, whatever it is. */
export function holdsForAll(filter: Filter | undefined, index: VisibilityIndex): boolean {
  const notClosed = index === 'running' ? { CloseTime: null } : {};
  return (
    filter === undefined ||
    STATUSES[index].every((ExecutionStatus) => evaluate(filter, { ExecutionStatus, ...notClosed }) === true)
  );
}

/** Whether an entry matches, as far as the index itself tells. */
export function truthOfEntry(filter: Filter | undefined, index: VisibilityIndex, entry: IndexEntry): Truth {
  if (!filter) return true;
  const { workflowId: WorkflowId, runId: RunId, timeMs } = entry;
  const times = index === 'running' ? { StartTime: timeMs, CloseTime: null } : { CloseTime: timeMs };
  return evaluate(filter, { WorkflowId, RunId, ...times });
}

/** The executions behind the entries that match, in their places; only those that may match are looked up. */
export function loadMatching(
  context: EngineContext,
  namespace: string,
  { filter, types }: Condition,
  index: VisibilityIndex,
  entries: readonly IndexEntry[],
): Promise<(WorkflowExecutionInfo | undefined)[]> {
  return Promise.all(
    entries.map(async (entry) => {
      if (!mayHold(truthOfEntry(filter, index, entry))) return undefined;
      const info = await loadInfo(context, namespace, entry);
      return info && (!filter || evaluate(filter, valuesOf(info, filter, types)) === true) ? info : undefined;
    }),
  );
}

async function loadInfo(
  context: EngineContext,
  namespace: string,
  { partition, workflowId, runId }: IndexEntry,
): Promise<WorkflowExecutionInfo | undefined> {
  const { execution } = context.keys.executionAt(partition, namespace, workflowId);
  const { replaced } = context.keys.run(partition, workflowId, runId);
  for (const key of [execution, replaced]) {
    const state = readExecutionState(await context.redis.hmgetBuffer(key, ...EXECUTION_STATE_FIELDS));
    if (state?.runId === runId) return executionInfo(workflowId, state);
  }
  return undefined;
}

function valuesOf(
  info: WorkflowExecutionInfo,
  filter: Filter,
  types: SearchAttributeTypes | undefined,
): VisibilityValues {
  const attributes = attributesOf(filter).map((name) => [name, attributeValues(info, name, types)] as const);
  return {
    ...Object.fromEntries(attributes),
    ExecutionStatus: info.status,
    WorkflowType: info.workflowType,
    WorkflowId: info.execution.workflowId,
    RunId: info.execution.runId,
    TaskQueue: info.taskQueue,
    StartTime: info.startTimeMs,
    CloseTime: info.closeTimeMs ?? null,
  };
}

/** What an execution has for a search attribute; one that it does not have, or not of the type, is null. */
function attributeValues(
  { searchAttributes }: WorkflowExecutionInfo,
  name: string,
  types: SearchAttributeTypes | undefined,
): readonly FilterValue[] | null {
  const type = settableSearchAttributeType(types, name);
  const payload = searchAttributes && Object.hasOwn(searchAttributes, name) && searchAttributes[name];
  const values = type && payload ? searchAttributeValues(payload, type) : undefined;
  if (!values || values.length === 0) return null;
  return type === 'Text' ? values.flatMap((value) => wordsOf(String(value))) : values;
}

function mayHold(truth: Truth): boolean {
  return truth === true || truth === 'unknown';
}
