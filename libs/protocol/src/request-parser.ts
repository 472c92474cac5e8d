import { z } from 'zod';
import type { FieldFault } from './problem.js';
import type { Route, RouteRequest } from './route.js';

/** A request as it came in. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  /** Parsed JSON; undefined when there was no body. */
  readonly body: unknown;
}

/** A request that is sound, or all that is wrong with it. */
export type ParsedRequest<R extends Route> =
  | { readonly ok: true; readonly request: RouteRequest<R> }
  | { readonly ok: false; readonly faults: readonly [FieldFault, ...FieldFault[]] };

/** Characters of an unknown field's name that are repeated in a fault. */
const SHOWN_NAME_LENGTH = 100;

/** Holds a request against its route. */
export function parseRequest<R extends Route>(route: R, raw: RawRequest): ParsedRequest<R> {
  const parts = {
    params: route.params.safeParse(raw.params, { error: reasonOf }),
    query: route.query.safeParse(raw.query, { error: reasonOf }),
    body: route.body?.safeParse(raw.body === undefined ? {} : raw.body, { error: reasonOf }),
  };
  const [first, ...rest] = Object.values(parts).flatMap(
    (part) => part?.error?.issues.flatMap(faultsOf) ?? [],
  );
  if (first) return { ok: false, faults: [first, ...rest] };
  const request = { params: parts.params.data, query: parts.query.data, body: parts.body?.data };
  return { ok: true, request: request as RouteRequest<R> };
}

function faultsOf(issue: z.core.$ZodIssue): FieldFault[] {
  if (issue.code !== 'unrecognized_keys') return [{ field: pathOf(issue.path), reason: issue.message }];
  return issue.keys.map((key) => ({
    field: pathOf([...issue.path, shorten(key)]),
    reason: 'is not a known field',
  }));
}

function shorten(name: string): string {
  return name.length > SHOWN_NAME_LENGTH ? `${name.slice(0, SHOWN_NAME_LENGTH)}...` : name;
}

/** `retryPolicy.initialInterval`, `input[2]`; `body` for the whole. */
function pathOf(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? shorten(String(part)) : `.${shorten(String(part))}`;
  }
  return text === '' ? 'body' : text;
}

/** Reasons in the words of the interface; undefined leaves the library's, which is rarely seen. */
function reasonOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    if (issue.input === undefined) return 'is required';
    return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  return undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'an object',
  array: 'a list',
  number: 'a number',
  boolean: 'true or false',
};
