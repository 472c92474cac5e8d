import { LIMITS, NamespaceNotFoundError } from '@tidewheel/core';
import type { Engine } from '@tidewheel/engine';
import type { MethodTable } from '../call-context.js';
import { archivalState, namespaceState } from '../convert/enums.js';
import { durationMs, durationToProto } from '../convert/time.js';
import type { GatewayContext } from '../gateway-context.js';
import type { RequestOf, ResponseOf } from '../proto.js';
import { int64 } from '../proto.js';
import { requireText } from './request-fields.js';

/** A deployment is one cluster, and has one name for all. */
export const CLUSTER_NAME = 'active';

type Namespace = Awaited<ReturnType<Engine['describeNamespace']>>;

const DEFAULT_PAGE_SIZE = 100;

export function namespaceMethods({ engine }: GatewayContext): MethodTable {
  return {
    async RegisterNamespace(request) {
      const retentionMs = durationMs(request.workflowExecutionRetentionPeriod);
      await engine.createNamespace({
        name: requireText('namespace', request.namespace),
        ...(request.description && { description: request.description }),
        ...(retentionMs > 0 && { retentionMs }),
      });
      return {};
    },

    async UpdateNamespace(request) {
      const retentionMs = durationMs(request.config?.workflowExecutionRetentionTtl);
      const { description } = request.updateInfo ?? {};
      return describe(
        await engine.updateNamespace({
          name: requireText('namespace', request.namespace),
          ...(description && { description }),
          ...(retentionMs > 0 && { retentionMs }),
        }),
      );
    },

    async DescribeNamespace(request) {
      return describe(await findNamespace(engine, request));
    },

    async ListNamespaces(request) {
      const names = (await engine.listNamespaces()).sort((a, b) => (a.name < b.name ? -1 : 1));
      const after = Buffer.from(request.nextPageToken ?? []).toString();
      const rest = names.filter(({ name }) => name > after);
      const page = rest.slice(0, request.pageSize || DEFAULT_PAGE_SIZE);
      const last = page.at(-1);
      return {
        namespaces: page.map(describe),
        nextPageToken: last && rest.length > page.length ? Buffer.from(last.name) : Buffer.alloc(0),
      };
    },
  };
}

async function findNamespace(engine: Engine, request: RequestOf<'DescribeNamespace'>): Promise<Namespace> {
  if (!request.id) return engine.describeNamespace(requireText('namespace', request.namespace));
  const namespace = (await engine.listNamespaces()).find(({ id }) => id === request.id);
  if (!namespace) throw new NamespaceNotFoundError(request.id);
  return namespace;
}

function describe(namespace: Namespace): ResponseOf<'DescribeNamespace'> {
  return {
    namespaceInfo: {
      name: namespace.name,
      id: namespace.id,
      description: namespace.description,
      state: namespaceState.toProto('REGISTERED'),
      capabilities: { eagerWorkflowStart: true, workerHeartbeats: true },
      limits: {
        blobSizeLimitError: int64(LIMITS.payloadBytes),
        memoSizeLimitError: int64(LIMITS.memoBytes),
      },
      supportsSchedules: false,
    },
    config: {
      workflowExecutionRetentionTtl: durationToProto(namespace.retentionMs),
      historyArchivalState: archivalState.toProto('DISABLED'),
      visibilityArchivalState: archivalState.toProto('DISABLED'),
    },
    replicationConfig: { activeClusterName: CLUSTER_NAME, clusters: [{ clusterName: CLUSTER_NAME }] },
  };
}
