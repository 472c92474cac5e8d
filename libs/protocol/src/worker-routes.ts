import { LIMITS, WORKFLOW_TASK_FAILED_CAUSE_CODES } from '@tidewheel/core';
import type { WorkflowTaskFailedCause } from '@tidewheel/core';
import { z } from 'zod';
import { commandList } from './command-body.js';
import { historyEventJson, retryPolicyJson } from './event-json.js';
import { failureBody } from './failure-body.js';
import { payload, payloadJson, payloadList } from './payload-json.js';
import type { Route } from './route.js';
import { done, nothing } from './route.js';
import { duration, durationText, identifier, namespaceName, timestamp } from './scalars.js';

/** Longest wait of a poll, in milliseconds. */
const MAX_POLL_MS = 60_000;
/** Characters of a token: it holds names of up to 1,000 characters each. */
const MAX_TOKEN_LENGTH = 4 * 1024 * 1024;
const MAX_RETURNED_TASKS = 1_000;

const NAMESPACE_PATH = '/api/v1/namespaces/{namespace}';
const params = z.strictObject({ namespace: namespaceName });

/** Opaque bytes in a body, in base64url; bytes after parsing. */
function token(description: string) {
  return z
    .string()
    .max(MAX_TOKEN_LENGTH)
    .regex(/^[A-Za-z0-9_-]+$/, { error: 'must be a token as an answer had it' })
    .transform((text): Uint8Array => Buffer.from(text, 'base64url'))
    .meta({ description, type: 'string' });
}

const workerToken = token('What the registration answered.');
const taskToken = token('What the task came with.');
const identity = identifier('Who reports; written into the history.').optional();
const types = (what: string) =>
  z
    .array(identifier(`Name of ${what}.`))
    .max(LIMITS.registeredTypes, { error: `must be at most ${LIMITS.registeredTypes} types` })
    .optional();

/** Registers a worker. */
export const registerWorker = {
  method: 'post',
  path: `${NAMESPACE_PATH}/workers`,
  operationId: 'registerWorker',
  tag: 'Workers',
  summary: 'Register a worker: what it is, and what it can do',
  description:
    'The answer holds a token to poll with. No process remembers it, so any may serve the worker. Register again to change it.',
  params,
  query: nothing,
  body: z
    .strictObject({
      identity: identifier('Who the worker is, for people; for example `pid@host`.'),
      taskQueue: identifier('The queue that it polls.'),
      workflowTypes: types('a workflow that it can decide for'),
      activityTypes: types('an activity that it can run'),
      hostInfo: z
        .strictObject({
          hostName: identifier('Name of its host.').optional(),
          processId: identifier('Id of its process.').optional(),
        })
        .optional()
        .meta({ description: 'Where it runs; shown in the registry of workers.' }),
      sdkName: identifier('What it is made with; shown in the registry of workers.').optional(),
      sdkVersion: identifier('Version of that.').optional(),
    })
    .meta({ id: 'RegisterWorkerRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'It may poll.',
    schema: z
      .strictObject({ workerToken: z.string(), workerInstanceKey: z.string() })
      .meta({ id: 'RegisterWorkerResponse' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

const pollBody = z
  .strictObject({
    workerToken,
    wait: duration('How long to wait for a task; default 20 s, at most 60 s.', {
      maxMs: MAX_POLL_MS,
    }).optional(),
  })
  .meta({ id: 'PollRequest' });

const noTask = z.strictObject({}).meta({ id: 'NoTask', description: 'No task came in time: poll again.' });

const execution = z.strictObject({ workflowId: z.string(), runId: z.string() });

const activityTask = z
  .strictObject({
    taskToken: z.string(),
    workflowExecution: execution,
    workflowType: z.string(),
    activityId: z.string(),
    activityType: z.string(),
    input: z.array(payloadJson).meta({ description: 'Arguments.' }),
    header: z.record(z.string(), payloadJson).optional(),
    heartbeatDetails: z
      .array(payloadJson)
      .optional()
      .meta({ description: 'What an earlier attempt reported last.' }),
    attempt: z.int(),
    scheduledTime: timestamp,
    currentAttemptScheduledTime: timestamp,
    startedTime: timestamp,
    scheduleToCloseTimeout: durationText.optional(),
    startToCloseTimeout: durationText,
    heartbeatTimeout: durationText.optional(),
    retryPolicy: retryPolicyJson,
  })
  .meta({ id: 'ActivityTask' });

const queryJson = z.strictObject({ queryType: z.string(), queryArgs: z.array(payloadJson) });

const workflowTask = z
  .strictObject({
    taskToken: z.string(),
    workflowExecution: execution,
    workflowType: z.string(),
    taskQueue: z.string(),
    attempt: z.int(),
    previousStartedEventId: z
      .int()
      .meta({ description: 'Up to here the workflow has decided before; 0 when it never did.' }),
    startedEventId: z.int().meta({ description: 'Event of this task; 0 for a query that came by itself.' }),
    scheduledTime: timestamp.optional(),
    startedTime: timestamp.optional(),
    workflowTaskTimeout: durationText.optional(),
    history: z.strictObject({
      events: z.array(historyEventJson),
      nextEventId: z.int().optional().meta({
        description:
          'Present when events were left out: read on with `fromEventId` of the route for histories.',
      }),
      lastEventId: z.int().optional().meta({ description: 'Then: the last event to read there.' }),
      attemptEvents: z.array(historyEventJson).optional().meta({
        description:
          'Then: events that come after those, and stand in no history before the task is completed.',
      }),
    }),
    queries: z
      .record(z.string(), queryJson)
      .optional()
      .meta({ description: 'To be answered with the completion, under the same ids.' }),
    query: queryJson.optional().meta({
      description: 'A query that came by itself: answer it with `query-complete`, and decide nothing.',
    }),
  })
  .meta({ id: 'WorkflowTask' });

const POLL_PROBLEMS = ['NAMESPACE_NOT_FOUND', 'KIND_NOT_REGISTERED'] as const;
const POLL_DESCRIPTION =
  'Waits until a task comes. A task for a caller that has gone meanwhile goes to another worker at once.';

/** Waits for an activity task. */
export const pollActivityTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/activity-poll`,
  operationId: 'pollActivityTask',
  tag: 'Workers',
  summary: 'Wait for an activity task',
  description: POLL_DESCRIPTION,
  params,
  query: nothing,
  body: pollBody,
  bodyRequired: true,
  success: {
    status: 200,
    description: 'A task that has started, or nothing.',
    schema: z.union([activityTask, noTask]),
  },
  problems: POLL_PROBLEMS,
} as const satisfies Route;

/** Waits for a workflow task. */
export const pollWorkflowTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/workflow-task-poll`,
  operationId: 'pollWorkflowTask',
  tag: 'Workers',
  summary: 'Wait for a workflow task, or a query',
  description: POLL_DESCRIPTION,
  params,
  query: nothing,
  body: pollBody,
  bodyRequired: true,
  success: {
    status: 200,
    description: 'A task that has started, or nothing.',
    schema: z.union([workflowTask, noTask]),
  },
  problems: POLL_PROBLEMS,
} as const satisfies Route;

const ACTIVITY_PROBLEMS = ['NAMESPACE_NOT_FOUND', 'ACTIVITY_TASK_NOT_FOUND'] as const;

/** Reports that an activity is alive. */
export const heartbeatActivityTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/activity-heartbeat`,
  operationId: 'heartbeatActivityTask',
  tag: 'Workers',
  summary: 'Report that an activity is alive, and ask whether it should stop',
  params,
  query: nothing,
  body: z
    .strictObject({
      taskToken,
      details: payloadList('How far it is; the next attempt gets it, should this one fail.').optional(),
    })
    .meta({ id: 'ActivityHeartbeatRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'It is expected to go on, or to stop.',
    schema: z
      .strictObject({
        cancelRequested: z.boolean().meta({
          description: 'The workflow no longer wants the result: stop, and resolve as canceled.',
        }),
      })
      .meta({ id: 'ActivityHeartbeatResponse' }),
  },
  problems: ACTIVITY_PROBLEMS,
} as const satisfies Route;

/** Reports the result of an activity. */
export const completeActivityTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/activity-complete`,
  operationId: 'completeActivityTask',
  tag: 'Workers',
  summary: 'Report the result of an activity',
  params,
  query: nothing,
  body: z
    .strictObject({ taskToken, identity, result: payload('The result; none when left out.').optional() })
    .meta({ id: 'ActivityCompleteRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'The workflow is told.', schema: done },
  problems: ACTIVITY_PROBLEMS,
} as const satisfies Route;

/** Reports that an activity failed. */
export const failActivityTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/activity-fail`,
  operationId: 'failActivityTask',
  tag: 'Workers',
  summary: 'Report that an activity failed',
  params,
  query: nothing,
  body: z
    .strictObject({ taskToken, identity, failure: failureBody('What went wrong.') })
    .meta({ id: 'ActivityFailRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'Another attempt follows, or the workflow is told.',
    schema: z.strictObject({ retries: z.boolean() }).meta({ id: 'ActivityFailResponse' }),
  },
  problems: ACTIVITY_PROBLEMS,
} as const satisfies Route;

/** Reports that an activity stopped as it was asked to. */
export const cancelActivityTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/activity-resolve-as-canceled`,
  operationId: 'cancelActivityTask',
  tag: 'Workers',
  summary: 'Report that an activity stopped because it was asked to',
  params,
  query: nothing,
  body: z
    .strictObject({ taskToken, identity, details: payloadList('Values for the workflow.').optional() })
    .meta({ id: 'ActivityResolveAsCanceledRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'The workflow is told.', schema: done },
  problems: ACTIVITY_PROBLEMS,
} as const satisfies Route;

const queryAnswer = {
  result: payload('The answer; none when left out.').optional(),
  errorMessage: z.string().max(10_000).optional().meta({ description: 'Present when it has no answer.' }),
};

const WORKFLOW_PROBLEMS = ['NAMESPACE_NOT_FOUND', 'WORKFLOW_TASK_NOT_FOUND'] as const;

/** Reports what a workflow decided. */
export const completeWorkflowTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/workflow-task-complete`,
  operationId: 'completeWorkflowTask',
  tag: 'Workers',
  summary: 'Report what a workflow decided',
  params,
  query: nothing,
  body: z
    .strictObject({
      taskToken,
      identity,
      commands: commandList.optional(),
      queryResults: z.record(z.string().max(LIMITS.idLength), z.strictObject(queryAnswer)).optional(),
    })
    .meta({ id: 'WorkflowTaskCompleteRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'It is in the history.', schema: done },
  problems: [...WORKFLOW_PROBLEMS, 'UNHANDLED_COMMAND'],
} as const satisfies Route;

const CAUSES = Object.keys(WORKFLOW_TASK_FAILED_CAUSE_CODES) as [
  WorkflowTaskFailedCause,
  ...WorkflowTaskFailedCause[],
];

/** Reports that a workflow could not decide. */
export const failWorkflowTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/workflow-task-fail`,
  operationId: 'failWorkflowTask',
  tag: 'Workers',
  summary: 'Report that a workflow could not decide; the task comes again',
  params,
  query: nothing,
  body: z
    .strictObject({
      taskToken,
      identity,
      cause: z.enum(CAUSES).optional().meta({ description: 'Default WORKFLOW_WORKER_UNHANDLED_FAILURE.' }),
      failure: failureBody('What went wrong.').optional(),
    })
    .meta({ id: 'WorkflowTaskFailRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'It comes again.', schema: done },
  problems: WORKFLOW_PROBLEMS,
} as const satisfies Route;

/** Answers a query that came by itself. */
export const completeQueryTask = {
  method: 'post',
  path: `${NAMESPACE_PATH}/query-complete`,
  operationId: 'completeQueryTask',
  tag: 'Workers',
  summary: 'Answer a query that came by itself',
  params,
  query: nothing,
  body: z.strictObject({ taskToken, ...queryAnswer }).meta({ id: 'QueryCompleteRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'Whoever asked is told.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'QUERY_TASK_NOT_FOUND'],
} as const satisfies Route;

/** A worker stops. */
export const shutdownWorker = {
  method: 'post',
  path: `${NAMESPACE_PATH}/workers/shutdown`,
  operationId: 'shutdownWorker',
  tag: 'Workers',
  summary: 'Stop a worker: its polls end, and what it has not begun goes to others at once',
  description: 'Report on tasks that are running before or after it: a stopped worker may still do that.',
  params,
  query: nothing,
  body: z
    .strictObject({
      workerToken,
      taskTokens: z
        .array(taskToken)
        .max(MAX_RETURNED_TASKS, { error: `must be at most ${MAX_RETURNED_TASKS} tokens` })
        .optional()
        .meta({ description: 'Tasks that it got and has not begun.' }),
    })
    .meta({ id: 'ShutdownWorkerRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'Its polls have ended.',
    schema: z
      .strictObject({ returned: z.int().meta({ description: 'How many tasks were given back.' }) })
      .meta({ id: 'ShutdownWorkerResponse' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;
