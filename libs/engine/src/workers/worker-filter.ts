import { filterTokens, unsoundQuery } from '../visibility/filter-tokens.js';
import type { FilterToken } from '../visibility/filter-tokens.js';
import type { WorkerInfo } from './worker-heartbeat.js';

/** What of a worker a filter can name, as Temporal calls it. Times are milliseconds since the epoch. */
const ATTRIBUTES = {
  WorkerInstanceKey: (worker) => worker.workerInstanceKey,
  WorkerIdentity: (worker) => worker.workerIdentity,
  HostName: (worker) => worker.hostInfo.hostName,
  TaskQueue: (worker) => worker.taskQueue,
  DeploymentName: (worker) => worker.deploymentVersion?.deploymentName ?? '',
  BuildId: (worker) => worker.deploymentVersion?.buildId ?? '',
  SdkName: (worker) => worker.sdkName,
  SdkVersion: (worker) => worker.sdkVersion,
  Status: (worker) => worker.status,
  Transport: (worker) => worker.transport ?? '',
  StartTime: (worker) => worker.startTimeMs,
  HeartbeatTime: (worker) => worker.heartbeatTimeMs,
} as const satisfies Readonly<Record<string, (worker: WorkerInfo) => string | number>>;

type Attribute = keyof typeof ATTRIBUTES;

/** One comparison of a filter; all of them must hold. */
interface Comparison {
  readonly attribute: Attribute;
  readonly operator: string;
  readonly values: readonly (string | number)[];
}

/** A filter of workers. */
interface WorkerFilter {
  readonly comparisons: readonly Comparison[];
  /** The one task queue whose workers can match; undefined when there may be several. */
  readonly taskQueue: string | undefined;
}

const TIMES: ReadonlySet<Attribute> = new Set(['StartTime', 'HeartbeatTime']);
const ANY_OPERATORS: ReadonlySet<string> = new Set(['=', '!=']);
const TIME_OPERATORS: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads a filter: comparisons `Attribute = 'value'` with `= !=`, `IN ('a', 'b')` and `STARTS_WITH`, for times `< <= > >=`
 * as well, joined by AND. An empty text lets every worker pass.
 *
 * @throws InvalidArgumentError whose field is `query` and whose reason ends with the position
 */
export function parseWorkerFilter(query: string): WorkerFilter {
  const tokens = filterTokens(query);
  const comparisons: Comparison[] = [];
  let next = 0;
  const take = (): FilterToken => {
    const token = tokens[next] as FilterToken;
    if (token.kind !== 'end') next++;
    return token;
  };
  const isKeyword = (token: FilterToken, word: string): boolean =>
    token.kind === 'word' && token.text.toUpperCase() === word;
  if (tokens[0]?.kind === 'end') return { comparisons, taskQueue: undefined };
  for (;;) {
    const attribute = attributeOf(take());
    const token = take();
    if (isKeyword(token, 'IN'))
      comparisons.push({ attribute, operator: 'IN', values: listOf(attribute, take) });
    else
      comparisons.push({
        attribute,
        operator: operatorOf(attribute, token),
        values: [valueOf(attribute, take())],
      });
    const end = take();
    if (end.kind === 'end') break;
    if (!isKeyword(end, 'AND')) {
      throw unsoundQuery(
        'expected AND or the end: a filter of workers joins comparisons by AND',
        end.position,
      );
    }
  }
  const queue = comparisons.find(({ attribute, operator }) => attribute === 'TaskQueue' && operator === '=');
  return { comparisons, taskQueue: queue && String(queue.values[0]) };
}

/** Whether a worker passes a filter. */
export function passesFilter({ comparisons }: WorkerFilter, worker: WorkerInfo): boolean {
  return comparisons.every(({ attribute, operator, values }) => {
    const value: string | number = ATTRIBUTES[attribute](worker);
    const [first = ''] = values;
    switch (operator) {
      case 'IN':
        return values.includes(value);
      case '=':
        return value === first;
      case '!=':
        return value !== first;
      case '<':
        return value < first;
      case '<=':
        return value <= first;
      case '>':
        return value > first;
      case '>=':
        return value >= first;
      default:
        return String(value).startsWith(String(first));
    }
  });
}

function attributeOf({ kind, text, position }: FilterToken): Attribute {
  if (kind === 'word' && Object.hasOwn(ATTRIBUTES, text)) return text as Attribute;
  const known = Object.keys(ATTRIBUTES).join(', ');
  throw unsoundQuery(`expected an attribute of workers: ${known}`, position);
}

function operatorOf(attribute: Attribute, { kind, text, position }: FilterToken): string {
  const operator = kind === 'symbol' && text === '<>' ? '!=' : text.toUpperCase();
  if (kind === 'word' && operator === 'STARTS_WITH' && !TIMES.has(attribute)) return operator;
  const allowed = TIMES.has(attribute) ? TIME_OPERATORS : ANY_OPERATORS;
  if (kind === 'symbol' && allowed.has(operator)) return operator;
  const words = TIMES.has(attribute) ? 'IN' : 'IN, STARTS_WITH';
  throw unsoundQuery(`${attribute} is compared by ${[...allowed].join(' ')}, ${words}`, position);
}

function listOf(attribute: Attribute, take: () => FilterToken): (string | number)[] {
  const values: (string | number)[] = [];
  for (let separator = '('; ; separator = ',') {
    const token = take();
    if (token.kind === 'symbol' && token.text === ')' && values.length > 0) return values;
    if (token.kind !== 'symbol' || token.text !== separator) {
      throw unsoundQuery(`expected "${separator}"${values.length > 0 ? ' or ")"' : ''}`, token.position);
    }
    values.push(valueOf(attribute, take()));
  }
}

function valueOf(attribute: Attribute, { kind, text, position }: FilterToken): string | number {
  if (kind !== 'text') throw unsoundQuery(`expected a value for ${attribute}, in quotes`, position);
  if (!TIMES.has(attribute)) return attribute === 'Status' ? statusOf(text, position) : text;
  const ms = TIME.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  if (Number.isNaN(ms)) throw unsoundQuery(`${attribute} is a time such as '2027-01-31T12:00:00Z'`, position);
  return ms;
}

/** `Running`, `RUNNING` and `WORKER_STATUS_RUNNING` are the same. */
function statusOf(text: string, position: number): string {
  const plain = text
    .replace(/^WORKER_STATUS_/, '')
    .replaceAll('_', '')
    .toUpperCase();
  const status = { RUNNING: 'RUNNING', SHUTTINGDOWN: 'SHUTTING_DOWN', SHUTDOWN: 'SHUTDOWN' }[plain];
  if (status) return status;
  throw unsoundQuery(
    `${JSON.stringify(text)} is no Status: it is Running, ShuttingDown or Shutdown`,
    position,
  );
}
