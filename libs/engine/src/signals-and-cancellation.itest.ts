import { InvalidArgumentError, LIMITS, WorkflowNotFoundError } from '@tidewheel/core';
import { randomUUID } from 'node:crypto';
import { command, describeEngine, finish, payload, short, timer } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

describeEngine('signals and cancellation', (deployment) => {
  const types = async (run: TestRun): Promise<string[]> => (await run.story()).slice(2);

  describe('signals', () => {
    it('are written with all that was sent, and a workflow task tells the workflow', async () => {
      const run = await deployment().start();
      await run.decide();
      await run.engine.signalWorkflow({
        ...run.address,
        signalName: 'go home',
        input: [payload(1), payload(2)],
        header: { trace: payload('t') },
        identity: 'me',
        requestId: 'once',
      });
      const [signaled] = (await run.history()).slice(4);
      expect(signaled).toMatchObject({ eventType: 'WorkflowExecutionSignaled' });
      expect(signaled!.attributes).toEqual({
        signalName: 'go home',
        input: [payload(1), payload(2)],
        header: { trace: payload('t') },
        identity: 'me',
        requestId: 'once',
      });
      await run.decide([finish()]);
      await run.closed();
    });

    it('join the task that waits already', async () => {
      const run = await deployment().start();
      await run.signal('a');
      await run.signal('b');
      expect(await types(run)).toEqual(['Signaled', 'Signaled']);
      const task = await run.workflowTask();
      expect(task.historyLength).toBe(5);
      expect(await run.tryWorkflowTasks()).toEqual([]);
      await run.completed(task, [finish()]);
    });

    it('reach the current run without naming it', async () => {
      const run = await deployment().start();
      const { runId, ...current } = run.address;
      expect(runId).toBe(run.runId);
      await run.engine.signalWorkflow({ ...current, signalName: 'go' });
      expect(await types(run)).toEqual(['Signaled']);
    });

    it('are delivered once for each request id, wherever the first one is', async () => {
      const run = await deployment().start();
      await run.signal('go', 'in the history');
      await run.signal('go', 'in the history');
      const task = await run.workflowTask();
      await run.signal('go', 'in the history');
      await run.signal('go', 'in the buffer');
      await run.signal('go', 'in the buffer');
      await run.completed(task);
      await run.signal('go', 'in the buffer');
      expect((await types(run)).filter((type) => type === 'Signaled')).toHaveLength(2);
      await run.decide([finish()]);
      await run.closed();
    });

    it('are delivered once when many send the same at the same time, and all otherwise', async () => {
      const run = await deployment().start();
      await Promise.all(Array.from({ length: 40 }, (_, i) => run.signal('go', `request ${i % 10}`)));
      await Promise.all(Array.from({ length: 25 }, () => run.signal('go')));
      expect((await types(run)).filter((type) => type === 'Signaled')).toHaveLength(35);
    });

    it('are refused when nothing runs', async () => {
      const run = await deployment().start();
      await run.decide([finish()]);
      for (const address of [
        run.address,
        { ...run.address, runId: undefined },
        { ...run.address, runId: randomUUID() },
        { ...run.address, workflowId: 'nobody', runId: undefined },
      ]) {
        await expect(run.engine.signalWorkflow({ ...address, signalName: 'go' })).rejects.toThrow(
          WorkflowNotFoundError,
        );
      }
    });

    it('are refused beyond the limit of one run', async () => {
      const run = await deployment().start();
      await run.decide();
      const batch = 500;
      for (let sent = 0; sent < LIMITS.signalsPerExecution; sent += batch) {
        await Promise.all(Array.from({ length: batch }, () => run.signal()));
      }
      await expect(run.signal()).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        limit: 'signalsPerExecution',
      });
      // Cancelling must still be possible.
      await run.engine.requestCancelWorkflow(run.address);
      expect((await run.describe()).cancelRequested).toBe(true);
    });

    it.each<[string, Record<string, unknown>]>([
      ['signalName', { signalName: '' }],
      ['workflowId', { workflowId: '' }],
      ['runId', { runId: 'nonsense' }],
      ['requestId', { requestId: '\n' }],
      ['identity', { identity: '' }],
      ['input', { input: [{ metadata: {}, data: new Uint8Array(LIMITS.payloadBytes + 1) }] }],
    ])('are refused for an unsound %s', async (field, unsound) => {
      const run = await deployment().start();
      const request = { ...run.address, signalName: 'go', ...unsound };
      const refused = run.engine.signalWorkflow(request);
      await expect(refused).rejects.toThrow(InvalidArgumentError);
      await expect(refused).rejects.toMatchObject({ field });
      expect(await types(run)).toEqual([]);
    });
  });

  describe('cancel requests', () => {
    it('are written once, and shown', async () => {
      const run = await deployment().start();
      await run.decide();
      expect((await run.describe()).cancelRequested).toBe(false);
      await run.engine.requestCancelWorkflow({ ...run.address, reason: 'no stock', identity: 'me' });
      await run.engine.requestCancelWorkflow(run.address);
      await run.engine.requestCancelWorkflow({ ...run.address, requestId: 'another' });
      const [requested, ...rest] = (await run.history()).slice(4);
      expect(requested!.attributes).toEqual({ cause: 'no stock', identity: 'me' });
      expect(rest.map(({ eventType }) => short(eventType))).toEqual(['WT Scheduled']);
      expect((await run.describe()).cancelRequested).toBe(true);
      await run.decide([command('CancelWorkflowExecution', { details: [payload('bye')] })]);
      expect(await run.engine.getResult(run.address)).toEqual({
        runId: run.runId,
        status: 'CANCELED',
        details: [payload('bye')],
      });
      await run.closed();
    });

    it('are written once when the first one waits in the buffer', async () => {
      const run = await deployment().start();
      const task = await run.workflowTask();
      await Promise.all(Array.from({ length: 10 }, () => run.engine.requestCancelWorkflow(run.address)));
      await run.completed(task);
      expect((await types(run)).filter((type) => type === 'CancelRequested')).toHaveLength(1);
    });

    it('may be passed over by the workflow', async () => {
      const run = await deployment().start();
      await run.engine.requestCancelWorkflow(run.address);
      await run.decide([timer('1', 1)]);
      await run.eventOf('TimerFired');
      await run.decide([finish()]);
      expect((await run.describe()).status).toBe('COMPLETED');
    });

    it('of a closed run do nothing', async () => {
      const run = await deployment().start();
      await run.decide([finish()]);
      const before = await run.history();
      await run.engine.requestCancelWorkflow(run.address);
      await run.engine.requestCancelWorkflow({ ...run.address, runId: undefined });
      expect(await run.history()).toEqual(before);
      // Nor do they reach the run that has the id now.
      const { runId } = await run.engine.startWorkflow({
        ...run.address,
        workflowType: 'order',
        taskQueue: run.taskQueue,
      });
      await run.engine.requestCancelWorkflow(run.address);
      const current = await run.engine.describeWorkflow({ ...run.address, runId });
      expect(current.cancelRequested).toBe(false);
    });

    it('are refused when there never was such a run', async () => {
      const run = await deployment().start();
      for (const address of [
        { ...run.address, runId: randomUUID() },
        { ...run.address, workflowId: 'nobody', runId: undefined },
      ]) {
        await expect(run.engine.requestCancelWorkflow(address)).rejects.toThrow(WorkflowNotFoundError);
      }
    });
  });
});
