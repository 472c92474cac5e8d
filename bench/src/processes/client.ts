// The client process of the bench: makes the load, and measures what a user of the client would.
import { Client, Connection } from '@tidewheel/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from './calls.js';
import { runClosedLoop } from './closed-loop.js';
import type { LoadOptions, LoadResult } from './closed-loop.js';
import { runRestStarts } from './rest-load.js';
import type { RestLoadOptions } from './rest-load.js';
import { median } from '../statistics.js';
import { cpuMicros } from './usage.js';
import type { UsageCalls } from './usage.js';

/** A load of workflows that are started and waited for. */
interface ExecuteLoadOptions extends LoadOptions {
  readonly workflowType: string;
  readonly taskQueue: string;
  /** The workflow's argument, which is expected back as its result. */
  readonly input: string | undefined;
}

/** Workflows to start and leave running. */
interface StartOptions {
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly count: number;
}

/** A running `longHistory`. */
interface LongExecution {
  readonly workflowId: string;
  readonly historyLength: number;
}

/** Median times of a query, in milliseconds. */
interface QueryTimes {
  /** The execution was in the worker's memory. */
  readonly hitMs: number;
  /** It had to be built anew from its history. */
  readonly missMs: number;
}

/** What the client process answers. */
export type ClientCalls = UsageCalls & {
  readonly connect: (redisUrl: string) => Promise<void>;
  readonly execute: (options: ExecuteLoadOptions) => Promise<LoadResult>;
  readonly restStart: (options: RestLoadOptions) => Promise<LoadResult>;
  readonly start: (options: StartOptions) => Promise<void>;
  readonly startLong: (options: { taskQueue: string; activities: number }) => Promise<LongExecution>;
  /** Queries an execution that another one, queried in between, has pushed out of a worker's cache of one. */
  readonly timeQueries: (options: {
    workflowId: string;
    otherWorkflowId: string;
    rounds: number;
  }) => Promise<QueryTimes>;
};

/** Starts under way at a time when nobody measures them. */
const STARTS_AT_ONCE = 50;

/** How often to ask whether an execution has made its history. */
const READY_PERIOD_MS = 100;

let connected: Client | undefined;

function client(): Client {
  if (!connected) throw new Error('connect first');
  return connected;
}

async function executeOne({ workflowType, taskQueue, input }: ExecuteLoadOptions): Promise<void> {
  const result: unknown = await client().workflow.execute(workflowType, {
    workflowId: randomUUID(),
    taskQueue,
    args: input === undefined ? [] : [input],
  });
  if (result !== input) throw new Error(`${workflowType} gave ${String(result)}`);
}

async function start({ workflowType, taskQueue, count }: StartOptions): Promise<void> {
  let left = count;
  const startSome = async (): Promise<void> => {
    while (left-- > 0) await client().workflow.start(workflowType, { workflowId: randomUUID(), taskQueue });
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startSome));
}

async function startLong(options: { taskQueue: string; activities: number }): Promise<LongExecution> {
  const handle = await client().workflow.start('longHistory', {
    workflowId: randomUUID(),
    taskQueue: options.taskQueue,
    args: [options.activities],
  });
  const { workflowId } = handle;
  while (!(await handle.query<boolean>('isReady'))) await sleep(READY_PERIOD_MS);
  const { events } = await handle.fetchHistory();
  return { workflowId, historyLength: events.length };
}

async function timeQueries(options: {
  workflowId: string;
  otherWorkflowId: string;
  rounds: number;
}): Promise<QueryTimes> {
  const measured = client().workflow.getHandle(options.workflowId);
  const other = client().workflow.getHandle(options.otherWorkflowId);
  const times = { hits: [] as number[], misses: [] as number[] };
  for (let round = 0; round < options.rounds; round++) {
    await other.query('isReady');
    times.misses.push(await timed(() => measured.query('isReady')));
    times.hits.push(await timed(() => measured.query('isReady')));
  }
  return { hitMs: median(times.hits), missMs: median(times.misses) };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await action();
  return performance.now() - startedMs;
}

const calls: ClientCalls = {
  cpuMicros,
  connect: async (url) => {
    connected = new Client({ connection: await Connection.connect({ url }) });
  },
  execute: (options) => runClosedLoop(options, () => executeOne(options)),
  restStart: runRestStarts,
  start,
  startLong,
  timeQueries,
};
answerCalls(calls);
