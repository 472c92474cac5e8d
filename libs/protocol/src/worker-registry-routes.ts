import { z } from 'zod';
import type { Route } from './route.js';
import { nothing } from './route.js';
import { identifier, namespaceName, queryInteger } from './scalars.js';
import { workerJson } from './worker-json.js';

const workerFilter = z.string().meta({
  description:
    'Comparisons joined by AND, such as `TaskQueue = "orders" AND Status = "Running"`. Attributes: WorkerInstanceKey, ' +
    'WorkerIdentity, HostName, TaskQueue, DeploymentName, BuildId, SdkName, SdkVersion, Status, Transport, StartTime, ' +
    'HeartbeatTime; `=`, `!=`, `IN (...)` and STARTS_WITH, for times also `<`, `<=`, `>`, `>=`.',
  examples: ["TaskQueue = 'orders' AND Status = 'Running'"],
});

/** Lists workers. */
export const listWorkers = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/workers',
  operationId: 'listWorkers',
  tag: 'Workers',
  summary: 'List the workers that are there',
  description:
    'By task queue, then by key. A worker registers when it begins to poll, says now and then what it does, and is ' +
    'taken off when it ends, or when it has not been heard of for three heartbeats. One that polls through the API and ' +
    'does not say what it does is there for three minutes after its last poll.',
  params: z.strictObject({ namespace: namespaceName }),
  query: z.strictObject({
    query: workerFilter.optional(),
    pageSize: queryInteger('Most workers of one page; default 100.', { min: 1, max: 1_000 }).optional(),
    pageToken: z.string().optional().meta({ description: '`nextPageToken` of the page before.' }),
  }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'A page of workers.',
    schema: z
      .strictObject({ workers: z.array(workerJson), nextPageToken: z.string().optional() })
      .meta({ id: 'WorkerList' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

/** Counts workers. */
export const countWorkers = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/worker-count',
  operationId: 'countWorkers',
  tag: 'Workers',
  summary: 'Count the workers that are there',
  params: z.strictObject({ namespace: namespaceName }),
  query: z.strictObject({ query: workerFilter.optional() }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'How many there are.',
    schema: z.strictObject({ count: z.int() }).meta({ id: 'WorkerCount' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

/** Describes a worker. */
export const describeWorker = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/workers/describe/{workerInstanceKey}',
  operationId: 'describeWorker',
  tag: 'Workers',
  summary: 'Describe one worker',
  params: z.strictObject({ namespace: namespaceName, workerInstanceKey: identifier('Key of the worker.') }),
  query: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'What is known of it.', schema: workerJson },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKER_NOT_FOUND'],
} as const satisfies Route;
