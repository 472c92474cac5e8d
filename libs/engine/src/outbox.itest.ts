import type { Command, HistoryEvent } from '@tidewheel/core';
import { Engine } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { command, describeEngine, finish, payload, short } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

describeEngine('asking other executions', (deployment) => {
  const signalOther = (workflowId: string, attributes: Record<string, unknown> = {}): Command =>
    command('SignalExternalWorkflowExecution', {
      workflowExecution: { workflowId },
      signalName: 'hello',
      ...attributes,
    });
  const cancelOther = (workflowId: string, attributes: Record<string, unknown> = {}): Command =>
    command('RequestCancelExternalWorkflowExecution', { workflowExecution: { workflowId }, ...attributes });

  /** What became of the requests of a run, once all of them are answered. */
  async function answers(run: TestRun, count: number): Promise<HistoryEvent[]> {
    const answered = (events: readonly HistoryEvent[]): HistoryEvent[] =>
      events.filter(({ eventType }) =>
        [
          'ExternalWorkflowExecutionSignaled',
          'SignalExternalWorkflowExecutionFailed',
          'ExternalWorkflowExecutionCancelRequested',
          'RequestCancelExternalWorkflowExecutionFailed',
        ].includes(eventType),
      );
    return waitUntil(
      async () => {
        const found = answered(await run.history());
        return found.length >= count && found;
      },
      { what: `${count} answers`, timeoutMs: 25_000 },
    );
  }

  it('signals one, with all that was sent, and tells the one that asked', async () => {
    const target = await deployment().start();
    const run = await deployment().start();
    await run.decide([
      signalOther(target.workflowId, { input: [payload(1), payload('ü')], header: { trace: payload('t') } }),
    ]);
    const [answer] = await answers(run, 1);
    expect(answer).toMatchObject({
      eventType: 'ExternalWorkflowExecutionSignaled',
      attributes: {
        initiatedEventId: 5,
        namespace: 'default',
        workflowExecution: { workflowId: target.workflowId },
      },
    });
    const signaled = (await target.history())[2]!;
    expect(signaled.attributes).toEqual({
      signalName: 'hello',
      input: [payload(1), payload('ü')],
      header: { trace: payload('t') },
      externalWorkflowExecution: { workflowId: run.workflowId, runId: run.runId },
      requestId: `${run.runId}:5`,
    });
    await run.decide([finish()]);
    await run.closed();
  });

  it('cancels one, and tells the one that asked', async () => {
    const target = await deployment().start();
    const run = await deployment().start();
    await run.decide([cancelOther(target.workflowId, { reason: 'too late' })]);
    const [answer] = await answers(run, 1);
    expect(answer!.eventType).toBe('ExternalWorkflowExecutionCancelRequested');
    expect((await target.history())[2]!.attributes).toEqual({
      cause: 'too late',
      externalInitiatedEventId: 5,
      externalWorkflowExecution: { workflowId: run.workflowId, runId: run.runId },
    });
    expect((await target.describe()).cancelRequested).toBe(true);
  });

  it('can name a run', async () => {
    const target = await deployment().start();
    const run = await deployment().start();
    const { workflowId, runId } = target;
    await run.decide([
      signalOther(workflowId, { workflowExecution: { workflowId, runId } }),
      signalOther(workflowId, { workflowExecution: { workflowId, runId: randomUUID() } }),
    ]);
    const [found, missing] = await answers(run, 2);
    expect(found!.eventType).toBe('ExternalWorkflowExecutionSignaled');
    expect(missing).toMatchObject({
      eventType: 'SignalExternalWorkflowExecutionFailed',
      attributes: { cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND', initiatedEventId: 6 },
    });
  });

  it('tells the one that asked that there is none', async () => {
    const run = await deployment().start();
    await run.decide([signalOther('nobody'), cancelOther('nobody')]);
    expect((await answers(run, 2)).map(({ eventType }) => eventType)).toEqual([
      'SignalExternalWorkflowExecutionFailed',
      'RequestCancelExternalWorkflowExecutionFailed',
    ]);
    await run.decide([finish()]);
    await run.closed();
  });

  it('cannot signal one that is closed; cancelling it does nothing, and succeeds', async () => {
    const target = await deployment().start();
    await target.decide([finish()]);
    const run = await deployment().start();
    await run.decide([signalOther(target.workflowId), cancelOther(target.workflowId)]);
    expect((await answers(run, 2)).map(({ eventType }) => eventType)).toEqual([
      'SignalExternalWorkflowExecutionFailed',
      'ExternalWorkflowExecutionCancelRequested',
    ]);
    expect((await target.history()).at(-1)!.eventType).toBe('WorkflowExecutionCompleted');
  });

  it('does it although the one that asks closes with it', async () => {
    const target = await deployment().start();
    const run = await deployment().start();
    await run.decide([signalOther(target.workflowId), cancelOther(target.workflowId), finish()]);
    const closed = await run.closed();
    await target.eventOf('WorkflowExecutionCancelRequested');
    expect((await target.story()).slice(2)).toEqual(['Signaled', 'CancelRequested']);
    // Nobody is there to be told.
    expect(await run.history()).toEqual(closed);
    const { outbox } = run.context.keys.partition(run.partition);
    await waitUntil(async () => (await run.context.redis.xlen(outbox)) === 0, {
      what: 'the outbox to be empty',
    });
  });

  it('answers into the buffer while a workflow task is started', async () => {
    const target = await deployment().start();
    const run = await deployment().start();
    const sticky = { queue: await run.openSticky(), timeoutMs: 60_000 };
    const { next } = await run.decide([signalOther(target.workflowId)], {
      sticky,
      startNext: true,
      forceNext: true,
    });
    await target.eventOf('WorkflowExecutionSignaled');
    await waitUntil(async () => (await run.context.redis.llen(next!.run.buffer)) === 1, {
      what: 'the answer',
    });
    expect((await run.history()).at(-1)!.eventType).toBe('WorkflowTaskStarted');
    await run.completed(next!);
    expect((await run.story()).slice(-3)).toEqual(
      ['WT Completed', 'ExternalWorkflowExecutionSignaled', 'WT Scheduled'].map((type) =>
        type.replace('WorkflowExecution', ''),
      ),
    );
  });

  it('does many, to one another, in both directions', async () => {
    const [a, b] = [await deployment().start(), await deployment().start()];
    const count = 60;
    await Promise.all([
      a.decide(Array.from({ length: count }, () => signalOther(b.workflowId))),
      b.decide(Array.from({ length: count }, () => signalOther(a.workflowId))),
    ]);
    for (const run of [a, b]) {
      expect(await answers(run, count)).toHaveLength(count);
    }
    for (const run of [a, b]) {
      const signals = (await run.history()).filter(
        ({ eventType }) => eventType === 'WorkflowExecutionSignaled',
      );
      expect(signals).toHaveLength(count);
    }
  });

  it('lets others through while one is busy, and delivers to it in the end', async () => {
    const busy = await deployment().start();
    const idle = await deployment().start();
    const task = await busy.workflowTask();
    await busy.signal();
    await busy.complete(task, [finish()]);
    const again = await busy.workflowTask();
    const run = await deployment().start();
    await run.decide([signalOther(busy.workflowId), signalOther(idle.workflowId)]);
    const [first] = await answers(run, 1);
    expect(first!.attributes).toMatchObject({ workflowExecution: { workflowId: idle.workflowId } });
    await busy.completed(again);
    expect((await answers(run, 2)).map(({ eventType }) => short(eventType))).toEqual([
      'ExternalSignaled',
      'ExternalSignaled',
    ]);
    expect((await busy.story()).filter((type) => type === 'Signaled')).toHaveLength(2);
  });

  it('delivers once what several processes deliver at the same time', async () => {
    const others = await Promise.all(
      [1, 2].map(() => Engine.open({ connection: { url: deployment().store.url }, identity: randomUUID() })),
    );
    try {
      await Promise.all(others.map((engine) => engine.startDuties()));
      const target = await deployment().start();
      const run = await deployment().start();
      const count = 80;
      await run.decide(Array.from({ length: count }, () => signalOther(target.workflowId)));
      expect(await answers(run, count)).toHaveLength(count);
      const signals = (await target.history()).filter(
        ({ eventType }) => eventType === 'WorkflowExecutionSignaled',
      );
      expect(signals).toHaveLength(count);
    } finally {
      await Promise.all(others.map((engine) => engine.close()));
    }
  });

  it('delivers again what a process read and did not finish, and changes nothing by it', async () => {
    const target = await deployment().start();
    const run = await deployment().start();
    await run.decide([signalOther(target.workflowId)]);
    await answers(run, 1);
    const { outbox } = run.context.keys.partition(run.partition);
    // The same message once more, as if its delivery had not been acknowledged.
    const message = JSON.stringify({
      kind: 'signal',
      target: { workflowId: target.workflowId },
      signalName: 'hello',
    });
    await run.context.redis.xadd(
      outbox,
      '*',
      ...['f', `${run.namespace}:${run.workflowId}`, 'r', run.runId, 'i', '5', 'm', message],
    );
    await run.context.redis.xadd(run.context.keys.partition(run.partition).notify, '*', 'o', '5');
    await waitUntil(async () => (await run.context.redis.xlen(outbox)) === 0, {
      what: 'the outbox to be empty',
    });
    expect(await answers(run, 1)).toHaveLength(1);
    expect((await target.story()).slice(2)).toEqual(['Signaled']);
  });
});
