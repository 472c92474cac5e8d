import { waitUntil } from '@tidewheel/testing';
import type { Worker, WorkerOptions } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import type { steps } from './sticky-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

const STEPS = 3;

describe.each([1, 4])('sticky execution, with %i partition(s)', (partitions) => {
  let deployment: WorkerDeployment;
  let noted = 0;

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('sticky-workflows.fixture.ts', partitions);
  });
  beforeEach(() => {
    noted = 0;
  });
  afterEach(() => deployment.stopWorkers());
  afterAll(() => deployment.stop());

  const addWorker = (taskQueue: string, options: Partial<WorkerOptions> = {}): Promise<Worker> =>
    deployment.addWorker({
      taskQueue,
      workflowBundle: deployment.workflowBundle,
      activities: {
        note: async (text: string) => {
          noted++;
          return text;
        },
      },
      ...options,
    });

  const startMany = (taskQueue: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, number) =>
        deployment.client.workflow.start<typeof steps>('steps', {
          workflowId: randomUUID(),
          taskQueue,
          args: [`run ${number}`, STEPS],
        }),
      ),
    );

  /** Lets all take their next step. */
  async function step(handles: Awaited<ReturnType<typeof startMany>>): Promise<void> {
    const before = noted;
    await Promise.all(handles.map((handle) => handle.signal('step')));
    await waitUntil(() => noted === before + handles.length, { what: 'a step of each', timeoutMs: 60_000 });
  }

  async function results(handles: Awaited<ReturnType<typeof startMany>>): Promise<void> {
    const notes = await Promise.all(handles.map((handle) => handle.result()));
    const expected = handles.map((_, number) =>
      Array.from({ length: STEPS }, (__, done) => `run ${number} ${done + 1}`),
    );
    expect(notes).toEqual(expected);
  }

  it.each<[string, Partial<WorkerOptions>]>([
    ['number', { maxCachedWorkflows: 3 }],
    ['bytes', { maxCachedBytes: 40_000 }],
    ['number, on several threads', { maxCachedWorkflows: 4, workflowThreadPoolSize: 2 }],
  ])('goes on correctly after executions were evicted for their %s', async (_, limits) => {
    const taskQueue = randomUUID();
    const worker = await addWorker(taskQueue, limits);
    const handles = await startMany(taskQueue, 12);
    for (let done = 0; done < STEPS; done++) await step(handles);
    await results(handles);
    const { workflowCache, stickyCacheHitRate } = worker.getStatus();
    expect(workflowCache?.evictions).toBeGreaterThanOrEqual(12 - 4);
    expect(workflowCache?.misses).toBeGreaterThan(0);
    expect(workflowCache?.replays).toBe(workflowCache?.misses);
    expect(stickyCacheHitRate).toBeLessThan(1);
  });

  it('replays nothing while the worker lives and has room', async () => {
    const taskQueue = randomUUID();
    const worker = await addWorker(taskQueue);
    const handles = await startMany(taskQueue, 12);
    for (let done = 0; done < STEPS; done++) await step(handles);
    await results(handles);
    expect(worker.getStatus()).toMatchObject({
      stickyCacheHitRate: 1,
      workflowCache: { cachedWorkflows: 0, misses: 0, replays: 0, evictions: 0 },
    });
  });

  it('goes on elsewhere at once when the worker is shut down', async () => {
    const taskQueue = randomUUID();
    // Nobody may wait for the timeout.
    const first = await addWorker(taskQueue, { stickyQueueScheduleToStartTimeout: '10 minutes' });
    const handles = await startMany(taskQueue, 12);
    await step(handles);
    const second = await addWorker(taskQueue);
    await deployment.stopWorker(first);
    await step(handles);
    await step(handles);
    await results(handles);
    expect(second.getStatus().workflowCache).toMatchObject({ misses: 0, replays: 12 });
  });

  it('works without any cache, too', async () => {
    const taskQueue = randomUUID();
    const worker = await addWorker(taskQueue, { maxCachedWorkflows: 0 });
    const handles = await startMany(taskQueue, 4);
    for (let done = 0; done < STEPS; done++) await step(handles);
    await results(handles);
    expect(worker.getStatus()).toMatchObject({
      stickyCacheHitRate: 0,
      workflowCache: { cachedWorkflows: 0, hits: 0 },
    });
  });
});
