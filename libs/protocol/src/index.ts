/**
 * The REST contract: one table of routes, from which validation, types and the OpenAPI document come.
 *
 * @example
 * ```ts
 * import { parseRequest, ROUTES } from '@tidewheel/protocol';
 *
 * parseRequest(ROUTES.startWorkflow, {
 *   params: { namespace: 'default', workflowId: 'order/1' },
 *   query: {},
 *   body: { workflowType: 'order', taskQueue: 'orders', workflowRunTimeout: 'soon' },
 * });
 * // { ok: false, faults: [{ field: 'workflowRunTimeout', reason: 'must be a duration: ...' }] }
 * ```
 */
export { toCommand } from './command-body.js';
export { eventToJson, retryPolicyToJson, userMetadataToJson } from './event-json.js';
export type { HistoryEventJson } from './event-json.js';
export { failureToJson } from './failure-json.js';
export type { FailureJson } from './failure-json.js';
export { openApiDocument } from './openapi.js';
export type { OpenApiDocument } from './openapi.js';
export { payloadMapToJson, payloadsToJson, resultToJson } from './payload-json.js';
export { makeProblem, PROBLEM_MEDIA_TYPE, PROBLEM_STATUS, problemSchema } from './problem.js';
export type { FieldFault, Problem, ProblemCode } from './problem.js';
export { parseRequest } from './request-parser.js';
export type { ParsedRequest, RawRequest } from './request-parser.js';
export type { HttpMethod, Route, RouteAnswer, RouteRequest } from './route.js';
export { ROUTES } from './routes.js';
export { toTimestamp } from './scalars.js';
