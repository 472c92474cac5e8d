import { ActivityTaskNotFoundError } from '@tidewheel/core';
import {
  completeActivity,
  failActivity,
  heartbeatActivity,
  startActivityTasks,
  startWorkflowTasks,
} from '@tidewheel/engine';
import { leavePresence, notePresence, takeOver, WORKERS_GROUP } from '@tidewheel/store';
import type { ActivityTask } from '@tidewheel/engine';
import type { ActivityTaskEntry, WorkflowTaskEntry } from '@tidewheel/store';
import { waitUntil } from '@tidewheel/testing';
import {
  activity,
  command,
  describeEngine,
  finish,
  NAMESPACE,
  payload,
  WORKER,
} from './test-deployment.fixture.js';
import type { TestDeployment, TestRun } from './test-deployment.fixture.js';

jest.setTimeout(100_000);

/** A number of a process that no test uses for another. */
let processes = 1_000;

/** After how many lost workers the engine of these tests quarantines. */
const MOST = 3;

const tests = (deployment: () => TestDeployment): void => {
  const SHORT = { startToCloseTimeoutMs: 20, retryPolicy: { initialIntervalMs: 1, maximumIntervalMs: 1 } };

  /** Starts the activity's next attempt in the name of a process that says nothing more. */
  async function startAndDie(
    run: TestRun,
    worker = ++processes,
    meanwhile?: () => Promise<unknown>,
  ): Promise<void> {
    const entries = await waitUntil(
      async () => {
        await meanwhile?.();
        const read = (await deployment().read(run.stream('activity'))) as ActivityTaskEntry[];
        return read.length > 0 && read;
      },
      { what: 'an attempt' },
    );
    const source = { partition: run.partition, streamKey: run.stream('activity'), worker };
    const tasks = await startActivityTasks(run.context, source, entries);
    expect(tasks.filter((task) => task !== undefined)).toHaveLength(1);
    await ringTimers(run);
  }

  /** Tells the timer pump to look at once; it is not told of timeouts, and looks every two seconds by itself. */
  const ringTimers = (run: TestRun) =>
    run.context.redis.xadd(run.context.keys.partition(run.partition).notify, '*', 't', '0');

  /** Starts the activity's next attempts, until a report on one comes before its time is over. */
  async function startAndReport(
    run: TestRun,
    report: (task: ActivityTask) => Promise<unknown> = (task) =>
      completeActivity(run.context, task, [], { identity: WORKER }),
  ): Promise<void> {
    for (;;) {
      const isHeard = await report(await run.activityTask()).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ActivityTaskNotFoundError) return false;
          throw error;
        },
      );
      if (isHeard) return;
    }
  }

  const executionKey = (run: TestRun) => run.context.keys.execution(run.namespace, run.workflowId).execution;

  async function untilQuarantined(run: TestRun) {
    return waitUntil(
      async () => {
        const [pending] = (await run.describe()).pendingActivities;
        return pending?.state === 'QUARANTINED' && pending;
      },
      { what: 'the quarantine' },
    );
  }

  const listed = async (run: TestRun) => {
    const { namespace, workflowId } = run;
    const { tasks } = await run.engine.listQuarantinedTasks({ namespace, pageSize: 1_000 });
    return tasks.filter((task) => task.workflowId === workflowId);
  };

  const address = ({ namespace, workflowId }: TestRun) => ({ namespace, workflowId });

  it('takes an activity whose workers were lost so often in a row, and gives it back when released', async () => {
    const run = await deployment().start();
    await run.decide([activity('a', SHORT)]);
    for (let i = 0; i < MOST; i++) await startAndDie(run);
    const pending = await untilQuarantined(run);
    expect(pending).toMatchObject({ quarantine: { count: MOST } });
    expect(pending.quarantine?.reason).toContain(`${MOST} workers in a row died`);
    expect(await listed(run)).toMatchObject([{ activityId: 'a', count: MOST }]);
    expect(await run.tryActivityTasks()).toEqual([]);

    await run.engine.releaseQuarantinedTask({ ...address(run), activityId: 'a' });
    await expect(
      run.engine.releaseQuarantinedTask({ ...address(run), activityId: 'a' }),
    ).rejects.toMatchObject({
      code: 'QUARANTINED_TASK_NOT_FOUND',
    });
    expect(await listed(run)).toEqual([]);
    // Lost workers count from anew.
    await startAndDie(run);
    await startAndReport(run);
    await run.decide([finish()]);
    await run.closed();
  });

  it('is told the names of the workers, by what they showed before they were lost', async () => {
    const run = await deployment().start();
    await run.decide([activity('a', SHORT)]);
    const { departed } = run.context.keys.partition(run.partition);
    for (let i = 0; i < MOST; i++) {
      const worker = ++processes;
      await run.context.redis.zadd(departed, 1_000, `${worker} 1 lost@host ${i}`);
      await startAndDie(run, worker);
    }
    const { quarantine } = await untilQuarantined(run);
    expect(quarantine?.identities).toEqual(Array.from({ length: MOST }, (_, i) => `lost@host ${i}`));
    await run.engine.terminateWorkflow(address(run));
    expect(await listed(run)).toEqual([]);
    await run.closed();
  });

  it.each(['shows itself', 'stops in order'])(
    'does not count a worker that lives on and %s, nor those that nobody knows',
    async (how) => {
      const run = await deployment().start();
      await run.decide([activity('a', SHORT)]);
      const { presence, departed } = run.context.keys.partition(run.partition);
      for (let i = 0; i < MOST - 1; i++) await startAndDie(run);
      const alive = ++processes;
      const process = { presenceKey: presence, departedKey: departed, consumer: `${alive} 1 alive` };
      await notePresence(run.context.run, process);
      await startAndDie(run, alive);
      // Whether it has gone is not known before it is seen again, or is not for long.
      const seen = how === 'shows itself' ? notePresence : leavePresence;
      await startAndDie(run, ++processes, () => seen(run.context.run, process));
      for (let i = 0; i < MOST - 2; i++) await startAndDie(run);
      for (let i = 0; i < MOST; i++) await startAndDie(run, 0);
      await startAndReport(run);
      await run.decide([finish()]);
      await run.closed();
    },
  );

  it.each(['a heartbeat with progress', 'a failure'])('counts from anew after %s', async (what) => {
    const run = await deployment().start();
    await run.decide([activity('a', { ...SHORT, startToCloseTimeoutMs: 200 })]);
    for (let i = 0; i < MOST - 1; i++) await startAndDie(run);
    await startAndReport(run, (task) =>
      what === 'a failure'
        ? failActivity(run.context, task, { message: 'no' }, { identity: WORKER })
        : heartbeatActivity(run.context, task, [payload('half')]),
    );
    await startAndDie(run);
    await startAndReport(run);
    await run.decide([finish()]);
    await run.closed();
  });

  it('reads what an older build wrote, which knew nothing of lost workers', async () => {
    const run = await deployment().start();
    await run.decide([activity('a', SHORT)]);
    const { redis } = run.context;
    const cut = async (): Promise<void> => {
      const [task, record] = await redis.hmgetBuffer(executionKey(run), 'w', 'Aa');
      if (!task || !record) throw new Error('the run has no such fields');
      await redis.hset(executionKey(run), 'w', task.subarray(0, 32), 'Aa', record.subarray(0, 50));
    };
    await cut();
    expect(await run.describe()).toMatchObject({ pendingActivities: [{ activityId: 'a', attempt: 1 }] });
    for (let i = 0; i < MOST; i++) {
      await startAndDie(run);
      await cut();
    }
    for (let i = 0; i < MOST; i++) await startAndDie(run);
    await untilQuarantined(run);
    await cut();
    await run.engine.releaseQuarantinedTask({ ...address(run), activityId: 'a' });
    await startAndReport(run);
    const task = await run.workflowTask();
    const stored = await redis.hgetBuffer(executionKey(run), 'w');
    await redis.hset(executionKey(run), 'w', stored?.subarray(0, 32) ?? '');
    await run.completed(task, [finish()]);
    await run.closed();
  });

  it('is listed in pages, past what is no longer quarantined, and to nobody of another namespace', async () => {
    const runs = [await deployment().start(), await deployment().start(), await deployment().start()];
    for (const run of runs) {
      await run.decide([activity('a', SHORT)]);
      for (let i = 0; i < MOST; i++) await startAndDie(run);
      await untilQuarantined(run);
    }
    const { engine } = deployment();
    const { keys, redis } = engine.context;
    for (let partition = 0; partition < keys.partitions; partition++) {
      // Those of executions that are no longer there, before all others.
      const gone = Array.from({ length: 1_000 }, (_, i) => `gone ${i}`)
        .filter((workflowId) => keys.execution(NAMESPACE, workflowId).partition === partition)
        .slice(0, 3);
      expect(gone).toHaveLength(3);
      for (const workflowId of gone) {
        await redis.zadd(keys.partition(partition).quarantined, 0, `${NAMESPACE}:!:0:0:${workflowId}`);
      }
    }
    const found: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await engine.listQuarantinedTasks({ namespace: NAMESPACE, pageSize: 1, pageToken });
      expect(page.tasks.length).toBeLessThanOrEqual(1);
      found.push(...page.tasks.map(({ workflowId }) => workflowId));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(found.sort()).toEqual(runs.map(({ workflowId }) => workflowId).sort());

    await engine.createNamespace({ name: 'neighbour' });
    const foreign = Buffer.from(JSON.stringify([0, 'a'])).toString('base64url');
    await expect(
      engine.listQuarantinedTasks({ namespace: 'neighbour', pageToken: foreign }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    for (const run of runs) {
      await engine.terminateWorkflow(address(run));
      expect(await listed(run)).toEqual([]);
    }
  });

  it('lets timeouts, cancellation and the end of the run apply', async () => {
    const timesOut = await deployment().start();
    await timesOut.decide([activity('a', { ...SHORT, scheduleToCloseTimeoutMs: 5_000 })]);
    for (let i = 0; i < MOST; i++) await startAndDie(timesOut);
    const cancels = await deployment().start();
    await cancels.decide([activity('a', SHORT)]);
    for (let i = 0; i < MOST; i++) await startAndDie(cancels);
    await untilQuarantined(cancels);
    await cancels.signal();
    const scheduled = await cancels.eventOf('ActivityTaskScheduled');
    await cancels.decide([command('RequestCancelActivityTask', { scheduledEventId: scheduled.eventId })]);
    expect(await listed(cancels)).toEqual([]);
    await cancels.decide([finish()]);
    await cancels.closed();
    await waitUntil(async () => (await timesOut.story()).includes('AT TimedOut'), { what: 'the timeout' });
    expect(await listed(timesOut)).toEqual([]);
    await timesOut.decide([finish()]);
    await timesOut.closed();
    const ends = await deployment().start();
    await ends.decide([activity('a', SHORT)]);
    for (let i = 0; i < MOST; i++) await startAndDie(ends);
    await untilQuarantined(ends);
    await ends.engine.terminateWorkflow(address(ends));
    expect(await listed(ends)).toEqual([]);
    await ends.closed();
  });

  it('takes a workflow task whose workers were lost', async () => {
    const run = await deployment().start({ workflowTaskTimeoutMs: 1_000 });
    const start = async (): Promise<void> => {
      const entries = await waitUntil(
        async () => {
          const read = (await deployment().read(run.stream('workflow'))) as WorkflowTaskEntry[];
          return read.length > 0 && read;
        },
        { what: 'a workflow task', timeoutMs: 90_000 },
      );
      const source = {
        partition: run.partition,
        streamKey: run.stream('workflow'),
        taskQueue: run.taskQueue,
        identity: WORKER,
        sticky: false,
        worker: ++processes,
      };
      await startWorkflowTasks(run.context, source, entries);
      await ringTimers(run);
    };
    for (let i = 0; i < MOST; i++) await start();
    await waitUntil(async () => (await run.describe()).pendingWorkflowTask?.state === 'QUARANTINED', {
      what: 'the quarantine',
      timeoutMs: 30_000,
    });
    expect(await listed(run)).toMatchObject([{ count: MOST }]);
    // What comes meanwhile is not lost.
    await run.signal();
    await run.engine.releaseQuarantinedTask(address(run));
    const task = await run.workflowTask();
    expect(task.stamp.attempt).toBe(1);
    await run.completed(task, [finish()]);
    await run.closed();
  });

  it.each(['workflow', 'activity'] as const)(
    'takes a %s task that its readers did not survive to start',
    async (kind) => {
      const run = await deployment().start();
      if (kind === 'activity') await run.decide([activity('a')]);
      const stream = run.stream(kind);
      for (let i = 0; i < MOST - 1; i++) {
        await deployment().read(stream, `dead ${i}`);
        expect((await over(run, stream))[0]?.[0]).toBe(1);
      }
      await deployment().read(stream, 'dead last');
      const killers = (await over(run, stream))[0]?.[2] ?? [];
      expect(killers).toHaveLength(5);
      // The duty does the rest: it finds it under its own name.
      const { killingEntries, quarantineEntry } = await import('./quarantine/killing-entries.js');
      for (const entry of killingEntries(killers)) {
        await quarantineEntry(run.context, run.partition, stream, entry);
      }
      expect(await listed(run)).toMatchObject([
        {
          count: MOST,
          identities: [...Array.from({ length: MOST - 1 }, (_, i) => `dead ${i}`), 'dead last'],
        },
      ]);
      await run.engine.releaseQuarantinedTask({
        ...address(run),
        activityId: kind === 'activity' ? 'a' : undefined,
      });
      if (kind === 'activity') {
        await completeActivity(run.context, await run.activityTask(), [], { identity: WORKER });
      }
      await run.decide([finish()]);
      await run.closed();
    },
  );

  it('counts no delivery to a reader that was only slow', async () => {
    const run = await deployment().start();
    const { presence } = run.context.keys.partition(run.partition);
    for (let i = 0; i <= MOST; i++) {
      await deployment().read(run.stream('workflow'), 'slow');
      // A process of an older build shows nothing but its name.
      const consumer = i % 2 === 0 ? 'slow' : `${++processes} 1 slow`;
      await run.context.redis.del(presence);
      await notePresence(run.context.run, { presenceKey: presence, consumer });
      await over(run, run.stream('workflow'));
    }
    await run.decide([finish()]);
    await run.closed();
  });

  const over = (run: TestRun, stream: string): ReturnType<typeof takeOver> =>
    takeOver(run.context.run, {
      registryKey: run.context.keys.partition(run.partition).streams,
      presenceKey: run.context.keys.partition(run.partition).presence,
      streamKeys: [stream],
      group: WORKERS_GROUP,
      consumer: 'take-over',
      idleMs: 0,
      absentMs: 12_000,
      forgetMs: 60_000,
      most: 100,
      mostDeliveries: MOST,
    });
};

describeEngine('quarantine', tests, { quarantineAfter: MOST });
