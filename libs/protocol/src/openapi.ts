import { createDocument } from 'zod-openapi';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import type { ProblemCode } from './problem.js';
import { PROBLEM_MEDIA_TYPE, PROBLEM_STATUS, problemSchema } from './problem.js';
import type { Route } from './route.js';
import { ROUTES } from './routes.js';

const DESCRIPTION = `Durable workflows on Redis.

Values (arguments, results, memo and so on) are plain JSON. An object with exactly \`metadata\` and \`data\`, both in base64,
stands for a payload that is not JSON. Durations are text such as \`10s\`, times are RFC 3339. Whatever is refused is answered
with \`${PROBLEM_MEDIA_TYPE}\`; branch on its \`code\`. Fields that are not named here are refused.`;

/** What any request with a body can be refused with. */
const BODY_PROBLEMS: readonly ProblemCode[] = ['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

/** The OpenAPI 3.1 document of the REST interface. */
export type OpenApiDocument = ReturnType<typeof createDocument>;

/** Puts together the OpenAPI 3.1 document of all routes. */
export function openApiDocument(version: string): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of Object.values<Route>(ROUTES)) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Tidewheel',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description && { description: route.description }),
    tags: [route.tag],
    requestParams: { path: route.params, query: route.query },
    ...(route.body && {
      requestBody: {
        required: route.bodyRequired,
        content: { 'application/json': { schema: route.body } },
      },
    }),
    responses: responses(route),
  };
}

function responses({ success, alternative, problems, body, tag }: Route): ZodOpenApiResponsesObject {
  const content = { 'application/json': { schema: success.schema } };
  const common: readonly ProblemCode[] = tag === 'Process' ? [] : ['INVALID_ARGUMENT', 'UNAVAILABLE'];
  const codes = [...common, ...problems, ...(body ? BODY_PROBLEMS : [])];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const status = PROBLEM_STATUS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return {
    [success.status]: { description: success.description, content },
    ...(alternative && { [alternative.status]: { description: alternative.description, content } }),
    ...Object.fromEntries(
      [...byStatus].map(([status, group]) => [status, problemResponse(group.join(', '))]),
    ),
    default: problemResponse('Any other problem.'),
  };
}

function problemResponse(description: string) {
  return { description, content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } } };
}
