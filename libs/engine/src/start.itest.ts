import {
  InvalidArgumentError,
  NamespaceNotFoundError,
  WorkflowExecutionAlreadyStartedError,
} from '@tidewheel/core';
import type { StartWorkflowRequest } from '@tidewheel/engine';
import { randomUUID } from 'node:crypto';
import {
  activity,
  command,
  describeEngine,
  eventsOf,
  finish,
  NAMESPACE,
  payload,
  TestRun,
  timer,
} from './test-deployment.fixture.js';

describeEngine('starting', (deployment) => {
  const fresh = (): StartWorkflowRequest => {
    const name = randomUUID();
    return {
      namespace: NAMESPACE,
      workflowId: `id:${name}`,
      workflowType: 'order',
      taskQueue: `queue ${name}`,
    };
  };
  const runOf = (request: StartWorkflowRequest, runId: string): TestRun =>
    new TestRun(deployment(), request.namespace, request.workflowId, runId, request.taskQueue);

  it('writes the start and schedules the first workflow task at once', async () => {
    const run = await deployment().start({ input: [payload('hello')] });
    expect(await run.story()).toEqual(['Started', 'WT Scheduled']);
    const task = await run.workflowTask();
    expect(task).toMatchObject({
      stamp: { scheduledEventId: 2, startedEventId: 3, attempt: 1 },
      previousStartedEventId: 0,
      firstEventId: 1,
      historyLength: 3,
      taskTimeoutMs: 10_000,
    });
    expect(eventsOf(task)).toEqual(await run.history());
  });

  it('keeps what people are told about a run and its commands, byte for byte', async () => {
    const text = (value: string) => ({
      metadata: { encoding: Buffer.from('json/plain'), odd: Buffer.from([0, 255]) },
      data: Buffer.from(value),
    });
    const userMetadata = { summary: text('"ä"'), details: text('anything') };
    const run = await deployment().start({ userMetadata });
    await run.decide([
      { ...timer('1', 60_000), userMetadata: { summary: text('a timer') } },
      { ...activity('a'), userMetadata: { details: text('an activity') } },
      { ...command('RecordMarker', { markerName: 'm' }), userMetadata },
      { ...command('RecordMarker', { markerName: 'bare' }), userMetadata: {} },
      { ...finish(), userMetadata: { summary: text('the end') } },
    ]);
    expect((await run.closed()).map((event) => event.userMetadata)).toEqual([
      ...[userMetadata, undefined, undefined, undefined],
      ...[{ summary: text('a timer') }, { details: text('an activity') }, userMetadata, undefined],
      { summary: text('the end') },
    ]);
    expect((await run.describe()).userMetadata).toEqual(userMetadata);
    const bare = await deployment().start({ userMetadata: {} });
    expect(await bare.describe()).not.toHaveProperty('userMetadata');
  });

  it('gives the first workflow task, started, to a caller that does it at once', async () => {
    const request = { ...fresh(), workflowTaskTimeoutMs: 7_000, workflowRunTimeoutMs: 60_000 };
    const { runId, workflowTask } = await deployment().engine.startWorkflow({
      ...request,
      eagerWorker: { identity: 'eager' },
    });
    const run = runOf(request, runId);
    expect(await run.tryWorkflowTasks()).toEqual([]);
    const history = await run.history();
    expect(await run.story()).toEqual(['Started', 'WT Scheduled', 'WT Started']);
    expect(history[0]!.attributes).toMatchObject({ eagerExecutionAccepted: true });
    expect(history[2]!.attributes).toMatchObject({ identity: 'eager', scheduledEventId: 2 });
    expect(workflowTask).toMatchObject({
      stamp: { scheduledEventId: 2, startedEventId: 3, attempt: 1 },
      taskQueue: request.taskQueue,
      previousStartedEventId: 0,
      startedMs: history[0]!.eventTimeMs,
      taskTimeoutMs: 7_000,
      runExpiresMs: history[0]!.eventTimeMs + 60_000,
      executionExpiresMs: 0,
      firstEventId: 1,
      historyLength: 3,
      queries: [],
    });
    expect(eventsOf(workflowTask!)).toEqual(history);
    await run.completed(workflowTask!, [finish()]);
  });

  it('hands a task out once: not to a repetition, nor to one who uses the execution that is there', async () => {
    const request = { ...fresh(), requestId: 'eager request', eagerWorker: { identity: 'eager' } };
    const { engine } = deployment();
    const first = await engine.startWorkflow(request);
    expect(first.workflowTask).toBeDefined();
    expect(await engine.startWorkflow(request)).toEqual({ runId: first.runId, started: true });
    const other = { ...request, requestId: 'another', workflowIdConflictPolicy: 'USE_EXISTING' as const };
    expect(await engine.startWorkflow(other)).toEqual({ runId: first.runId, started: false });
  });

  it('lets an eager task that nobody does time out, and others do it', async () => {
    const request = { ...fresh(), workflowTaskTimeoutMs: 50 };
    const { runId, workflowTask } = await deployment().engine.startWorkflow({
      ...request,
      eagerWorker: { identity: 'gone' },
    });
    const run = runOf(request, runId);
    await run.decide([finish()]);
    expect(await run.complete(workflowTask!, [finish()])).toEqual({ kind: 'notFound' });
    expect((await run.story()).filter((type) => type === 'WT TimedOut')).toHaveLength(1);
  });

  it('keeps what the start says', async () => {
    const memo = { note: payload('fragile') };
    const searchAttributes = { city: payload('Kiel') };
    const run = await deployment().start({
      input: [payload(1), payload({ a: 2 })],
      memo,
      searchAttributes,
      header: { trace: payload('t') },
      identity: 'me',
      workflowTaskTimeoutMs: 7_000,
      workflowRunTimeoutMs: 60_000,
      workflowExecutionTimeoutMs: 120_000,
    });
    const [started] = await run.history();
    expect(started!.attributes).toEqual({
      workflowType: 'order',
      taskQueue: run.taskQueue,
      input: [payload(1), payload({ a: 2 })],
      memo,
      searchAttributes,
      header: { trace: payload('t') },
      identity: 'me',
      workflowTaskTimeoutMs: 7_000,
      workflowRunTimeoutMs: 60_000,
      workflowExecutionTimeoutMs: 120_000,
    });
    const startTimeMs = started!.eventTimeMs;
    expect(await run.describe()).toMatchObject({
      execution: { workflowId: run.workflowId, runId: run.runId },
      workflowType: 'order',
      taskQueue: run.taskQueue,
      status: 'RUNNING',
      startTimeMs,
      historyLength: 2,
      workflowTaskTimeoutMs: 7_000,
      runExpiresMs: startTimeMs + 60_000,
      executionExpiresMs: startTimeMs + 120_000,
      memo,
      searchAttributes,
      pendingWorkflowTask: { state: 'SCHEDULED', attempt: 1, sticky: false },
    });
  });

  it.each([
    ...['a b:c', '{0}', 'ü{1}:ö', '日本', '\u{1f30a}', ':', ' ', '"'].map((part) => ({ label: part, part })),
    { label: 'of 1,000 characters', part: 'x'.repeat(1_000) },
  ])('accepts any workflow id: $label', async ({ part }) => {
    const workflowId = `${part.slice(0, 990)}${Math.random().toString(36).slice(2, 10)}`;
    const run = await deployment().start({ workflowId, taskQueue: `${part.slice(0, 900)}${randomUUID()}` });
    await run.decide([
      command('ScheduleActivityTask', {
        activityId: `${part} 1:2`.slice(0, 1_000),
        activityType: part,
        startToCloseTimeoutMs: 5_000,
      }),
    ]);
    const task = await run.activityTask();
    expect(task).toMatchObject({ activityId: `${part} 1:2`.slice(0, 1_000), run: { workflowId } });
  });

  describe('again with the same request id', () => {
    it('gives the same run', async () => {
      const request = { ...fresh(), requestId: 'once' };
      const first = await deployment().engine.startWorkflow(request);
      expect(first.started).toBe(true);
      expect(await deployment().engine.startWorkflow(request)).toEqual(first);
      expect(await runOf(request, first.runId).story()).toEqual(['Started', 'WT Scheduled']);
    });

    it('gives the same run whatever the policies say, and when it is closed', async () => {
      const request = { ...fresh(), requestId: 'once' };
      const first = await deployment().engine.startWorkflow(request);
      const terminating = { ...request, workflowIdConflictPolicy: 'TERMINATE_EXISTING' } as const;
      expect(await deployment().engine.startWorkflow(terminating)).toEqual(first);
      await runOf(request, first.runId).decide([finish()]);
      expect(await deployment().engine.startWorkflow(request)).toEqual(first);
      const rejecting = { ...request, workflowIdReusePolicy: 'REJECT_DUPLICATE' } as const;
      expect(await deployment().engine.startWorkflow(rejecting)).toEqual(first);
    });

    it('starts once however many ask at the same time', async () => {
      const request = { ...fresh(), requestId: 'once' };
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => deployment().engine.startWorkflow(request)),
      );
      expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
      expect(answers.every(({ started }) => started)).toBe(true);
      expect(await runOf(request, answers[0]!.runId).story()).toEqual(['Started', 'WT Scheduled']);
    });
  });

  describe('while the id is running', () => {
    it('is refused by default, and the refusal names the run and the request that started it', async () => {
      const request = { ...fresh(), requestId: 'first' };
      const { runId } = await deployment().engine.startWorkflow(request);
      const again = deployment().engine.startWorkflow({ ...request, requestId: 'second' });
      await expect(again).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
      await expect(again).rejects.toMatchObject({
        code: 'WORKFLOW_ALREADY_STARTED',
        workflowId: request.workflowId,
        runId,
        startRequestId: 'first',
      });
      // Without a request id there is no repetition.
      const { requestId, ...anonymous } = request;
      expect(requestId).toBe('first');
      await expect(deployment().engine.startWorkflow(anonymous)).rejects.toThrow(
        WorkflowExecutionAlreadyStartedError,
      );
    });

    it('gives the running one with USE_EXISTING', async () => {
      const request = fresh();
      const { runId } = await deployment().engine.startWorkflow(request);
      expect(
        await deployment().engine.startWorkflow({ ...request, workflowIdConflictPolicy: 'USE_EXISTING' }),
      ).toEqual({ runId, started: false });
    });

    it.each(['waits', 'is started'])(
      'ends the running one with TERMINATE_EXISTING, while its workflow task %s',
      async (state) => {
        const request = fresh();
        const { runId } = await deployment().engine.startWorkflow(request);
        const old = runOf(request, runId);
        const task = state === 'is started' ? await old.workflowTask() : undefined;
        const second = await deployment().engine.startWorkflow({
          ...request,
          workflowIdConflictPolicy: 'TERMINATE_EXISTING',
        });
        expect(second.started).toBe(true);
        expect(second.runId).not.toBe(runId);
        expect(await old.story()).toEqual(
          task
            ? ['Started', 'WT Scheduled', 'WT Started', 'WT Failed', 'Terminated']
            : ['Started', 'WT Scheduled', 'Terminated'],
        );
        expect((await old.describe()).status).toBe('TERMINATED');
        const replacement = runOf(request, second.runId);
        expect(await replacement.story()).toEqual(['Started', 'WT Scheduled']);
        if (task) expect(await old.complete(task, [finish()])).toEqual({ kind: 'notFound' });
        await replacement.decide([finish()]);
        expect((await replacement.describe()).status).toBe('COMPLETED');
      },
    );

    it('lets one of many at the same time win', async () => {
      const request = fresh();
      const answers = await Promise.allSettled(
        Array.from({ length: 30 }, () => deployment().engine.startWorkflow(request)),
      );
      const started = answers.filter(({ status }) => status === 'fulfilled');
      expect(started).toHaveLength(1);
      for (const answer of answers) {
        if (answer.status === 'rejected') {
          expect(answer.reason).toBeInstanceOf(WorkflowExecutionAlreadyStartedError);
        }
      }
    });

    it('leaves one running when many replace one another', async () => {
      const request = { ...fresh(), workflowIdConflictPolicy: 'TERMINATE_EXISTING' } as const;
      const answers = await Promise.allSettled(
        Array.from({ length: 8 }, () => deployment().engine.startWorkflow(request)),
      );
      const runs = answers.flatMap((answer) =>
        answer.status === 'fulfilled' ? [runOf(request, answer.value.runId)] : [],
      );
      const descriptions = await Promise.all(runs.map((run) => run.describe()));
      expect(descriptions.filter(({ status }) => status === 'RUNNING')).toHaveLength(1);
      for (const run of runs) await run.history();
    });
  });

  describe('after the id was closed', () => {
    /** An id whose last run ended in a certain way. */
    async function closedAs(
      how: 'completed' | 'failed' | 'canceled' | 'terminated' | 'timed out',
    ): Promise<TestRun> {
      const run = await deployment().start(how === 'timed out' ? { workflowRunTimeoutMs: 1 } : {});
      switch (how) {
        case 'completed':
          await run.decide([finish()]);
          break;
        case 'failed':
          await run.decide([command('FailWorkflowExecution', { failure: { message: 'no' } })]);
          break;
        case 'canceled':
          await run.decide([command('CancelWorkflowExecution', {})]);
          break;
        case 'terminated':
          await run.engine.terminateWorkflow(run.address);
          break;
        case 'timed out':
          await run.closed();
      }
      return run;
    }

    const again = (run: TestRun, policy: Partial<StartWorkflowRequest> = {}): Promise<{ runId: string }> =>
      deployment().engine.startWorkflow({
        namespace: NAMESPACE,
        workflowId: run.workflowId,
        workflowType: 'order',
        taskQueue: run.taskQueue,
        ...policy,
      });

    it.each(['completed', 'failed', 'canceled', 'terminated', 'timed out'] as const)(
      'starts again by default; the run before was %s and stays readable',
      async (how) => {
        const old = await closedAs(how);
        const before = await old.history();
        const { runId } = await again(old);
        expect(runId).not.toBe(old.runId);
        expect(await old.history()).toEqual(before);
        expect((await old.describe()).status).not.toBe('RUNNING');
        const current = await deployment().engine.describeWorkflow({
          namespace: NAMESPACE,
          workflowId: old.workflowId,
        });
        expect(current).toMatchObject({ status: 'RUNNING', execution: { runId } });
      },
    );

    it.each(['failed', 'canceled', 'terminated', 'timed out'] as const)(
      'starts again with ALLOW_DUPLICATE_FAILED_ONLY when it was %s',
      async (how) => {
        const old = await closedAs(how);
        await again(old, { workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' });
      },
    );

    it('refuses ALLOW_DUPLICATE_FAILED_ONLY when it was completed', async () => {
      const old = await closedAs('completed');
      const refused = again(old, { workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' });
      await expect(refused).rejects.toMatchObject({
        code: 'WORKFLOW_ALREADY_STARTED',
        runId: old.runId,
        message: expect.stringContaining('COMPLETED'),
      });
    });

    it('refuses REJECT_DUPLICATE however it ended', async () => {
      for (const how of ['completed', 'failed'] as const) {
        await expect(
          again(await closedAs(how), { workflowIdReusePolicy: 'REJECT_DUPLICATE' }),
        ).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
      }
    });

    it('keeps a chain of runs apart', async () => {
      const first = await closedAs('completed');
      const runIds = [first.runId];
      for (let i = 0; i < 3; i++) {
        const { runId } = await again(first);
        const run = new TestRun(deployment(), NAMESPACE, first.workflowId, runId, first.taskQueue);
        await run.decide([finish(i)]);
        runIds.push(runId);
      }
      expect(new Set(runIds).size).toBe(4);
      for (const runId of runIds) {
        const run = new TestRun(deployment(), NAMESPACE, first.workflowId, runId, first.taskQueue);
        expect(await run.story()).toEqual([
          'Started',
          'WT Scheduled',
          'WT Started',
          'WT Completed',
          'Completed',
        ]);
      }
    });
  });

  it('keeps namespaces apart', async () => {
    const other = `other-${randomUUID()}`;
    await deployment().engine.createNamespace({ name: other });
    const request = fresh();
    const here = await deployment().engine.startWorkflow(request);
    const there = await deployment().engine.startWorkflow({ ...request, namespace: other });
    expect(there.runId).not.toBe(here.runId);
    const run = runOf({ ...request, namespace: other }, there.runId);
    await run.decide([finish()]);
    expect((await run.describe()).status).toBe('COMPLETED');
    expect((await runOf(request, here.runId).describe()).status).toBe('RUNNING');
    await expect(
      deployment().engine.describeWorkflow({ ...request, namespace: other, runId: here.runId }),
    ).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
  });

  it.each<[string, Partial<StartWorkflowRequest>]>([
    ['workflowId', { workflowId: '' }],
    ['workflowId', { workflowId: 'a\n' }],
    ['workflowType', { workflowType: '' }],
    ['taskQueue', { taskQueue: 'x'.repeat(1_001) }],
    ['requestId', { requestId: '' }],
    ['identity', { identity: '\0' }],
    ['input', { input: [{ metadata: {}, data: new Uint8Array(2 * 1024 * 1024 + 1) }] }],
    ['memo', { memo: { a: { metadata: {}, data: new Uint8Array(2 * 1024 * 1024 + 1) } } }],
    ['workflowRunTimeout', { workflowRunTimeoutMs: -1 }],
    ['workflowExecutionTimeout', { workflowExecutionTimeoutMs: Infinity }],
    ['workflowTaskTimeout', { workflowTaskTimeoutMs: 120_001 }],
    ['workflowTaskTimeout', { workflowTaskTimeoutMs: NaN }],
    [
      'workflowIdConflictPolicy',
      { workflowIdReusePolicy: 'REJECT_DUPLICATE', workflowIdConflictPolicy: 'TERMINATE_EXISTING' },
    ],
    ['namespace', { namespace: 'a:b' }],
  ])('refuses an unsound %s and changes nothing', async (field, unsound) => {
    const request = { ...fresh(), ...unsound };
    const refused = deployment().engine.startWorkflow(request);
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toMatchObject({ field });
    const { executions } = await deployment().engine.listWorkflows({
      namespace: NAMESPACE,
      workflowId: request.workflowId,
    });
    expect(executions).toEqual([]);
  });

  it('refuses a namespace that does not exist', async () => {
    await expect(deployment().engine.startWorkflow({ ...fresh(), namespace: 'nowhere' })).rejects.toThrow(
      NamespaceNotFoundError,
    );
  });
});
