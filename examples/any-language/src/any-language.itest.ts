import { spawnProcess, startTestRedis } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const EXAMPLE = resolve(__dirname, '..');
const API = resolve(__dirname, '../../../apps/api/dist/main.js');

/** A safety net, not an expectation: on a busy machine a process may take long to start. */
const timeoutMs = 100_000;
jest.setTimeout(timeoutMs);

const processes: SpawnedProcess[] = [];
let redis: TestRedis;
let url: string;

async function spawn(command: string, args: readonly string[], env = {}): Promise<SpawnedProcess> {
  const name = args[0] ?? command;
  const spawned = await spawnProcess({ command, args, env, cwd: EXAMPLE, name });
  processes.push(spawned);
  return spawned;
}

async function startWorker(command: string, program: string): Promise<SpawnedProcess> {
  const worker = await spawn(command, [program], { TIDEWHEEL_URL: url });
  await worker.waitForLine(/^waiting for tasks$/, { timeoutMs });
  return worker;
}

async function ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/api/v1/namespaces/default/${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const json = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Error(JSON.stringify(json));
  return json;
}

/** Decides for a workflow itself, as any program may: schedules one activity, and does what the callback says then. */
class Decider {
  private token = '';

  static async register(taskQueue: string): Promise<Decider> {
    const decider = new Decider();
    const registration = { identity: 'decider', taskQueue, workflowTypes: ['test'] };
    decider.token = String((await ask('POST', 'workers', registration))['workerToken']);
    return decider;
  }

  /** Completes the next workflow task with these commands. */
  async decide(commands: (events: readonly HistoryEvent[]) => readonly object[]): Promise<void> {
    let task: Record<string, unknown> = {};
    while (!('taskToken' in task))
      task = await ask('POST', 'workflow-task-poll', { workerToken: this.token });
    const { events } = task['history'] as { events: HistoryEvent[] };
    await ask('POST', 'workflow-task-complete', { taskToken: task['taskToken'], commands: commands(events) });
  }
}

interface HistoryEvent {
  readonly eventId: number;
  readonly eventType: string;
  readonly attributes: Record<string, unknown>;
}

const schedule = (activityType: string, input: readonly unknown[], more = {}): object => ({
  commandType: 'ScheduleActivityTask',
  attributes: { activityId: 'a', activityType, input, startToCloseTimeout: '60s', ...more },
});
const finish = (result: unknown): object => ({
  commandType: 'CompleteWorkflowExecution',
  attributes: { result },
});
/** Ends the workflow with the event that it got last before this task. */
const finishWithOutcome = (events: readonly HistoryEvent[]): readonly object[] => {
  const outcome = events.findLast(({ eventType }) =>
    /^ActivityTask(Completed|Failed|Canceled)$/.test(eventType),
  );
  return [finish({ type: outcome?.eventType, attributes: outcome?.attributes })];
};

async function start(workflowId: string, taskQueue: string, workflowType = 'test', input: unknown[] = []) {
  await ask('POST', `workflows/${workflowId}`, { workflowType, taskQueue, input });
}

async function resultOf(workflowId: string): Promise<unknown> {
  return await ask('GET', `workflows/${workflowId}/result?wait=20s`);
}

const isHere = (command: string): boolean => spawnSync(command, ['--version']).error === undefined;

/** Runs tests, or says why it cannot. */
function describeWith(command: string): typeof describe {
  if (isHere(command)) return describe;
  console.warn(`skipped: there is no ${command} on this machine`);
  return describe.skip;
}

beforeAll(async () => {
  redis = await startTestRedis();
  const api = await spawn(process.execPath, [API], { REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0' });
  const [, port] = await api.waitForLine(/"port":(\d+).*"msg":"listening"/, { timeoutMs });
  await api.waitForLine(/"msg":"ready"/, { timeoutMs });
  url = `http://127.0.0.1:${port}`;
});

afterAll(async () => {
  for (const spawned of processes) {
    spawned.kill('SIGKILL');
    await spawned.exited;
  }
  await redis.stop();
});

describeWith('python3')('the worker in Python', () => {
  it('runs an activity of a workflow that is decided in Python too, and stops in order', async () => {
    const activities = await startWorker('python3', 'worker.py');
    const workflows = await startWorker('python3', 'workflow.py');
    await start('greeting-1', 'python', 'greeting', ['Ada']);
    expect(await resultOf('greeting-1')).toMatchObject({ status: 'COMPLETED', result: 'Hello, Ada!' });

    for (const worker of [activities, workflows]) {
      worker.kill('SIGTERM');
      await worker.waitForLine(/^stopped$/, { timeoutMs });
      expect(await worker.exited).toEqual({ code: 0, signal: null });
    }
  });

  it('lets what runs end before it stops', async () => {
    const worker = await startWorker('python3', 'worker.py');
    const decider = await Decider.register('python');
    await start('last-1', 'python');
    await decider.decide(() => [schedule('count', [10])]);
    await untilHeartbeat('last-1');
    worker.kill('SIGTERM');
    await decider.decide(finishWithOutcome);
    expect(await resultOf('last-1')).toMatchObject({
      result: { type: 'ActivityTaskCompleted', attributes: { result: [10] } },
    });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });

  it('stops an activity when the workflow no longer wants it', async () => {
    const worker = await startWorker('python3', 'worker.py');
    const decider = await Decider.register('python');
    await start('cancel-1', 'python');
    await decider.decide(() => [schedule('count', [1_000_000])]);
    await untilHeartbeat('cancel-1');
    await ask('POST', 'workflows/cancel-1/cancel', {});
    await decider.decide((events) => [
      {
        commandType: 'RequestCancelActivityTask',
        attributes: {
          scheduledEventId: events.find((e) => e.eventType === 'ActivityTaskScheduled')?.eventId,
        },
      },
    ]);
    await decider.decide(finishWithOutcome);
    expect(await resultOf('cancel-1')).toMatchObject({ result: { type: 'ActivityTaskCanceled' } });
    worker.kill('SIGKILL');
  });

  it('goes on with an activity where a worker that was killed had been', async () => {
    const first = await startWorker('python3', 'worker.py');
    const decider = await Decider.register('python');
    await start('retry-1', 'python');
    const options = { heartbeatTimeout: '1s', retryPolicy: { initialInterval: '1ms' } };
    await decider.decide(() => [schedule('count', [15], options)]);
    await untilHeartbeat('retry-1');
    first.kill('SIGKILL');
    const second = await startWorker('python3', 'worker.py');
    await decider.decide(finishWithOutcome);
    expect(await resultOf('retry-1')).toMatchObject({ result: { attributes: { result: [15] } } });
    second.kill('SIGKILL');
  });

  async function untilHeartbeat(workflowId: string): Promise<void> {
    for (;;) {
      const { pendingActivities } = await ask('GET', `workflows/${workflowId}`);
      if ((pendingActivities as { heartbeatDetails?: unknown[] }[])[0]?.heartbeatDetails) return;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
});

describeWith('curl')('the worker in shell', () => {
  it('completes and fails activities, and stops in order', async () => {
    const worker = await startWorker('bash', 'worker.sh');
    const decider = await Decider.register('shell');
    await start('free-1', 'shell');
    await decider.decide(() => [schedule('freeSpace', [EXAMPLE])]);
    await decider.decide(finishWithOutcome);
    expect(await resultOf('free-1')).toMatchObject({
      result: { type: 'ActivityTaskCompleted', attributes: { result: [expect.any(Number)] } },
    });

    await start('free-2', 'shell');
    await decider.decide(() => [schedule('freeSpace', ['/not/there'])]);
    await decider.decide(finishWithOutcome);
    expect(await resultOf('free-2')).toMatchObject({
      result: { type: 'ActivityTaskFailed', attributes: { failure: { message: 'there is no such path' } } },
    });

    worker.kill('SIGTERM');
    await worker.waitForLine(/^stopped$/, { timeoutMs });
    expect(await worker.exited).toEqual({ code: 0, signal: null });
  });
});
