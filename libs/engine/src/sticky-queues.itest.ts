import {
  leaveStickyQueue,
  resetStickyTaskQueue,
  returnTaskEntries,
  startWorkflowTasks,
} from '@tidewheel/engine';
import { WORKERS_GROUP } from '@tidewheel/store';
import { describeEngine, finish, WORKER } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

describeEngine('returning tasks and leaving sticky queues', (deployment) => {
  const departure = (run: TestRun, stickyQueue: string) => ({
    namespace: run.namespace,
    stickyQueue,
    taskQueue: run.taskQueue,
  });

  /** A run that a worker caches, with a task on the worker's sticky queue. */
  async function waitingOn(sticky: string): Promise<TestRun> {
    const run = await deployment().start();
    await run.openSticky(sticky);
    await run.decide([], { sticky: { queue: sticky, timeoutMs: 600_000 } });
    await run.signal();
    return run;
  }

  const exists = async (run: TestRun, sticky: string): Promise<boolean> =>
    (await run.context.redis.exists(run.stickyStream(sticky))) === 1;

  it('puts back entries that were read and not started, once', async () => {
    const run = await deployment().start();
    const stream = run.stream('workflow');
    const [entry] = await deployment().read(stream, 'first');
    const { entryId = '' } = entry ?? {};
    expect(await returnTaskEntries(run.context, stream, [entryId])).toBe(1);
    expect(await returnTaskEntries(run.context, stream, [entryId])).toBe(0);
    expect(await returnTaskEntries(run.context, stream, [])).toBe(0);
    const [again] = await deployment().read(stream, 'second');
    expect(again).toMatchObject({ kind: 'workflowTask', scheduledEventId: 2, attempt: 1 });
    if (again?.kind !== 'workflowTask') return;
    const source = {
      partition: run.partition,
      streamKey: stream,
      taskQueue: run.taskQueue,
      identity: WORKER,
      sticky: false,
    };
    const [task] = await startWorkflowTasks(run.context, source, [again]);
    // One that was started has left the stream for good.
    expect(await returnTaskEntries(run.context, stream, [again.entryId])).toBe(0);
    if (task) await run.completed(task, [finish()]);
    await run.closed();
  });

  it('sends what waits on a sticky queue to the normal one when nobody else reads it', async () => {
    const run = await waitingOn('left alone');
    // A consumer that only moves abandoned tasks reads nothing.
    const stream = run.stickyStream('left alone');
    await run.context.redis.xgroup('CREATECONSUMER', stream, WORKERS_GROUP, 'take-over');
    // Newer servers store the reader that opened the queue, although it has found nothing.
    await run.context.redis.xgroup('DELCONSUMER', stream, WORKERS_GROUP, WORKER);
    await leaveStickyQueue(run.context, departure(run, 'left alone'));
    expect(await exists(run, 'left alone')).toBe(false);
    await run.completed(await run.workflowTask(), [finish()]);
    expect((await run.closed()).map(({ eventType }) => eventType)).toContain('WorkflowTaskTimedOut');
  });

  it('keeps a sticky queue that another reads, unless its worker is known to be gone', async () => {
    const run = await waitingOn('shared');
    const other = { ...run.context, identity: 'other' };
    const stream = run.stickyStream('shared');
    // Redis does not store a consumer that has found nothing so far.
    await run.context.redis.xgroup('CREATECONSUMER', stream, WORKERS_GROUP, WORKER);
    await deployment().read(stream, 'other');
    await leaveStickyQueue(other, departure(run, 'shared'));
    expect(await exists(run, 'shared')).toBe(true);
    // What the one that left had read is there for those who stay.
    const [task] = await run.tryWorkflowTasks({ sticky: 'shared' });
    if (task) await run.completed(task, [], { sticky: { queue: 'shared', timeoutMs: 600_000 } });
    await run.signal();
    await leaveStickyQueue(other, { ...departure(run, 'shared'), taskQueue: '', force: true });
    expect(await exists(run, 'shared')).toBe(false);
    await run.completed(await run.workflowTask(), [finish()]);
    await run.closed();
  });

  it('leaves a sticky queue that is not there', async () => {
    const run = await deployment().start();
    await leaveStickyQueue(run.context, departure(run, 'never opened'));
    await run.decide([finish()]);
    await run.closed();
  });

  it('forgets the sticky queue of a running execution', async () => {
    const run = await deployment().start();
    await run.openSticky('forgotten');
    await run.decide([], { sticky: { queue: 'forgotten', timeoutMs: 600_000 } });
    await resetStickyTaskQueue(run.context, run.address);
    await run.signal();
    await run.completed(await run.workflowTask(), [finish()]);
    await run.closed();
    await expect(resetStickyTaskQueue(run.context, run.address)).rejects.toMatchObject({
      code: 'WORKFLOW_NOT_FOUND',
    });
  });
});
