import { waitUntil } from '@tidewheel/testing';
import type {
  ActivitySlotInfo,
  CustomSlotSupplier,
  PollerBehavior,
  SlotPermit,
  WorkerTuner,
} from '@tidewheel/worker';
import { randomUUID } from 'node:crypto';
import type { callMany } from './routing-workflows.fixture.js';
import { WorkerDeployment } from './worker-deployment.fixture.js';

describe.each([1, 4])('the slots of a worker, with %i partition(s)', (partitions) => {
  let deployment: WorkerDeployment;

  beforeAll(async () => {
    deployment = await WorkerDeployment.start('routing-workflows.fixture.ts', partitions);
  });
  afterEach(() => deployment.stopWorkers());
  afterAll(() => deployment.stop());

  const callManyTimes = (taskQueue: string, times: number) =>
    deployment.client.workflow.start<typeof callMany>('callMany', {
      workflowId: randomUUID(),
      taskQueue,
      args: ['work', times],
    });

  /** An activity of which the test knows how many run, and decides when they may end. */
  function work() {
    let running = 0;
    let most = 0;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const activity = async (number: number): Promise<number> => {
      most = Math.max(most, ++running);
      await opened;
      running--;
      return number;
    };
    return { activity, open, mostAtOnce: () => most, running: () => running };
  }

  const workflowWorker = (taskQueue: string) =>
    deployment.addWorker({ taskQueue, workflowBundle: deployment.workflowBundle });

  it('come from a supplier of your own, and go back to it', async () => {
    const used: string[] = [];
    const out = new Map<SlotPermit, string>();
    const waiting: (() => void)[] = [];
    const supplier: CustomSlotSupplier<ActivitySlotInfo> = {
      type: 'custom',
      async reserveSlot(context, signal) {
        for (;;) {
          const permit = this.tryReserveSlot(context);
          if (permit) return permit;
          await new Promise<void>((resolve, reject) => {
            waiting.push(resolve);
            signal.addEventListener('abort', () => reject(new Error('not wanted any more')));
          });
        }
      },
      tryReserveSlot({ slotType }) {
        if (out.size === 3) return null;
        const permit = {};
        out.set(permit, slotType);
        return permit;
      },
      markSlotUsed({ slotInfo }) {
        used.push(`${slotInfo.type} ${slotInfo.activityType}`);
      },
      releaseSlot({ permit }) {
        expect(out.delete(permit)).toBe(true);
        for (const resolve of waiting.splice(0)) resolve();
      },
    };
    const taskQueue = randomUUID();
    const { activity, open, mostAtOnce, running } = work();
    const worker = await deployment.addWorker({
      taskQueue,
      workflowBundle: deployment.workflowBundle,
      activities: { work: activity },
      tuner: {
        workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 10 },
        activityTaskSlotSupplier: supplier,
      },
    });
    const handle = await callManyTimes(taskQueue, 20);
    await waitUntil(() => running() === 3, { what: 'all slots to be used' });
    expect(worker.getStatus()).toMatchObject({
      activitySlots: { used: 3, size: 3 },
      workflowSlots: { size: 10 },
    });
    open();
    expect(await handle.result()).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(mostAtOnce()).toBe(3);
    expect(used).toEqual(Array.from({ length: 20 }, () => 'activity work'));
    await deployment.stopWorker(worker);
    expect(out.size).toBe(0);
  });

  const resourceBased = (target: number): WorkerTuner => ({
    tunerOptions: { targetMemoryUsage: target, targetCpuUsage: 1 },
    activityTaskSlotOptions: { minimumSlots: 1, maximumSlots: 15, rampThrottle: '1ms' },
  });

  it('are as few as may be while there are no resources, and all is done nevertheless', async () => {
    const taskQueue = randomUUID();
    const { activity, open, mostAtOnce } = work();
    open();
    await deployment.addWorker({
      taskQueue,
      workflowBundle: deployment.workflowBundle,
      activities: { work: activity },
      tuner: resourceBased(0.000_001),
    });
    const handle = await callManyTimes(taskQueue, 10);
    expect(await handle.result()).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(mostAtOnce()).toBe(1);
  });

  it('become as many as may be while there are resources', async () => {
    const taskQueue = randomUUID();
    const { activity, open, mostAtOnce, running } = work();
    await deployment.addWorker({
      taskQueue,
      workflowBundle: deployment.workflowBundle,
      activities: { work: activity },
      tuner: resourceBased(1),
    });
    const handle = await callManyTimes(taskQueue, 20);
    await waitUntil(() => running() === 15, { what: 'the maximum', timeoutMs: 60_000 });
    open();
    await handle.result();
    expect(mostAtOnce()).toBe(15);
  });

  it.each<[string, PollerBehavior | undefined]>([
    ['one', { type: 'simple-maximum', maximum: 1 }],
    ['a number that follows the load', { type: 'autoscaling', minimum: 1, initial: 1, maximum: 50 }],
    ['half of the slots', undefined],
  ])('take %s from the queue with one read', async (name, activityTaskPollerBehavior) => {
    const times = 150;
    const taskQueue = randomUUID();
    await workflowWorker(taskQueue);
    const handle = await callManyTimes(taskQueue, times);
    const backlog = () => deployment.client.connection.engine.describeTaskQueue('default', taskQueue);
    await waitUntil(async () => (await backlog()).activity.backlog === times, { what: 'the backlog' });
    const { activity, open } = work();
    open();
    const readsBefore = await reads();
    await deployment.addWorker({
      taskQueue,
      activities: { work: activity },
      ...(activityTaskPollerBehavior && { activityTaskPollerBehavior }),
    });
    await handle.result();
    const count = (await reads()) - readsBefore;
    // Other reads wait meanwhile, and the last ones wait in vain.
    if (name === 'one') expect(count).toBeGreaterThanOrEqual(times);
    else expect(count).toBeLessThan(times / 3);
  });

  /** Blocking reads that Redis has ended so far, of all processes. */
  async function reads(): Promise<number> {
    const stats = await deployment.connection.engine.context.redis.info('commandstats');
    return Number(/cmdstat_xreadgroup:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }
});
