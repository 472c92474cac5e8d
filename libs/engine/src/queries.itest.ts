import {
  InvalidArgumentError,
  NoPollerError,
  QueryFailedError,
  WorkflowNotReadyError,
} from '@tidewheel/core';
import type { QueryAnswer } from '@tidewheel/core';
import { answerQuery, returnWorkflowTask, takeQuery } from '@tidewheel/engine';
import type { QueryTask, QueryWorkflowRequest, QueryWorkflowResponse } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import { describeEngine, eventsOf, finish, payload, timer, WORKER } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

describeEngine('queries', (deployment) => {
  const query = (
    run: TestRun,
    request: Partial<QueryWorkflowRequest> = {},
  ): Promise<QueryWorkflowResponse> => {
    const asked = run.engine.queryWorkflow({ ...run.address, queryType: 'state', ...request });
    // Who waits for it says what it should be.
    asked.catch(() => undefined);
    return asked;
  };

  /** Waits for a query that came by itself, and takes it. */
  function queryTask(run: TestRun, sticky?: string): Promise<QueryTask> {
    const streamKey = sticky === undefined ? run.stream('workflow') : run.stickyStream(sticky);
    return waitUntil(
      async () => {
        for (const entry of await deployment().read(streamKey)) {
          if (entry.kind !== 'query') continue;
          const source = {
            ...{ partition: run.partition, streamKey, taskQueue: run.taskQueue, identity: WORKER },
            sticky: sticky !== undefined,
          };
          return takeQuery(run.context, source, entry);
        }
        return undefined;
      },
      { what: 'a query' },
    );
  }

  const answer = (run: TestRun, queryId: string, value: QueryAnswer): Promise<boolean> =>
    answerQuery(run.context, run.partition, queryId, value);

  const answered = (value: unknown): QueryAnswer => ({ answered: true, result: payload(value) });

  it('of a run that waits are answered by whoever takes them, from its whole history', async () => {
    const run = await deployment().start();
    await run.decide([timer('t', 60_000)]);
    const header = { trace: payload('t') };
    const asked = query(run, { queryArgs: [payload(1), payload('ü')], header });
    const task = await queryTask(run);
    expect(task).toMatchObject({
      taskQueue: run.taskQueue,
      previousStartedEventId: 3,
      historyLength: 5,
      query: { queryType: 'state', args: [payload(1), payload('ü')], header },
    });
    expect(task.events).toHaveLength(5);
    expect(await answer(run, task.query.queryId, answered('fine'))).toBe(true);
    expect(await asked).toEqual({ rejected: false, result: [payload('fine')] });
    // Asking leaves no trace.
    expect(await run.story()).toHaveLength(5);
  });

  it('that a task brought along come with the next one when its poller never got it', async () => {
    const run = await deployment().start();
    await run.decide();
    await run.signal();
    const asked = query(run);
    await waitUntil(async () => (await run.context.redis.hstrlen(...executionField(run, 'y'))) > 0, {
      what: 'it to wait with the run',
    });
    const lost = await run.workflowTask();
    expect(lost.queries).toHaveLength(1);
    expect(await returnWorkflowTask(run.context, lost.run, lost.taskQueue, lost.stamp, lost.queries)).toBe(
      true,
    );
    const task = await run.workflowTask();
    expect(task.queries).toEqual(lost.queries);
    await run.completed(task, [timer('t', 60_000)]);
    await answer(run, task.queries[0]!.queryId, answered('fine'));
    expect(await asked).toEqual({ rejected: false, result: [payload('fine')] });
  });

  it('of a cached run go to the worker that has it, without history', async () => {
    const run = await deployment().start();
    const queue = await run.openSticky();
    await run.decide([timer('t', 60_000)], { sticky: { queue, timeoutMs: 60_000 } });
    const asked = query(run);
    const task = await queryTask(run, queue);
    expect(task.events).toEqual([]);
    await answer(run, task.query.queryId, answered(5));
    expect(await asked).toMatchObject({ result: [payload(5)] });
  });

  it('of a cached run whose worker is gone are asked again of all', async () => {
    const run = await deployment().start();
    const queue = await run.openSticky();
    await run.decide([timer('t', 60_000)], { sticky: { queue, timeoutMs: 60_000 } });
    const asked = query(run, { timeoutMs: 20_000 });
    const task = await queryTask(run);
    expect(task.events).toHaveLength(5);
    await answer(run, task.query.queryId, answered(5));
    expect(await asked).toMatchObject({ result: [payload(5)] });
  });

  it('of a closed run are answered as well', async () => {
    const run = await deployment().start();
    await run.decide([finish()]);
    const asked = query(run);
    const task = await queryTask(run);
    expect(task).toMatchObject({ historyLength: 5 });
    await answer(run, task.query.queryId, answered('over'));
    expect(await asked).toMatchObject({ result: [payload('over')] });
  });

  it('of a run whose id another has are answered as well', async () => {
    const run = await deployment().start();
    await run.decide([finish()]);
    const { runId } = await run.engine.startWorkflow({
      namespace: run.namespace,
      workflowId: run.workflowId,
      workflowType: 'order',
      taskQueue: `another ${run.taskQueue}`,
    });
    const asked = query(run);
    const task = await queryTask(run);
    expect(task).toMatchObject({ historyLength: 5, run: { runId: run.runId } });
    await answer(run, task.query.queryId, answered('first'));
    expect(await asked).toMatchObject({ result: [payload('first')] });
    await run.engine.terminateWorkflow({ ...run.address, runId });
  });

  it('wait for the next workflow task when one is scheduled, and come with it', async () => {
    const run = await deployment().start();
    await deployment().read(run.stream('activity'));
    await run.decide();
    await run.signal();
    const header = { trace: payload('t') };
    const asked = [
      query(run, { queryType: 'a' }),
      query(run, { queryType: 'b', queryArgs: [payload(1)], header }),
    ];
    await waitUntil(async () => (await run.context.redis.hstrlen(...executionField(run, 'y'))) > 70, {
      what: 'both to wait',
    });
    const task = await run.workflowTask();
    expect([...task.queries].sort((x, y) => (x.queryType < y.queryType ? -1 : 1))).toMatchObject([
      { queryType: 'a', args: [] },
      { queryType: 'b', args: [payload(1)], header },
    ]);
    expect(task.queries.filter((one) => 'header' in one)).toHaveLength(1);
    expect(eventsOf(task)).toHaveLength(7);
    await run.completed(task);
    for (const { queryId, queryType } of task.queries) await answer(run, queryId, answered(queryType));
    expect(await Promise.all(asked)).toEqual([
      { rejected: false, result: [payload('a')] },
      { rejected: false, result: [payload('b')] },
    ]);
  });

  it('of a run that has not begun wait for its first workflow task', async () => {
    const run = await deployment().start();
    await deployment().read(run.stream('workflow', run.taskQueue), 'reads and dies');
    const asked = query(run, { timeoutMs: 1_000 });
    await expect(asked).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await run.context.redis.del(run.stream('workflow'));
  });

  it('that come while a workflow task is started are answered soon after it', async () => {
    const run = await deployment().start();
    const task = await run.workflowTask();
    const asked = query(run, { timeoutMs: 20_000 });
    await waitUntil(async () => (await run.context.redis.hstrlen(...executionField(run, 'y'))) > 0, {
      what: 'the query to wait',
    });
    await run.completed(task, [timer('t', 60_000)]);
    const queried = await queryTask(run);
    expect(queried.historyLength).toBe(5);
    await answer(run, queried.query.queryId, answered('now'));
    expect(await asked).toMatchObject({ result: [payload('now')] });
  });

  it('that fail say why', async () => {
    const run = await deployment().start();
    await run.decide();
    const asked = query(run);
    const { query: taken } = await queryTask(run);
    await answer(run, taken.queryId, {
      answered: false,
      errorMessage: 'no such query',
      failure: { message: 'no such query', info: { kind: 'application', nonRetryable: true } },
    });
    await expect(asked).rejects.toThrow(QueryFailedError);
    await expect(asked).rejects.toMatchObject({
      message: 'no such query',
      cause: { message: 'no such query', info: { kind: 'application' } },
    });
  });

  it('can be refused by the state of the run', async () => {
    const completed = await deployment().start();
    await completed.decide([finish()]);
    const terminated = await deployment().start();
    await terminated.workflowTask();
    await terminated.engine.terminateWorkflow(terminated.address);
    expect(await query(completed, { rejectCondition: 'NOT_OPEN' })).toEqual({
      rejected: true,
      status: 'COMPLETED',
    });
    expect(await query(terminated, { rejectCondition: 'NOT_COMPLETED_CLEANLY' })).toEqual({
      rejected: true,
      status: 'TERMINATED',
    });
    const asked = query(completed, { rejectCondition: 'NOT_COMPLETED_CLEANLY' });
    const { query: taken } = await queryTask(completed);
    await answer(completed, taken.queryId, answered(1));
    expect(await asked).toMatchObject({ rejected: false });
  });

  it('are refused at once while the workflow task keeps failing, and answered when it has recovered', async () => {
    const run = await deployment().start();
    await run.fail(await run.workflowTask());
    await run.fail(await run.workflowTask());
    const third = await run.workflowTask();
    await expect(query(run)).rejects.toThrow(WorkflowNotReadyError);
    await run.completed(third, [timer('t', 60_000)]);
    const asked = query(run);
    const { query: taken } = await queryTask(run);
    await answer(run, taken.queryId, answered('well again'));
    expect(await asked).toMatchObject({ result: [payload('well again')] });
  });

  it('are refused when nobody polls in time', async () => {
    const run = await deployment().start();
    await expect(query(run, { timeoutMs: 300 })).rejects.toThrow(NoPollerError);
    await run.workflowTask();
  });

  it('wait for a worker that is about to start', async () => {
    const run = await deployment().start();
    const asked = query(run);
    await run.decide([timer('t', 60_000)]);
    const { query: taken } = await queryTask(run);
    await answer(run, taken.queryId, answered('at last'));
    expect(await asked).toMatchObject({ result: [payload('at last')] });
  });

  it('are given up when nobody answers in time; a late answer is nobody’s', async () => {
    const run = await deployment().start();
    await run.decide();
    const asked = query(run, { timeoutMs: 200 });
    const { query: taken } = await queryTask(run);
    await expect(asked).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await answer(run, taken.queryId, answered(1));
    expect(await answer(run, 'unknown', answered(1))).toBe(false);
  });

  it('that do not exist any more are not taken', async () => {
    const run = await deployment().start();
    await run.decide();
    const asked = query(run, { timeoutMs: 200 });
    await expect(asked).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const [entry] = await deployment().read(run.stream('workflow'));
    if (entry?.kind !== 'query') throw new Error('there is no query');
    await run.context.redis.del(run.context.keys.query(run.partition, entry.queryId));
    const source = {
      ...{ partition: run.partition, streamKey: run.stream('workflow'), taskQueue: run.taskQueue },
      ...{ identity: WORKER, sticky: false },
    };
    expect(await takeQuery(run.context, source, entry)).toBeUndefined();
    expect(await run.context.redis.xlen(run.stream('workflow'))).toBe(0);
  });

  it('are refused when they are unsound', async () => {
    const run = await deployment().start();
    for (const [field, unsound] of [
      ['queryType', { queryType: '' }],
      ['queryArgs', { queryArgs: [{ metadata: {}, data: new Uint8Array(3 * 1024 * 1024) }] }],
      ['runId', { runId: 'x' }],
    ] as const) {
      const asked = query(run, unsound);
      await expect(asked).rejects.toThrow(InvalidArgumentError);
      await expect(asked).rejects.toMatchObject({ field });
    }
  });
});

/** A field of the state of the current run. */
function executionField(run: TestRun, field: string): [key: string, field: string] {
  return [run.context.keys.execution(run.namespace, run.workflowId).execution, field];
}
