import { InvalidArgumentError, LIMITS, WorkerNotFoundError } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { requireIdentifier } from '../request-checks.js';
import {
  countWorkerIndex,
  forgetExpiredWorkers,
  loadWorkers,
  readWorkerIndex,
  readWorkers,
} from './read-workers.js';
import { parseWorkerFilter, passesFilter } from './worker-filter.js';
import type { WorkerInfo } from './worker-heartbeat.js';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1_000;
/** Workers looked at for one page at most; a rarer match is found on the next page. */
const MAX_LOOKED_AT = 10_000;
/** Workers read at a time. */
const BATCH = 500;

/** Which workers to list. */
export interface ListWorkersRequest {
  readonly namespace: string;
  /** A filter; see `parseWorkerFilter`. */
  readonly query?: string | undefined;
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
}

/** A page of workers, ordered by task queue and then by key. */
export interface ListWorkersPage {
  readonly workers: readonly WorkerInfo[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
}

/** @throws InvalidArgumentError, NamespaceNotFoundError */
export async function listWorkers(
  context: EngineContext,
  request: ListWorkersRequest,
): Promise<ListWorkersPage> {
  const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new InvalidArgumentError('pageSize', `must be an integer from 1 to ${MAX_PAGE_SIZE}`);
  }
  const { namespace } = request;
  const filter = parseWorkerFilter(request.query ?? '');
  let after = request.pageToken ? parsePageToken(request.pageToken) : undefined;
  await context.namespaces.require(namespace);
  await forgetExpiredWorkers(context, namespace);
  const workers: WorkerInfo[] = [];
  const batch = filter.comparisons.length === 0 ? Math.min(BATCH, pageSize) : BATCH;
  for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += batch) {
    const range = { after, taskQueue: filter.taskQueue };
    const members = await readWorkerIndex(context, namespace, range, batch);
    const loaded = await loadWorkers(context, namespace, members);
    for (const [i, member] of members.entries()) {
      after = member;
      const worker = loaded[i];
      if (worker && passesFilter(filter, worker)) workers.push(worker);
      if (workers.length === pageSize) return { workers, nextPageToken: formatPageToken(member) };
    }
    if (members.length < batch) return { workers };
  }
  return { workers, ...(after !== undefined && { nextPageToken: formatPageToken(after) }) };
}

/**
 * Counts workers: all of them, or those of a task queue, at once; with any other filter each is looked at.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError
 */
export async function countWorkers(
  context: EngineContext,
  { namespace, query = '' }: Pick<ListWorkersRequest, 'namespace' | 'query'>,
): Promise<number> {
  const filter = parseWorkerFilter(query);
  const { taskQueue } = filter;
  await context.namespaces.require(namespace);
  await forgetExpiredWorkers(context, namespace);
  const isCountedByQueue = filter.comparisons.length === (taskQueue === undefined ? 0 : 1);
  if (isCountedByQueue) return countWorkerIndex(context, namespace, { taskQueue });
  let count = 0;
  for (let after: string | undefined; ;) {
    const members = await readWorkerIndex(context, namespace, { after, taskQueue }, BATCH);
    for (const worker of await loadWorkers(context, namespace, members)) {
      if (worker && passesFilter(filter, worker)) count++;
    }
    if (members.length < BATCH) return count;
    after = members.at(-1);
  }
}

/** @throws WorkerNotFoundError, InvalidArgumentError, NamespaceNotFoundError */
export async function describeWorker(
  context: EngineContext,
  namespace: string,
  workerInstanceKey: string,
): Promise<WorkerInfo> {
  requireIdentifier('workerInstanceKey', workerInstanceKey);
  await context.namespaces.require(namespace);
  await forgetExpiredWorkers(context, namespace);
  const [worker] = await readWorkers(context, namespace, [workerInstanceKey]);
  if (!worker) throw new WorkerNotFoundError(workerInstanceKey);
  return worker;
}

function formatPageToken(member: string): string {
  return Buffer.from(member).toString('base64url');
}

/** @throws InvalidArgumentError when it is no token of ours */
function parsePageToken(token: string): string {
  const member = Buffer.from(token, 'base64url').toString();
  const [queue = '', key = '', ...more] = member.split('\n');
  const isSound =
    queue !== '' &&
    key !== '' &&
    more.length === 0 &&
    Math.max(queue.length, key.length) <= LIMITS.idLength &&
    formatPageToken(member) === token;
  if (isSound) return member;
  throw new InvalidArgumentError(
    'pageToken',
    'is none of this list: give back the nextPageToken of the page before',
  );
}
