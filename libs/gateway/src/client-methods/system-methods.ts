import { SYSTEM_SEARCH_ATTRIBUTES } from '@tidewheel/core';
import type { MethodTable } from '../call-context.js';
import type { GatewayContext } from '../gateway-context.js';
import type { ResponseOf } from '../proto.js';
import { CLUSTER_NAME } from './namespace-methods.js';
import { searchAttributeTypesToProto } from './operator-methods.js';

/** What clients may rely on; whatever is not listed is not there. */
const CAPABILITIES: NonNullable<ResponseOf<'GetSystemInfo'>['capabilities']> = {
  signalAndQueryHeader: true,
  internalErrorDifferentiation: true,
  activityFailureIncludeHeartbeat: true,
  encodedFailureAttributes: true,
  upsertMemo: true,
  eagerWorkflowStart: true,
  sdkMetadata: true,
  countGroupByExecutionStatus: true,
};

/** Versions of clients known to work, in the form that clients of old asked for. */
const SUPPORTED_CLIENTS: Readonly<Record<string, string>> = {
  'temporal-cli': '<2.0.0',
  'temporal-go': '<2.0.0',
  'temporal-java': '<2.0.0',
  'temporal-php': '<3.0.0',
  'temporal-server': '<2.0.0',
  'temporal-typescript': '<2.0.0',
  'temporal-ui': '<3.0.0',
};

export function systemMethods({ engine, version }: GatewayContext): MethodTable {
  return {
    GetSystemInfo: () => Promise.resolve({ serverVersion: version, capabilities: CAPABILITIES }),

    // It names no namespace, so it can tell only of what all have.
    GetSearchAttributes: () =>
      Promise.resolve({ keys: searchAttributeTypesToProto(SYSTEM_SEARCH_ATTRIBUTES) }),

    GetClusterInfo: () =>
      Promise.resolve({
        supportedClients: SUPPORTED_CLIENTS,
        serverVersion: version,
        clusterName: CLUSTER_NAME,
        historyShardCount: engine.context.keys.partitions,
        persistenceStore: 'redis',
        visibilityStore: 'redis',
      }),
  };
}
