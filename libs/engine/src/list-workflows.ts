import { InvalidArgumentError, isClosedStatus } from '@tidewheel/core';
import { EXECUTION_STATE_FIELDS, parseRunMember, readExecutionState } from '@tidewheel/store';
import type { EngineContext } from './engine-context.js';
import { executionInfo } from './describe-workflow.js';
import type { ListWorkflowsPage, ListWorkflowsRequest, WorkflowExecutionInfo } from './requests.js';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
/** Index entries read at a time. */
const BATCH = 200;
/** Index entries looked at for one page at most; a rarer match is found on the next page. */
const MAX_LOOKED_AT = 10_000;

/** Where a page ended: in which index, and at which time, with how many entries of that very time passed. */
interface Position {
  readonly index: 'running' | 'closed';
  readonly beforeMs: number;
  readonly skip: number;
}

interface IndexEntry {
  readonly partition: number;
  readonly runMember: string;
  readonly timeMs: number;
}

/** @throws InvalidArgumentError, NamespaceNotFoundError */
export async function listWorkflows(
  context: EngineContext,
  request: ListWorkflowsRequest,
): Promise<ListWorkflowsPage> {
  await context.namespaces.require(request.namespace);
  const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new InvalidArgumentError('pageSize', `must be an integer from 1 to ${MAX_PAGE_SIZE}`);
  }
  const executions: WorkflowExecutionInfo[] = [];
  let position: Position | undefined = request.pageToken
    ? parseToken(request.pageToken)
    : firstPosition(request);
  let lookedAt = 0;
  while (position && executions.length < pageSize && lookedAt < MAX_LOOKED_AT) {
    const entries = await readIndex(context, request.namespace, position);
    const infos = await loadInfos(context, request.namespace, entries);
    for (const [i, entry] of entries.entries()) {
      if (executions.length === pageSize) break;
      lookedAt++;
      position = passed(position, entry);
      const info = infos[i];
      if (info && matches(request, info)) executions.push(info);
    }
    if (entries.length < BATCH && executions.length < pageSize) position = nextIndex(request, position);
  }
  return { executions, ...(position && { nextPageToken: formatToken(position) }) };
}

function firstPosition(request: ListWorkflowsRequest): Position {
  const closedOnly =
    (request.status !== undefined && isClosedStatus(request.status)) ||
    request.closedAfterMs !== undefined ||
    request.closedBeforeMs !== undefined;
  return closedOnly
    ? { index: 'closed', beforeMs: request.closedBeforeMs ?? Number.MAX_SAFE_INTEGER, skip: 0 }
    : { index: 'running', beforeMs: request.startedBeforeMs ?? Number.MAX_SAFE_INTEGER, skip: 0 };
}

function nextIndex(request: ListWorkflowsRequest, position: Position): Position | undefined {
  if (position.index === 'closed' || (request.status !== undefined && !isClosedStatus(request.status)))
    return undefined;
  return { index: 'closed', beforeMs: request.closedBeforeMs ?? Number.MAX_SAFE_INTEGER, skip: 0 };
}

function passed(position: Position, entry: IndexEntry): Position {
  const same = entry.timeMs === position.beforeMs;
  return { index: position.index, beforeMs: entry.timeMs, skip: same ? position.skip + 1 : 1 };
}

/** The next entries of an index over all partitions, newest first; entries of the same time by name. */
async function readIndex(
  context: EngineContext,
  namespace: string,
  position: Position,
): Promise<IndexEntry[]> {
  const perPartition = await Promise.all(
    Array.from({ length: context.keys.partitions }, async (_, partition) => {
      const key = context.keys[position.index](partition, namespace);
      const flat = await context.redis.zrevrangebyscore(
        key,
        position.beforeMs,
        '-inf',
        'WITHSCORES',
        'LIMIT',
        0,
        BATCH + position.skip,
      );
      const entries: IndexEntry[] = [];
      for (let i = 0; i + 1 < flat.length; i += 2) {
        entries.push({ partition, runMember: flat[i] as string, timeMs: Number(flat[i + 1]) });
      }
      return entries;
    }),
  );
  return perPartition
    .flat()
    .sort((a, b) => b.timeMs - a.timeMs || (a.runMember < b.runMember ? 1 : -1))
    .slice(position.skip, position.skip + BATCH);
}

async function loadInfos(
  context: EngineContext,
  namespace: string,
  entries: readonly IndexEntry[],
): Promise<(WorkflowExecutionInfo | undefined)[]> {
  return Promise.all(
    entries.map(async ({ partition, runMember }) => {
      const { runId, workflowId } = parseRunMember(runMember);
      const { execution } = context.keys.execution(namespace, workflowId);
      const { replaced } = context.keys.run(partition, workflowId, runId);
      for (const key of [execution, replaced]) {
        const state = readExecutionState(await context.redis.hmgetBuffer(key, ...EXECUTION_STATE_FIELDS));
        if (state?.runId === runId) return executionInfo(workflowId, state);
      }
      return undefined;
    }),
  );
}

function matches(request: ListWorkflowsRequest, info: WorkflowExecutionInfo): boolean {
  const closeTimeMs = info.closeTimeMs;
  return (
    (request.status === undefined || info.status === request.status) &&
    (request.workflowType === undefined || info.workflowType === request.workflowType) &&
    (request.workflowId === undefined || info.execution.workflowId === request.workflowId) &&
    (request.startedAfterMs === undefined || info.startTimeMs >= request.startedAfterMs) &&
    (request.startedBeforeMs === undefined || info.startTimeMs <= request.startedBeforeMs) &&
    (request.closedAfterMs === undefined ||
      (closeTimeMs !== undefined && closeTimeMs >= request.closedAfterMs)) &&
    (request.closedBeforeMs === undefined ||
      (closeTimeMs !== undefined && closeTimeMs <= request.closedBeforeMs))
  );
}

function formatToken(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function parseToken(token: string): Position {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<Position>;
    if (
      (value.index === 'running' || value.index === 'closed') &&
      Number.isSafeInteger(value.beforeMs) &&
      Number.isSafeInteger(value.skip)
    ) {
      return value as Position;
    }
  } catch {
    // Said below, like any other token that is none.
  }
  throw new InvalidArgumentError(
    'pageToken',
    'is none of this list: give back the nextPageToken of the page before',
  );
}
