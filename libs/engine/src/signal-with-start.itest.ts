import {
  InvalidArgumentError,
  LIMITS,
  NamespaceNotFoundError,
  WorkflowExecutionAlreadyStartedError,
} from '@tidewheel/core';
import type { SignalWithStartRequest } from '@tidewheel/engine';
import { randomUUID } from 'node:crypto';
import {
  command,
  describeEngine,
  eventsOf,
  finish,
  NAMESPACE,
  payload,
  short,
  TestRun,
} from './test-deployment.fixture.js';

describeEngine('signalling with a start', (deployment) => {
  const fresh = (): SignalWithStartRequest => {
    const name = randomUUID();
    return {
      namespace: NAMESPACE,
      workflowId: `id:${name}`,
      workflowType: 'order',
      taskQueue: `queue ${name}`,
      signalName: 'go',
    };
  };
  const send = (request: SignalWithStartRequest) => deployment().engine.signalWithStart(request);
  const runOf = (request: SignalWithStartRequest, runId: string): TestRun =>
    new TestRun(deployment(), request.namespace, request.workflowId, runId, request.taskQueue);
  const signalsOf = async (run: TestRun): Promise<number> =>
    (await run.story()).filter((type) => type === 'Signaled').length;

  it('starts an execution that has the signal before its first workflow task', async () => {
    const request = {
      ...fresh(),
      input: [payload(1)],
      signalInput: [payload('now')],
      signalHeader: { trace: payload('t') },
      requestId: 'r',
      identity: 'me',
    };
    const { runId, started } = await send(request);
    expect(started).toBe(true);
    const run = runOf(request, runId);
    expect(await run.story()).toEqual(['Started', 'Signaled', 'WT Scheduled']);
    const [begin, signaled] = await run.history();
    expect(begin!.attributes).toMatchObject({ input: [payload(1)], identity: 'me' });
    expect(signaled!.attributes).toEqual({
      signalName: 'go',
      identity: 'me',
      input: [payload('now')],
      header: { trace: payload('t') },
      requestId: 'r',
    });
    const task = await run.workflowTask();
    expect(task.stamp).toEqual({ scheduledEventId: 3, startedEventId: 4, attempt: 1 });
    expect(eventsOf(task)).toEqual(await run.history());
    await run.completed(task, [finish()]);
  });

  it('only signals the one that runs, whatever it waits for', async () => {
    const request = fresh();
    const { runId } = await send(request);
    const run = runOf(request, runId);
    expect(await send(request)).toEqual({ runId, started: false });
    const task = await run.workflowTask();
    expect(await send(request)).toEqual({ runId, started: false });
    await run.completed(task);
    expect(await send(request)).toEqual({ runId, started: false });
    await run.decide([finish()]);
    expect((await run.closed()).map(({ eventType }) => short(eventType))).toEqual([
      ...['Started', 'Signaled', 'WT Scheduled', 'Signaled', 'WT Started', 'WT Completed'],
      ...['Signaled', 'WT Scheduled', 'Signaled', 'WT Started', 'WT Completed', 'Completed'],
    ]);
  });

  it('starts another when the last one is closed, as the reuse policy says', async () => {
    const request = fresh();
    const first = await send(request);
    await runOf(request, first.runId).decide([finish()]);
    const refused = send({ ...request, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
    await expect(refused).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
    const failedOnly = send({ ...request, workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' });
    await expect(failedOnly).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
    const second = await send(request);
    expect(second).toEqual({ runId: expect.any(String), started: true });
    expect(second.runId).not.toBe(first.runId);
    expect(await runOf(request, second.runId).story()).toEqual(['Started', 'Signaled', 'WT Scheduled']);
    expect(await signalsOf(runOf(request, first.runId))).toBe(1);
  });

  it('puts a new one in the place of the one that runs when the conflict policy says so', async () => {
    const request = { ...fresh(), workflowIdConflictPolicy: 'TERMINATE_EXISTING' as const };
    const first = await send(request);
    const second = await send(request);
    expect(second).toMatchObject({ started: true });
    expect(await runOf(request, first.runId).story()).toEqual([
      ...['Started', 'Signaled', 'WT Scheduled', 'Terminated'],
    ]);
    expect(await runOf(request, second.runId).story()).toEqual(['Started', 'Signaled', 'WT Scheduled']);
  });

  it('is done once for a request id, whether it started or only signalled', async () => {
    const request = { ...fresh(), requestId: 'one' };
    const first = await send(request);
    expect(await send(request)).toEqual({ runId: first.runId, started: true });
    const run = runOf(request, first.runId);
    const another = { ...request, requestId: 'two' };
    expect(await send(another)).toEqual({ runId: first.runId, started: false });
    expect(await send(another)).toEqual({ runId: first.runId, started: false });
    expect(await signalsOf(run)).toBe(2);
    // The signal's own id counts whichever start brings it, and also for plain signals.
    const third = { ...request, requestId: 'three', signalRequestId: 'one' };
    expect(await send(third)).toEqual({ runId: first.runId, started: false });
    await run.signal('go', 'two');
    expect(await signalsOf(run)).toBe(2);
    // The start that made the run is known even when the run is closed.
    await run.decide([finish()]);
    expect(await send(request)).toEqual({ runId: first.runId, started: true });
    expect((await run.closed()).at(-1)!.eventType).toBe('WorkflowExecutionCompleted');
  });

  it('starts one run and loses no signal when many ask at once, while runs close', async () => {
    const request = fresh();
    const runIds = new Set<string>();
    const waves = 5;
    const together = 8;
    for (let wave = 0; wave < waves; wave++) {
      const answers = await Promise.all(
        Array.from({ length: together }, (_, i) => send({ ...request, signalRequestId: `${wave}-${i}` })),
      );
      for (const { runId } of answers) runIds.add(runId);
      const current = answers.map(({ runId }) => runId).at(-1)!;
      if (wave % 2 === 0) await deployment().engine.terminateWorkflow({ ...request, runId: current });
    }
    const signals = await Promise.all([...runIds].map((runId) => signalsOf(runOf(request, runId))));
    expect(signals.reduce((sum, count) => sum + count, 0)).toBe(waves * together);
    expect(runIds.size).toBe(3);
  });

  it('races with the end of the run: every signal is in the run that its answer names', async () => {
    const request = fresh();
    const named: { runId: string; signalRequestId: string }[] = [];
    for (let round = 0; round < 10; round++) {
      const { runId } = await send({ ...request, signalRequestId: `opening ${round}` });
      named.push({ runId, signalRequestId: `opening ${round}` });
      const ends = deployment()
        .engine.terminateWorkflow({ ...request, runId })
        .catch(() => undefined);
      const answers = await Promise.all(
        Array.from({ length: 4 }, async (_, i) => {
          const signalRequestId = `${round}-${i}`;
          return { signalRequestId, ...(await send({ ...request, signalRequestId })) };
        }),
      );
      named.push(...answers);
      await ends;
    }
    for (const { runId, signalRequestId } of named) {
      const events = await runOf(request, runId).history();
      const matching = events.filter(
        ({ eventType, attributes }) =>
          eventType === 'WorkflowExecutionSignaled' &&
          (attributes as { requestId?: string }).requestId === signalRequestId,
      );
      expect(matching).toHaveLength(1);
    }
  });

  it('gives the first workflow task to a caller that does it at once', async () => {
    const request = { ...fresh(), eagerWorker: { identity: 'eager' } };
    const { runId, workflowTask } = await send(request);
    expect(workflowTask?.stamp).toEqual({ scheduledEventId: 3, startedEventId: 4, attempt: 1 });
    const run = runOf(request, runId);
    expect(eventsOf(workflowTask!)).toEqual(await run.history());
    expect(await send(request)).toEqual({ runId, started: false });
    await run.completed(workflowTask!);
    await run.decide([finish()]);
  });

  it('lets the workflow know the signal that it started with when it continues', async () => {
    const request = fresh();
    const { runId } = await send(request);
    const run = runOf(request, runId);
    await run.decide([command('RecordMarker', { markerName: 'seen' })]);
    expect(await run.story()).toContain('MarkerRecorded');
  });

  it('refuses what is unsound before anything changes', async () => {
    const { engine } = deployment();
    const request = fresh();
    const big = [payload('x'.repeat(LIMITS.payloadBytes))];
    const wrong: [string, Partial<SignalWithStartRequest>][] = [
      ['signalName', { signalName: '' }],
      ['signalInput', { signalInput: big }],
      ['signalHeader', { signalHeader: { a: big[0]! } }],
      ['signalRequestId', { signalRequestId: '' }],
      ['workflowType', { workflowType: '' }],
      ['input', { input: big }],
      ['workflowIdConflictPolicy', { workflowIdConflictPolicy: 'FAIL' }],
      [
        'workflowIdConflictPolicy',
        { workflowIdConflictPolicy: 'TERMINATE_EXISTING', workflowIdReusePolicy: 'REJECT_DUPLICATE' },
      ],
    ];
    for (const [field, fault] of wrong) {
      const refused = send({ ...request, ...fault });
      await expect(refused).rejects.toThrow(InvalidArgumentError);
      await expect(refused).rejects.toMatchObject({ field });
    }
    await expect(send({ ...request, namespace: 'nowhere' })).rejects.toThrow(NamespaceNotFoundError);
    await expect(engine.describeWorkflow(request)).rejects.toThrow('does not exist');
  });
});
