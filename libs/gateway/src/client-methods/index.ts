import type { MethodTable } from '../call-context.js';
import type { GatewayContext } from '../gateway-context.js';
import { changeMethods } from './change-methods.js';
import { describeMethods } from './describe-methods.js';
import { historyMethods } from './history-methods.js';
import { listMethods } from './list-methods.js';
import { namespaceMethods } from './namespace-methods.js';
import { queryMethods } from './query-methods.js';
import { startMethods } from './start-methods.js';
import { systemMethods } from './system-methods.js';
import { taskQueueMethods } from './task-queue-methods.js';
import { workerDeploymentMethods } from './worker-deployment-methods.js';
import { workerRegistryMethods } from './worker-registry-methods.js';

/** The methods that clients call; those of workers are made elsewhere. */
export function clientMethods(context: GatewayContext): MethodTable {
  return {
    ...systemMethods(context),
    ...namespaceMethods(context),
    ...startMethods(context),
    ...changeMethods(context),
    ...queryMethods(context),
    ...describeMethods(context),
    ...historyMethods(context),
    ...listMethods(context),
    ...taskQueueMethods(context),
    ...workerDeploymentMethods(context),
    ...workerRegistryMethods(context),
  };
}
