import { InvalidArgumentError } from '@tidewheel/core';
import type { EngineContext } from './engine-context.js';
import type { ListWorkflowsPage, ListWorkflowsRequest, WorkflowExecutionInfo } from './requests.js';
import type { ComparisonOperator, Filter, FilterValue, VisibilityAttribute } from './visibility/filter.js';
import { readIndex } from './visibility/index-entries.js';
import type { IndexPosition, VisibilityIndex } from './visibility/index-entries.js';
import { loadMatching, wantedRange } from './visibility/matching.js';
import { parseNamespaceFilter } from './visibility/namespace-filter.js';
import { formatPageToken, parsePageToken } from './visibility/page-token.js';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
/** Index entries read at a time. */
const BATCH = 200;
/** Index entries looked at for one page at most; a rarer match is found on the next page. */
const MAX_LOOKED_AT = 10_000;

/** @throws InvalidArgumentError, NamespaceNotFoundError */
export async function listWorkflows(
  context: EngineContext,
  request: ListWorkflowsRequest,
): Promise<ListWorkflowsPage> {
  const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new InvalidArgumentError('pageSize', `must be an integer from 1 to ${MAX_PAGE_SIZE}`);
  }
  const begin = request.pageToken ? parsePageToken(request.pageToken) : undefined;
  const query = await parseNamespaceFilter(context, request.namespace, request.query ?? '');
  if (query.groupBy) throw new InvalidArgumentError('query', 'GROUP BY is for counting');
  await context.placement.requireCurrent();
  const { types } = query;
  const filter = filterOf(request, query.filter);
  const executions: WorkflowExecutionInfo[] = [];
  let lookedAt = 0;
  const indexes: readonly VisibilityIndex[] = begin?.index === 'closed' ? ['closed'] : ['running', 'closed'];
  for (const index of indexes) {
    const range = wantedRange(filter, index);
    if (!range) continue;
    const { latestMs, earliestMs } = range;
    let position: IndexPosition = begin?.index === index ? begin : { index, timeMs: latestMs };
    for (let isOver = false; !isOver;) {
      const entries = await readIndex(context, request.namespace, position, earliestMs, BATCH);
      const infos = await loadMatching(context, request.namespace, { filter, types }, index, entries);
      for (const [i, { timeMs, runId }] of entries.entries()) {
        position = { index, timeMs, runId };
        const info = infos[i];
        if (info) executions.push(info);
        if (executions.length === pageSize) return { executions, nextPageToken: formatPageToken(position) };
      }
      lookedAt += entries.length;
      isOver = entries.length < BATCH;
      if (!isOver && lookedAt >= MAX_LOOKED_AT) {
        return { executions, nextPageToken: formatPageToken(position) };
      }
    }
  }
  return { executions };
}

/** All that a request asks for, as one condition; undefined when it asks for everything. */
function filterOf(request: ListWorkflowsRequest, query: Filter | undefined): Filter | undefined {
  const operands: Filter[] = [];
  const compare = (
    attribute: VisibilityAttribute,
    operator: ComparisonOperator,
    value: FilterValue | undefined,
  ): void => {
    if (value !== undefined) operands.push({ kind: 'comparison', attribute, operator, value });
  };
  compare('ExecutionStatus', '=', request.status);
  compare('WorkflowType', '=', request.workflowType);
  compare('WorkflowId', '=', request.workflowId);
  compare('StartTime', '>=', request.startedAfterMs);
  compare('StartTime', '<=', request.startedBeforeMs);
  compare('CloseTime', '>=', request.closedAfterMs);
  compare('CloseTime', '<=', request.closedBeforeMs);
  if (query) operands.push(query);
  return operands.length === 0 ? undefined : { kind: 'and', operands };
}
