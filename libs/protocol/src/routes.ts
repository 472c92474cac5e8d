import { cancelWorkflow, queryWorkflow, signalWorkflow, terminateWorkflow } from './message-routes.js';
import { createNamespace, describeNamespace, listNamespaces } from './namespace-routes.js';
import { health, ready } from './process-routes.js';
import { describeTaskQueue } from './task-queue-routes.js';
import { describeWorkflow, getHistory, getResult, listWorkflows, startWorkflow } from './workflow-routes.js';

/** Every operation of the REST interface, by operation id. */
export const ROUTES = {
  createNamespace,
  listNamespaces,
  describeNamespace,
  startWorkflow,
  describeWorkflow,
  getHistory,
  getResult,
  signalWorkflow,
  queryWorkflow,
  cancelWorkflow,
  terminateWorkflow,
  listWorkflows,
  describeTaskQueue,
  health,
  ready,
} as const;
