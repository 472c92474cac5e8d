import { z } from 'zod';
import type { Route } from './route.js';
import { done, nothing } from './route.js';
import { deploymentPart, namespaceName, queryFlag, timestamp } from './scalars.js';
import { deploymentVersionJson, versioningOverride, versioningOverrideJson } from './versioning-json.js';
import { EXECUTION_PATH, executionParams, identity, runQuery } from './workflow-routes.js';

const DEPLOYMENTS_PATH = '/api/v1/namespaces/{namespace}/worker-deployments';
const DEPLOYMENT_PATH = `${DEPLOYMENTS_PATH}/{deploymentName}`;
const VERSION_PATH = '/api/v1/namespaces/{namespace}/worker-deployment-versions/{deploymentName}/{buildId}';

const deploymentName = deploymentPart('Name of the worker deployment.');
const deploymentParams = z.strictObject({ namespace: namespaceName, deploymentName });
const versionParams = z.strictObject({
  namespace: namespaceName,
  deploymentName,
  buildId: deploymentPart('Which build of the deployment.'),
});

const versionStatus = z
  .enum(['INACTIVE', 'CURRENT', 'RAMPING', 'DRAINING', 'DRAINED'])
  .meta({ description: 'A DRAINED version has no running executions pinned to it: its workers may go.' });

const versionShape = {
  deploymentVersion: deploymentVersionJson,
  status: versionStatus,
  createTime: timestamp,
  firstActivationTime: timestamp.optional(),
  currentSinceTime: timestamp.optional(),
  rampingSinceTime: timestamp.optional(),
  lastCurrentTime: timestamp.optional(),
  lastDeactivationTime: timestamp.optional(),
  routingChangedTime: timestamp.optional(),
  drainageInfo: z
    .strictObject({
      status: z.enum(['DRAINING', 'DRAINED']),
      lastChangedTime: timestamp,
      lastCheckedTime: timestamp,
    })
    .optional(),
};

const versionSummaryJson = z.strictObject(versionShape).meta({ id: 'WorkerDeploymentVersionSummary' });

const conflictToken = z
  .string()
  .meta({ description: 'For changes that are to be made only if nobody has made one since.' });

const routingConfigJson = z
  .strictObject({
    currentDeploymentVersion: deploymentVersionJson
      .optional()
      .meta({ description: 'Absent: unversioned workers do what is new.' }),
    rampingDeploymentVersion: deploymentVersionJson.optional(),
    rampingVersionPercentage: z.number(),
    rampsToUnversioned: z.boolean().optional().meta({ description: 'The ramp goes to unversioned workers.' }),
    currentVersionChangedTime: timestamp.optional(),
    rampingVersionChangedTime: timestamp.optional(),
    rampingVersionPercentageChangedTime: timestamp.optional(),
  })
  .meta({ id: 'RoutingConfig' });

const deploymentJson = z
  .strictObject({
    name: z.string(),
    createTime: timestamp,
    routingConfig: routingConfigJson,
    versionSummaries: z.array(versionSummaryJson).meta({ description: 'Newest first.' }),
    lastModifierIdentity: z.string(),
    conflictToken,
  })
  .meta({ id: 'WorkerDeployment' });

/** Lists worker deployments. */
export const listWorkerDeployments = {
  method: 'get',
  path: DEPLOYMENTS_PATH,
  operationId: 'listWorkerDeployments',
  tag: 'Worker deployments',
  summary: 'List worker deployments with their versions',
  params: z.strictObject({ namespace: namespaceName }),
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'All of them, by name.',
    schema: z
      .strictObject({ workerDeployments: z.array(deploymentJson) })
      .meta({ id: 'ListWorkerDeploymentsResponse' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

/** Describes a worker deployment. */
export const describeWorkerDeployment = {
  method: 'get',
  path: DEPLOYMENT_PATH,
  operationId: 'describeWorkerDeployment',
  tag: 'Worker deployments',
  summary: 'Describe a worker deployment: its versions, and which one gets new executions',
  description: 'A deployment and its versions come into being when a worker polls for them.',
  params: deploymentParams,
  query: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'Its state.', schema: deploymentJson },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_FOUND'],
} as const satisfies Route;

/** Forgets a worker deployment. */
export const deleteWorkerDeployment = {
  method: 'delete',
  path: DEPLOYMENT_PATH,
  operationId: 'deleteWorkerDeployment',
  tag: 'Worker deployments',
  summary: 'Delete a worker deployment that has no versions',
  params: deploymentParams,
  query: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'It is gone.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_READY'],
} as const satisfies Route;

/** Describes one version. */
export const describeWorkerDeploymentVersion = {
  method: 'get',
  path: VERSION_PATH,
  operationId: 'describeWorkerDeploymentVersion',
  tag: 'Worker deployments',
  summary: 'Describe a version: what it polls, and whether executions are still pinned to it',
  params: versionParams,
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'Its state.',
    schema: z
      .strictObject({
        ...versionShape,
        rampPercentage: z.number(),
        pinnedExecutions: z.int().meta({ description: 'Running executions that are pinned to it.' }),
        taskQueueInfos: z.array(z.strictObject({ name: z.string(), type: z.enum(['WORKFLOW', 'ACTIVITY']) })),
      })
      .meta({ id: 'WorkerDeploymentVersionInfo' }),
  },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_FOUND'],
} as const satisfies Route;

/** Forgets a version. */
export const deleteWorkerDeploymentVersion = {
  method: 'delete',
  path: VERSION_PATH,
  operationId: 'deleteWorkerDeploymentVersion',
  tag: 'Worker deployments',
  summary: 'Delete a version that is neither current nor ramping, drained, and that nobody polls for',
  params: versionParams,
  query: z.strictObject({
    skipDrainage: queryFlag('Even if executions are pinned to it: their tasks wait for ever.').optional(),
  }),
  bodyRequired: false,
  success: { status: 200, description: 'It is gone.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_READY'],
} as const satisfies Route;

const CHANGE_PROBLEMS = [
  'NAMESPACE_NOT_FOUND',
  'WORKER_DEPLOYMENT_NOT_FOUND',
  'WORKER_DEPLOYMENT_CONFLICT',
  'WORKER_DEPLOYMENT_NOT_READY',
  'LIMIT_EXCEEDED',
] as const;

const changeShape = {
  conflictToken: conflictToken.optional(),
  identity,
  ignoreMissingTaskQueues: z
    .boolean()
    .optional()
    .meta({ description: 'Even if it does not poll all task queues of the current version.' }),
  allowNoPollers: z
    .boolean()
    .optional()
    .meta({ description: 'Even if nobody polls for it; a version that does not exist is made.' }),
};

/** Makes a version the current one. */
export const setWorkerDeploymentCurrentVersion = {
  method: 'post',
  path: `${DEPLOYMENT_PATH}/set-current-version`,
  operationId: 'setWorkerDeploymentCurrentVersion',
  tag: 'Worker deployments',
  summary: 'Let a version do new executions, and those that are not pinned',
  description:
    'When this is answered, no task of an execution that is not pinned is started by another version.',
  params: deploymentParams,
  query: nothing,
  body: z
    .strictObject({
      buildId: z
        .union([z.literal(''), deploymentPart('')])
        .meta({ description: 'Which build; empty for unversioned workers.' }),
      ...changeShape,
    })
    .meta({ id: 'SetWorkerDeploymentCurrentVersionRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'It is current.',
    schema: z
      .strictObject({ conflictToken, previousDeploymentVersion: deploymentVersionJson.optional() })
      .meta({ id: 'SetWorkerDeploymentCurrentVersionResponse' }),
  },
  problems: CHANGE_PROBLEMS,
} as const satisfies Route;

/** Gives a version a share. */
export const setWorkerDeploymentRampingVersion = {
  method: 'post',
  path: `${DEPLOYMENT_PATH}/set-ramping-version`,
  operationId: 'setWorkerDeploymentRampingVersion',
  tag: 'Worker deployments',
  summary: 'Give a version a share of the executions, or end that',
  description:
    'Which executions are in the share follows from a hash of the workflow id; a larger one has them too.',
  params: deploymentParams,
  query: nothing,
  body: z
    .strictObject({
      buildId: z.union([z.literal(''), deploymentPart('')]).meta({
        description:
          'Which build; empty for unversioned workers, and with a percentage of 0 to end the ramp.',
      }),
      percentage: z.number().min(0).max(100).meta({ description: 'Share of the executions, 0 to 100.' }),
      ...changeShape,
    })
    .meta({ id: 'SetWorkerDeploymentRampingVersionRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'It is so.',
    schema: z
      .strictObject({
        conflictToken,
        previousDeploymentVersion: deploymentVersionJson.optional(),
        previousPercentage: z.number(),
      })
      .meta({ id: 'SetWorkerDeploymentRampingVersionResponse' }),
  },
  problems: CHANGE_PROBLEMS,
} as const satisfies Route;

/** Overrides what workers declare of one execution. */
export const updateWorkflowOptions = {
  method: 'post',
  path: `${EXECUTION_PATH}/update-options`,
  operationId: 'updateWorkflowOptions',
  tag: 'Worker deployments',
  summary: 'Choose the worker version of a running execution',
  params: executionParams,
  query: runQuery,
  body: z
    .strictObject({
      versioningOverride: versioningOverride.nullable().meta({
        description: 'Null: what its workers declare holds again.',
      }),
      identity,
    })
    .meta({ id: 'UpdateWorkflowExecutionOptionsRequest' }),
  bodyRequired: true,
  success: {
    status: 200,
    description: 'What holds now.',
    schema: z
      .strictObject({ versioningOverride: versioningOverrideJson.optional() })
      .meta({ id: 'UpdateWorkflowExecutionOptionsResponse' }),
  },
  problems: ['NAMESPACE_NOT_FOUND', 'WORKFLOW_NOT_FOUND', 'WORKER_DEPLOYMENT_NOT_FOUND'],
} as const satisfies Route;
