import { Context } from '@tidewheel/activity';
import { Client, Connection } from '@tidewheel/client';
import type { Engine } from '@tidewheel/engine';
import { openRedis } from '@tidewheel/store';
import { startTestRedis, waitUntil } from '@tidewheel/testing';
import type { TestRedis } from '@tidewheel/testing';
import { NativeConnection, Worker } from '@tidewheel/worker';
import type { WorkerOptions } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

// What people are told of task queues and workers, each statement with real workers. docs/task-queues.md names them.

const WORKFLOWS = path.join(__dirname, './task-queues-workflows.fixture.ts');
const TIMEOUT_MS = 60_000;
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

/** Somebody who waits until so many are there. */
class Meeting {
  private readonly present = new Map<number, string>();
  private open: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.open = resolve));

  constructor(private readonly participants: number) {}

  async join(number: number, worker: string): Promise<string> {
    this.present.set(number, worker);
    if (this.present.size === this.participants) this.open();
    await this.opened;
    return worker;
  }
}

describe.each([1, 4])('task queues with %i partition(s)', (partitions) => {
  let redis: TestRedis;
  let clientConnection: Connection;
  let client: Client;
  let engine: Engine;
  const connections: NativeConnection[] = [];
  let workers: { readonly worker: Worker; readonly running: Promise<void> }[] = [];
  let taskQueue: string;

  beforeAll(async () => {
    redis = await startTestRedis();
    clientConnection = await Connection.connect({ url: redis.url, partitions });
    client = new Client({ connection: clientConnection });
    engine = clientConnection.engine;
    await engine.startDuties();
  });

  afterAll(async () => {
    await clientConnection.close();
    await redis.stop();
  });

  beforeEach(() => {
    taskQueue = randomUUID();
  });

  afterEach(async () => {
    for (const { worker } of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    const ended = workers.map(({ running }) => running);
    workers = [];
    await Promise.allSettled(ended);
    await Promise.all(connections.splice(0).map((connection) => connection.close()));
    await Promise.all(ended);
  });

  /** A worker of a process of its own, as far as Redis can tell. */
  async function hire(
    identity: string,
    options: Omit<Partial<WorkerOptions>, 'connection'>,
  ): Promise<Worker> {
    const connection = await NativeConnection.connect({ url: redis.url, identity, logger: silent });
    connections.push(connection);
    return hireAt(connection, options);
  }

  async function hireAt(
    connection: NativeConnection,
    options: Omit<Partial<WorkerOptions>, 'connection'>,
  ): Promise<Worker> {
    const worker = await Worker.create({
      taskQueue,
      shutdownTimeout: '10s',
      logger: silent,
      ...options,
      connection,
    });
    workers.push({ worker, running: worker.run() });
    return worker;
  }

  const whereAmI = (answer: string) => ({ whereAmI: async () => Promise.resolve(answer) });
  const begin = (type: string, ...args: unknown[]) =>
    client.workflow.start(type, { workflowId: randomUUID(), taskQueue, args });
  const queueOf = (name = taskQueue) => engine.describeTaskQueue('default', name);

  it('come into being when an execution is started, or when a worker polls; nobody registers them', async () => {
    expect(await queueOf()).toMatchObject({ workflow: { backlog: 0, pollers: [] } });
    const handle = await begin('ask');
    expect(await queueOf()).toMatchObject({
      workflow: { backlog: 1, pollers: [] },
      activity: { backlog: 0 },
    });
    await hire('first', { workflowsPath: WORKFLOWS, activities: whereAmI('first') });
    expect(await handle.result()).toBe('first');

    const other = randomUUID();
    await hire('second', { taskQueue: other, activities: whereAmI('second') });
    await waitUntil(async () => (await queueOf(other)).activity.pollers.length === 1, {
      what: 'the queue to be polled',
      timeoutMs: TIMEOUT_MS,
    });
    expect((await queueOf(other)).workflow.pollers).toEqual([]);
  });

  it('keep their tasks while no worker is there, and while Redis is started anew', async () => {
    const handles = await Promise.all(Array.from({ length: 20 }, () => begin('ask')));
    expect((await queueOf()).workflow.backlog).toBe(20);
    await redis.kill();
    await redis.restart();
    expect((await queueOf()).workflow.backlog).toBe(20);
    await hire('late', { workflowsPath: WORKFLOWS, activities: whereAmI('late') });
    expect(new Set(await Promise.all(handles.map((handle) => handle.result())))).toEqual(new Set(['late']));
    expect(await queueOf()).toMatchObject({ workflow: { backlog: 0 }, activity: { backlog: 0 } });
  });

  it('are two of one name: workers of workflows and workers of activities share it', async () => {
    await hire('decides', { workflowsPath: WORKFLOWS });
    await hire('acts', { activities: whereAmI('acts') });
    const handle = await begin('ask');
    expect(await handle.result()).toBe('acts');
    const started = (await engine.getHistory({ namespace: 'default', workflowId: handle.workflowId })).events;
    const identities = started.flatMap(({ eventType, attributes }) =>
      'identity' in attributes ? [`${eventType}: ${attributes.identity}`] : [],
    );
    expect(identities).toEqual(
      expect.arrayContaining(['WorkflowTaskStarted: decides', 'ActivityTaskStarted: acts']),
    );
    expect(identities).not.toContain('ActivityTaskStarted: decides');
  });

  it('let an activity go to the workers of another queue', async () => {
    const other = randomUUID();
    await hire('decides', { workflowsPath: WORKFLOWS, activities: whereAmI('decides') });
    await hire('elsewhere', { taskQueue: other, activities: whereAmI('elsewhere') });
    expect(await (await begin('askOn', other)).result()).toBe('elsewhere');
  });

  it('spread their tasks over the workers that have room', async () => {
    const meeting = new Meeting(3);
    await hire('decides', { workflowsPath: WORKFLOWS });
    for (const name of ['a', 'b', 'c']) {
      await hire(name, {
        maxConcurrentActivities: 1,
        activities: { meet: (number: number) => meeting.join(number, name) },
      });
    }
    const met = (await (await begin('meeting', 3)).result()) as string[];
    expect([...met].sort()).toEqual(['a', 'b', 'c']);
  });

  it('are served by a worker that comes later, too', async () => {
    const meeting = new Meeting(2);
    const joins = (name: string) => ({
      maxConcurrentActivities: 1,
      activities: { meet: (number: number) => meeting.join(number, name) },
    });
    await hire('decides', { workflowsPath: WORKFLOWS });
    await hire('a', joins('a'));
    const handle = await begin('meeting', 2);
    await waitUntil(async () => (await queueOf()).activity.backlog === 1, {
      what: 'one activity to wait for room',
      timeoutMs: TIMEOUT_MS,
    });
    await hire('b', joins('b'));
    expect(await handle.result()).toEqual(expect.arrayContaining(['a', 'b']));
  });

  it('give a worker no more than it has room for; the rest waits for others', async () => {
    let running = 0;
    let most = 0;
    const letGo: (() => void)[] = [];
    await hire('decides', { workflowsPath: WORKFLOWS });
    await hire('holds', {
      maxConcurrentActivities: 2,
      activities: {
        hold: async (number: number) => {
          most = Math.max(most, ++running);
          await Promise.race([
            new Promise<void>((resolve) => letGo.push(resolve)),
            Context.current().cancelled,
          ]).finally(() => running--);
          return number;
        },
      },
    });
    const handle = await begin('holding', 7);
    for (let left = 7; left > 0; left--) {
      const expected = { running: Math.min(left, 2), backlog: Math.max(0, left - 2) };
      let seen: typeof expected | undefined;
      await waitUntil(
        async () => {
          seen = { running, backlog: (await queueOf()).activity.backlog };
          return seen.running === expected.running && seen.backlog === expected.backlog;
        },
        { what: `${JSON.stringify(expected)}, last seen ${JSON.stringify(seen)}`, timeoutMs: TIMEOUT_MS },
      );
      letGo.shift()?.();
      await waitUntil(async () => running < expected.running || letGo.length >= expected.running, {
        what: 'an activity to end',
        timeoutMs: TIMEOUT_MS,
      });
    }
    expect(await handle.result()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });

  it('each have a worker of their own in a process that serves several', async () => {
    const queues = Array.from({ length: 5 }, () => randomUUID());
    const connection = await NativeConnection.connect({ url: redis.url, identity: 'one', logger: silent });
    connections.push(connection);
    await hireAt(connection, { workflowsPath: WORKFLOWS });
    for (const queue of queues) await hireAt(connection, { taskQueue: queue, activities: whereAmI(queue) });
    const handles = await Promise.all(queues.map((queue) => begin('askOn', queue)));
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual(queues);
    // All of them are read over one blocking connection.
    const probe = openRedis({ url: redis.url });
    const clients = String(await probe.client('LIST')).split('\n');
    probe.disconnect();
    expect(clients.filter((line) => line.includes('name=tidewheel:tasks:one'))).toHaveLength(1);
  });

  it('tell an activity which worker runs it', async () => {
    await hire('decides', { workflowsPath: WORKFLOWS });
    const worker = await hire('acts', {
      activities: { whereAmI: async () => Promise.resolve(Context.current().info.workerId) },
    });
    expect(await (await begin('ask')).result()).toBe(worker.workerId);
  });

  it('take an activity through all its steps, in this order', async () => {
    await hire('both', { workflowsPath: WORKFLOWS, activities: whereAmI('both') });
    const handle = await begin('ask');
    await handle.result();
    const { events } = await engine.getHistory({ namespace: 'default', workflowId: handle.workflowId });
    expect(events.map(({ eventType }) => eventType)).toEqual([
      'WorkflowExecutionStarted',
      'WorkflowTaskScheduled',
      'WorkflowTaskStarted',
      'WorkflowTaskCompleted',
      'ActivityTaskScheduled',
      'ActivityTaskStarted',
      'ActivityTaskCompleted',
      'WorkflowTaskScheduled',
      'WorkflowTaskStarted',
      'WorkflowTaskCompleted',
      'WorkflowExecutionCompleted',
    ]);
  });

  it('wait without an end: what is old is not dropped, and news does not wait behind it', async () => {
    const forgotten = randomUUID();
    const old = await client.workflow.start('ask', { workflowId: randomUUID(), taskQueue: forgotten });
    await hire('busy', { workflowsPath: WORKFLOWS, activities: whereAmI('busy') });
    for (let i = 0; i < 20; i++) expect(await (await begin('napping')).result()).toBe('rested');
    expect((await queueOf(forgotten)).workflow.backlog).toBe(1);
    await hire('found', { taskQueue: forgotten, workflowsPath: WORKFLOWS, activities: whereAmI('found') });
    expect(await old.result()).toBe('found');
  });

  it('go on being served while one of their workers leaves', async () => {
    await hire('decides', { workflowsPath: WORKFLOWS });
    const leaving = await hire('leaves', { activities: whereAmI('leaves') });
    await hire('stays', { activities: whereAmI('stays') });
    const before = await Promise.all(Array.from({ length: 20 }, () => begin('ask')));
    leaving.shutdown();
    const after = await Promise.all(Array.from({ length: 20 }, () => begin('ask')));
    const answers = await Promise.all([...before, ...after].map((handle) => handle.result()));
    expect(answers.filter((answer) => answer !== 'leaves' && answer !== 'stays')).toEqual([]);
    await waitUntil(async () => leaving.getState() === 'STOPPED', {
      what: 'the worker to stop',
      timeoutMs: TIMEOUT_MS,
    });
  });
});
