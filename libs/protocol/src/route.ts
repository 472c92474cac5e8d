import { z } from 'zod';
import type { ProblemCode } from './problem.js';

/** A method of HTTP that routes use. */
export type HttpMethod = 'get' | 'post' | 'delete';

/** Where a reader of the documentation finds a route. */
type RouteTag = 'Namespaces' | 'Workflows' | 'Task queues' | 'Worker deployments' | 'Workers' | 'Process';

/** One operation of the REST interface. Validation, types and documentation come from this. */
export interface Route<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
  Answer extends z.ZodType = z.ZodType,
> {
  readonly method: HttpMethod;
  /** With parameters in braces, as OpenAPI has it. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: RouteTag;
  readonly summary: string;
  readonly description?: string;
  readonly params: Params;
  readonly query: Query;
  /** Absent when the route takes no body. An absent body counts as an empty object. */
  readonly body?: Body;
  /** Whether at least one field of the body must be given. */
  readonly bodyRequired: boolean;
  /** The answer to a request that was carried out. */
  readonly success: { readonly status: 200 | 201; readonly description: string; readonly schema: Answer };
  /** Another answer with the same schema, for example of a process that is not ready. */
  readonly alternative?: { readonly status: 503; readonly description: string };
  /** What may be refused beside what any request can be refused with. */
  readonly problems: readonly ProblemCode[];
}

/** What a request of a route holds after validation. */
export interface RouteRequest<R extends Route> {
  readonly params: z.output<R['params']>;
  readonly query: z.output<R['query']>;
  readonly body: R['body'] extends z.ZodObject ? z.output<R['body']> : undefined;
}

/** What the answer of a route holds. */
export type RouteAnswer<R extends Route> = z.input<R['success']['schema']>;

/** No parameters at all. */
export const nothing = z.strictObject({});

/** The answer to something that was done and has nothing to tell. */
export const done = z.strictObject({}).meta({ id: 'Done' });
