import type { SearchAttributeType } from '@tidewheel/core';
import { LIMITS, SEARCH_ATTRIBUTE_TYPE_CODES } from '@tidewheel/core';
import { z } from 'zod';
import type { Route } from './route.js';
import { done, nothing } from './route.js';
import { identifier, namespaceName } from './scalars.js';

const TYPES = Object.keys(SEARCH_ATTRIBUTE_TYPE_CODES) as [SearchAttributeType, ...SearchAttributeType[]];
const PATH = '/api/v1/namespaces/{namespace}/search-attributes';

const type = z
  .enum(TYPES, { error: `must be one of ${TYPES.join(', ')}` })
  .meta({ id: 'SearchAttributeType' });

const types = z.record(z.string(), type);

const namespaceParams = z.strictObject({ namespace: namespaceName });

/** Lists what executions of a namespace can be found by. */
export const listSearchAttributes = {
  method: 'get',
  path: PATH,
  operationId: 'listSearchAttributes',
  tag: 'Namespaces',
  summary: 'List the search attributes of a namespace',
  params: namespaceParams,
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'Those that were registered, and those that every execution has.',
    schema: z
      .strictObject({ customAttributes: types, systemAttributes: types })
      .meta({ id: 'SearchAttributeList' }),
  },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;

/** Registers search attributes. */
export const addSearchAttributes = {
  method: 'post',
  path: PATH,
  operationId: 'addSearchAttributes',
  tag: 'Namespaces',
  summary: 'Register search attributes in a namespace',
  description: `All of them or, when one is refused, none. Names that begin with "Temporal" and those of system attributes are reserved. A namespace has at most ${LIMITS.searchAttributesPerNamespace}.`,
  params: namespaceParams,
  query: nothing,
  body: z
    .strictObject({ searchAttributes: types.meta({ description: 'Types by name.' }) })
    .meta({ id: 'AddSearchAttributesRequest' }),
  bodyRequired: true,
  success: { status: 200, description: 'Executions can have them now.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'SEARCH_ATTRIBUTE_ALREADY_EXISTS'],
} as const satisfies Route;

/** Unregisters a search attribute. */
export const removeSearchAttribute = {
  method: 'delete',
  path: `${PATH}/{attribute}`,
  operationId: 'removeSearchAttribute',
  tag: 'Namespaces',
  summary: 'Unregister a search attribute of a namespace',
  description: 'Executions keep the values that they have, and can no longer be found by them.',
  params: z.strictObject({ namespace: namespaceName, attribute: identifier('Name of the attribute.') }),
  query: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'It is gone.', schema: done },
  problems: ['NAMESPACE_NOT_FOUND', 'SEARCH_ATTRIBUTE_NOT_FOUND'],
} as const satisfies Route;
