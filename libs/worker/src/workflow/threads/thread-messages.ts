import type {
  ActivationRequest,
  ActivationResult,
  WorkflowCacheLimits,
  WorkflowCacheStats,
  WorkflowQuery,
} from '../activation-request.js';
import { readCommands, writeCommands } from './command-wire.js';
import type { WireCommands } from './command-wire.js';
import type { RealmCode } from '../sandbox/workflow-realm.js';

/** What a workflow thread is started with. */
export interface ThreadSetup {
  readonly code: RealmCode;
  readonly sourceMap: string | undefined;
  readonly limits: WorkflowCacheLimits;
  /** One 32-bit integer: the number of the request being run, or 0. The main thread watches it. */
  readonly heartbeat: SharedArrayBuffer;
}

/** What the main thread tells a workflow thread. */
export type ThreadCommand = ActivateCommand | { readonly kind: 'evict'; readonly runId: string };

interface ActivateCommand {
  readonly kind: 'activate';
  /** The requests as JSON, without what is in `area` and `queries`: much cheaper than cloning objects. */
  readonly requests: string;
  /** The events of all requests, one after the other. */
  readonly area: ArrayBuffer;
  /** Queries of those requests that have some, by request number. */
  readonly queries: ReadonlyMap<number, readonly WorkflowQuery[]> | undefined;
}

/** What a workflow thread says: once that it can work, once which workflows it has, and an answer to each batch. */
export type ThreadReport = { readonly kind: 'ready' } | TypesReport | ActivatedReport;

/** The names of the workflows. */
interface TypesReport {
  readonly kind: 'types';
  /** What the bundle exports; undefined when it could not be looked at outside of an execution. */
  readonly workflowTypes: readonly string[] | undefined;
}

/** The answer to a batch. */
interface ActivatedReport {
  readonly kind: 'activated';
  /** For each request: its number and its result; see {@link readResults}. */
  readonly results: readonly unknown[];
  readonly stats: WorkflowCacheStats;
}

/** A request and the number under which it is answered. */
export interface NumberedRequest {
  readonly number: number;
  readonly request: ActivationRequest;
}

/** A result and the number of its request. */
export interface NumberedResult {
  readonly number: number;
  readonly result: ActivationResult;
}

/** Puts a batch of requests into one message. */
export function writeRequests(batch: readonly NumberedRequest[]): ActivateCommand {
  const area = new Uint8Array(batch.reduce((sum, { request }) => sum + request.packedEvents.byteLength, 0));
  let queries: Map<number, readonly WorkflowQuery[]> | undefined;
  let offset = 0;
  const heads = batch.map(({ number, request }) => {
    const { packedEvents, queries: ownQueries, ...head } = request;
    area.set(packedEvents, offset);
    offset += packedEvents.byteLength;
    if (ownQueries.length > 0)
      (queries ??= new Map<number, readonly WorkflowQuery[]>()).set(number, ownQueries);
    return { number, eventBytes: packedEvents.byteLength, ...head };
  });
  return { kind: 'activate', requests: JSON.stringify(heads), area: area.buffer, queries };
}

/** The batch that {@link writeRequests} put into a message. */
export function readRequests({ requests, area, queries }: ActivateCommand): NumberedRequest[] {
  const heads = JSON.parse(requests) as (ActivationRequest & { number: number; eventBytes: number })[];
  let offset = 0;
  return heads.map((head) => {
    const { number, eventBytes } = head;
    const packedEvents = new Uint8Array(area, offset, eventBytes);
    offset += eventBytes;
    return { number, request: Object.assign(head, { packedEvents, queries: queries?.get(number) ?? [] }) };
  });
}

/** Puts the results of a batch into the list of a {@link ThreadReport}. */
export function writeResults(results: readonly NumberedResult[]): unknown[] {
  const wire: WireCommands = [];
  for (const { number, result } of results) {
    wire.push(number);
    if (result.kind === 'completed') {
      const { kind: _, commands, workflowType, runStartedMs, ...rest } = result;
      const { logs, queryAnswers, metrics, versioningBehavior, replayMs } = rest;
      const isUsual =
        logs.length === 0 &&
        Object.keys(queryAnswers).length === 0 &&
        metrics === undefined &&
        versioningBehavior === undefined &&
        replayMs === undefined;
      wire.push(isUsual ? undefined : rest, workflowType, runStartedMs);
      writeCommands(wire, commands);
    } else {
      wire.push(result);
    }
  }
  return wire;
}

/** The results that {@link writeResults} put into a list. */
export function readResults(wire: readonly unknown[]): NumberedResult[] {
  const position = { index: 0 };
  const results: NumberedResult[] = [];
  while (position.index < wire.length) {
    const number = wire[position.index++] as number;
    const rest = wire[position.index++] as
      | Partial<Extract<ActivationResult, { kind: 'completed' }>>
      | Exclude<ActivationResult, { kind: 'completed' }>
      | undefined;
    if (rest && 'kind' in rest) {
      results.push({ number, result: rest as ActivationResult });
    } else {
      const workflowType = wire[position.index++] as string;
      const runStartedMs = wire[position.index++] as number;
      const commands = readCommands(wire as WireCommands, position);
      const usual = {
        kind: 'completed',
        commands,
        logs: [],
        queryAnswers: {},
        workflowType,
        runStartedMs,
      } as const;
      results.push({ number, result: { ...usual, ...rest } });
    }
  }
  return results;
}
