import { z } from 'zod';
import { executionStatus } from './execution-json.js';
import { payloadJson, payloadList } from './payload-json.js';
import type { Route } from './route.js';
import { done, nothing } from './route.js';
import { duration, identifier } from './scalars.js';
import {
  EXECUTION_PATH,
  executionParams,
  header,
  identity,
  requestId,
  runQuery,
  startAnswer,
  startShape,
} from './workflow-routes.js';

const MAX_QUERY_TIMEOUT_MS = 60_000;

const reason = z.string().max(1_000, { error: 'must have at most 1000 characters' }).optional().meta({
  description: 'Why, for people; written into the history.',
});

/** Sends a signal. */
export const signalWorkflow = {
  method: 'post',
  path: `${EXECUTION_PATH}/signal/{signalName}`,
  operationId: 'signalWorkflow',
  tag: 'Workflows',
  summary: 'Send a signal to a running execution',
  params: executionParams.extend({ signalName: identifier('Name of the signal.') }),
  query: runQuery,
  body: z
    .strictObject({ input: payloadList('Arguments of the signal.').optional(), identity, requestId, header })
    .meta({ id: 'SignalWorkflowRequest' }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'It is in the history, or will be when the current task ends.',
    schema: done,
  },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND', 'BUSY_WORKFLOW', 'LIMIT_EXCEEDED'],
} as const satisfies Route;

/** Sends a signal to an execution that is started for it if need be. */
export const signalWithStart = {
  method: 'post',
  path: `${EXECUTION_PATH}/signal-with-start/{signalName}`,
  operationId: 'signalWithStart',
  tag: 'Workflows',
  summary: 'Signal the running execution of an id, or start one with the signal',
  description:
    'One or the other, atomically. The conflict policy is USE_EXISTING by default and cannot be FAIL.',
  params: executionParams.extend({ signalName: identifier('Name of the signal.') }),
  query: nothing,
  body: z
    .strictObject({
      ...startShape,
      signalInput: payloadList('Arguments of the signal.').optional(),
      signalHeader: header,
      signalRequestId: identifier(
        'A signal repeated with the same id counts once in a run; `requestId` by default.',
      ).optional(),
    })
    .meta({ id: 'SignalWithStartRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'The run that has the signal.', schema: startAnswer },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_ALREADY_STARTED', 'BUSY_WORKFLOW', 'LIMIT_EXCEEDED'],
} as const satisfies Route;

/** Asks a workflow. */
export const queryWorkflow = {
  method: 'post',
  path: `${EXECUTION_PATH}/query/{queryType}`,
  operationId: 'queryWorkflow',
  tag: 'Workflows',
  summary: 'Ask a workflow, running or closed, without changing it',
  params: executionParams.extend({ queryType: identifier('Name of the query.') }),
  query: runQuery,
  body: z
    .strictObject({
      queryArgs: payloadList('Arguments of the query.').optional(),
      rejectCondition: z
        .enum(['NONE', 'NOT_OPEN', 'NOT_COMPLETED_CLEANLY'])
        .optional()
        .meta({ description: 'Executions that are not asked; default NONE.' }),
      timeout: duration('How long to wait for the answer; default 10 s, at most 60 s.', {
        minMs: 1,
        maxMs: MAX_QUERY_TIMEOUT_MS,
      }).optional(),
    })
    .meta({ id: 'QueryWorkflowRequest' }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'The answer, or that the execution was not asked.',
    schema: z
      .strictObject({
        result: payloadJson.optional(),
        rejected: z
          .strictObject({ status: executionStatus })
          .optional()
          .meta({ description: 'Present when the reject condition held.' }),
      })
      .meta({ id: 'QueryWorkflowResponse' }),
  },
  problems: [
    'NAMESPACE_NOT_FOUND',
    'WORKFLOW_NOT_FOUND',
    'QUERY_FAILED',
    'WORKFLOW_NOT_READY',
    'NO_POLLER',
    'DEADLINE_EXCEEDED',
  ],
} as const satisfies Route;

/** Asks an execution to cancel itself. */
export const cancelWorkflow = {
  method: 'post',
  path: `${EXECUTION_PATH}/cancel`,
  operationId: 'cancelWorkflow',
  tag: 'Workflows',
  summary: 'Ask a running execution to cancel itself',
  description: 'Repeating it, or asking a closed execution, does nothing.',
  params: executionParams,
  query: runQuery,
  body: z.strictObject({ reason, identity, requestId }).meta({ id: 'CancelWorkflowRequest' }),
  bodyRequired: false,
  success: { status: 200, description: 'It was asked, now or before.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND'],
} as const satisfies Route;

/** Ends an execution without asking it. */
export const terminateWorkflow = {
  method: 'post',
  path: `${EXECUTION_PATH}/terminate`,
  operationId: 'terminateWorkflow',
  tag: 'Workflows',
  summary: 'End a running execution without asking it',
  params: executionParams,
  query: runQuery,
  body: z
    .strictObject({ reason, details: payloadList('Values kept with the reason.').optional(), identity })
    .meta({ id: 'TerminateWorkflowRequest' }),
  bodyRequired: false,
  success: { status: 200, description: 'It is closed.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND'],
} as const satisfies Route;
