import { z } from 'zod';
import { historyEventJson } from './event-json.js';
import {
  executionDescriptionJson,
  executionInfoJson,
  executionStatus,
  outcomeJson,
} from './execution-json.js';
import { payload, payloadList, payloadMap } from './payload-json.js';
import type { Route } from './route.js';
import { done, nothing } from './route.js';
import {
  duration,
  identifier,
  namespaceName,
  queryDuration,
  queryFlag,
  queryInteger,
  queryTime,
  runId,
} from './scalars.js';

import { versioningOverride } from './versioning-json.js';

/** Longest wait of a long poll, in milliseconds. */
const MAX_WAIT_MS = 20_000;
const MAX_TASK_TIMEOUT_MS = 120_000;

/** Path of one execution; the id is percent-encoded, slashes included. */
export const EXECUTION_PATH = '/api/v1/namespaces/{namespace}/workflows/{workflowId}';

/** Path parameters of one execution. */
export const executionParams = z.strictObject({
  namespace: namespaceName,
  workflowId: identifier('Anything of 1 to 1000 characters, percent-encoded.'),
});

/** Chooses a run of an execution. */
export const runQuery = z.strictObject({ runId: runId.optional() });

/** Who asks, as events tell it. */
export const identity = identifier('Who asks; written into the history.').optional();

/** Makes a repeated request count once. */
export const requestId = identifier('A request repeated with the same id takes effect once.').optional();

/** Headers for the workflow. */
export const header = payloadMap('Headers handed on to the workflow, by name.').optional();

/** What a start says of the run. */
export const startShape = {
  workflowType: identifier('Name of the workflow function.'),
  taskQueue: identifier('The queue whose workers run it.'),
  input: payloadList('Arguments of the workflow.').optional(),
  workflowExecutionTimeout: duration('Longest life over all runs; no limit by default.').optional(),
  workflowRunTimeout: duration('Longest life of one run; no limit by default.').optional(),
  workflowTaskTimeout: duration('How long a worker may take for one workflow task; default 10 s.', {
    maxMs: MAX_TASK_TIMEOUT_MS,
  }).optional(),
  identity,
  requestId,
  workflowIdReusePolicy: z
    .enum(['ALLOW_DUPLICATE', 'ALLOW_DUPLICATE_FAILED_ONLY', 'REJECT_DUPLICATE'])
    .optional()
    .meta({ description: 'When the last run of the id is closed; default ALLOW_DUPLICATE.' }),
  workflowIdConflictPolicy: z
    .enum(['FAIL', 'USE_EXISTING', 'TERMINATE_EXISTING'])
    .optional()
    .meta({ description: 'When the id has a running execution; default FAIL.' }),
  memo: payloadMap('Notes shown with the execution, by name.').optional(),
  searchAttributes: payloadMap(
    'Values to find the execution by, by name. Names have to be registered in the namespace, values to be of their types.',
  ).optional(),
  header,
  versioningOverride: versioningOverride.optional(),
  userMetadata: z
    .strictObject({
      summary: payload('One line for people, at most 400 bytes.').optional(),
      details: payload('More for people, at most 20,000 bytes.').optional(),
    })
    .optional(),
};

/** Which run it is. */
export const startAnswer = z
  .strictObject({
    runId: z.string().meta({ format: 'uuid' }),
    started: z.boolean().meta({
      description: 'False when the running execution was used instead, by the conflict policy USE_EXISTING.',
    }),
  })
  .meta({ id: 'StartWorkflowResponse' });

/** Starts an execution. */
export const startWorkflow = {
  method: 'post',
  path: EXECUTION_PATH,
  operationId: 'startWorkflow',
  tag: 'Workflows',
  summary: 'Start a workflow execution',
  description:
    'Repeat it with the same `requestId` after an answer was lost: the same run is returned and nothing starts twice.',
  params: executionParams,
  query: nothing,
  body: z.strictObject(startShape).meta({ id: 'StartWorkflowRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'The run under this id.',
    schema: startAnswer,
  },
  problems: [
    'NAMESPACE_NOT_FOUND',
    'WORKFLOW_ALREADY_STARTED',
    'LIMIT_EXCEEDED',
    'WORKER_DEPLOYMENT_NOT_FOUND',
  ],
} as const satisfies Route;

/** Describes an execution. */
export const describeWorkflow = {
  method: 'get',
  path: EXECUTION_PATH,
  operationId: 'describeWorkflow',
  tag: 'Workflows',
  summary: 'Describe a workflow execution',
  params: executionParams,
  query: runQuery,
  bodyRequired: false,
  success: { status: 200, description: 'Its state.', schema: executionDescriptionJson },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND'],
} as const satisfies Route;

/** Deletes a run. */
export const deleteWorkflow = {
  method: 'delete',
  path: EXECUTION_PATH,
  operationId: 'deleteWorkflow',
  tag: 'Workflows',
  summary: 'Delete a run with its history',
  description: 'A running one is terminated first. What is deleted cannot be brought back.',
  params: executionParams,
  query: runQuery,
  bodyRequired: false,
  success: { status: 200, description: 'It is gone.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND'],
} as const satisfies Route;

/** Reads events. */
export const getHistory = {
  method: 'get',
  path: `${EXECUTION_PATH}/history`,
  operationId: 'getHistory',
  tag: 'Workflows',
  summary: 'Read the history of a run, page by page',
  description: 'With `wait` it waits for the next event when there is none yet.',
  params: executionParams,
  query: runQuery.extend({
    fromEventId: queryInteger('First event wanted; with `reverse` the last one.', {
      min: 1,
      max: 1_000_000_000,
    }).optional(),
    pageSize: queryInteger('Most events of one page; default 256.', { min: 1, max: 256 }).optional(),
    reverse: queryFlag('Newest first.').optional(),
    wait: queryDuration('How long to wait for an event; default 0, at most 20 s.', {
      maxMs: MAX_WAIT_MS,
    }).optional(),
  }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'A page of events.',
    schema: z
      .strictObject({
        runId: z.string(),
        status: executionStatus,
        events: z.array(historyEventJson),
        nextEventId: z
          .int()
          .optional()
          .meta({ description: '`fromEventId` of the next page; absent when there is none.' }),
      })
      .meta({ id: 'HistoryPage' }),
  },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND'],
} as const satisfies Route;

/** Waits for the end of a run. */
export const getResult = {
  method: 'get',
  path: `${EXECUTION_PATH}/result`,
  operationId: 'getResult',
  tag: 'Workflows',
  summary: 'Wait for the end of a run',
  description:
    'Answers as soon as the run is closed, or after `wait` that it still runs; ask again then. Runs that continued as new are not followed: their answer names the next run.',
  params: executionParams,
  query: runQuery.extend({
    wait: queryDuration('How long to wait; default and maximum 20 s.', { maxMs: MAX_WAIT_MS }).optional(),
  }),
  bodyRequired: false,
  success: { status: 200, description: 'How it ended, or that it still runs.', schema: outcomeJson },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND'],
} as const satisfies Route;

const FILTER_ATTRIBUTES =
  'ExecutionStatus, WorkflowType, WorkflowId, RunId, TaskQueue, StartTime and CloseTime';

const listFilter = z.string().meta({
  description: `A list filter over ${FILTER_ATTRIBUTES}, with = != < <= > >= IN, BETWEEN, STARTS_WITH, IS NULL, AND, OR, NOT and parentheses.`,
  examples: ["WorkflowType = 'order' AND StartTime > '2027-01-31T12:00:00Z'"],
  maxLength: 10_000,
});

/** Counts executions. */
export const countWorkflows = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/workflow-count',
  operationId: 'countWorkflows',
  tag: 'Workflows',
  summary: 'Count workflow executions',
  description: 'With `GROUP BY ExecutionStatus` behind the filter, or alone, also by status.',
  params: z.strictObject({ namespace: namespaceName }),
  query: z.strictObject({ query: listFilter.optional() }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'How many there are.',
    schema: z
      .strictObject({
        count: z.int(),
        groups: z
          .array(z.strictObject({ status: executionStatus, count: z.int() }))
          .optional()
          .meta({
            description:
              'With GROUP BY: in the order RUNNING, COMPLETED, FAILED, CANCELED, TERMINATED, CONTINUED_AS_NEW, TIMED_OUT.',
          }),
      })
      .meta({ id: 'WorkflowCount' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

/** Lists executions. */
export const listWorkflows = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/workflows',
  operationId: 'listWorkflows',
  tag: 'Workflows',
  summary: 'List workflow executions',
  description: 'Running ones by start time, then closed ones by close time, newest first.',
  params: z.strictObject({ namespace: namespaceName }),
  query: z.strictObject({
    status: executionStatus.optional(),
    workflowType: identifier('Only of this type.').optional(),
    workflowId: identifier('Only of this id.').optional(),
    startedAfter: queryTime('Started at this time or later.').optional(),
    startedBefore: queryTime('Started at this time or earlier.').optional(),
    closedAfter: queryTime('Closed at this time or later.').optional(),
    closedBefore: queryTime('Closed at this time or earlier.').optional(),
    query: listFilter.optional(),
    pageSize: queryInteger('Most executions of one page; default 100.', { min: 1, max: 1_000 }).optional(),
    pageToken: z.string().optional().meta({ description: '`nextPageToken` of the page before.' }),
  }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'A page of executions.',
    schema: z
      .strictObject({ executions: z.array(executionInfoJson), nextPageToken: z.string().optional() })
      .meta({ id: 'WorkflowList' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;
