import type { SearchAttributeTypes } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { attributeKinds } from './filter-values.js';
import { parseFilter } from './parse-filter.js';
import type { VisibilityQuery } from './parse-filter.js';

/** A filter, with the types of the search attributes that it may name. */
interface NamespaceQuery extends VisibilityQuery {
  readonly types: SearchAttributeTypes | undefined;
}

/**
 * Reads a list filter that may name the search attributes of a namespace.
 *
 * @throws InvalidArgumentError, NamespaceNotFoundError
 */
export async function parseNamespaceFilter(
  context: EngineContext,
  namespace: string,
  query: string,
): Promise<NamespaceQuery> {
  const read = (types: SearchAttributeTypes | undefined): NamespaceQuery => ({
    ...parseFilter(query, attributeKinds(types)),
    types,
  });
  const { searchAttributes } = await context.namespaces.require(namespace);
  try {
    return read(searchAttributes);
  } catch {
    // What is remembered of the namespace may be some seconds old, and the attribute just registered.
    return read((await context.namespaces.requireFresh(namespace)).searchAttributes);
  }
}
