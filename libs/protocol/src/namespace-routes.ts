import { z } from 'zod';
import type { Route } from './route.js';
import { nothing } from './route.js';
import { duration, durationText, namespaceName, timestamp } from './scalars.js';

/** A namespace in an answer. */
const namespaceJson = z
  .strictObject({
    name: z.string(),
    id: z.string().meta({ format: 'uuid' }),
    description: z.string(),
    retention: durationText.meta({ description: 'How long closed executions are kept.' }),
    createTime: timestamp,
  })
  .meta({ id: 'Namespace' });

/** Creates a namespace. */
export const createNamespace = {
  method: 'post',
  path: '/api/v1/namespaces',
  operationId: 'createNamespace',
  tag: 'Namespaces',
  summary: 'Create a namespace',
  params: nothing,
  query: nothing,
  body: z
    .strictObject({
      name: namespaceName,
      description: z.string().max(1_000, { error: 'must have at most 1000 characters' }).optional(),
      retention: duration('How long closed executions are kept; default three days, at least one second.', {
        minMs: 1_000,
      }).optional(),
    })
    .meta({ id: 'CreateNamespaceRequest' }),
  bodyRequired: true,
  success: { status: 201, description: 'It was created.', schema: namespaceJson },
  problems: ['NAMESPACE_ALREADY_EXISTS'],
} as const satisfies Route;

/** Lists all namespaces. */
export const listNamespaces = {
  method: 'get',
  path: '/api/v1/namespaces',
  operationId: 'listNamespaces',
  tag: 'Namespaces',
  summary: 'List all namespaces by name',
  params: nothing,
  query: nothing,
  bodyRequired: false,
  success: {
    status: 200,
    description: 'All of them.',
    schema: z.strictObject({ namespaces: z.array(namespaceJson) }).meta({ id: 'NamespaceList' }),
  },
  problems: [],
} as const satisfies Route;

/** Describes one namespace. */
export const describeNamespace = {
  method: 'get',
  path: '/api/v1/namespaces/{namespace}',
  operationId: 'describeNamespace',
  tag: 'Namespaces',
  summary: 'Describe a namespace',
  params: z.strictObject({ namespace: namespaceName }),
  query: nothing,
  bodyRequired: false,
  success: { status: 200, description: 'The namespace.', schema: namespaceJson },
  problems: ['NAMESPACE_NOT_FOUND'],
} as const satisfies Route;
