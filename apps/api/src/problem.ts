import { InvalidArgumentError, TidewheelError } from '@tidewheel/core';
import type { FieldFault, ProblemCode } from '@tidewheel/protocol';
import { AccessRefusedError } from './authorize.js';

/** What a thrown value means to whoever sent the request. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly faults?: readonly FieldFault[];
}

/** A request refused by the HTTP interface itself. Thrown by the middleware and routes of this app. */
export class RefusedRequestError extends Error {
  override readonly name = 'RefusedRequestError';

  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

/** A request whose fields are not sound. */
export function unsoundRequest(faults: readonly [FieldFault, ...FieldFault[]]): RefusedRequestError {
  const [{ field, reason }] = faults;
  return new RefusedRequestError({ code: 'INVALID_ARGUMENT', detail: `${field}: ${reason}`, faults });
}

/** Replies of Redis, and states of the connection to it, in which the request may be repeated later. */
const UNAVAILABLE_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\bOOM\b/, 'Redis is out of memory: raise maxmemory, or shorten the retention of namespaces'],
  [/\bMISCONF\b/, 'Redis cannot write its data to disk and refuses writes: look at its log'],
  [
    /\b(READONLY|LOADING|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|TRYAGAIN)\b/,
    'Redis is not ready for writes: it is loading, failing over or a replica',
  ],
  [/\b(NOAUTH|WRONGPASS|NOPERM)\b/, 'Redis refuses the user or password of REDIS_URL'],
  [
    /Connection is closed|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EHOSTUNREACH|max retries per request/,
    'Redis cannot be reached: check that it runs and that REDIS_URL is right',
  ],
];

/**
 * What a thrown value means; undefined for what nobody foresaw, which is a fault of this program.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof RefusedRequestError) return error.refusal;
  if (error instanceof AccessRefusedError) return { code: error.code, detail: error.message };
  if (error instanceof InvalidArgumentError) {
    const { field, reason, message } = error;
    return { code: error.code, detail: message, faults: [{ field, reason }] };
  }
  if (error instanceof TidewheelError) return { code: error.code, detail: error.message };
  return httpRefusal(error) ?? storeRefusal(error);
}

/** Errors of Express and its body reader carry the status that they stand for. */
function httpRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const type = 'type' in error ? error.type : undefined;
  switch (error.status) {
    case 400: {
      if (type === undefined) return inPart('path', 'is not percent-encoded UTF-8');
      return inPart('body', type === 'entity.parse.failed' ? `is not JSON: ${error.message}` : error.message);
    }
    case 413:
      return { code: 'BODY_TOO_LARGE', detail: `the body is larger than ${limitOf(error)} bytes` };
    case 415:
      return { code: 'UNSUPPORTED_MEDIA_TYPE', detail: error.message };
    default:
      return undefined;
  }
}

function inPart(field: string, reason: string): Refusal {
  return { code: 'INVALID_ARGUMENT', detail: `${field}: ${reason}`, faults: [{ field, reason }] };
}

function limitOf(error: Error): string {
  return 'limit' in error && typeof error.limit === 'number' ? String(error.limit) : 'the limit of';
}

function storeRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const sign = UNAVAILABLE_SIGNS.find(([pattern]) => pattern.test(error.message));
  return sign && { code: 'UNAVAILABLE', detail: `${sign[1]}; then repeat the request` };
}
