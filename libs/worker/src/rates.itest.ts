import { Worker } from '@tidewheel/worker';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import type { callMany } from './routing-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

describe.each([1, 4])('the rates of a worker, with %i partition(s)', (partitions) => {
  let deployment: WorkerDeployment;

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('routing-workflows.fixture.ts', partitions);
  });
  afterEach(() => deployment.stopWorkers());
  afterAll(() => deployment.stop());

  /** The time of Redis, in microseconds. */
  async function serverMicros(): Promise<number> {
    const [seconds, micros] = await deployment.connection.engine.context.redis.time();
    return Number(seconds) * 1e6 + Number(micros);
  }

  it('for the queue hold over all its workers, those included that would start activities at once', async () => {
    const taskQueue = randomUUID();
    const startsMicros: number[] = [];
    const activities = {
      work: async (value: number) => {
        startsMicros.push(await serverMicros());
        return value;
      },
    };
    const options = { taskQueue, activities, maxTaskQueueActivitiesPerSecond: 20 };
    const workers = await Promise.all([
      deployment.addWorker({ ...options, workflowBundle: deployment.workflowBundle }),
      deployment.addWorker(options),
    ]);
    await waitUntil(
      async () => {
        const { activity } = await deployment.connection.engine.describeTaskQueue('default', taskQueue);
        return activity.rates.effectiveRateLimit.source === 'WORKER';
      },
      { what: 'the rate to be in force' },
    );
    const sinceMicros = await serverMicros();
    const handle = await deployment.client.workflow.start<typeof callMany>('callMany', {
      workflowId: randomUUID(),
      taskQueue,
      args: ['work', 40],
    });
    await handle.result();
    expect(startsMicros).toHaveLength(40);
    for (const [i, atMicros] of startsMicros.sort((a, b) => a - b).entries()) {
      // The default burst is one second's worth.
      expect(i + 1).toBeLessThanOrEqual(20 + (20 * (atMicros - sinceMicros)) / 1e6);
    }
    const throttling = workers.map((worker) => worker.getStatus().throttling);
    expect(throttling.reduce((sum, counts) => sum + (counts?.granted ?? 0), 0)).toBeGreaterThanOrEqual(40);
  });

  it('of its own hold for it alone', async () => {
    const taskQueue = randomUUID();
    let done = 0;
    await deployment.addWorker({
      taskQueue,
      workflowBundle: deployment.workflowBundle,
      activities: {
        work: (value: number) => {
          done++;
          return Promise.resolve(value);
        },
      },
      maxActivitiesPerSecond: 15,
    });
    const startedMicros = await serverMicros();
    const handle = await deployment.client.workflow.start<typeof callMany>('callMany', {
      workflowId: randomUUID(),
      taskQueue,
      args: ['work', 30],
    });
    await handle.result();
    expect(done).toBe(30);
    const burst = Math.max(partitions, 15 / 4);
    expect(30).toBeLessThanOrEqual(burst + (15 * ((await serverMicros()) - startedMicros)) / 1e6 + 1);
    const { activity } = await deployment.connection.engine.describeTaskQueue('default', taskQueue);
    expect(activity.rates.effectiveRateLimit.source).toBe('SYSTEM');
  });

  it.each(['maxActivitiesPerSecond', 'maxTaskQueueActivitiesPerSecond'])(
    '%s must be a rate',
    async (field) => {
      for (const value of [0, -1, NaN, Infinity, '5', null]) {
        const created = Worker.create({
          connection: { engine: deployment.connection.engine },
          taskQueue: 'q',
          activities: { work: () => Promise.resolve() },
          [field]: value,
        });
        await expect(created).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
      }
    },
  );
});
