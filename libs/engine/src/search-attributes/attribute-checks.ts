import {
  InvalidArgumentError,
  isSystemSearchAttribute,
  searchAttributesSizeFault,
  settableSearchAttributeType,
} from '@tidewheel/core';
import type { PayloadMap, SearchAttributeTypes } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { searchAttributeValues } from './attribute-value.js';

/** Characters of a value that a message quotes. */
const QUOTED_CHARACTERS = 100;

/** What is wrong with search attributes that a run is to have; undefined when they are sound. */
function searchAttributesFault(
  map: PayloadMap,
  custom: SearchAttributeTypes | undefined,
): string | undefined {
  const sizeFault = searchAttributesSizeFault(map);
  if (sizeFault) return sizeFault;
  for (const [name, payload] of Object.entries(map)) {
    if (isSystemSearchAttribute(name)) return `${name} attribute can't be set in SearchAttributes`;
    const type = settableSearchAttributeType(custom, name);
    if (!type) return `search attribute ${name} is not defined: register it in the namespace first`;
    if (!searchAttributeValues(payload, type)) {
      const value = Buffer.from(payload.data).toString().slice(0, QUOTED_CHARACTERS);
      return `invalid value for search attribute ${name} of type ${type}: ${value}`;
    }
  }
  return undefined;
}

/** @throws InvalidArgumentError naming the attribute that is not registered, or whose value is not of its type */
export async function checkSearchAttributes(
  context: EngineContext,
  namespace: string,
  map: PayloadMap | undefined,
): Promise<void> {
  if (!map) return;
  const fault = (await searchAttributesJudge(context, namespace, [map]))(map);
  if (fault) throw new InvalidArgumentError('searchAttributes', fault);
}

/**
 * Judges search attributes by what is registered in a namespace. What is remembered of the namespace may be some seconds
 * old: before any of `maps` is refused for it, the namespace is looked up anew.
 *
 * @throws NamespaceNotFoundError
 */
export async function searchAttributesJudge(
  context: EngineContext,
  namespace: string,
  maps: readonly PayloadMap[],
): Promise<(map: PayloadMap) => string | undefined> {
  let { searchAttributes } = await context.namespaces.require(namespace);
  if (maps.some((map) => searchAttributesFault(map, searchAttributes))) {
    ({ searchAttributes } = await context.namespaces.requireFresh(namespace));
  }
  return (map) => searchAttributesFault(map, searchAttributes);
}
