import { waitUntil } from '@tidewheel/testing';
import { NAMESPACE, TestDeployment, finish, refusal } from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

// No duties: a sticky queue is left by those who read it, not found out by timers.
describe('a sticky queue', () => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;
  let other: WorkerGateway;
  let queues = 0;
  const newSticky = (): string => `sticky ${(queues += 1)}`;

  beforeAll(async () => {
    deployment = await TestDeployment.start({ duties: false });
    gateway = await deployment.open('api-1');
    other = await deployment.open('api-2');
  });
  afterAll(() => deployment.stop());

  const stickyAttributes = (name: string) => ({
    workerTaskQueue: { name, kind: 2 },
    scheduleToStartTimeout: { seconds: 600 as never },
  });

  const exists = async (sticky: string): Promise<boolean> => {
    const { redis, keys } = gateway.engine.context;
    return (await redis.exists(keys.stickyStream(0, NAMESPACE, sticky))) === 1;
  };

  /** A workflow that waits, cached by the worker of a sticky queue that polls it. */
  async function cached(sticky: string, via = gateway) {
    const run = await gateway.start();
    const gone = new AbortController();
    const task = await gateway.pollWorkflow(run.taskQueue);
    const poll = via.pollWorkflow(run.taskQueue, { sticky, signal: gone.signal });
    await waitUntil(() => exists(sticky), { what: 'the sticky queue' });
    await waitUntil(() => via.hub.waiting > 0, { what: 'the poll' });
    await gateway.complete(task, { stickyAttributes: stickyAttributes(sticky) });
    const signal = () =>
      gateway.engine.signalWorkflow({ namespace: NAMESPACE, workflowId: run.workflowId, signalName: 'go' });
    return { ...run, poll, gone, signal };
  }

  it('brings what is new only', async () => {
    const run = await cached(newSticky());
    await run.signal();
    const task = await run.poll;
    expect(task.history.events?.map(({ eventId }) => eventId?.toNumber())).toEqual([4, 5, 6, 7]);
    expect(task.previousStartedEventId.toNumber()).toBe(3);
    expect(task.startedEventId.toNumber()).toBe(7);
    expect(task.workflowType.name).toBe('order');
    expect(task.workflowExecutionTaskQueue.name).toBe(run.taskQueue);
    expect(task.nextPageToken).toHaveLength(0);
    await gateway.complete(task, { commands: [finish()] });
    expect((await gateway.story(run.workflowId)).at(-1)).toBe('Completed');
  });

  it('tells the normal task queue even to a worker that does not name it', async () => {
    const sticky = newSticky();
    const run = await gateway.start();
    const task = await gateway.pollWorkflow(run.taskQueue);
    const poll = gateway.pollWorkflow('', { sticky });
    await waitUntil(() => exists(sticky), { what: 'the sticky queue' });
    await gateway.complete(task, { stickyAttributes: stickyAttributes(sticky) });
    await gateway.engine.signalWorkflow({
      namespace: NAMESPACE,
      workflowId: run.workflowId,
      signalName: 'go',
    });
    const next = await poll;
    expect(next.workflowExecutionTaskQueue.name).toBe(run.taskQueue);
    await gateway.complete(next, { commands: [finish()] });
  });

  it('is given up some seconds after its last poll, and what waits in it goes to the normal queue', async () => {
    const sticky = newSticky();
    const run = await cached(sticky);
    run.gone.abort();
    await run.poll;
    await run.signal();
    const task = await other.pollWorkflow(run.taskQueue);
    expect(task.workflowExecution.workflowId).toBe(run.workflowId);
    expect(task.history.events?.[0]?.eventId?.toNumber()).toBe(1);
    expect(await exists(sticky)).toBe(false);
    await other.complete(task, { commands: [finish()] });
    expect(await gateway.story(run.workflowId)).toEqual([
      'Started',
      'WT Scheduled',
      'WT Started',
      'WT Completed',
      'Signaled',
      'WT Scheduled',
      'WT TimedOut',
      'WT Scheduled',
      'WT Started',
      'WT Completed',
      'Completed',
    ]);
  });

  it('is given up at once when its worker says that it shuts down, to whichever process', async () => {
    for (const told of [gateway, other]) {
      const sticky = newSticky();
      const run = await cached(sticky);
      if (told === gateway) {
        await told.call('ShutdownWorker', { namespace: NAMESPACE, stickyTaskQueue: sticky });
        expect((await run.poll).taskToken).toHaveLength(0);
        expect(await exists(sticky)).toBe(false);
      } else {
        run.gone.abort();
        await run.poll;
        await run.signal();
        await told.call('ShutdownWorker', { namespace: NAMESPACE, stickyTaskQueue: sticky });
      }
      if (told === gateway) await run.signal();
      const task = await gateway.pollWorkflow(run.taskQueue);
      expect(task.workflowExecution.workflowId).toBe(run.workflowId);
      await gateway.complete(task, { commands: [finish()] });
    }
  });

  it('stays while another process reads it', async () => {
    const sticky = newSticky();
    const run = await cached(sticky, gateway);
    const poll = other.pollWorkflow(run.taskQueue, { sticky });
    await waitUntil(() => other.hub.waiting > 0, { what: 'the poll' });
    run.gone.abort();
    await run.poll;
    await waitUntil(() => !gateway.hub.reads('sticky', NAMESPACE, sticky), { what: 'the queue to be left' });
    expect(await exists(sticky)).toBe(true);
    await run.signal();
    const task = await poll;
    expect(task.history.events?.[0]?.eventId?.toNumber()).toBe(4);
    await other.complete(task, { commands: [finish()] });
  });

  it('is passed by when the workflow is told to forget it', async () => {
    const sticky = newSticky();
    const run = await cached(sticky);
    const execution = { workflowId: run.workflowId };
    await other.call('ResetStickyTaskQueue', { namespace: NAMESPACE, execution });
    await run.signal();
    const task = await other.pollWorkflow(run.taskQueue);
    expect(task.history.events?.[0]?.eventId?.toNumber()).toBe(1);
    await other.complete(task, { commands: [finish()] });
    const closed = other.call('ResetStickyTaskQueue', { namespace: NAMESPACE, execution });
    expect((await refusal(closed)).code).toBe('NOT_FOUND');
    run.gone.abort();
    await run.poll;
  });

  it('comes back when its worker polls again', async () => {
    const sticky = newSticky();
    const run = await cached(sticky);
    run.gone.abort();
    await run.poll;
    await waitUntil(() => !gateway.hub.reads('sticky', NAMESPACE, sticky), { what: 'the queue to be left' });
    const poll = gateway.pollWorkflow(run.taskQueue, { sticky });
    await waitUntil(() => exists(sticky), { what: 'the sticky queue' });
    await run.signal();
    const task = await poll;
    expect(task.history.events?.[0]?.eventId?.toNumber()).toBe(4);
    await gateway.complete(task, { commands: [finish()] });
  });
});
