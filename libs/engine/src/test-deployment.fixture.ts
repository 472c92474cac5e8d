import { decodeEvents, packEvents } from '@tidewheel/codec';
import type {
  Command,
  CommandAttributes,
  CommandType,
  EventType,
  HistoryEvent,
  Payload,
} from '@tidewheel/core';
import {
  completeWorkflowTask,
  Engine,
  failWorkflowTask,
  startActivityTasks,
  startWorkflowTasks,
} from '@tidewheel/engine';
import type {
  ActivityTask,
  EngineContext,
  EngineOptions,
  StartWorkflowRequest,
  WorkflowExecutionDescription,
  WorkflowTask,
  WorkflowTaskCompletion,
  WorkflowTaskCompletionOutcome,
  WorkflowTaskFailure,
} from '@tidewheel/engine';
import { checkHistory } from '@tidewheel/history-checker';
import { parseTaskEntry, primariesOf, WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry, TaskEntry, TaskKind } from '@tidewheel/store';
import { findLeftovers, startTestStore, testPartitions, testTarget, waitUntil } from '@tidewheel/testing';
import type { TestRedis, TestStore } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';

export const NAMESPACE = 'default';
/** Who the tests say they are when they report something. */
export const WORKER = 'worker-1';

const JSON_ENCODING = Buffer.from('json/plain');

/** A payload as the data converter would make it. */
export function payload(value: unknown): Payload {
  return { metadata: { encoding: JSON_ENCODING }, data: Buffer.from(JSON.stringify(value)) };
}

/** What a payload holds. */
export function valueOf(payload: Payload | undefined): unknown {
  return payload && JSON.parse(Buffer.from(payload.data).toString());
}

/** A command of one type. */
export function command<T extends CommandType>(commandType: T, attributes: CommandAttributes[T]): Command {
  return { commandType, attributes } as Command;
}

/** Schedules an activity that may take a minute and is not retried, unless told otherwise. */
export function activity(
  activityId: string,
  attributes: Partial<CommandAttributes['ScheduleActivityTask']> = {},
): Command {
  return command('ScheduleActivityTask', {
    activityId,
    activityType: 'charge',
    startToCloseTimeoutMs: 60_000,
    ...attributes,
  });
}

export function timer(timerId: string, startToFireTimeoutMs: number): Command {
  return command('StartTimer', { timerId, startToFireTimeoutMs });
}

/** Completes the workflow. */
export function finish(result?: unknown): Command {
  return command('CompleteWorkflowExecution', result === undefined ? {} : { result: [payload(result)] });
}

/** What the engine of a test does in another way than by default. */
type EngineTestOptions = Pick<EngineOptions, 'placementLeaseMs' | 'quarantineAfter'>;

/** An engine with its background duties on a Redis of its own; its namespace has the search attributes city and tags. */
export class TestDeployment {
  private constructor(
    readonly store: TestStore,
    readonly engine: Engine,
  ) {}

  static async start(partitions: number, options: EngineTestOptions = {}): Promise<TestDeployment> {
    const store = await startTestStore();
    const connection = { url: store.url };
    const engine = await Engine.open({ connection, partitions, identity: 'engine', ...options });
    await engine.addSearchAttributes(NAMESPACE, { city: 'Keyword', tags: 'KeywordList' });
    await engine.startDuties({ versionDrainageGraceMs: 0 });
    return new TestDeployment(store, engine);
  }

  /** The same deployment, seen by a process that starts now; only its engine has to be closed. */
  async seenAnew(options: EngineTestOptions = {}): Promise<TestDeployment> {
    const engine = await Engine.open({ connection: { url: this.store.url }, identity: 'engine', ...options });
    await engine.startDuties({ versionDrainageGraceMs: 0 });
    return new TestDeployment(this.store, engine);
  }

  get context(): EngineContext {
    return this.engine.context;
  }

  /** The one server, for tests that do something to it; see {@link describeOnOneServer}. */
  get redis(): TestRedis {
    if (!this.store.server) throw new Error('the deployment is not on one server');
    return this.store.server;
  }

  /** Starts a workflow under an id and on a task queue of its own. */
  async start(request: Partial<StartWorkflowRequest> = {}): Promise<TestRun> {
    const name = randomUUID();
    const complete = {
      namespace: NAMESPACE,
      workflowId: `order ${name}`,
      workflowType: 'order',
      taskQueue: `queue:${name}`,
      ...request,
    };
    const { runId } = await this.engine.startWorkflow(complete);
    return new TestRun(this, complete.namespace, complete.workflowId, runId, complete.taskQueue);
  }

  /** Reads what is on a task stream, as a poller does. */
  async read(stream: string, consumer = WORKER): Promise<TaskEntry[]> {
    const { redis } = this.context;
    await redis.xgroup('CREATE', stream, WORKERS_GROUP, '0', 'MKSTREAM').catch(() => undefined);
    const reply = await redis.xreadgroup(
      'GROUP',
      WORKERS_GROUP,
      consumer,
      'COUNT',
      100,
      'STREAMS',
      stream,
      '>',
    );
    const entries = (reply as [string, RawStreamEntry[]][] | null)?.[0]?.[1] ?? [];
    return entries.map(parseTaskEntry).filter((entry) => entry !== undefined);
  }

  /** Closes whatever still runs, empties the task streams, and tells what is left that should not be. */
  async wipe(): Promise<string[]> {
    const { redis, keys } = this.context;
    for (const { name: namespace } of await this.engine.listNamespaces()) {
      const { executions } = await this.engine.listWorkflows({
        namespace,
        status: 'RUNNING',
        pageSize: 1_000,
      });
      for (const { execution } of executions) {
        await this.engine.terminateWorkflow({ namespace, ...execution }).catch(() => undefined);
      }
    }
    // A routing that changed a moment ago may still move entries from stream to stream.
    const drainAll = async (): Promise<void> => {
      for (let partition = 0; partition < keys.partitions; partition++) {
        for (const [letter, kind] of [
          ['w', 'workflow'],
          ['k', 'workflow'],
          ['a', 'activity'],
        ] as const) {
          const pattern = `${keys.prefix}:{${partition}}:${letter}:*`;
          const found = await Promise.all(primariesOf(redis).map((server) => server.keys(pattern)));
          for (const stream of found.flat()) await this.drain(partition, kind, stream);
        }
      }
    };
    const emptied = async (): Promise<boolean> => {
      await drainAll();
      return (await findLeftovers(redis)).length === 0;
    };
    await waitUntil(emptied, { what: 'nothing to be left', timeoutMs: 5_000 }).catch(() => undefined);
    return findLeftovers(redis);
  }

  async stop(): Promise<void> {
    await this.engine.close();
    await this.store.stop();
  }

  /** Starts all that is on a stream, which makes entries of closed runs go. */
  private async drain(partition: number, kind: TaskKind, streamKey: string): Promise<void> {
    const entries = await this.read(streamKey);
    if (entries.length === 0) return;
    const source = { partition, streamKey, taskQueue: '', identity: WORKER, sticky: false };
    const tasks = entries.filter((entry) => entry.kind === 'workflowTask');
    const activities = entries.filter((entry) => entry.kind === 'activityTask');
    if (kind === 'workflow' && tasks.length > 0) await startWorkflowTasks(this.context, source, tasks);
    if (kind === 'activity' && activities.length > 0)
      await startActivityTasks(this.context, source, activities);
    for (const query of entries.filter((entry) => entry.kind === 'query')) {
      await this.context.redis.xack(streamKey, WORKERS_GROUP, query.entryId);
      await this.context.redis.xdel(streamKey, query.entryId);
    }
    await this.drain(partition, kind, streamKey);
  }
}

/** What a test waits with: by default 20 s. */
const WAIT_MS = 20_000;

/** One run of a workflow, with a worker's view of it. */
export class TestRun {
  constructor(
    readonly deployment: TestDeployment,
    readonly namespace: string,
    readonly workflowId: string,
    readonly runId: string,
    readonly taskQueue: string,
    /** Where it is, if not where the number of partitions says. */
    private readonly home?: number,
  ) {}

  get engine(): Engine {
    return this.deployment.engine;
  }

  get context(): EngineContext {
    return this.deployment.context;
  }

  /** Names this very run. */
  get address(): { readonly namespace: string; readonly workflowId: string; readonly runId: string } {
    return { namespace: this.namespace, workflowId: this.workflowId, runId: this.runId };
  }

  get partition(): number {
    return this.home ?? this.context.keys.execution(this.namespace, this.workflowId).partition;
  }

  stream(kind: TaskKind, taskQueue = this.taskQueue): string {
    return this.context.keys.taskStream(this.partition, kind, this.namespace, taskQueue);
  }

  stickyStream(queue: string): string {
    return this.context.keys.stickyStream(this.partition, this.namespace, queue);
  }

  /** Lets a sticky queue exist, as its worker does before it names it. */
  async openSticky(queue = `sticky:${randomUUID()}`): Promise<string> {
    await this.deployment.read(this.stickyStream(queue));
    return queue;
  }

  /** Waits for a workflow task, and starts it. */
  async workflowTask(
    options: { readonly sticky?: string; readonly identity?: string } = {},
  ): Promise<WorkflowTask> {
    const [task] = await this.poll('a workflow task', 1, () => this.tryWorkflowTasks(options));
    return task as WorkflowTask;
  }

  /** Starts the workflow tasks that are on the stream now; those that nobody wants any more give nothing. */
  async tryWorkflowTasks(
    options: { readonly sticky?: string; readonly identity?: string } = {},
  ): Promise<WorkflowTask[]> {
    const streamKey =
      options.sticky === undefined ? this.stream('workflow') : this.stickyStream(options.sticky);
    const entries = (await this.deployment.read(streamKey)).filter((entry) => entry.kind === 'workflowTask');
    if (entries.length === 0) return [];
    const source = {
      partition: this.partition,
      streamKey,
      taskQueue: this.taskQueue,
      identity: options.identity ?? WORKER,
      sticky: options.sticky !== undefined,
    };
    const tasks = await startWorkflowTasks(this.context, source, entries);
    return tasks.filter((task) => task !== undefined);
  }

  /** Waits for an activity task, and starts it. */
  async activityTask(taskQueue = this.taskQueue): Promise<ActivityTask> {
    const [task] = await this.poll('an activity task', 1, () => this.tryActivityTasks(taskQueue));
    return task as ActivityTask;
  }

  /** Waits for that many activity tasks, and starts them; by activity id. */
  async activityTasks(count: number): Promise<Record<string, ActivityTask>> {
    const tasks = await this.poll(`${count} activity tasks`, count, () => this.tryActivityTasks());
    return Object.fromEntries(tasks.map((task) => [task.activityId, task]));
  }

  /** Collects tasks until there are enough. A poll that fails may have taken some, so it is not repeated. */
  private async poll<T>(what: string, count: number, poll: () => Promise<T[]>): Promise<T[]> {
    const tasks: T[] = [];
    const untilMs = Date.now() + WAIT_MS;
    for (;;) {
      tasks.push(...(await poll()));
      if (tasks.length >= count) return tasks;
      if (Date.now() > untilMs) throw new Error(`waited in vain for ${what} of ${this.workflowId}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Starts the activity tasks that are on the stream now. */
  async tryActivityTasks(taskQueue = this.taskQueue): Promise<ActivityTask[]> {
    const streamKey = this.stream('activity', taskQueue);
    const entries = (await this.deployment.read(streamKey)).filter((entry) => entry.kind === 'activityTask');
    if (entries.length === 0) return [];
    const tasks = await startActivityTasks(this.context, { partition: this.partition, streamKey }, entries);
    return tasks.filter((task) => task !== undefined);
  }

  complete(
    task: WorkflowTask,
    commands: readonly Command[] = [],
    options: Partial<WorkflowTaskCompletion> = {},
  ): Promise<WorkflowTaskCompletionOutcome> {
    return completeWorkflowTask(this.context, task, { commands, identity: WORKER, ...options });
  }

  /** Completes a workflow task and wants that to succeed. */
  async completed(
    task: WorkflowTask,
    commands: readonly Command[] = [],
    options: Partial<WorkflowTaskCompletion> = {},
  ): Promise<Extract<WorkflowTaskCompletionOutcome, { kind: 'completed' }>> {
    const outcome = await this.complete(task, commands, options);
    if (outcome.kind !== 'completed')
      throw new Error(`the completion was answered by ${JSON.stringify(outcome)}`);
    return outcome;
  }

  /** Waits for the next workflow task and completes it. */
  async decide(
    commands: readonly Command[] = [],
    options: Partial<WorkflowTaskCompletion> = {},
  ): Promise<Extract<WorkflowTaskCompletionOutcome, { kind: 'completed' }>> {
    return this.completed(await this.workflowTask(), commands, options);
  }

  fail(task: WorkflowTask, failure: Partial<WorkflowTaskFailure> = {}): Promise<boolean> {
    return failWorkflowTask(this.context, task.run, task.taskQueue, task.stamp, {
      cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE',
      identity: WORKER,
      ...failure,
    });
  }

  signal(signalName = 'go', requestId?: string): Promise<void> {
    return this.engine.signalWorkflow({ ...this.address, signalName, requestId });
  }

  describe(): Promise<WorkflowExecutionDescription> {
    return this.engine.describeWorkflow(this.address);
  }

  /** The whole history, which must keep all rules. */
  async history(): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    for (let fromEventId = 1; ;) {
      const page = await this.engine.getHistory({ ...this.address, fromEventId });
      events.push(...page.events);
      if (page.nextEventId === undefined || page.events.length === 0) {
        expect(checkHistory(events, { status: page.status })).toEqual([]);
        return events;
      }
      fromEventId = page.nextEventId;
    }
  }

  /** The types of all events, without the `Execution` and `Task` that make them long. */
  async story(): Promise<string[]> {
    return (await this.history()).map(({ eventType }) => short(eventType));
  }

  /** Waits until the history holds `count` events of a type, and returns the newest. */
  async eventOf<T extends EventType>(
    eventType: T,
    count = 1,
  ): Promise<HistoryEvent & { readonly eventType: T }> {
    return waitUntil(
      async () =>
        (await this.history()).filter(
          (event): event is HistoryEvent & { readonly eventType: T } => event.eventType === eventType,
        )[count - 1],
      { what: `${eventType} number ${count} of ${this.workflowId}`, timeoutMs: WAIT_MS },
    );
  }

  /** Waits until the run is closed; returns its whole history. */
  async closed(): Promise<HistoryEvent[]> {
    await waitUntil(async () => (await this.describe()).status !== 'RUNNING', {
      what: `the end of ${this.workflowId}`,
      timeoutMs: WAIT_MS,
    });
    return this.history();
  }
}

/** An event type without the words that all of them share. */
export function short(eventType: EventType): string {
  return eventType
    .replace('WorkflowExecution', '')
    .replace('WorkflowTask', 'WT ')
    .replace('ActivityTask', 'AT ');
}

/** The events that came with a task. */
export function eventsOf(task: WorkflowTask): HistoryEvent[] {
  return decodeEvents(packEvents(task.events), task.firstEventId);
}

/** What is done to one server, as by a proxy in front of it, cannot be done to a cluster: there it is left out. */
export const describeOnOneServer = ['cluster', 'sentinel'].includes(testTarget() ?? '')
  ? describe.skip
  : describe;

/**
 * Runs tests with one and with four partitions, or with those that the run is for, each on an engine of its own. When they are over, every history must
 * keep all rules, and nothing may be left of them.
 */
export function describeEngine(
  title: string,
  tests: (deployment: () => TestDeployment) => void,
  options: EngineTestOptions = {},
): void {
  describe.each(testPartitions())(`${title}, with %i partition(s)`, (partitions) => {
    let deployment: TestDeployment;

    beforeAll(async () => {
      deployment = await TestDeployment.start(partitions, options);
    });

    afterAll(async () => {
      const left = await deployment.wipe();
      await deployment.stop();
      expect(left).toEqual([]);
    });

    tests(() => deployment);
  });
}
