import {
  cancelWorkflow,
  queryWorkflow,
  signalWithStart,
  signalWorkflow,
  terminateWorkflow,
} from './message-routes.js';
import { createNamespace, describeNamespace, listNamespaces } from './namespace-routes.js';
import { health, ready } from './process-routes.js';
import {
  addSearchAttributes,
  listSearchAttributes,
  removeSearchAttribute,
} from './search-attribute-routes.js';
import { scaleTaskQueue } from './scaling-routes.js';
import { describeTaskQueue, updateTaskQueueConfig } from './task-queue-routes.js';
import { countWorkers, describeWorker, listWorkers } from './worker-registry-routes.js';
import {
  deleteWorkerDeployment,
  deleteWorkerDeploymentVersion,
  describeWorkerDeployment,
  describeWorkerDeploymentVersion,
  listWorkerDeployments,
  setWorkerDeploymentCurrentVersion,
  setWorkerDeploymentRampingVersion,
  updateWorkflowOptions,
} from './worker-deployment-routes.js';
import { listQuarantinedTasks, releaseActivity, releaseWorkflowTask } from './quarantine-routes.js';
import {
  cancelActivityTask,
  completeActivityTask,
  completeQueryTask,
  completeWorkflowTask,
  failActivityTask,
  failWorkflowTask,
  heartbeatActivityTask,
  pollActivityTask,
  pollWorkflowTask,
  registerWorker,
  shutdownWorker,
} from './worker-routes.js';
import {
  countWorkflows,
  deleteWorkflow,
  describeWorkflow,
  getHistory,
  getResult,
  listWorkflows,
  startWorkflow,
} from './workflow-routes.js';

/** Every operation of the REST interface, by operation id. */
export const ROUTES = {
  createNamespace,
  listNamespaces,
  describeNamespace,
  listSearchAttributes,
  addSearchAttributes,
  removeSearchAttribute,
  startWorkflow,
  describeWorkflow,
  getHistory,
  getResult,
  signalWorkflow,
  signalWithStart,
  queryWorkflow,
  cancelWorkflow,
  terminateWorkflow,
  deleteWorkflow,
  listWorkflows,
  countWorkflows,
  describeTaskQueue,
  listWorkerDeployments,
  describeWorkerDeployment,
  deleteWorkerDeployment,
  describeWorkerDeploymentVersion,
  deleteWorkerDeploymentVersion,
  setWorkerDeploymentCurrentVersion,
  setWorkerDeploymentRampingVersion,
  updateWorkflowOptions,
  listQuarantinedTasks,
  releaseActivity,
  releaseWorkflowTask,
  registerWorker,
  pollActivityTask,
  pollWorkflowTask,
  heartbeatActivityTask,
  completeActivityTask,
  failActivityTask,
  cancelActivityTask,
  completeWorkflowTask,
  failWorkflowTask,
  completeQueryTask,
  shutdownWorker,
  updateTaskQueueConfig,
  scaleTaskQueue,
  listWorkers,
  countWorkers,
  describeWorker,
  health,
  ready,
} as const;
