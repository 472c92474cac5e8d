import { ActivityFailure, ApplicationFailure, makeLogger } from '@tidewheel/common';
import type { Duration } from '@tidewheel/common';
import { InvalidArgumentError } from '@tidewheel/core';
import { Worker } from '@tidewheel/worker';
import type { Activities } from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import type { callActivity } from './routing-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

describe.each([1, 4])('an activity that is missing on a worker, with %i partition(s)', (partitions) => {
  let deployment: WorkerDeployment;

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('routing-workflows.fixture.ts', partitions);
  });
  afterEach(() => deployment.stopWorkers());
  afterAll(() => deployment.stop());

  const call = (taskQueue: string, options: object = {}) =>
    deployment.client.workflow.start<typeof callActivity>('callActivity', {
      workflowId: randomUUID(),
      taskQueue,
      args: ['charge', { startToCloseTimeout: '20s', ...options }],
    });

  /** Two workers of one queue: one runs the workflows and lacks the activity, as before its upgrade. */
  async function addWorkers(taskQueue: string, others: Activities, unregisteredActivityTimeout?: Duration) {
    const messages: string[] = [];
    const logger = makeLogger((level, message) => level === 'WARN' && messages.push(message));
    const { workflowBundle } = deployment;
    const old = await deployment.addWorker({
      taskQueue,
      workflowBundle,
      activities: { refund: async () => 'refunded', audit: async () => 'audited' },
      ...(unregisteredActivityTimeout !== undefined && { unregisteredActivityTimeout }),
      logger,
    });
    const other = await deployment.addWorker({
      taskQueue,
      activities: others,
      ...(unregisteredActivityTimeout !== undefined && { unregisteredActivityTimeout }),
      logger,
    });
    return { old, other, messages };
  }

  it('is run by another worker of the queue that has it', async () => {
    const taskQueue = randomUUID();
    const { old, other, messages } = await addWorkers(taskQueue, { charge: async () => 'charged' });
    const handles = await Promise.all(Array.from({ length: 20 }, () => call(taskQueue)));
    const results = await Promise.all(handles.map((handle) => handle.result()));
    expect(results).toEqual(Array.from({ length: 20 }, () => 'charged'));
    expect(other.getStatus().activities).toMatchObject({ completed: 20, unregistered: 0 });
    const { activities } = old.getStatus();
    expect(activities).toMatchObject({ completed: 0, failed: 0 });
    expect(messages).toHaveLength(activities.unregistered);
    for (const message of messages) {
      expect(message).toBe(
        'Activity type "charge" is not registered on this worker; registered: audit, refund; ' +
          'the task was handed back for another worker',
      );
    }
  });

  it('fails clearly when no worker has it for long, as its retry policy has it', async () => {
    const taskQueue = randomUUID();
    const { old, other, messages } = await addWorkers(taskQueue, { ship: async () => 'shipped' }, '2s');
    const handle = await call(taskQueue, { retry: { maximumAttempts: 1 } });
    const error: unknown = await handle.result().catch((thrown: unknown) => (thrown as Error).cause);
    expect(error).toBeInstanceOf(ActivityFailure);
    const { cause } = error as ActivityFailure;
    expect(cause).toBeInstanceOf(ApplicationFailure);
    expect(cause).toMatchObject({
      type: 'NotFoundError',
      message: expect.stringMatching(
        /^Activity type "charge" is not registered on this worker; registered: (audit, refund|ship)$/,
      ),
    });
    // It was offered once at first, then once a second: no worker spins.
    const offered = old.getStatus().activities.unregistered + other.getStatus().activities.unregistered;
    expect(offered).toBeGreaterThanOrEqual(3);
    expect(offered).toBeLessThanOrEqual(5);
    expect(messages.at(-1)).toMatch(/no other worker took it in time, so the attempt fails$/);
  });

  it('refuses a patience that is no duration, naming the option', async () => {
    const options = { taskQueue: 'q', activities: { charge: async () => 1 } };
    await expect(
      Worker.create({
        connection: deployment.connection,
        ...options,
        unregisteredActivityTimeout: 'soon',
      }),
    ).rejects.toThrow(InvalidArgumentError);
  });
});
