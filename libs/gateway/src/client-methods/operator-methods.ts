import type { OperatorMethodTable } from '../call-context.js';
import { indexedValueType } from '../convert/enums.js';
import type { GatewayContext } from '../gateway-context.js';
import { CLUSTER_NAME } from './namespace-methods.js';
import { requireText } from './request-fields.js';

/** What executions can be found by, with the type of each. */
export const SYSTEM_ATTRIBUTES = {
  WorkflowId: indexedValueType.toProto('KEYWORD'),
  RunId: indexedValueType.toProto('KEYWORD'),
  WorkflowType: indexedValueType.toProto('KEYWORD'),
  TaskQueue: indexedValueType.toProto('KEYWORD'),
  ExecutionStatus: indexedValueType.toProto('KEYWORD'),
  StartTime: indexedValueType.toProto('DATETIME'),
  CloseTime: indexedValueType.toProto('DATETIME'),
} as const;

export function operatorMethods({ engine }: GatewayContext): OperatorMethodTable {
  return {
    async ListSearchAttributes(request) {
      if (request.namespace) await engine.describeNamespace(requireText('namespace', request.namespace));
      return { customAttributes: {}, systemAttributes: SYSTEM_ATTRIBUTES, storageSchema: {} };
    },

    ListClusters: () =>
      Promise.resolve({ clusters: [{ clusterName: CLUSTER_NAME, isConnectionEnabled: true }] }),
  };
}
