import type { Namespace } from '@tidewheel/store';
import { formatDuration } from '@tidewheel/core';
import type { RouteAnswer, ROUTES } from '@tidewheel/protocol';
import { toTimestamp } from '@tidewheel/protocol';
import type { Handlers } from '../http/mount.js';

type NamespaceJson = RouteAnswer<typeof ROUTES.describeNamespace>;

/** Answers everything about namespaces. */
export const namespaceHandlers: Pick<Handlers, 'createNamespace' | 'listNamespaces' | 'describeNamespace'> = {
  async createNamespace({ body }, { ask }) {
    const { name, description, retention } = body;
    const spec = {
      name,
      ...(description !== undefined && { description }),
      ...(retention !== undefined && { retentionMs: retention }),
    };
    return toJson(await ask((engine) => engine.createNamespace(spec)));
  },

  async listNamespaces(_request, { ask }) {
    const namespaces = await ask((engine) => engine.listNamespaces());
    return { namespaces: namespaces.map(toJson) };
  },

  async describeNamespace({ params }, { ask }) {
    return toJson(await ask((engine) => engine.describeNamespace(params.namespace)));
  },
};

function toJson({ name, id, description, retentionMs, createdMs }: Namespace): NamespaceJson {
  return {
    name,
    id,
    description,
    retention: formatDuration(retentionMs),
    createTime: toTimestamp(createdMs),
  };
}
