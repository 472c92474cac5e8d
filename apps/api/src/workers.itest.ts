import { connect } from 'node:net';
import { startRunningApi } from './running-api.fixture.js';
import type { RunningApi } from './running-api.fixture.js';
import type { HttpAnswer } from './http-client.fixture.js';

const BASE = '/api/v1/namespaces/default';

interface HistoryEventJson {
  readonly eventId: number;
  readonly eventType: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Task {
  readonly taskToken: string;
  readonly attempt: number;
  readonly input: unknown[];
  readonly startedEventId: number;
  readonly workflowType: string;
  readonly heartbeatDetails?: unknown[];
  readonly history: { readonly events: HistoryEventJson[]; readonly nextEventId?: number };
  readonly query?: { readonly queryType: string; readonly queryArgs: unknown[] };
  readonly queries?: Readonly<Record<string, { readonly queryType: string }>>;
}

jest.setTimeout(100_000);

describe.each([1, 4])('workers over REST, with %i partitions', (partitions) => {
  let api: RunningApi;
  let count = 0;

  beforeAll(async () => {
    api = await startRunningApi({ TIDEWHEEL_PARTITIONS: String(partitions) });
  });
  afterAll(() => api.stop());

  const post = (route: string, body: object): Promise<HttpAnswer> => api.http.post(`${BASE}/${route}`, body);

  async function done(route: string, body: object): Promise<Record<string, unknown>> {
    const { status, json, text } = await post(route, body);
    if (status !== 200) throw new Error(`${route}: ${text}`);
    return json as Record<string, unknown>;
  }

  /** A worker of a queue of its own, and a workflow that was started there. */
  async function prepare(types: { workflowTypes?: string[]; activityTypes?: string[] } = {}) {
    const id = `w-${partitions}-${++count}`;
    const registration = {
      identity: 'tester',
      taskQueue: id,
      workflowTypes: ['test'],
      activityTypes: ['act'],
    };
    const worker = await register({ ...registration, ...types });
    await done(`workflows/${id}`, { workflowType: 'test', taskQueue: id, input: [1, 'two'] });
    return { id, worker, taskQueue: id };
  }

  async function register(registration: object): Promise<string> {
    return String((await done('workers', registration))['workerToken']);
  }

  async function workflowTask(worker: string): Promise<Task> {
    return (await done('workflow-task-poll', { workerToken: worker })) as unknown as Task;
  }

  async function activityTask(worker: string): Promise<Task> {
    return (await done('activity-poll', { workerToken: worker })) as unknown as Task;
  }

  const schedule = (more = {}) => ({
    commandType: 'ScheduleActivityTask',
    attributes: {
      activityId: 'a',
      activityType: 'act',
      input: [{ deep: [1] }],
      startToCloseTimeout: '1m',
      ...more,
    },
  });
  const finish = (result: unknown = null) => ({
    commandType: 'CompleteWorkflowExecution',
    attributes: { result },
  });

  async function decide(worker: string, ...commands: object[]): Promise<Task> {
    const task = await workflowTask(worker);
    await done('workflow-task-complete', { taskToken: task.taskToken, identity: 'tester', commands });
    return task;
  }

  const typesOf = (task: Task): string[] => task.history.events.map(({ eventType }) => eventType);

  it('do a workflow from its start to its end', async () => {
    const { id, worker } = await prepare();
    const first = await decide(worker, schedule({ heartbeatTimeout: '30s' }));
    expect(first).toMatchObject({ workflowType: 'test', attempt: 1, previousStartedEventId: 0 });
    expect(first.history.events[0]).toMatchObject({ attributes: { input: [1, 'two'] } });

    const activity = await activityTask(worker);
    expect(activity).toMatchObject({
      activityType: 'act',
      activityId: 'a',
      input: [{ deep: [1] }],
      attempt: 1,
      startToCloseTimeout: '60s',
      heartbeatTimeout: '30s',
      workflowExecution: { workflowId: id },
    });
    const { taskToken } = activity;
    expect(await done('activity-heartbeat', { taskToken, details: ['half'] })).toEqual({
      cancelRequested: false,
    });
    await done('activity-complete', { taskToken, identity: 'me', result: { ok: true } });

    const second = await workflowTask(worker);
    expect(typesOf(second)).toContain('ActivityTaskCompleted');
    await done('workflow-task-complete', { taskToken: second.taskToken, commands: [finish('end')] });
    expect((await api.http.get(`${BASE}/workflows/${id}/result`)).json).toMatchObject({ result: 'end' });
    // Each report counts once.
    for (const [route, body] of [
      ['activity-complete', { taskToken }],
      ['activity-heartbeat', { taskToken }],
      ['activity-fail', { taskToken, failure: { message: 'late' } }],
      ['activity-resolve-as-canceled', { taskToken }],
    ] as const) {
      expect(await post(route, body)).toMatchObject({
        status: 404,
        problem: { code: 'ACTIVITY_TASK_NOT_FOUND', detail: expect.stringContaining('no longer expected') },
      });
    }
    for (const [route, body] of [
      ['workflow-task-complete', { commands: [] }],
      ['workflow-task-fail', {}],
    ] as const) {
      const problem = { code: 'WORKFLOW_TASK_NOT_FOUND' };
      expect(await post(route, { ...body, taskToken: first.taskToken })).toMatchObject({
        status: 404,
        problem,
      });
    }
  });

  it('hand on what an attempt said before it failed, and its failure with its causes', async () => {
    const { worker } = await prepare();
    await decide(worker, schedule({ retryPolicy: { initialInterval: '1ms', maximumAttempts: 2 } }));
    const first = await activityTask(worker);
    await done('activity-heartbeat', { taskToken: first.taskToken, details: [7] });
    const failure = {
      message: 'outer',
      applicationFailureInfo: { type: 'Bad', details: [1] },
      cause: { message: 'inner', source: 'python', stackTrace: 'at x' },
    };
    expect(await done('activity-fail', { taskToken: first.taskToken, failure })).toEqual({ retries: true });
    const second = await activityTask(worker);
    expect(second).toMatchObject({ attempt: 2, heartbeatDetails: [7] });
    expect(await done('activity-fail', { taskToken: second.taskToken, failure })).toEqual({ retries: false });
    const task = await workflowTask(worker);
    const failed = task.history.events.find(({ eventType }) => eventType === 'ActivityTaskFailed');
    expect(failed).toMatchObject({
      attributes: {
        failure: {
          ...failure,
          applicationFailureInfo: { ...failure.applicationFailureInfo, nonRetryable: false },
          cause: { ...failure.cause, applicationFailureInfo: { nonRetryable: false } },
        },
      },
    });
    // As it came, it goes on.
    const command = {
      commandType: 'FailWorkflowExecution',
      attributes: { failure: failed?.attributes['failure'] },
    };
    await done('workflow-task-complete', { taskToken: task.taskToken, commands: [command] });
  });

  it('learn from a heartbeat that an activity is to stop, and stop it', async () => {
    const { worker } = await prepare();
    await decide(worker, schedule());
    const { taskToken } = await activityTask(worker);
    expect(await post('activity-resolve-as-canceled', { taskToken })).toMatchObject({ status: 400 });
    const { id } = { id: `w-${partitions}-${count}` };
    await done(`workflows/${id}/signal/stop`, {});
    await decide(worker, { commandType: 'RequestCancelActivityTask', attributes: { scheduledEventId: 5 } });
    expect(await done('activity-heartbeat', { taskToken })).toEqual({ cancelRequested: true });
    await done('activity-resolve-as-canceled', { taskToken, details: ['stopped'] });
    const task = await decide(worker, finish());
    expect(task.history.events.at(-3)).toMatchObject({
      eventType: 'ActivityTaskCanceled',
      attributes: { details: ['stopped'] },
    });
  });

  it('answer queries, with a workflow task and by themselves', async () => {
    const { id, worker } = await prepare();
    await decide(worker, {
      commandType: 'StartTimer',
      attributes: { timerId: 't', startToFireTimeout: '1h' },
    });
    const alone = api.http.post(`${BASE}/workflows/${id}/query/status`, { queryArgs: ['x'] });
    const query = await workflowTask(worker);
    expect(query).toMatchObject({ startedEventId: 0, query: { queryType: 'status', queryArgs: ['x'] } });
    await done('query-complete', { taskToken: query.taskToken, result: { fine: true } });
    expect((await alone).json).toEqual({ result: { fine: true } });
    const token = Buffer.from(query.taskToken, 'base64url').toString();
    const taskToken = Buffer.from(token.replace(/"[^"]+"\]$/, '"none"]')).toString('base64url');
    expect(await post('query-complete', { taskToken, result: 1 })).toMatchObject({
      status: 404,
      problem: { code: 'QUERY_TASK_NOT_FOUND' },
    });

    const refused = api.http.post(`${BASE}/workflows/${id}/query/other`);
    const other = await workflowTask(worker);
    await done('query-complete', { taskToken: other.taskToken, errorMessage: 'no such query' });
    expect(await refused).toMatchObject({
      status: 400,
      problem: { code: 'QUERY_FAILED', detail: 'no such query' },
    });
    await done(`workflows/${id}/signal/go`, {});
    await decide(worker, finish());
  });

  it('are told clearly what is wrong with a poll', async () => {
    const taskQueue = 'nobody';
    const none = await post('workers', { identity: 'i', taskQueue });
    expect(none).toMatchObject({ status: 400, problem: { field: 'activityTypes' } });
    const onlyActivities = await register({ identity: 'i', taskQueue, activityTypes: ['a'] });
    expect(await post('workflow-task-poll', { workerToken: onlyActivities })).toMatchObject({
      status: 412,
      problem: { code: 'KIND_NOT_REGISTERED', detail: expect.stringContaining('no workflow types') },
    });
    const onlyWorkflows = await register({ identity: 'i', taskQueue, workflowTypes: ['w'] });
    expect(await post('activity-poll', { workerToken: onlyWorkflows })).toMatchObject({
      status: 412,
      problem: { code: 'KIND_NOT_REGISTERED' },
    });
    for (const workerToken of ['', 'x', 'äöü', '!!', onlyWorkflows.slice(0, 20), `${onlyWorkflows}AAAA`]) {
      expect(await post('activity-poll', { workerToken })).toMatchObject({
        status: 400,
        problem: { code: 'INVALID_ARGUMENT', field: 'workerToken' },
      });
    }
    const elsewhere = await api.http.post('/api/v1/namespaces/other/activity-poll', {
      workerToken: onlyActivities,
    });
    expect(elsewhere).toMatchObject({ status: 400, problem: { field: 'workerToken' } });
    expect(await post('activity-poll', { workerToken: onlyActivities, wait: '2m' })).toMatchObject({
      problem: { field: 'wait' },
    });
    expect(await done('activity-poll', { workerToken: onlyActivities, wait: 0 })).toEqual({});
  });

  it('are told which command or token is not sound; nothing else happens', async () => {
    const { id, worker } = await prepare();
    const { taskToken } = await workflowTask(worker);
    for (const [field, commands] of [
      ['commands[0].commandType', [{ commandType: 'Sing', attributes: {} }]],
      ['commands[1].attributes.activityType', [finish(), { ...schedule(), attributes: { activityId: 'a' } }]],
      [
        'commands[0].attributes.startToFireTimeout',
        [{ commandType: 'StartTimer', attributes: { timerId: 't' } }],
      ],
      [
        'commands[0].attributes.failure.message',
        [{ commandType: 'FailWorkflowExecution', attributes: { failure: {} } }],
      ],
    ] as const) {
      const { status, problem } = await post('workflow-task-complete', { taskToken, commands });
      expect(status).toBe(400);
      expect(problem?.errors?.map((fault) => fault.field)).toContain(field);
    }
    expect(await post('activity-complete', { taskToken })).toMatchObject({
      status: 400,
      problem: { field: 'taskToken' },
    });
    await done('workflow-task-complete', { taskToken, commands: [finish()] });
    expect((await api.http.get(`${BASE}/workflows/${id}`)).json).toMatchObject({ status: 'COMPLETED' });
  });

  it('give a task that failed to whoever asks next', async () => {
    const { worker } = await prepare();
    const { taskToken } = await workflowTask(worker);
    await done('workflow-task-fail', { taskToken, failure: { message: 'no idea' } });
    const again = await workflowTask(worker);
    expect(again.attempt).toBe(2);
    expect(again.startedEventId).toBe(again.history.events.at(-1)?.eventId);
    await done('workflow-task-complete', { taskToken: again.taskToken, commands: [finish()] });
  });

  it('let a task of a type that one has not registered go to another', async () => {
    const { worker, taskQueue } = await prepare();
    const able = await register({ identity: 'able', taskQueue, activityTypes: ['other'] });
    await decide(worker, schedule({ activityType: 'other', retryPolicy: { initialInterval: '1ms' } }));
    expect(await done('activity-poll', { workerToken: worker, wait: '500ms' })).toEqual({});
    expect((await api.http.get(`${BASE}/workflows/${taskQueue}`)).json).toMatchObject({
      pendingActivities: [
        {
          lastFailure: { message: 'Activity type "other" is not registered on this worker; registered: act' },
        },
      ],
    });
    const task = await activityTask(able);
    expect(task.attempt).toBe(1);
    await done('activity-complete', { taskToken: task.taskToken });
    await decide(worker, finish());
  });

  it('give back what they have not begun when they stop, and their polls end', async () => {
    const { worker, taskQueue } = await prepare();
    await decide(worker, schedule(), schedule({ activityId: 'b' }));
    const tasks = [await activityTask(worker), await activityTask(worker)];
    const waiting = done('activity-poll', { workerToken: worker, wait: '60s' });
    // Requests are taken in their order: when this one is answered, the poll waits.
    await done('activity-heartbeat', { taskToken: tasks[0]?.taskToken });
    const taskTokens = tasks.map(({ taskToken }) => taskToken);
    const stopped = await done('workers/shutdown', { workerToken: worker, taskTokens: taskTokens.slice(1) });
    expect(stopped).toEqual({ returned: 1 });
    const next = await register({ identity: 'next', taskQueue, activityTypes: ['act'] });
    // The poll that waited may have come late, and then it is as good as the next one.
    const got = await Promise.any([waiting, activityTask(next)].map(nonEmpty));
    expect(got).toMatchObject({ activityId: 'b', attempt: 1 });
    expect(await post('activity-complete', { taskToken: taskTokens[1] })).toMatchObject({ status: 200 });
    await done('activity-complete', { taskToken: taskTokens[0] });
  });

  it('never get a task once they have gone: another gets it at once', async () => {
    const { worker, taskQueue } = await prepare();
    const gone = new AbortController();
    const lost = api.http
      .post(`${BASE}/activity-poll`, { workerToken: worker, wait: '60s' }, { signal: gone.signal })
      .catch(() => undefined);
    await untilPolled(taskQueue);
    gone.abort();
    await lost;
    await decide(worker, schedule());
    expect(await activityTask(worker)).toMatchObject({ attempt: 1 });
  });

  it('get a task back that was on its way to a caller whose connection broke', async () => {
    const { worker, taskQueue } = await prepare();
    await decide(worker, schedule({ startToCloseTimeout: '1h' }));
    // Closes the connection without having read the answer, as the system does for a process that died.
    const body = JSON.stringify({ workerToken: worker, wait: '60s' });
    const socket = connect(api.port, '127.0.0.1');
    socket.pause();
    socket.write(
      `POST ${BASE}/activity-poll HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    await untilPending(taskQueue, 'STARTED');
    socket.resetAndDestroy();
    expect(await activityTask(worker)).toMatchObject({ attempt: 1 });
  });

  async function nonEmpty(task: Promise<object>): Promise<object> {
    const got = await task;
    if ('taskToken' in got) return got;
    throw new Error('no task');
  }

  async function untilPolled(taskQueue: string): Promise<void> {
    for (;;) {
      const { json } = await api.http.get(`${BASE}/task-queues/${taskQueue}`);
      if ((json as { activity: { pollers: unknown[] } }).activity.pollers.length > 0) return;
    }
  }

  async function untilPending(workflowId: string, state: string): Promise<void> {
    for (;;) {
      const { json } = await api.http.get(`${BASE}/workflows/${workflowId}`);
      if ((json as { pendingActivities: { state: string }[] }).pendingActivities[0]?.state === state) return;
    }
  }

  it('read a long history in pages', async () => {
    const { id, worker } = await prepare();
    const marker = { commandType: 'RecordMarker', attributes: { markerName: 'm' } };
    await decide(worker, ...Array.from({ length: 1_200 }, () => marker));
    await done(`workflows/${id}/signal/go`, {});
    const failed = await workflowTask(worker);
    await done('workflow-task-fail', { taskToken: failed.taskToken });
    const task = (await workflowTask(worker)) as Task & {
      history: { lastEventId: number; attemptEvents: HistoryEventJson[] };
    };
    const { events, lastEventId, attemptEvents } = task.history;
    let next = task.history.nextEventId ?? 0;
    while (next <= lastEventId) {
      const { json } = await api.http.get(`${BASE}/workflows/${id}/history?fromEventId=${next}`);
      const page = (json as { events: HistoryEventJson[] }).events;
      events.push(...page.filter(({ eventId }) => eventId <= lastEventId));
      next = (events.at(-1)?.eventId ?? 0) + 1;
    }
    events.push(...attemptEvents);
    expect(events.map(({ eventId }) => eventId)).toEqual(events.map((_, i) => i + 1));
    expect(events.at(-1)).toMatchObject({ eventId: task.startedEventId, eventType: 'WorkflowTaskStarted' });
    await done('workflow-task-complete', { taskToken: task.taskToken, commands: [finish()] });
  });
});
