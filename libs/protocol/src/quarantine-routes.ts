import { z } from 'zod';
import { quarantineShape } from './execution-json.js';
import type { Route } from './route.js';
import { done, nothing } from './route.js';
import { identifier, namespaceName, queryInteger } from './scalars.js';
import { EXECUTION_PATH, executionParams, runQuery } from './workflow-routes.js';

/** Lists quarantined tasks. */
export const listQuarantinedTasks = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}/quarantined-tasks',
  operationId: 'listQuarantinedTasks',
  tag: 'Task queues',
  summary: 'List tasks that are kept back because their workers died with them',
  params: z.strictObject({ namespace: namespaceName }),
  query: z.strictObject({
    pageSize: queryInteger('Most tasks to return; default 100.', { min: 1, max: 1_000 }).optional(),
    pageToken: z.string().max(10_000).optional().meta({ description: 'From the page before.' }),
  }),
  bodyRequired: false,
  success: {
    status: 200,
    description: 'A page of them.',
    schema: z
      .strictObject({
        tasks: z.array(
          z
            .strictObject({
              execution: z.strictObject({ workflowId: z.string(), runId: z.string() }),
              activityId: z.string().optional().meta({ description: 'Absent for a workflow task.' }),
              ...quarantineShape,
            })
            .meta({ id: 'QuarantinedTask' }),
        ),
        nextPageToken: z.string().optional(),
      })
      .meta({ id: 'QuarantinedTaskList' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

const RELEASE_PROBLEMS = ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND', 'QUARANTINED_TASK_NOT_FOUND'] as const;

/** Releases an activity. */
export const releaseActivity = {
  method: 'post',
  path: `${EXECUTION_PATH}/activities/{activityId}/release`,
  operationId: 'releaseActivity',
  tag: 'Task queues',
  summary: 'Release a quarantined activity: its next attempt is dispatched, and lost workers count from anew',
  params: executionParams.extend({ activityId: identifier('Id of the activity.') }),
  query: runQuery,
  body: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'It waits for a worker.', schema: done },
  problems: RELEASE_PROBLEMS,
} as const satisfies Route;

/** Releases a workflow task. */
export const releaseWorkflowTask = {
  method: 'post',
  path: `${EXECUTION_PATH}/workflow-task/release`,
  operationId: 'releaseWorkflowTask',
  tag: 'Task queues',
  summary: 'Release a quarantined workflow task: it is dispatched, and lost workers count from anew',
  params: executionParams,
  query: runQuery,
  body: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'It waits for a worker.', schema: done },
  problems: RELEASE_PROBLEMS,
} as const satisfies Route;
