// A process with many pollers, each with connections and an identity of its own, as if it were as many worker processes.
// They start workflow tasks and complete them at once, without a sandbox: what is measured is the queue, not the worker.
import { completeWorkflowTask, Engine, startWorkflowTasks } from '@tidewheel/engine';
import type { WorkflowTask } from '@tidewheel/engine';
import { makeLogger } from '@tidewheel/common';
import { Slots, TaskReader } from '@tidewheel/polling';
import type { PolledStream, Poller } from '@tidewheel/polling';
import { parseTaskEntry, WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry, WorkflowTaskEntry } from '@tidewheel/store';
import { randomUUID } from 'node:crypto';
import { answerCalls } from './calls.js';
import { percentile } from '../statistics.js';
import { cpuMicros } from './usage.js';
import type { UsageCalls } from './usage.js';

const NAMESPACE = 'default';
const WORKFLOW_TYPE = 'none';
/** Starts under way at a time when nobody measures them. */
const STARTS_AT_ONCE = 200;
/** Pollers set up at a time. */
const OPENED_AT_ONCE = 20;
const SLOTS = 100;

/** What drains of a queue came to. */
interface DrainResult {
  readonly perSecond: number;
  /** From asking for tasks to having started them. */
  readonly p50Ms: number;
}

/** What the poller process answers. */
export type PollerCalls = UsageCalls & {
  readonly connect: (redisUrl: string) => Promise<void>;
  /** Polls all the queues with so many pollers, each as a worker process would. */
  readonly poll: (options: {
    readonly pollers: number;
    readonly taskQueues: readonly string[];
  }) => Promise<void>;
  /** Starts executions, `each` on every queue; their tasks wait. */
  readonly start: (options: {
    readonly taskQueues: readonly string[];
    readonly each: number;
  }) => Promise<void>;
  /** Reads and starts that many tasks of one queue, so many at once, and terminates what they belong to afterwards. */
  readonly drain: (options: {
    readonly taskQueue: string;
    readonly tasks: number;
    readonly atOnce: number;
  }) => Promise<DrainResult>;
  /** Lets the server know the queues, as pollers do that have gone since. */
  readonly visit: (options: { readonly taskQueues: readonly string[] }) => Promise<void>;
};

const logger = makeLogger((level, message, meta) => {
  if (level === 'WARN' || level === 'ERROR')
    process.stderr.write(`${message} ${JSON.stringify(meta ?? {})}\n`);
});

let url = '';
let engine: Engine | undefined;

function connected(): Engine {
  if (!engine) throw new Error('connect first');
  return engine;
}

/** A poller of workflow tasks that does nothing but complete the workflow. */
class NullPoller implements Poller {
  readonly slots = new Slots(SLOTS);
  readonly streams: readonly PolledStream[];

  constructor(
    private readonly own: Engine,
    taskQueues: readonly string[],
  ) {
    this.streams = taskQueues.flatMap((taskQueue) => streamsOf(own, taskQueue));
  }

  deliver(stream: PolledStream, entries: readonly RawStreamEntry[]): void {
    void startTasks(this.own, stream, entries)
      .then((tasks) => forEach(tasks, SLOTS, async (task) => task && complete(this.own, task)))
      .catch((error: unknown) => logger.warn(String(error)))
      .finally(() => entries.forEach(() => this.slots.release()));
  }
}

function streamsOf({ context: { keys } }: Engine, taskQueue: string): PolledStream[] {
  return Array.from({ length: keys.partitions }, (_, partition) => ({
    partition,
    key: keys.taskStream(partition, 'workflow', NAMESPACE, taskQueue),
  }));
}

function startTasks(
  { context }: Engine,
  { partition, key }: PolledStream,
  raw: readonly RawStreamEntry[],
): Promise<(WorkflowTask | undefined)[]> {
  const entries = raw
    .map((entry) => parseTaskEntry(entry))
    .filter((entry): entry is WorkflowTaskEntry => entry?.kind === 'workflowTask');
  const source = { partition, streamKey: key, taskQueue: '', identity: context.identity, sticky: false };
  return startWorkflowTasks(context, source, entries);
}

async function complete({ context }: Engine, task: WorkflowTask): Promise<void> {
  await completeWorkflowTask(context, task, {
    commands: [{ commandType: 'CompleteWorkflowExecution', attributes: {} }],
    identity: context.identity,
  });
}

/** Does something for each item, so many at a time. */
async function forEach<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await act(items[next++] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function poll(options: Parameters<PollerCalls['poll']>[0]): Promise<void> {
  const numbers = Array.from({ length: options.pollers }, (_, number) => number);
  await forEach(numbers, OPENED_AT_ONCE, async (number) => {
    const own = await Engine.open({ connection: { url }, identity: `poller-${process.pid}-${number}` });
    await TaskReader.of(own, logger).add(new NullPoller(own, options.taskQueues));
  });
}

async function start({ taskQueues, each }: Parameters<PollerCalls['start']>[0]): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < taskQueues.length * each) {
      const taskQueue = taskQueues[next++ % taskQueues.length] as string;
      await connected().startWorkflow({
        namespace: NAMESPACE,
        workflowId: randomUUID(),
        workflowType: WORKFLOW_TYPE,
        taskQueue,
        // A task that was started here and is not completed must not come back.
        workflowTaskTimeoutMs: 120_000,
      });
    }
  };
  await Promise.all(Array.from({ length: STARTS_AT_ONCE }, lane));
}

async function drain(options: Parameters<PollerCalls['drain']>[0]): Promise<DrainResult> {
  const own = connected();
  const streams = streamsOf(own, options.taskQueue);
  const { redis } = own.context;
  await visit({ taskQueues: [options.taskQueue] });
  const latenciesMs: number[] = [];
  const tasks: WorkflowTask[] = [];
  const startedMs = performance.now();
  for (let turn = 0; tasks.length < options.tasks; turn++) {
    const stream = streams[turn % streams.length] as PolledStream;
    const beganMs = performance.now();
    const count = Math.min(options.atOnce, options.tasks - tasks.length);
    const reply = (await redis.call(
      'XREADGROUP',
      ...['GROUP', WORKERS_GROUP, own.context.identity, 'COUNT', count, 'STREAMS', stream.key, '>'],
    )) as [string, RawStreamEntry[]][] | null;
    const entries = reply?.[0]?.[1] ?? [];
    if (entries.length === 0) continue;
    for (const task of await startTasks(own, stream, entries)) if (task) tasks.push(task);
    latenciesMs.push(performance.now() - beganMs);
  }
  const elapsedMs = performance.now() - startedMs;
  await forEach(tasks, STARTS_AT_ONCE, (task) => complete(own, task));
  latenciesMs.sort((a, b) => a - b);
  return { perSecond: (tasks.length * 1_000) / elapsedMs, p50Ms: percentile(latenciesMs, 50) };
}

async function visit({ taskQueues }: { readonly taskQueues: readonly string[] }): Promise<void> {
  const own = connected();
  const poller = new NullPoller(own, taskQueues);
  // With no room it reads nothing, but the streams are there, and known, from then on.
  for (let slot = 0; slot < SLOTS; slot++) poller.slots.tryTake();
  const reader = TaskReader.of(own, logger);
  await reader.add(poller);
  await reader.remove(poller);
}

const calls: PollerCalls = {
  cpuMicros,
  connect: async (redisUrl) => {
    url = redisUrl;
    engine = await Engine.open({ connection: { url }, identity: `bench-${process.pid}` });
  },
  poll,
  start,
  drain,
  visit,
};
answerCalls(calls);
