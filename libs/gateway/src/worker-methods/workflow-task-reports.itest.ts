import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { api } from '../proto.js';
import type { P } from '../proto.js';
import { decodeHistoryToken } from '@tidewheel/remote-polling';
import {
  NAMESPACE,
  TestDeployment,
  WORKER,
  activity,
  finish,
  payloads,
  refusal,
  valueOf,
} from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

const { CommandType, QueryResultType, WorkflowTaskFailedCause } = api.enums.v1;

describe('reports on workflow tasks', () => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;

  beforeAll(async () => {
    deployment = await TestDeployment.start();
    gateway = await deployment.open('api-1');
  });
  afterAll(() => deployment.stop());

  const signal = (workflowId: string, input?: unknown) =>
    gateway.engine.signalWorkflow({
      namespace: NAMESPACE,
      workflowId,
      signalName: 'go',
      ...(input !== undefined && {
        input: [{ metadata: {}, data: Buffer.from(JSON.stringify(input)) }],
      }),
    });

  const sticky = (name: string) => ({
    stickyAttributes: {
      workerTaskQueue: { name, kind: 2 },
      scheduleToStartTimeout: { seconds: 10 as never },
    },
  });

  /** Lets a sticky queue exist, by polling it. */
  async function openSticky(name: string, taskQueue: string) {
    const { redis, keys } = gateway.engine.context;
    const poll = gateway.pollWorkflow(taskQueue, { sticky: name });
    await waitUntil(() => redis.exists(keys.stickyStream(0, NAMESPACE, name)), { what: 'the sticky queue' });
    return { poll };
  }

  it('close the workflow', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const task = await gateway.pollWorkflow(taskQueue);
    const sdkMetadata = { coreUsedFlags: [1, 2], langUsedFlags: [3], sdkName: 'sdk', sdkVersion: '1' };
    const response = await gateway.complete(task, {
      commands: [finish(7)],
      sdkMetadata,
      workerVersionStamp: { buildId: '1.0' },
      binaryChecksum: '1.0',
    });
    expect(response.workflowTask).toBeNull();
    const history = await gateway.history(workflowId);
    expect(history.at(-2)?.attributes).toMatchObject({ sdkMetadata, workerVersion: { buildId: '1.0' } });
  });

  it('are refused for a task that is over', async () => {
    const { taskQueue } = await gateway.start();
    const task = await gateway.pollWorkflow(taskQueue);
    await gateway.complete(task, { forceCreateNewWorkflowTask: true });
    // The same report once more does no harm: its answer may have been lost.
    await gateway.complete(task, { forceCreateNewWorkflowTask: true });
    await gateway.complete(await gateway.pollWorkflow(taskQueue), { commands: [activity('a1')] });
    const notFound = { code: 'NOT_FOUND', message: 'Workflow task not found.' };
    expect(await refusal(gateway.complete(task, { commands: [finish()] }))).toEqual({
      ...notFound,
    });
    const { taskToken } = task;
    const failed = gateway.call('RespondWorkflowTaskFailed', { namespace: NAMESPACE, taskToken });
    expect(await refusal(failed)).toEqual(notFound);
  });

  it('are refused with a token of another namespace, a broken one, or none', async () => {
    const { taskQueue } = await gateway.start();
    const { taskToken } = await gateway.pollWorkflow(taskQueue);
    const messageOf = async (namespace: string, token: Uint8Array) =>
      refusal(gateway.call('RespondWorkflowTaskCompleted', { namespace, taskToken: token }));
    const other = `other-${randomUUID()}`;
    expect((await messageOf(other, new Uint8Array([1]))).code).toBe('NOT_FOUND');
    await gateway.engine.createNamespace({ name: other });
    expect(await messageOf(other, taskToken)).toEqual({
      code: 'INVALID_ARGUMENT',
      message: 'Operation requested with a token from a different namespace.',
    });
    expect((await messageOf(NAMESPACE, taskToken.subarray(0, 20))).message).toBe(
      'Error deserializing task token.',
    );
    expect((await messageOf(NAMESPACE, new Uint8Array(0))).message).toBe('Task token not set on request.');
    await gateway.complete({ taskToken }, { commands: [finish()] });
  });

  it('fail a task that would close the workflow over news', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const task = await gateway.pollWorkflow(taskQueue);
    await signal(workflowId);
    expect(await refusal(gateway.complete(task, { commands: [finish()] }))).toEqual({
      code: 'INVALID_ARGUMENT',
      message: 'UnhandledCommand',
    });
    const next = await gateway.pollWorkflow(taskQueue);
    expect(next.history.events?.at(3)?.workflowTaskFailedEventAttributes?.cause).toBe(
      WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    );
    await gateway.complete(next, { commands: [finish()] });
  });

  it.each<[string, P.Command, string]>([
    [
      'cannot be carried out',
      {
        commandType: CommandType.COMMAND_TYPE_CANCEL_TIMER,
        cancelTimerCommandAttributes: { timerId: 'none' },
      },
      'BAD_CANCEL_TIMER_ATTRIBUTES',
    ],
    [
      'has no attributes',
      { commandType: CommandType.COMMAND_TYPE_START_TIMER },
      'BAD_START_TIMER_ATTRIBUTES',
    ],
    [
      'is not sound',
      activity('a1', { startToCloseTimeout: null, activityType: { name: 'charge' } }),
      'BAD_SCHEDULE_ACTIVITY_ATTRIBUTES',
    ],
  ])('fail a task whose command %s', async (_, command, cause) => {
    const { workflowId, taskQueue } = await gateway.start();
    const task = await gateway.pollWorkflow(taskQueue);
    const refused = await refusal(gateway.complete(task, { commands: [command] }));
    expect(refused.code).toBe('INVALID_ARGUMENT');
    const [failed] = (await gateway.history(workflowId)).slice(-1);
    expect(failed).toMatchObject({
      eventType: 'WorkflowTaskFailed',
      attributes: { cause, failure: { message: refused.message } },
    });
    await gateway.complete(await gateway.pollWorkflow(taskQueue), { commands: [finish()] });
  });

  it('of a failure bring another attempt, whose own events come last', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const { taskToken } = await gateway.pollWorkflow(taskQueue);
    await gateway.call('RespondWorkflowTaskFailed', {
      namespace: NAMESPACE,
      taskToken,
      identity: WORKER,
      cause: WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
      failure: { message: 'no such activity', source: 'test', applicationFailureInfo: { type: 'Oops' } },
    });
    const again = await gateway.pollWorkflow(taskQueue);
    expect(again.attempt).toBe(2);
    expect(again.startedEventId.toNumber()).toBe(6);
    expect(again.history.events?.map(({ eventId }) => eventId?.toNumber())).toEqual([1, 2, 3, 4, 5, 6]);
    const [, , , failed, scheduled, started] = again.history.events ?? [];
    expect(failed?.workflowTaskFailedEventAttributes).toMatchObject({
      cause: WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
      identity: WORKER,
      failure: { message: 'no such activity', applicationFailureInfo: { type: 'Oops' } },
    });
    expect(scheduled?.workflowTaskScheduledEventAttributes?.attempt).toBe(2);
    expect(started?.workflowTaskStartedEventAttributes?.scheduledEventId?.toNumber()).toBe(5);
    expect(await gateway.story(workflowId)).toHaveLength(4);
    await gateway.complete(again, { commands: [finish()] });
    expect(await gateway.story(workflowId)).toHaveLength(8);
  });

  it('bring the next task at once when the worker wants it', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const name = `sticky of ${taskQueue}`;
    const { poll } = await openSticky(name, taskQueue);
    const task = await gateway.pollWorkflow(taskQueue);
    await signal(workflowId);
    const { workflowTask } = await gateway.complete(task, { ...sticky(name), returnNewWorkflowTask: true });
    expect(workflowTask.history?.events?.map(({ eventId }) => eventId?.toNumber())).toEqual([4, 5, 6, 7]);
    expect(workflowTask).toMatchObject({
      workflowType: { name: 'order' },
      workflowExecution: { workflowId },
      workflowExecutionTaskQueue: { name: taskQueue },
      attempt: 1,
    });
    expect(workflowTask.previousStartedEventId?.toNumber()).toBe(3);
    expect(workflowTask.startedEventId?.toNumber()).toBe(7);
    const { taskToken } = workflowTask;
    await gateway.complete({ taskToken: taskToken ?? new Uint8Array(0) }, { commands: [finish()] });
    await gateway.call('ShutdownWorker', { namespace: NAMESPACE, stickyTaskQueue: name });
    await poll;
  });

  it('keep a task alive by a new one, again and again', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const name = `sticky of ${taskQueue}`;
    const { poll } = await openSticky(name, taskQueue);
    let { taskToken } = await gateway.pollWorkflow(taskQueue);
    for (let i = 0; i < 3; i++) {
      const { workflowTask } = await gateway.complete(
        { taskToken },
        { ...sticky(name), returnNewWorkflowTask: true, forceCreateNewWorkflowTask: true },
      );
      taskToken = workflowTask.taskToken ?? new Uint8Array(0);
    }
    // Without a sticky queue the new one is polled.
    await gateway.complete({ taskToken }, { forceCreateNewWorkflowTask: true });
    await gateway.complete(await gateway.pollWorkflow(taskQueue), { commands: [finish()] });
    const story = await gateway.story(workflowId);
    expect(story.filter((type) => type === 'WT Completed')).toHaveLength(5);
    await gateway.call('ShutdownWorker', { namespace: NAMESPACE, stickyTaskQueue: name });
    await poll;
  });

  it('bring activities that the worker starts at once, those of its own queue', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const task = await gateway.pollWorkflow(taskQueue);
    const { activityTasks } = await gateway.complete(task, {
      commands: [
        activity('eager', { requestEagerExecution: true }),
        activity('elsewhere', { requestEagerExecution: true, taskQueue: { name: `${taskQueue} 2` } }),
        activity('polled'),
      ],
    });
    expect(activityTasks).toHaveLength(1);
    const [eager] = activityTasks;
    expect(eager).toMatchObject({
      activityId: 'eager',
      workflowType: { name: 'order' },
      workflowExecution: { workflowId },
      attempt: 1,
    });
    expect(valueOf(eager?.input)).toBe('eager');
    expect((await gateway.pollActivity(taskQueue)).activityId).toBe('polled');
    expect((await gateway.pollActivity(`${taskQueue} 2`)).activityId).toBe('elsewhere');
    await gateway.call('RespondActivityTaskCompleted', {
      namespace: NAMESPACE,
      taskToken: eager?.taskToken ?? null,
      result: payloads('done'),
    });
    await gateway.complete(await gateway.pollWorkflow(taskQueue), { commands: [finish()] });
  });

  it('give back what a worker was to start at once that has gone', async () => {
    const { workflowId, taskQueue } = await gateway.start();
    const name = `sticky of ${taskQueue}`;
    const { poll } = await openSticky(name, taskQueue);
    const task = await gateway.pollWorkflow(taskQueue);
    await signal(workflowId);
    const gone = new AbortController();
    gateway.afterScript('completeWorkflowTask', () => gone.abort());
    await gateway.call(
      'RespondWorkflowTaskCompleted',
      {
        namespace: NAMESPACE,
        taskToken: task.taskToken,
        commands: [activity('eager', { requestEagerExecution: true })],
        returnNewWorkflowTask: true,
        ...sticky(name),
      },
      { signal: gone.signal },
    );
    expect((await gateway.pollActivity(taskQueue)).activityId).toBe('eager');
    const next = await gateway.pollWorkflow(taskQueue);
    await gateway.complete(next, { commands: [finish()] });
    await gateway.call('ShutdownWorker', { namespace: NAMESPACE, stickyTaskQueue: name });
    await poll;
  });

  describe('of a long history', () => {
    const idsOf = (events: readonly P.HistoryEvent[] | null | undefined) =>
      (events ?? []).map(({ eventId }) => eventId?.toNumber());

    /** All events of a task, the further pages read as a worker does. */
    async function readOn(
      workflowId: string,
      runId: string,
      task: { readonly history: P.History; readonly nextPageToken: Uint8Array },
    ) {
      const events = [...(task.history.events ?? [])];
      for (let { nextPageToken } = task; nextPageToken.length > 0;) {
        const page = await gateway.call('GetWorkflowExecutionHistory', {
          namespace: NAMESPACE,
          execution: { workflowId, runId },
          nextPageToken,
        });
        events.push(...(page.history.events ?? []));
        nextPageToken = page.nextPageToken;
      }
      return events;
    }

    async function longRun(signals: number) {
      const run = await gateway.start();
      await Promise.all(Array.from({ length: signals }, (_, i) => signal(run.workflowId, i)));
      return run;
    }

    it('come with the first page and a token for the rest', async () => {
      const { workflowId, taskQueue, runId } = await longRun(3_000);
      const task = await gateway.pollWorkflow(taskQueue);
      expect(task.startedEventId.toNumber()).toBe(3_003);
      const ids = idsOf(task.history.events);
      expect(ids).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
      expect(decodeHistoryToken(task.nextPageToken)).toEqual({
        runId,
        nextEventId: 1_001,
        lastEventId: 3_003,
      });
      const all = Array.from({ length: 3_003 }, (_, i) => i + 1);
      expect(idsOf(await readOn(workflowId, runId, task))).toEqual(all);
      await gateway.call('RespondWorkflowTaskFailed', { namespace: NAMESPACE, taskToken: task.taskToken });
      const again = await gateway.pollWorkflow(taskQueue);
      expect(again.attempt).toBe(2);
      const token = decodeHistoryToken(again.nextPageToken);
      expect(token).toMatchObject({ runId, nextEventId: 1_001, lastEventId: 3_004 });
      expect(token.virtualEvents).toHaveLength(2);
      const events = await readOn(workflowId, runId, again);
      expect(idsOf(events)).toEqual(Array.from({ length: 3_006 }, (_, i) => i + 1));
      expect(events.at(-1)?.workflowTaskStartedEventAttributes?.scheduledEventId?.toNumber()).toBe(3_005);
      await gateway.complete(again, { commands: [finish()] });
      const history = await gateway.history(workflowId);
      expect(history.map(({ eventId }) => eventId)).toEqual(Array.from({ length: 3_008 }, (_, i) => i + 1));
    });

    it('are cut by their size', async () => {
      const run = await gateway.start();
      for (let i = 0; i < 6; i++) await signal(run.workflowId, 'x'.repeat(900_000));
      const task = await gateway.pollWorkflow(run.taskQueue);
      expect(idsOf(task.history.events)).toEqual([1, 2, 3, 4]);
      expect(decodeHistoryToken(task.nextPageToken)).toMatchObject({ nextEventId: 5, lastEventId: 9 });
      await gateway.call('RespondWorkflowTaskFailed', { namespace: NAMESPACE, taskToken: task.taskToken });
      const again = await gateway.pollWorkflow(run.taskQueue);
      const token = decodeHistoryToken(again.nextPageToken);
      expect(token).toMatchObject({ nextEventId: 5, lastEventId: 10 });
      expect(token.virtualEvents).toHaveLength(2);
      await gateway.complete(again, { commands: [finish()] });
    });
  });

  describe('with queries', () => {
    const header = { trace: { metadata: {}, data: Buffer.from('t') } };
    const query = (workflowId: string, queryType = 'state') =>
      gateway.engine.queryWorkflow({ namespace: NAMESPACE, workflowId, queryType, header });

    it('answer those that waited for the task', async () => {
      const { workflowId, taskQueue } = await gateway.start();
      // Somebody has to poll for a query to be taken.
      await gateway.complete(await gateway.pollWorkflow(taskQueue), { forceCreateNewWorkflowTask: true });
      const answers = [query(workflowId, 'good'), query(workflowId, 'bad')].map((asked) =>
        asked.then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        ),
      );
      const { redis, keys } = gateway.engine.context;
      const state = keys.execution(NAMESPACE, workflowId).execution;
      await waitUntil(async () => ((await redis.hget(state, 'y')) ?? '').split(' ').length === 3, {
        what: 'both queries to wait',
      });
      const task = await gateway.pollWorkflow(taskQueue);
      const byType = new Map(Object.entries(task.queries).map(([key, { queryType }]) => [queryType, key]));
      expect([...byType.keys()].sort()).toEqual(['bad', 'good']);
      for (const one of Object.values(task.queries)) expect(one.header?.fields).toHaveProperty('trace');
      await gateway.complete(task, {
        queryResults: {
          [byType.get('good') ?? '']: {
            resultType: QueryResultType.QUERY_RESULT_TYPE_ANSWERED,
            answer: payloads('fine'),
          },
          [byType.get('bad') ?? '']: {
            resultType: QueryResultType.QUERY_RESULT_TYPE_FAILED,
            errorMessage: 'no such query',
            failure: { message: 'no such query' },
          },
        },
      });
      expect(await answers[0]).toMatchObject({ value: { rejected: false } });
      expect(await answers[1]).toMatchObject({ error: { message: 'no such query' } });
    });

    it('answer one that comes by itself, with the whole history', async () => {
      const { workflowId, taskQueue } = await gateway.start();
      await gateway.complete(await gateway.pollWorkflow(taskQueue));
      const answer = query(workflowId);
      const task = await gateway.pollWorkflow(taskQueue);
      expect(task.query).toMatchObject({ queryType: 'state' });
      expect(task.query.header?.fields?.['trace']?.data).toEqual(Buffer.from('t'));
      expect(task.history.events).toHaveLength(4);
      expect(task.previousStartedEventId.toNumber()).toBe(3);
      expect(task.startedEventId.toNumber()).toBe(0);
      expect(task.workflowType.name).toBe('order');
      await gateway.call('RespondQueryTaskCompleted', {
        namespace: NAMESPACE,
        taskToken: task.taskToken,
        completedType: QueryResultType.QUERY_RESULT_TYPE_ANSWERED,
        queryResult: payloads({ paid: true }),
      });
      const result = await answer;
      expect(!result.rejected && JSON.parse(Buffer.from(result.result[0]?.data ?? []).toString())).toEqual({
        paid: true,
      });
    });

    it('answer one that comes by itself to a worker that caches the run, without history', async () => {
      const { workflowId, taskQueue } = await gateway.start();
      const name = `sticky of ${taskQueue}`;
      const { poll } = await openSticky(name, taskQueue);
      await gateway.complete(await gateway.pollWorkflow(taskQueue), sticky(name));
      const answer = query(workflowId).catch((error: unknown) => error);
      const task = await poll;
      expect(task.query).toMatchObject({ queryType: 'state' });
      expect(task.history.events).toEqual([]);
      await gateway.call('RespondQueryTaskCompleted', {
        namespace: NAMESPACE,
        taskToken: task.taskToken,
        completedType: QueryResultType.QUERY_RESULT_TYPE_FAILED,
        errorMessage: 'boom',
        failure: { message: 'boom' },
      });
      expect(await answer).toMatchObject({ code: 'QUERY_FAILED', message: 'boom' });
      await gateway.call('ShutdownWorker', { namespace: NAMESPACE, stickyTaskQueue: name });
    });

    it('answer one about a closed run', async () => {
      const { workflowId, taskQueue } = await gateway.start();
      await gateway.complete(await gateway.pollWorkflow(taskQueue), { commands: [finish()] });
      const answer = query(workflowId);
      const task = await gateway.pollWorkflow(taskQueue);
      expect(task.history.events).toHaveLength(5);
      expect(task.previousStartedEventId.toNumber()).toBe(3);
      const report = {
        namespace: NAMESPACE,
        taskToken: task.taskToken,
        completedType: QueryResultType.QUERY_RESULT_TYPE_ANSWERED,
        queryResult: payloads('closed'),
      };
      await gateway.call('RespondQueryTaskCompleted', report);
      expect((await answer).rejected).toBe(false);
    });

    it('give one back whose worker has gone meanwhile', async () => {
      const { workflowId, taskQueue } = await gateway.start();
      await gateway.complete(await gateway.pollWorkflow(taskQueue));
      const gone = new AbortController();
      gateway.afterScript('takeQuery', () => gone.abort());
      const poll = gateway.pollWorkflow(taskQueue, { signal: gone.signal });
      const answer = query(workflowId);
      expect((await poll).taskToken).toHaveLength(0);
      const task = await gateway.pollWorkflow(taskQueue);
      await gateway.call('RespondQueryTaskCompleted', {
        namespace: NAMESPACE,
        taskToken: task.taskToken,
        completedType: QueryResultType.QUERY_RESULT_TYPE_ANSWERED,
      });
      expect(await answer).toEqual({ rejected: false, result: [] });
    });

    it('are told when nobody waits for the answer any more', async () => {
      const { workflowId, taskQueue } = await gateway.start();
      await gateway.complete(await gateway.pollWorkflow(taskQueue));
      const asked = gateway.engine.queryWorkflow({
        namespace: NAMESPACE,
        workflowId,
        queryType: 'state',
        timeoutMs: 1_000,
      });
      const answer = asked.catch((error: unknown) => error);
      const { taskToken } = await gateway.pollWorkflow(taskQueue);
      const { redis, keys } = gateway.engine.context;
      for (const key of await redis.keys(keys.query(0, '*'))) await redis.del(key);
      const late = gateway.call('RespondQueryTaskCompleted', { namespace: NAMESPACE, taskToken });
      expect((await refusal(late)).code).toBe('NOT_FOUND');
      expect(await answer).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });
  });
});
