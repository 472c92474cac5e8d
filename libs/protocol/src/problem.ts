import { ERROR_CODES } from '@tidewheel/core';
import { z } from 'zod';

/** What only the HTTP interface refuses, with the status that says so; beside the codes of the engine. */
const HTTP_ERROR_CODES = {
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
} as const;

/** Status of every code that a problem may carry. Codes never change their meaning; clients may branch on them. */
export const PROBLEM_STATUS = { ...ERROR_CODES, ...HTTP_ERROR_CODES } as const;

/** Code of a refused HTTP request. */
export type ProblemCode = keyof typeof PROBLEM_STATUS;

/** Media type of a problem. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const TITLES: Readonly<Record<ProblemCode, string>> = {
  INVALID_ARGUMENT: 'The request is not sound',
  NAMESPACE_NOT_FOUND: 'The namespace does not exist',
  WORKFLOW_NOT_FOUND: 'The workflow execution does not exist or is not running',
  WORKFLOW_ALREADY_STARTED: 'The workflow id is in use',
  WORKFLOW_TASK_NOT_FOUND: 'The workflow task is no longer expected',
  ACTIVITY_TASK_NOT_FOUND: 'The activity attempt is no longer expected',
  QUERY_TASK_NOT_FOUND: 'The query is no longer expected',
  KIND_NOT_REGISTERED: 'The worker has registered nothing of this kind',
  QUARANTINED_TASK_NOT_FOUND: 'The task is not quarantined',
  UNHANDLED_COMMAND: 'The workflow has not seen all events',
  QUERY_FAILED: 'The query failed',
  WORKFLOW_NOT_READY: 'The workflow cannot answer',
  NO_POLLER: 'No worker polls the task queue',
  WORKER_NOT_FOUND: 'The worker is not registered',
  BUSY_WORKFLOW: 'The workflow execution is busy',
  LIMIT_EXCEEDED: 'A limit is exceeded',
  DEADLINE_EXCEEDED: 'The answer took too long',
  NAMESPACE_ALREADY_EXISTS: 'The namespace exists already',
  SEARCH_ATTRIBUTE_NOT_FOUND: 'The search attribute does not exist',
  SEARCH_ATTRIBUTE_ALREADY_EXISTS: 'The search attribute exists already',
  WORKER_DEPLOYMENT_NOT_FOUND: 'The worker deployment or version does not exist',
  WORKER_DEPLOYMENT_CONFLICT: 'The worker deployment has changed',
  WORKER_DEPLOYMENT_NOT_READY: 'The worker deployment is not ready for this',
  UNAVAILABLE: 'The store cannot be reached',
  UNAUTHENTICATED: 'The caller is not known',
  PERMISSION_DENIED: 'The caller may not do this',
  ROUTE_NOT_FOUND: 'There is nothing at this path',
  METHOD_NOT_ALLOWED: 'The path does not take this method',
  REQUEST_TIMEOUT: 'The request did not arrive in time',
  BODY_TOO_LARGE: 'The body is too large',
  UNSUPPORTED_MEDIA_TYPE: 'The body is not JSON',
  HEADERS_TOO_LARGE: 'The headers are too large',
  INTERNAL: 'The server failed',
};

const CODES = Object.keys(PROBLEM_STATUS) as [ProblemCode, ...ProblemCode[]];

/** One fault of a request. */
const fieldFault = z
  .strictObject({
    field: z.string().meta({
      description: 'Path of the field, for example `input[2]`; `body` for the body as a whole.',
    }),
    reason: z.string().meta({ description: 'What is wrong with it and what is allowed.' }),
  })
  .meta({ id: 'FieldFault' });

/** One fault of a request. */
export type FieldFault = z.output<typeof fieldFault>;

/** What every refused request is answered with (RFC 9457). */
export const problemSchema = z
  .strictObject({
    type: z
      .string()
      .meta({ description: 'URN of the code.', examples: ['urn:tidewheel:problem:invalid-argument'] }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened this time, for people.' }),
    code: z.enum(CODES).meta({ description: 'Stable; branch on this.' }),
    field: z.string().optional().meta({ description: 'The first field that is not sound.' }),
    errors: z.array(fieldFault).optional().meta({ description: 'All that is not sound, up to 20 faults.' }),
    requestId: z
      .string()
      .meta({ description: 'Also in the header `x-request-id` and in the log of the server.' }),
  })
  .meta({ id: 'Problem' });

/** What every refused request is answered with (RFC 9457). */
export type Problem = z.output<typeof problemSchema>;

/** Most faults told of one request. */
const MAX_FAULTS = 20;

/** Puts a problem together: type, title and status follow from the code. */
export function makeProblem(
  code: ProblemCode,
  detail: string,
  requestId: string,
  faults: readonly FieldFault[] = [],
): Problem {
  const first = faults[0];
  return {
    type: `urn:tidewheel:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: TITLES[code],
    status: PROBLEM_STATUS[code],
    detail,
    code,
    ...(first && { field: first.field, errors: faults.slice(0, MAX_FAULTS) }),
    requestId,
  };
}
