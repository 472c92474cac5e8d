import { InvalidArgumentError } from '@tidewheel/core';
import type { SearchAttributeType, SearchAttributeTypes } from '@tidewheel/core';
import type { OperatorMethodTable } from '../call-context.js';
import { indexedValueType } from '../convert/enums.js';
import type { GatewayContext } from '../gateway-context.js';
import type { RequestOf, ResponseOf } from '../proto.js';
import { CLUSTER_NAME } from './namespace-methods.js';
import { requireText } from './request-fields.js';

type WireTypes = NonNullable<ResponseOf<'ListSearchAttributes'>['customAttributes']>;

/** Types of search attributes by name, as numbers of the wire. */
export function searchAttributeTypesToProto(types: SearchAttributeTypes): WireTypes {
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => [name, indexedValueType.toProto(type)]),
  );
}

export function operatorMethods({ engine }: GatewayContext): OperatorMethodTable {
  return {
    async AddSearchAttributes(request) {
      await engine.addSearchAttributes(requireText('namespace', request.namespace), addedTypes(request));
      return {};
    },

    async RemoveSearchAttributes(request) {
      await engine.removeSearchAttributes(
        requireText('namespace', request.namespace),
        request.searchAttributes ?? [],
      );
      return {};
    },

    async ListSearchAttributes(request) {
      const { custom, system } = await engine.listSearchAttributes(
        requireText('namespace', request.namespace),
      );
      return {
        customAttributes: searchAttributeTypesToProto(custom),
        systemAttributes: searchAttributeTypesToProto(system),
        storageSchema: {},
      };
    },

    ListClusters: () =>
      Promise.resolve({ clusters: [{ clusterName: CLUSTER_NAME, isConnectionEnabled: true }] }),
  };
}

function addedTypes({ searchAttributes }: RequestOf<'AddSearchAttributes'>): SearchAttributeTypes {
  const types = Object.entries(searchAttributes ?? {}).map(([name, code]): [string, SearchAttributeType] => {
    const type = indexedValueType.fromProto(code);
    if (!type) throw new InvalidArgumentError('searchAttributes', `Unknown search attribute type: ${code}.`);
    return [name, type];
  });
  return Object.fromEntries(types);
}
