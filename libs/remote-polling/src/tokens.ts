import { ActivityTaskNotFoundError, InvalidArgumentError, WorkflowTaskNotFoundError } from '@tidewheel/core';
import type { RetryPolicy } from '@tidewheel/core';
import type { ActivityAttempt, WorkflowTask, WorkflowTaskStamp } from '@tidewheel/engine';

// A token is one letter for its kind, one digit for the version of its layout, and a JSON array. It holds whatever is
// needed to go on with a task, so that any process can take the report on a task that another one handed out.

/** What a workflow task's completion or failure needs to find the task again. Times are milliseconds since the epoch. */
export interface WorkflowTaskToken
  extends
    WorkflowTaskStamp,
    Pick<
      WorkflowTask,
      'taskQueue' | 'startedMs' | 'taskTimeoutMs' | 'runExpiresMs' | 'executionExpiresMs' | 'historyLength'
    > {
  readonly kind: 'workflowTask';
  readonly namespace: string;
  /** Where the execution is. */
  readonly partition: number;
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
}

/** What the answer to a query that came by itself needs to reach whoever asked. */
interface QueryTaskToken {
  readonly kind: 'query';
  readonly namespace: string;
  /** Where the execution is. */
  readonly partition: number;
  readonly workflowId: string;
  readonly queryId: string;
}

/** What a report on an activity attempt needs to find the attempt again, and to decide whether another follows. */
export interface ActivityTaskToken extends Omit<ActivityAttempt, 'run'> {
  readonly kind: 'activityTask';
  readonly namespace: string;
  /** Where the execution is. */
  readonly partition: number;
  readonly workflowId: string;
  readonly runId: string;
}

/** Where to go on reading a history. */
export interface HistoryToken {
  readonly runId: string;
  /** First event id of the next page. */
  readonly nextEventId: number;
  /** Last event id to read from the store; left out: as far as the history goes. */
  readonly lastEventId?: number;
  /** Events of an attempt above 1, in storage encoding: they stand nowhere yet, and come after all others. */
  readonly virtualEvents?: readonly Uint8Array[];
}

export function encodeWorkflowTaskToken(token: Omit<WorkflowTaskToken, 'kind'>): Buffer {
  return encodeToken('w', [
    token.namespace,
    token.partition,
    token.workflowId,
    token.runId,
    token.scheduledEventId,
    token.startedEventId,
    token.attempt,
    token.taskQueue,
    token.workflowType,
    token.startedMs,
    token.taskTimeoutMs,
    token.runExpiresMs,
    token.executionExpiresMs,
    token.historyLength,
  ]);
}

export function encodeQueryTaskToken(token: Omit<QueryTaskToken, 'kind'>): Buffer {
  return encodeToken('q', [token.namespace, token.partition, token.workflowId, token.queryId]);
}

export function encodeActivityTaskToken(token: Omit<ActivityTaskToken, 'kind'>): Buffer {
  const { retryPolicy: policy } = token;
  return encodeToken('a', [
    token.namespace,
    token.partition,
    token.workflowId,
    token.runId,
    token.activityId,
    token.scheduledEventId,
    token.attempt,
    token.taskQueue,
    token.workflowTaskQueue,
    token.sticky,
    token.closeByMs,
    policy.initialIntervalMs,
    policy.backoffCoefficient,
    policy.maximumIntervalMs,
    policy.maximumAttempts,
    ...policy.nonRetryableErrorTypes,
  ]);
}

export function encodeHistoryToken(token: HistoryToken): Buffer {
  return encodeToken('h', [
    token.runId,
    token.nextEventId,
    token.lastEventId ?? 0,
    ...(token.virtualEvents ?? []).map((event) => Buffer.from(event).toString('base64')),
  ]);
}

/**
 * @throws InvalidArgumentError when it is no token of a workflow task of this namespace
 * @throws WorkflowTaskNotFoundError when it is the token of another server
 */
export function decodeWorkflowTaskToken(bytes: Uint8Array, namespace: string): WorkflowTaskToken {
  return decode(bytes, 'w', namespace, (fields) => ({
    kind: 'workflowTask',
    namespace: fields.text(),
    partition: fields.count(),
    workflowId: fields.text(),
    runId: fields.text(),
    scheduledEventId: fields.count(),
    startedEventId: fields.count(),
    attempt: fields.count(),
    taskQueue: fields.text(),
    workflowType: fields.text(),
    startedMs: fields.count(),
    taskTimeoutMs: fields.count(),
    runExpiresMs: fields.count(),
    executionExpiresMs: fields.count(),
    historyLength: fields.count(),
  }));
}

/** @throws InvalidArgumentError when it is no token of a query of this namespace */
export function decodeQueryTaskToken(bytes: Uint8Array, namespace: string): QueryTaskToken {
  return decode(bytes, 'q', namespace, (fields) => ({
    kind: 'query',
    namespace: fields.text(),
    partition: fields.count(),
    workflowId: fields.text(),
    queryId: fields.text(),
  }));
}

/**
 * @throws InvalidArgumentError when it is no token of an activity task of this namespace
 * @throws ActivityTaskNotFoundError when it is the token of another server
 */
export function decodeActivityTaskToken(bytes: Uint8Array, namespace: string): ActivityTaskToken {
  return decode(bytes, 'a', namespace, (fields) => ({
    kind: 'activityTask',
    namespace: fields.text(),
    partition: fields.count(),
    workflowId: fields.text(),
    runId: fields.text(),
    activityId: fields.text(),
    scheduledEventId: fields.count(),
    attempt: fields.count(),
    taskQueue: fields.text(),
    workflowTaskQueue: fields.text(),
    sticky: fields.text(),
    closeByMs: fields.count(),
    retryPolicy: retryPolicyFrom(fields),
  }));
}

/** Which kind of token it claims to be. */
export function tokenKindOf(bytes: Uint8Array): string {
  return String.fromCharCode(bytes[0] ?? 0);
}

/** @throws InvalidArgumentError when it is no such token */
export function decodeHistoryToken(bytes: Uint8Array): HistoryToken {
  const fields = parseToken(bytes, 'h', { field: 'nextPageToken', reason: 'Invalid NextPageToken.' });
  const runId = fields.text();
  const nextEventId = fields.count();
  const lastEventId = fields.count();
  const virtualEvents = fields.rest().map((text) => Buffer.from(text, 'base64'));
  return {
    runId,
    nextEventId,
    ...(lastEventId > 0 && { lastEventId }),
    ...(virtualEvents.length > 0 && { virtualEvents }),
  };
}

function retryPolicyFrom(fields: TokenFields): RetryPolicy {
  return {
    initialIntervalMs: fields.number(),
    backoffCoefficient: fields.number(),
    maximumIntervalMs: fields.number(),
    maximumAttempts: fields.count(),
    nonRetryableErrorTypes: fields.rest(),
  };
}

/** `w` workflow task, `q` query, `a` activity task, `h` history, `r` registered worker. */
type TokenKind = 'w' | 'q' | 'a' | 'h' | 'r';

const VERSION = '2';

/** A token of a kind from its fields. */
export function encodeToken(kind: TokenKind, fields: readonly (string | number)[]): Buffer {
  return Buffer.from(`${kind}${VERSION}${JSON.stringify(fields)}`);
}

function decode<Token extends { readonly namespace: string }>(
  bytes: Uint8Array,
  kind: TokenKind,
  namespace: string,
  read: (fields: TokenFields) => Token,
): Token {
  if (bytes.length === 0) {
    throw new InvalidArgumentError('taskToken', 'Task token not set on request.');
  }
  if (isForeignTask(bytes)) {
    if (kind === 'w') throw new WorkflowTaskNotFoundError();
    if (kind === 'a') throw new ActivityTaskNotFoundError();
  }
  const fields = parseToken(bytes, kind, { field: 'taskToken', reason: 'Error deserializing task token.' });
  const token = read(fields);
  fields.end();
  if (token.namespace !== namespace) {
    throw new InvalidArgumentError(
      'taskToken',
      'Operation requested with a token from a different namespace.',
    );
  }
  return token;
}

/**
 * Whether it is the token of a task that a server of Temporal's handed out: a message whose first fields are the ids of
 * namespace, workflow and run. Whoever kept it is told that the task is not here.
 */
function isForeignTask(bytes: Uint8Array): boolean {
  let position = 0;
  for (const tag of [1, 2, 3]) {
    if (bytes[position++] !== ((tag << 3) | 2)) return false;
    let size = 0;
    for (let shift = 0, byte = 128; byte >= 128 && shift < 21; shift += 7) {
      byte = bytes[position++] ?? 0;
      size |= (byte & 127) << shift;
    }
    position += size;
    if (size === 0 || position > bytes.length) return false;
  }
  return true;
}

/** How a token that is none is refused. */
interface TokenRefusal {
  readonly field: string;
  readonly reason: string;
}

/** The fields of a token; refused as given when it is none of that kind. */
export function parseToken(bytes: Uint8Array, kind: TokenKind, refusal: TokenRefusal): TokenFields {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  let values: unknown;
  try {
    if (text.startsWith(kind + VERSION)) values = JSON.parse(text.slice(2));
  } catch {
    // It is refused below, like anything else that is no array.
  }
  if (!Array.isArray(values)) throw new InvalidArgumentError(refusal.field, refusal.reason);
  return new TokenFields(values, refusal);
}

/** The fields of a token, one after the other; whatever is not as it must be is refused. */
class TokenFields {
  private next = 0;

  constructor(
    private readonly values: readonly unknown[],
    private readonly refusal: TokenRefusal,
  ) {}

  text(): string {
    const value = this.values[this.next++];
    return typeof value === 'string' ? value : this.refuse();
  }

  number(): number {
    const value = this.values[this.next++];
    return typeof value === 'number' && value >= 0 ? value : this.refuse();
  }

  /** An integer, 0 or more. */
  count(): number {
    const value = this.number();
    return Number.isSafeInteger(value) ? value : this.refuse();
  }

  /** All that is left, which must be text. */
  rest(): string[] {
    const texts: string[] = [];
    while (this.next < this.values.length) texts.push(this.text());
    return texts;
  }

  end(): void {
    if (this.next !== this.values.length) this.refuse();
  }

  private refuse(): never {
    throw new InvalidArgumentError(this.refusal.field, this.refusal.reason);
  }
}
