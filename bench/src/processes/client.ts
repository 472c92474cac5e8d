// The client process of the bench: makes the load, and measures what a user of the client would.
import { Client, Connection } from '@tidewheel/client';
import { randomUUID } from 'node:crypto';
import { answerCalls } from './calls.js';
import { runClosedLoop } from './closed-loop.js';
import type { LoadOptions, LoadResult } from './closed-loop.js';
import { runRestStarts } from './rest-load.js';
import type { RestLoadOptions } from './rest-load.js';
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

/** What the client process answers. */
export type ClientCalls = UsageCalls & {
  readonly connect: (redisUrl: string) => Promise<void>;
  readonly execute: (options: ExecuteLoadOptions) => Promise<LoadResult>;
  readonly restStart: (options: RestLoadOptions) => Promise<LoadResult>;
  readonly start: (options: StartOptions) => Promise<void>;
};

/** Starts under way at a time when nobody measures them. */
const STARTS_AT_ONCE = 50;

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

const calls: ClientCalls = {
  cpuMicros,
  connect: async (url) => {
    connected = new Client({ connection: await Connection.connect({ url }) });
  },
  execute: (options) => runClosedLoop(options, () => executeOne(options)),
  restStart: runRestStarts,
  start,
};
answerCalls(calls);
