import { completeActivity, failActivity, startActivityTasks, startWorkflowTasks } from '@tidewheel/engine';
import { takeOver, WORKERS_GROUP } from '@tidewheel/store';
import type { ActivityTaskEntry, WorkflowTaskEntry } from '@tidewheel/store';
import { waitUntil } from '@tidewheel/testing';
import { activity, describeEngine, finish, payload, WORKER } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

describeEngine('taking over', (deployment) => {
  /** Takes what is on the workflow task stream, and does not start it. */
  async function readAndDie(run: TestRun, consumer = 'dead'): Promise<WorkflowTaskEntry> {
    const [entry] = await deployment().read(run.stream('workflow'), consumer);
    if (entry?.kind !== 'workflowTask') throw new Error('there is no workflow task');
    return entry;
  }

  const takeOverNow = (run: TestRun, streams: readonly string[], idleMs = 0): ReturnType<typeof takeOver> =>
    takeOver(run.context.run, {
      registryKey: run.context.keys.partition(run.partition).streams,
      presenceKey: run.context.keys.partition(run.partition).presence,
      streamKeys: streams,
      group: WORKERS_GROUP,
      consumer: 'take-over',
      idleMs,
      forgetMs: 60_000,
      most: 100,
      absentMs: 12_000,
      mostDeliveries: 0,
    });

  it('puts a task back that was read and not started, with its deliveries counted', async () => {
    const run = await deployment().start();
    const entry = await readAndDie(run);
    expect(entry.deliveries).toBe(0);
    expect(await run.tryWorkflowTasks()).toEqual([]);
    expect((await takeOverNow(run, [run.stream('workflow')]))[0]![0]).toBe(1);
    const again = await readAndDie(run, 'dead too');
    expect(again).toMatchObject({ deliveries: 1, scheduledEventId: entry.scheduledEventId, attempt: 1 });
    await takeOverNow(run, [run.stream('workflow')]);
    expect((await readAndDie(run)).deliveries).toBe(2);
    await takeOverNow(run, [run.stream('workflow')]);
    // A delivery is no attempt.
    const task = await run.workflowTask();
    expect(task.stamp.attempt).toBe(1);
    await run.completed(task, [finish()]);
    await run.closed();
  });

  it('leaves alone what was read a moment ago, what is started, and streams that nobody has read', async () => {
    const run = await deployment().start();
    await readAndDie(run);
    expect((await takeOverNow(run, [run.stream('workflow')], 60_000))[0]![0]).toBe(0);
    const other = await deployment().start();
    const started = await deployment().start();
    await started.workflowTask();
    const replies = await takeOverNow(run, [
      run.stream('workflow', 'never used'),
      other.partition === run.partition ? other.stream('workflow') : run.stream('workflow', 'unread'),
      started.partition === run.partition ? started.stream('workflow') : run.stream('workflow', 'empty'),
    ]);
    expect(replies.map(([taken]) => taken)).toEqual([0, 0, 0]);
    await takeOverNow(run, [run.stream('workflow')]);
  });

  it('lets one of two start it: the slow reader, or the one that got it next', async () => {
    for (const first of ['slow', 'next']) {
      const run = await deployment().start();
      const slow = await readAndDie(run);
      await takeOverNow(run, [run.stream('workflow')]);
      const next = await readAndDie(run, 'other');
      const source = {
        partition: run.partition,
        streamKey: run.stream('workflow'),
        taskQueue: run.taskQueue,
        identity: WORKER,
        sticky: false,
      };
      const entries = first === 'slow' ? [slow, next] : [next, slow];
      const tasks = [];
      for (const entry of entries) tasks.push((await startWorkflowTasks(run.context, source, [entry]))[0]);
      expect(tasks[1]).toBeUndefined();
      await run.completed(tasks[0]!, [finish()]);
      expect(await run.context.redis.xlen(run.stream('workflow'))).toBe(0);
    }
  });

  it('leaves copies of a task behind that start nothing once another attempt is due', async () => {
    const run = await deployment().start();
    await run.decide([activity('a', { retryPolicy: { initialIntervalMs: 1 } })], { forceNext: true });
    const workflowSource = {
      partition: run.partition,
      streamKey: run.stream('workflow'),
      taskQueue: run.taskQueue,
      identity: WORKER,
      sticky: false,
    };
    await run.fail(await run.workflowTask());
    const second = await readAndDie(run);
    expect(second.attempt).toBe(2);
    const [task] = await startWorkflowTasks(run.context, workflowSource, [second]);
    await run.fail(task!);
    // The third attempt waits under the same ids; the entry of the second is not its task.
    expect(await startWorkflowTasks(run.context, workflowSource, [second])).toEqual([undefined]);
    const third = await run.workflowTask();
    expect(third.stamp.attempt).toBe(3);
    await run.completed(third);

    const activitySource = { partition: run.partition, streamKey: run.stream('activity') };
    const first = (await deployment().read(activitySource.streamKey)) as ActivityTaskEntry[];
    const [attempt] = await startActivityTasks(run.context, activitySource, first);
    await failActivity(run.context, attempt!, { message: 'no' }, { identity: WORKER });
    const next = (await waitUntil(
      async () => {
        const entries = await deployment().read(activitySource.streamKey);
        return entries.length > 0 && entries;
      },
      { what: 'the next attempt' },
    )) as ActivityTaskEntry[];
    expect(await startActivityTasks(run.context, activitySource, first)).toEqual([undefined]);
    const [started] = await startActivityTasks(run.context, activitySource, next);
    expect(started!.attempt).toBe(2);
    await completeActivity(run.context, started!, [], { identity: WORKER });
    await run.decide([finish()]);
    await run.closed();
  });

  it('puts activities back too', async () => {
    const run = await deployment().start();
    await run.decide([activity('a b'), activity('c')]);
    const read = (await deployment().read(run.stream('activity'), 'dead')) as ActivityTaskEntry[];
    expect(read).toHaveLength(2);
    expect((await takeOverNow(run, [run.stream('activity')]))[0]![0]).toBe(2);
    const again = (await deployment().read(run.stream('activity'))) as ActivityTaskEntry[];
    expect(again.map(({ activityId, deliveries }) => [activityId, deliveries])).toEqual([
      ['a b', 1],
      ['c', 1],
    ]);
    const tasks = await startActivityTasks(
      run.context,
      { partition: run.partition, streamKey: run.stream('activity') },
      again,
    );
    for (const task of tasks) {
      await completeActivity(run.context, task!, [payload(task!.activityId)], { identity: WORKER });
    }
    await run.decide([finish()]);
    await run.closed();
  });

  it('happens by itself, once the reader is found absent', async () => {
    const run = await deployment().start();
    const { redis, keys } = run.context;
    const { presence, streams } = keys.partition(run.partition);
    const entry = await readAndDie(run);
    // As if all that was long ago.
    await redis.sadd(streams, run.stream('workflow'));
    await redis.call(
      'XCLAIM',
      run.stream('workflow'),
      WORKERS_GROUP,
      'dead',
      0,
      entry.entryId,
      'IDLE',
      60_000,
    );
    await redis.zadd(presence, 1, 'dead');
    const task = await run.workflowTask();
    await run.completed(task, [finish()]);
    await run.closed();
    expect(await redis.zscore(presence, 'dead')).toBeNull();
  });

  it('removes the sticky queue of a worker that is gone; its executions go back to their normal queue', async () => {
    const run = await deployment().start();
    const { redis, keys } = run.context;
    const { presence, streams } = keys.partition(run.partition);
    const stickyStream = run.stickyStream('gone');
    await redis.xgroup('CREATE', stickyStream, WORKERS_GROUP, '0', 'MKSTREAM');
    await run.decide([], { sticky: { queue: 'gone', timeoutMs: 300 } });
    await run.signal();
    await redis.sadd(streams, stickyStream);
    await redis.zadd(presence, 1, 'gone');
    await waitUntil(async () => (await redis.exists(stickyStream)) === 0, { what: 'the sticky queue to go' });
    expect(await redis.sismember(streams, stickyStream)).toBe(0);
    const task = await run.workflowTask();
    expect(task.firstEventId).toBe(1);
    await run.completed(task, [], { sticky: { queue: 'gone', timeoutMs: 300 } });
    // Named once more, it is not there, and is passed by.
    await run.signal();
    await run.decide([finish()]);
    expect((await run.closed()).filter(({ eventType }) => eventType === 'WorkflowTaskTimedOut')).toHaveLength(
      1,
    );
  });

  it('drops activity tasks that are no longer wanted from a stream that nobody reads any more, and no others', async () => {
    const run = await deployment().start();
    const { redis, keys } = run.context;
    const { presence, streams } = keys.partition(run.partition);
    const taskQueue = 'host that is gone';
    const stream = run.stream('activity', taskQueue);
    await redis.xgroup('CREATE', stream, WORKERS_GROUP, '0', 'MKSTREAM');
    await redis.sadd(streams, stream);
    const timeouts = { startToCloseTimeoutMs: 10_000, scheduleToStartTimeoutMs: 300 };
    await run.decide([activity('late', { taskQueue, ...timeouts }), activity('wanted', { taskQueue })]);
    await run.eventOf('ActivityTaskTimedOut');
    expect(await redis.xlen(stream)).toBe(2);
    // The duty looks at all streams when somebody is absent.
    await redis.zadd(presence, 1, 'gone');
    await waitUntil(async () => (await redis.xlen(stream)) === 1, { what: 'the unwanted task to go' });
    const [task] = await startActivityTasks(
      run.context,
      { partition: run.partition, streamKey: stream },
      (await deployment().read(stream)) as ActivityTaskEntry[],
    );
    expect(task).toMatchObject({ activityId: 'wanted', attempt: 1 });
    await completeActivity(run.context, task!, [], { identity: WORKER });
    await run.decide([finish()]);
    await run.closed();
  });

  it('forgets pollers that have been away for long and hold nothing', async () => {
    const run = await deployment().start();
    const stream = run.stream('workflow');
    await readAndDie(run, 'holds one');
    await deployment().read(stream, 'holds nothing');
    await takeOver(run.context.run, {
      registryKey: run.context.keys.partition(run.partition).streams,
      presenceKey: run.context.keys.partition(run.partition).presence,
      streamKeys: [stream],
      group: WORKERS_GROUP,
      consumer: 'take-over',
      idleMs: 60_000,
      forgetMs: -1,
      most: 100,
      absentMs: 12_000,
      mostDeliveries: 0,
    });
    const consumers = (await run.context.redis.xinfo('CONSUMERS', stream, WORKERS_GROUP)) as string[][];
    expect(consumers.map(([, name]) => name)).toEqual(['holds one']);
    await takeOverNow(run, [stream]);
  });

  it('removes a stream that is empty and has no poller any more, and no other', async () => {
    const run = await deployment().start();
    const { redis, keys } = run.context;
    const registryKey = keys.partition(run.partition).streams;
    const stream = run.stream('workflow');
    const forget = (forgetMs: number) =>
      takeOver(run.context.run, {
        registryKey,
        presenceKey: keys.partition(run.partition).presence,
        streamKeys: [stream],
        group: WORKERS_GROUP,
        consumer: 'take-over',
        idleMs: 60_000,
        forgetMs,
        most: 100,
        absentMs: 12_000,
        mostDeliveries: 0,
      });
    const isThere = async () => [await redis.exists(stream), await redis.sismember(registryKey, stream)];
    await redis.sadd(registryKey, stream);
    await redis.xgroup('CREATE', stream, WORKERS_GROUP, '0');
    await redis.xgroup('CREATECONSUMER', stream, WORKERS_GROUP, 'gone');
    // A task waits there.
    await forget(-1);
    expect(await isThere()).toEqual([1, 1]);
    await run.completed(await run.workflowTask(), []);
    await redis.xgroup('CREATECONSUMER', stream, WORKERS_GROUP, 'lives');
    await forget(60_000);
    expect(await isThere()).toEqual([1, 1]);
    await forget(-1);
    expect(await isThere()).toEqual([0, 0]);
    // The next task makes it anew, and the next poller finds it.
    await run.signal();
    await run.decide([finish()]);
    await run.closed();
  });

  it('removes a stream that has become empty after its last poller was forgotten, unless it is new', async () => {
    const run = await deployment().start();
    const { redis, keys } = run.context;
    const { streams } = keys.partition(run.partition);
    const [old, recent, unused] = ['old', 'recent', 'unused'].map((name) => run.stream('activity', name)) as [
      string,
      string,
      string,
    ];
    for (const stream of [old, recent, unused]) {
      await redis.xgroup('CREATE', stream, WORKERS_GROUP, '0', 'MKSTREAM');
      await redis.sadd(streams, stream);
    }
    await redis.xdel(old, (await redis.xadd(old, '1-1', 'a', 'b')) as string);
    await redis.xdel(recent, (await redis.xadd(recent, '*', 'a', 'b')) as string);
    await takeOverNow(run, [old, recent, unused]);
    expect(await redis.exists(old, recent, unused)).toBe(2);
    expect(await redis.smismember(streams, old, recent, unused)).toEqual([0, 1, 1]);
    await run.decide([finish()]);
    await run.closed();
  });
});
