import { Context } from '@tidewheel/activity';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { callActivity } from './routing-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

/** Beats, and sleeps until Node.js throws an AbortError. */
async function charge(): Promise<void> {
  const { cancellationSignal: signal } = Context.current();
  const timer = setInterval(() => Context.current().heartbeat(), 50);
  try {
    await sleep(600_000, undefined, { signal });
  } finally {
    clearInterval(timer);
  }
}

describe('an activity that stops by an AbortError', () => {
  let deployment: WorkerDeployment;

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('routing-workflows.fixture.ts', 1);
  });
  afterEach(() => deployment.stopWorkers());
  afterAll(() => deployment.stop());

  async function begin(options: object) {
    const taskQueue = randomUUID();
    const { workflowBundle } = deployment;
    const worker = await deployment.addWorker({
      taskQueue,
      workflowBundle,
      activities: { charge },
      shutdownTimeout: 0,
    });
    const handle = await deployment.client.workflow.start<typeof callActivity>('callActivity', {
      workflowId: randomUUID(),
      taskQueue,
      args: ['charge', { startToCloseTimeout: '10 minutes', ...options }],
    });
    await waitUntil(() => worker.getStatus().activitySlots.used === 1, { what: 'the activity to run' });
    return { worker, handle, taskQueue };
  }

  it('is canceled when its workflow asked for it', async () => {
    const cancellationType = 'WAIT_CANCELLATION_COMPLETED';
    const { worker, handle } = await begin({ heartbeatTimeout: '100ms', cancellationType });
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ name: 'WorkflowFailedError' });
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(worker.getStatus().activities).toMatchObject({ canceled: 1, failed: 0 });
  });

  it('is not tried again when its worker ends and its policy allows one attempt', async () => {
    const { worker, handle, taskQueue } = await begin({ retry: { maximumAttempts: 1 } });
    worker.shutdown();
    await waitUntil(() => worker.getState() === 'STOPPED', { what: 'the worker to end' });
    await deployment.addWorker({ taskQueue, workflowBundle: deployment.workflowBundle });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { cause: { type: 'WorkerShutdown', message: 'the worker is shutting down' } },
    });
  });
});
