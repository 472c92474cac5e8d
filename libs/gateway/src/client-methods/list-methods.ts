import type { ExecutionStatus } from '@tidewheel/core';
import type { Engine, ListWorkflowsRequest } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { executionStatus } from '../convert/enums.js';
import { executionInfoToProto } from '../convert/execution-info.js';
import { timestampMs } from '../convert/time.js';
import type { GatewayContext } from '../gateway-context.js';
import { int64 } from '../proto.js';
import type { P, RequestOf, ResponseOf } from '../proto.js';
import { given, requireText } from './request-fields.js';

export function listMethods({ engine }: GatewayContext): MethodTable {
  return {
    ListWorkflowExecutions: (request) => list(engine, request, queryFilter(request)),
    ScanWorkflowExecutions: (request) => list(engine, request, queryFilter(request)),
    async CountWorkflowExecutions(request) {
      const { count, groups = [] } = await engine.countWorkflows({
        namespace: requireText('namespace', request.namespace),
        query: given(request.query),
      });
      return {
        count: int64(count),
        groups: groups.map((group) => ({
          groupValues: [keyword(STATUS_NAMES[group.status])],
          count: int64(group.count),
        })),
      };
    },

    ListOpenWorkflowExecutions: (request) => list(engine, openRequest(request), openFilter(request)),
    ListClosedWorkflowExecutions: (request) => list(engine, openRequest(request), closedFilter(request)),
  };
}

type ListRequest = RequestOf<'ListWorkflowExecutions'>;
type OpenRequest = RequestOf<'ListOpenWorkflowExecutions'>;
type ClosedRequest = RequestOf<'ListClosedWorkflowExecutions'>;
type PageRequest = Pick<ListRequest, 'namespace' | 'pageSize' | 'nextPageToken'>;
type Filter = Omit<ListWorkflowsRequest, 'namespace' | 'pageSize' | 'pageToken'>;

/** States as they are written in filters and counts. */
const STATUS_NAMES: Readonly<Record<ExecutionStatus, string>> = {
  RUNNING: 'Running',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  CANCELED: 'Canceled',
  TERMINATED: 'Terminated',
  CONTINUED_AS_NEW: 'ContinuedAsNew',
  TIMED_OUT: 'TimedOut',
  PAUSED: 'Paused',
};

function keyword(value: string): P.Payload {
  return {
    metadata: { encoding: Buffer.from('json/plain'), type: Buffer.from('Keyword') },
    data: Buffer.from(JSON.stringify(value)),
  };
}

async function list(
  engine: Engine,
  { namespace, pageSize, nextPageToken }: PageRequest,
  filter: Filter,
): Promise<ResponseOf<'ListWorkflowExecutions'>> {
  const name = requireText('namespace', namespace);
  const page = await engine.listWorkflows({
    namespace: name,
    pageSize: pageSize || undefined,
    pageToken: given(Buffer.from(nextPageToken ?? []).toString()),
    ...filter,
  });
  const { searchAttributes } = await engine.describeNamespace(name);
  return {
    executions: page.executions.map((info) => executionInfoToProto(info, searchAttributes)),
    nextPageToken: Buffer.from(page.nextPageToken ?? ''),
  };
}

function queryFilter({ query }: ListRequest): Filter {
  return { query: given(query) };
}

function openRequest(request: Omit<OpenRequest, 'filters'>): PageRequest {
  const { namespace, maximumPageSize, nextPageToken } = request;
  return {
    namespace: namespace ?? '',
    pageSize: maximumPageSize ?? 0,
    nextPageToken: nextPageToken ?? new Uint8Array(0),
  };
}

function openFilter(request: OpenRequest): Filter {
  return {
    ...commonFilter(request),
    status: 'RUNNING',
    startedAfterMs: timestampMs(request.startTimeFilter?.earliestTime),
    startedBeforeMs: timestampMs(request.startTimeFilter?.latestTime),
  };
}

/** For closed executions the filter by time is about their end. */
function closedFilter(request: ClosedRequest): Filter {
  return {
    ...commonFilter(request),
    status: executionStatus.fromProto(request.statusFilter?.status),
    closedAfterMs: timestampMs(request.startTimeFilter?.earliestTime) ?? 0,
    closedBeforeMs: timestampMs(request.startTimeFilter?.latestTime),
  };
}

function commonFilter(request: Omit<OpenRequest, 'filters'>): Filter {
  return {
    workflowId: given(request.executionFilter?.workflowId),
    workflowType: given(request.typeFilter?.name),
  };
}
