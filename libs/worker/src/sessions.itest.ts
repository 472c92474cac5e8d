import { InvalidArgumentError } from '@tidewheel/core';
import { waitUntil } from '@tidewheel/testing';
import { runReplayHistory, Worker } from '@tidewheel/worker';
import type { WorkerOptions } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import type { hurry, overstay, stay, visit } from './session-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

describe.each([1, 4])('sessions, with %i partition(s)', (partitions) => {
  let deployment: WorkerDeployment;
  let visits: Record<string, number> = {};

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('session-workflows.fixture.ts', partitions);
  });
  beforeEach(() => {
    visits = {};
  });
  afterEach(() => deployment.stopWorkers());
  afterAll(() => deployment.stop());

  const addHost = (taskQueue: string, name: string, options: Partial<WorkerOptions> = {}): Promise<Worker> =>
    deployment.addWorker({
      taskQueue,
      workflowBundle: deployment.workflowBundle,
      activities: {
        where: async () => {
          visits[name] = (visits[name] ?? 0) + 1;
          return name;
        },
        fail: async () => {
          throw new Error('cannot');
        },
      },
      enableSessionWorker: true,
      ...options,
    });

  const startVisit = (taskQueue: string, options: Parameters<typeof visit>[0] = {}) =>
    deployment.client.workflow.start<typeof visit>('visit', {
      workflowId: randomUUID(),
      taskQueue,
      args: [options],
    });

  const open = (worker: Worker) => worker.getStatus().sessions?.open;
  const untilNoneIsOpen = (...workers: Worker[]) =>
    waitUntil(() => workers.every((worker) => open(worker) === 0), { what: 'all sessions to be closed' });

  /** The history replays, and ends with nothing pending. */
  async function checkHistory(handle: Awaited<ReturnType<typeof startVisit>>): Promise<string[]> {
    const { events } = await handle.fetchHistory();
    await runReplayHistory({ workflowBundle: deployment.workflowBundle }, events);
    return events.map(({ eventType }) => eventType);
  }

  it('run on one host each, no more than the host has room for; the others wait', async () => {
    const taskQueue = randomUUID();
    const limit = { maxConcurrentSessionExecutionSize: 2 };
    const one = await addHost(taskQueue, 'one', limit);
    const two = await addHost(taskQueue, 'two', limit);
    const handles = await Promise.all(
      Array.from({ length: 6 }, () => startVisit(taskQueue, { creationTimeout: '2 minutes' })),
    );
    await waitUntil(() => (visits['one'] ?? 0) === 2 && (visits['two'] ?? 0) === 2, {
      what: 'both hosts to be full',
    });
    expect([one, two].map((worker) => worker.getStatus().sessions)).toEqual([
      { open: 2, size: 2 },
      { open: 2, size: 2 },
    ]);
    await Promise.all(handles.map((handle) => handle.signal('go')));
    for (const handle of handles) {
      const [first, second] = await handle.result();
      expect(first).toBe(second);
      expect(await checkHistory(handle)).not.toContain('ActivityTaskTimedOut');
    }
    expect((visits['one'] ?? 0) + (visits['two'] ?? 0)).toBe(12);
    await untilNoneIsOpen(one, two);
  });

  it('start over on another host when theirs is shut down', async () => {
    const taskQueue = randomUUID();
    const one = await addHost(taskQueue, 'one');
    const handle = await startVisit(taskQueue);
    await waitUntil(() => visits['one'] === 1, { what: 'the first host' });
    const two = await addHost(taskQueue, 'two');
    await deployment.stopWorker(one);
    await waitUntil(() => visits['two'] === 1, { what: 'the second host' });
    await handle.signal('go');
    expect(await handle.result()).toEqual(['two', 'two']);
    await checkHistory(handle);
    await untilNoneIsOpen(two);
  });

  it('fail when their host is lost as often as they may', async () => {
    const taskQueue = randomUUID();
    const one = await addHost(taskQueue, 'one');
    const handle = await startVisit(taskQueue, { maximumAttempts: 1 });
    await waitUntil(() => visits['one'] === 1, { what: 'the session' });
    await addHost(taskQueue, 'two');
    await deployment.stopWorker(one);
    await expect(handle.result()).rejects.toMatchObject({
      cause: {
        type: 'SessionFailedError',
        message: expect.stringMatching(
          /^the session on session:\S+ has failed: the worker is shutting down$/,
        ),
      },
    });
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['failing', 'ActivityFailure'],
    ['using it afterwards', 'IllegalStateError'],
  ] as const)('are closed when their workflow ends by %s', async (how, result) => {
    const taskQueue = randomUUID();
    const worker = await addHost(taskQueue, 'one');
    const handle = await deployment.client.workflow.start<typeof stay>('stay', {
      workflowId: randomUUID(),
      taskQueue,
      args: [how],
    });
    await waitUntil(() => visits['one'] === 1, { what: 'the session' });
    if (how === 'cancelled') await handle.cancel();
    expect(await handle.result()).toBe(result);
    await checkHistory(handle as never);
    await untilNoneIsOpen(worker);
  });

  it('are closed when their workflow is terminated', async () => {
    const taskQueue = randomUUID();
    const worker = await addHost(taskQueue, 'one');
    const handle = await startVisit(taskQueue, { heartbeatTimeout: '5s' });
    await waitUntil(() => visits['one'] === 1, { what: 'the session' });
    await handle.terminate();
    await untilNoneIsOpen(worker);
  });

  it('fail when they last too long', async () => {
    const taskQueue = randomUUID();
    const worker = await addHost(taskQueue, 'one');
    const seen = await deployment.client.workflow.execute<typeof overstay>('overstay', {
      workflowId: randomUUID(),
      taskQueue,
    });
    expect(seen).toEqual([
      'open',
      'the session on host has failed: it has lasted longer than its executionTimeout',
      'failed',
    ]);
    await untilNoneIsOpen(worker);
  });

  it('are not opened where no host has room in time', async () => {
    const taskQueue = randomUUID();
    await addHost(taskQueue, 'none', { enableSessionWorker: false });
    const result = await deployment.client.workflow.execute<typeof hurry>('hurry', {
      workflowId: randomUUID(),
      taskQueue,
    });
    expect(result).toBe(`no worker of ${taskQueue} had room for a session within 1s`);
  });
});

it.each([
  ['maxConcurrentSessionExecutionSize', { maxConcurrentSessionExecutionSize: 0 }],
  ['enableSessionWorker', { enableSessionWorker: true, activities: {}, workflowBundle: { code: '' } }],
])('refuses options of sessions that make no sense, naming %s', async (field, options) => {
  const connection = { engine: { context: { identity: 'x' } } } as never;
  const given = { connection, taskQueue: 'q', activities: { a: async () => 1 }, ...options };
  const creation = Worker.create(given);
  await expect(creation).rejects.toThrow(InvalidArgumentError);
  await expect(creation).rejects.toThrow(field);
});
