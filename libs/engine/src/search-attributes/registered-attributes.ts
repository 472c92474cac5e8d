import {
  InvalidArgumentError,
  LIMITS,
  SEARCH_ATTRIBUTE_TYPE_CODES,
  SearchAttributeAlreadyExistsError,
  searchAttributeNameFault,
  SearchAttributeNotFoundError,
} from '@tidewheel/core';
import type { SearchAttributeTypes } from '@tidewheel/core';

/**
 * The custom search attributes of a namespace with new ones added. Their order is that of their registration.
 *
 * @throws InvalidArgumentError, SearchAttributeAlreadyExistsError
 */
export function withSearchAttributes(
  current: SearchAttributeTypes | undefined,
  added: SearchAttributeTypes,
): SearchAttributeTypes {
  const known = new Map(Object.entries(current ?? {}));
  if (Object.keys(added).length === 0)
    throw new InvalidArgumentError('searchAttributes', 'must name at least one');
  for (const [name, type] of Object.entries(added)) {
    const fault = searchAttributeNameFault(name);
    if (fault) throw new InvalidArgumentError('searchAttributes', fault);
    if (!Object.hasOwn(SEARCH_ATTRIBUTE_TYPE_CODES, type)) {
      throw new InvalidArgumentError('searchAttributes', `Unknown search attribute type: ${type}.`);
    }
    const existing = known.get(name);
    if (existing) throw new SearchAttributeAlreadyExistsError(name, existing);
    known.set(name, type);
  }
  if (known.size > LIMITS.searchAttributesPerNamespace) {
    throw new InvalidArgumentError(
      'searchAttributes',
      `a namespace can have at most ${LIMITS.searchAttributesPerNamespace}, it would have ${known.size}`,
    );
  }
  return Object.fromEntries(known);
}

/**
 * The custom search attributes of a namespace without some of them. Values that runs have are left as they are.
 *
 * @throws InvalidArgumentError, SearchAttributeNotFoundError
 */
export function withoutSearchAttributes(
  current: SearchAttributeTypes | undefined,
  names: readonly string[],
): SearchAttributeTypes {
  const left = new Map(Object.entries(current ?? {}));
  if (names.length === 0) throw new InvalidArgumentError('searchAttributes', 'must name at least one');
  for (const name of names) {
    if (left.delete(name)) continue;
    const fault = searchAttributeNameFault(name);
    if (fault) {
      throw new InvalidArgumentError(
        'searchAttributes',
        `Unable to remove non-custom search attributes: ${JSON.stringify(name)}.`,
      );
    }
    throw new SearchAttributeNotFoundError(name);
  }
  return Object.fromEntries(left);
}
