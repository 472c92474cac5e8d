import { createSeededRandom, seedFromEnv, waitUntil } from '@tidewheel/testing';
import { taskQueueType } from '../convert/enums.js';
import { NAMESPACE, TestDeployment, WORKER, activity, finish, refusal } from '../worker-gateway.fixture.js';
import type { WorkerGateway } from '../worker-gateway.fixture.js';

// No duties: what comes a second time was given back, not taken over or timed out.
describe.each([1, 4])('polls, with %i partition(s)', (partitions) => {
  let deployment: TestDeployment;
  let gateway: WorkerGateway;
  let other: WorkerGateway;
  let queues = 0;
  const newQueue = (): string => `queue ${(queues += 1)}`;

  beforeAll(async () => {
    deployment = await TestDeployment.start({ partitions, duties: false });
    gateway = await deployment.open('api-1');
    other = await deployment.open('api-2');
  });
  afterAll(() => deployment.stop());

  /** Waits until as many polls wait. */
  const waiting = (count: number, hub = gateway.hub) =>
    waitUntil(() => hub.waiting === count, { what: `${count} waiting polls` });

  /** Completes the workflow's next task, and waits for the end. */
  async function finishOn(taskQueue: string): Promise<void> {
    const task = await other.pollWorkflow(taskQueue);
    await other.complete(task, { commands: [finish()] });
  }

  it('get tasks of many workflows, each one once', async () => {
    const taskQueue = newQueue();
    const polls = Array.from({ length: 10 }, (_, i) =>
      (i % 2 ? gateway : other).pollWorkflow(taskQueue, { identity: `worker-${i}` }),
    );
    const runs = await Promise.all(polls.map(() => gateway.start({ taskQueue })));
    const tasks = await Promise.all(polls);
    const ids = tasks.map(({ workflowExecution }) => workflowExecution.workflowId);
    expect([...ids].sort()).toEqual(runs.map(({ workflowId }) => workflowId).sort());
    for (const [i, task] of tasks.entries()) {
      const started = task.history.events?.at(-1)?.workflowTaskStartedEventAttributes;
      expect(started?.identity).toBe(`worker-${i}`);
    }
  });

  it('get what waited before they came, the whole backlog', async () => {
    const taskQueue = newQueue();
    const runs = await Promise.all(Array.from({ length: 12 }, () => gateway.start({ taskQueue })));
    const ids: string[] = [];
    for (const run of runs) {
      expect(run.taskQueue).toBe(taskQueue);
      ids.push((await gateway.pollWorkflow(taskQueue)).workflowExecution.workflowId ?? '');
    }
    expect(ids.sort()).toEqual(runs.map(({ workflowId }) => workflowId).sort());
  });

  it('lose nothing when one goes before anything comes', async () => {
    const taskQueue = newQueue();
    const gone = new AbortController();
    const poll = gateway.pollWorkflow(taskQueue, { signal: gone.signal });
    await waiting(1);
    gone.abort();
    expect((await poll).taskToken).toHaveLength(0);
    // The read that was meant for it is still under way, and brings the task.
    await gateway.start({ taskQueue });
    await finishOn(taskQueue);
  });

  it('pass a task to the next one that waits', async () => {
    const taskQueue = newQueue();
    const gone = new AbortController();
    const first = gateway.pollWorkflow(taskQueue, { signal: gone.signal });
    await waiting(1);
    const second = gateway.pollWorkflow(taskQueue);
    await waiting(2);
    gone.abort();
    await first;
    const { workflowId } = await gateway.start({ taskQueue });
    expect((await second).workflowExecution.workflowId).toBe(workflowId);
  });

  it('give back a workflow task that was started for one that has gone meanwhile', async () => {
    const taskQueue = newQueue();
    const gone = new AbortController();
    gateway.afterScript('startWorkflowTasks', () => gone.abort());
    const poll = gateway.pollWorkflow(taskQueue, { signal: gone.signal });
    const { workflowId } = await gateway.start({ taskQueue });
    expect((await poll).taskToken).toHaveLength(0);
    const task = await other.pollWorkflow(taskQueue);
    expect(task.attempt).toBe(2);
    await other.complete(task, { commands: [finish()] });
    expect(await gateway.story(workflowId)).toEqual([
      'Started',
      'WT Scheduled',
      'WT Started',
      'WT TimedOut',
      'WT Scheduled',
      'WT Started',
      'WT Completed',
      'Completed',
    ]);
  });

  it('give back an activity task that was started for one that has gone meanwhile', async () => {
    const { taskQueue } = await gateway.start();
    const workflowTask = await gateway.pollWorkflow(taskQueue);
    const gone = new AbortController();
    gateway.afterScript('startActivityTasks', () => gone.abort());
    const poll = gateway.pollActivity(taskQueue, { signal: gone.signal });
    await gateway.complete(workflowTask, { commands: [activity('a1')] });
    expect((await poll).taskToken).toHaveLength(0);
    const task = await other.pollActivity(taskQueue);
    expect(task).toMatchObject({ activityId: 'a1', attempt: 1 });
  });

  it('go on waiting when a task could not be started, which goes back', async () => {
    const taskQueue = newQueue();
    gateway.beforeScript('startWorkflowTasks', () => {
      throw new Error('the connection is broken');
    });
    const poll = gateway.pollWorkflow(taskQueue);
    await waiting(1);
    const { workflowId } = await gateway.start({ taskQueue });
    expect((await poll).workflowExecution.workflowId).toBe(workflowId);
  });

  it('go on waiting when a task is no longer wanted', async () => {
    const taskQueue = newQueue();
    const stale = await gateway.start({ taskQueue });
    await gateway.engine.terminateWorkflow({ namespace: NAMESPACE, workflowId: stale.workflowId });
    const poll = gateway.pollWorkflow(taskQueue);
    const { workflowId } = await gateway.start({ taskQueue });
    expect((await poll).workflowExecution.workflowId).toBe(workflowId);
  });

  it('lose nothing, however they come and go', async () => {
    const random = createSeededRandom(seedFromEnv());
    const taskQueue = newQueue();
    const open = new Set<string>();
    let activities = 0;
    const impatient = (): AbortSignal => {
      const gone = new AbortController();
      if (random.chance(0.7)) setTimeout(() => gone.abort(), random.int(0, 15));
      return gone.signal;
    };
    const RUNS = 60;
    async function decide(via: WorkerGateway): Promise<void> {
      while (open.size > 0 || activities < RUNS) {
        const signal = AbortSignal.any([impatient(), over.signal]);
        const task = await via.pollWorkflow(taskQueue, { signal });
        if (task.taskToken.length === 0) continue;
        const { workflowId = '' } = task.workflowExecution;
        const done = task.history.events?.some((event) => event.activityTaskCompletedEventAttributes);
        await via.complete(task, { commands: [done ? finish() : activity('a1')] });
        if (done) open.delete(workflowId ?? '');
      }
      over.abort();
    }
    async function act(via: WorkerGateway): Promise<void> {
      while (activities < RUNS) {
        const signal = AbortSignal.any([impatient(), over.signal]);
        const { taskToken } = await via.pollActivity(taskQueue, { signal });
        if (taskToken.length === 0) continue;
        await via.call('RespondActivityTaskCompleted', { namespace: NAMESPACE, taskToken });
        activities++;
      }
    }
    const over = new AbortController();
    const runs = await Promise.all(Array.from({ length: RUNS }, () => gateway.start({ taskQueue })));
    for (const { workflowId } of runs) open.add(workflowId);
    await Promise.all(
      [gateway, gateway, other].flatMap((via) => [decide(via), decide(via), act(via), act(via)]),
    );
    for (const { workflowId } of runs) expect((await gateway.story(workflowId)).at(-1)).toBe('Completed');
  });

  it('end with nothing before their deadline', async () => {
    const deadlineMs = Date.now() + 2_100;
    expect((await gateway.pollWorkflow(newQueue(), { deadlineMs })).taskToken).toHaveLength(0);
    expect(Date.now()).toBeLessThan(deadlineMs);
    expect(gateway.hub.waiting).toBe(0);
  });

  it('are refused with no time left, without a queue, or for a namespace that is not there', async () => {
    expect(await refusal(gateway.pollWorkflow('q', { deadlineMs: Date.now() + 1_000 }))).toEqual({
      code: 'INVALID_ARGUMENT',
      message: 'Context timeout is too short.',
    });
    expect(await refusal(gateway.pollActivity(''))).toEqual({
      code: 'INVALID_ARGUMENT',
      message: 'TaskQueue is not set on request.',
    });
    const unknown = gateway.call('PollActivityTaskQueue', {
      namespace: 'nowhere',
      taskQueue: { name: 'q' },
    });
    expect((await refusal(unknown)).code).toBe('NOT_FOUND');
  });

  it('find their queue again after it was closed for want of polls', async () => {
    const taskQueue = newQueue();
    const gone = new AbortController();
    const poll = gateway.pollWorkflow(taskQueue, { signal: gone.signal });
    await waiting(1);
    gone.abort();
    await poll;
    await waitUntil(() => !gateway.hub.reads('workflow', NAMESPACE, taskQueue), {
      what: 'the queue to close',
    });
    const { workflowId } = await gateway.start({ taskQueue });
    expect((await gateway.pollWorkflow(taskQueue)).workflowExecution.workflowId).toBe(workflowId);
  });

  it('are told by their identity to those who ask for the pollers of a queue', async () => {
    const taskQueue = newQueue();
    const gone = new AbortController();
    const polls = ['worker-a', 'worker-b'].map((identity) =>
      gateway.pollWorkflow(taskQueue, { identity, signal: gone.signal }),
    );
    const pollers = await waitUntil(
      async () => {
        const request = {
          namespace: NAMESPACE,
          taskQueue: { name: taskQueue },
          taskQueueType: taskQueueType.toProto('WORKFLOW'),
        };
        const description = await other.call('DescribeTaskQueue', request);
        return description.pollers.length === 2 && description.pollers;
      },
      { what: 'both pollers' },
    );
    expect(pollers.map(({ identity }) => identity).sort()).toEqual(['worker-a', 'worker-b']);
    gone.abort();
    await Promise.all(polls);
  });

  it('end with nothing when their worker shuts down', async () => {
    const taskQueue = newQueue();
    const request = { namespace: NAMESPACE, taskQueue: { name: taskQueue }, identity: WORKER };
    const mine = gateway.call('PollWorkflowTaskQueue', { ...request, workerInstanceKey: 'mine' });
    const activityPoll = gateway.call('PollActivityTaskQueue', { ...request, workerInstanceKey: 'mine' });
    await waiting(2);
    const theirs = gateway.call('PollWorkflowTaskQueue', { ...request, workerInstanceKey: 'theirs' });
    await waiting(3);
    await gateway.call('ShutdownWorker', { namespace: NAMESPACE, taskQueue, workerInstanceKey: 'mine' });
    expect((await mine).taskToken).toHaveLength(0);
    expect((await activityPoll).taskToken).toHaveLength(0);
    const { workflowId } = await gateway.start({ taskQueue });
    expect((await theirs).workflowExecution.workflowId).toBe(workflowId);
  });

  it('end with nothing when the process closes, and a later one is answered at once', async () => {
    const closing = await deployment.open('api-closing');
    const taskQueue = newQueue();
    const polls = [closing.pollWorkflow(taskQueue), closing.pollActivity(taskQueue)];
    await waiting(2, closing.hub);
    await closing.hub.stop();
    for (const poll of polls) expect((await poll).taskToken).toHaveLength(0);
    expect((await closing.pollWorkflow(taskQueue)).taskToken).toHaveLength(0);
    await gateway.start({ taskQueue });
    await finishOn(taskQueue);
  });
});
