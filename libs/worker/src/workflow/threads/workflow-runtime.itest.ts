import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeEvent, packEvents } from '@tidewheel/codec';
import type { HistoryEvent, NewEvent } from '@tidewheel/core';
import {
  bundleWorkflowCode,
  DeterminismViolationError,
  loadWorkflowBundle,
  ReplayError,
  runReplayHistory,
  WorkflowRuntime,
} from '@tidewheel/worker/workflow';
import type { ActivationRequest, WorkflowBundle } from '@tidewheel/worker/workflow';

const WORKFLOWS = `
import { CancellationScope, proxyActivities, sleep } from '@tidewheel/workflow';

const { greet } = proxyActivities<{ greet(name: string): Promise<string> }>({ startToCloseTimeout: '1 minute' });

export async function hello(name: string): Promise<string> {
  return await greet(name);
}

export async function big(length: number): Promise<string> {
  return 'ü'.repeat(length);
}

export async function bytes(): Promise<Uint8Array> {
  return new Uint8Array([1, 2, 3]);
}

export async function scoped(): Promise<void> {
  await CancellationScope.withTimeout(1_000, () => greet('Ada').then(() => undefined));
}

export async function loops(): Promise<never> {
  for (;;);
}

export async function loopsInPromises(): Promise<never> {
  for (;;) await Promise.resolve();
}

export async function forgetsRejection(): Promise<void> {
  void Promise.reject(new Error('forgotten'));
  await sleep(1);
}

export async function handlesRejectionLater(): Promise<string> {
  const rejected = Promise.reject(new Error('handled'));
  await Promise.resolve();
  return await rejected.catch(() => 'handled');
}

export async function fails(): Promise<void> {
  deeper();
}

function deeper(): never {
  throw new Error('look at my stack');
}
`;

let directory: string;
let bundle: WorkflowBundle;
let runtime: WorkflowRuntime;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'tidewheel-runtime-'));
  const workflowsPath = path.join(directory, 'workflows.ts');
  await writeFile(workflowsPath, WORKFLOWS);
  bundle = await bundleWorkflowCode({ workflowsPath });
});
afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
  runtime = await makeRuntime();
});
afterEach(() => runtime.close());

function makeRuntime(threads = 1, isolateExecutionTimeoutMs = 300): Promise<WorkflowRuntime> {
  return WorkflowRuntime.create({
    bundle,
    threads,
    maxCachedWorkflows: 100,
    maxCachedBytes: 10_000_000,
    isolateExecutionTimeoutMs,
  });
}

function numbered(bodies: readonly NewEvent[]): HistoryEvent[] {
  return bodies.map((body, index) => ({ ...body, eventId: index + 1, eventTimeMs: 1_795_000_000_000 }));
}

function startOf(workflowType: string, ...args: unknown[]): NewEvent[] {
  const encoding = { encoding: Buffer.from('json/plain') };
  const input = args.map((value) => ({ metadata: encoding, data: Buffer.from(JSON.stringify(value)) }));
  return [
    { eventType: 'WorkflowExecutionStarted', attributes: { workflowType, taskQueue: 'q', input } },
    { eventType: 'WorkflowTaskScheduled', attributes: {} },
    { eventType: 'WorkflowTaskStarted', attributes: { scheduledEventId: 2, historySizeBytes: 100 } },
  ];
}

function requestOf(runId: string, bodies: readonly NewEvent[]): ActivationRequest {
  return {
    namespace: 'default',
    workflowId: `workflow-${runId}`,
    runId,
    taskQueue: 'q',
    attempt: 1,
    startedEventId: bodies.length,
    previousStartedEventId: 0,
    firstEventId: 1,
    packedEvents: packEvents(numbered(bodies).map(encodeEvent)),
    queries: [],
    isQueryOnly: false,
  };
}

function start(workflowType: string, ...args: unknown[]): ActivationRequest {
  return requestOf(`run-of-${workflowType}`, startOf(workflowType, ...args));
}

test('many activations of one turn travel together and come back each to its own', async () => {
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      runtime.activate(requestOf(`run-${index}`, startOf('hello', `name ${index}`))),
    ),
  );
  const inputs = results.map((result) => {
    const [command] = result.kind === 'completed' ? result.commands : [];
    return (
      command?.commandType === 'ScheduleActivityTask' &&
      Buffer.from(command.attributes.input![0]!.data).toString()
    );
  });
  expect(inputs).toEqual(results.map((_, index) => `"name ${index}"`));
  expect(runtime.stats()).toMatchObject({ cachedWorkflows: 100, evictions: 100, threads: 1 });
});

test("the caller's bytes are left alone, and results of every kind arrive whole", async () => {
  const request = start('big', 100_000);
  const before = Buffer.from(request.packedEvents);
  const result = await runtime.activate(request);
  expect(before.equals(request.packedEvents)).toBe(true);
  const [command] = result.kind === 'completed' ? result.commands : [];
  if (command?.commandType !== 'CompleteWorkflowExecution') throw new Error(JSON.stringify(result));
  expect(JSON.parse(Buffer.from(command.attributes.result![0]!.data).toString())).toBe('ü'.repeat(100_000));

  expect(await runtime.activate(start('bytes'))).toMatchObject({
    commands: [{ attributes: { result: [{ data: new Uint8Array([1, 2, 3]) }] } }],
  });
});

test.each(['loops', 'loopsInPromises'])(
  'a workflow that never gives way (%s) fails its task alone',
  async (type) => {
    const [looping, bystander] = await Promise.all([
      runtime.activate(start(type)),
      runtime.activate(start('hello', 'Ada')),
    ]);
    expect(looping).toMatchObject({
      kind: 'failed',
      cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE',
      failure: { message: expect.stringContaining('ran for more than 0.3 s') as string },
    });
    expect(bystander).toEqual({ kind: 'cacheMiss' });
    expect(await runtime.activate(start('hello', 'Ada'))).toMatchObject({ kind: 'completed' });
    expect(runtime.stats().threadsReplaced).toBe(1);
  },
);

test('many tasks, each of them quick, are not taken for one that is stuck', async () => {
  const results = [];
  const until = Date.now() + 800;
  while (Date.now() < until) {
    const batch = Array.from({ length: 500 }, (_, index) => requestOf(`run-${index}`, startOf('scoped')));
    results.push(...(await Promise.all(batch.map((request) => runtime.activate(request)))));
  }
  expect(results.every(({ kind }) => kind === 'completed')).toBe(true);
  expect(runtime.stats().threadsReplaced).toBe(0);
});

test('a promise left rejected fails the task of its own workflow, in a batch of many', async () => {
  const requests = ['hello', 'forgetsRejection', 'handlesRejectionLater', 'scoped'].map((type) =>
    start(type),
  );
  const results = await Promise.all(requests.map((request) => runtime.activate(request)));
  expect(results.map(({ kind }) => kind)).toEqual(['completed', 'failed', 'completed', 'completed']);
  expect(results[1]).toMatchObject({ failure: { message: 'forgotten' } });
});

test('stack traces show places in the sources, and nothing of the SDK', async () => {
  const result = await runtime.activate(start('fails'));
  if (result.kind !== 'failed') throw new Error(JSON.stringify(result));
  expect(result.failure.stackTrace?.split('\n')).toEqual([
    'Error: look at my stack',
    expect.stringMatching(/^ {4}at deeper \(workflows\.ts:\d+:\d+\)$/) as string,
    expect.stringMatching(/^ {4}at fails \(workflows\.ts:\d+:\d+\)$/) as string,
  ]);
});

test('a type that is not registered fails the task with a list of those that are', async () => {
  expect(await runtime.activate(start('helo'))).toMatchObject({
    kind: 'failed',
    failure: {
      message:
        'Workflow type "helo" is not registered on this worker; registered: ' +
        'big, bytes, fails, forgetsRejection, handlesRejectionLater, hello, loops, loopsInPromises, scoped',
    },
  });
});

test('an evicted execution is a cache miss; its whole history brings it back', async () => {
  await runtime.activate(start('hello', 'Ada'));
  runtime.evict('run-of-hello');
  const next = {
    ...requestOf('run-of-hello', startOf('hello')),
    firstEventId: 4,
    previousStartedEventId: 3,
    startedEventId: 6,
  };
  expect(await runtime.activate(next)).toEqual({ kind: 'cacheMiss' });
  expect(await runtime.activate(start('hello', 'Ada'))).toMatchObject({ kind: 'completed' });
});

test('several threads share the work, each execution staying on its own', async () => {
  const many = await makeRuntime(3);
  try {
    const runIds = Array.from({ length: 30 }, (_, index) => `run-${index}`);
    await Promise.all(runIds.map((runId) => many.activate(requestOf(runId, startOf('hello', 'Ada')))));
    expect(many.stats()).toMatchObject({ threads: 3, cachedWorkflows: 30 });
  } finally {
    await many.close();
  }
});

test('closing answers what is under way', async () => {
  const stuck = runtime.activate(start('loops'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await runtime.close();
  expect(await stuck).toMatchObject({ kind: 'failed' });
  expect(await runtime.activate(start('hello'))).toMatchObject({ kind: 'failed' });
});

test('a bundle that does not even compile is refused at once', async () => {
  const broken = await loadWorkflowBundle({ code: 'this is not JavaScript' });
  const creating = WorkflowRuntime.create({
    bundle: broken,
    threads: 1,
    maxCachedWorkflows: 1,
    maxCachedBytes: 1,
    isolateExecutionTimeoutMs: 1_000,
  });
  await expect(creating).rejects.toThrow('SyntaxError');
});

describe('runReplayHistory', () => {
  const completed: NewEvent[] = [
    ...startOf('hello', 'Ada'),
    { eventType: 'WorkflowTaskCompleted', attributes: { scheduledEventId: 2, startedEventId: 3 } },
  ];
  const scheduled: NewEvent = {
    eventType: 'ActivityTaskScheduled',
    attributes: {
      activityId: '1',
      activityType: 'greet',
      startToCloseTimeoutMs: 60_000,
      workflowTaskCompletedEventId: 4,
    },
  };
  const timer: NewEvent = {
    eventType: 'TimerStarted',
    attributes: { timerId: '1', startToFireTimeoutMs: 1, workflowTaskCompletedEventId: 4 },
  };

  test('accepts what the code does', async () => {
    await runReplayHistory({ workflowBundle: bundle }, numbered([...completed, scheduled]));
    await runReplayHistory(
      { workflowsPath: path.join(directory, 'workflows.ts') },
      numbered([...completed, scheduled]),
    );
  });

  test('refuses anything else, and says what', async () => {
    const replaying = runReplayHistory({ workflowBundle: bundle }, numbered([...completed, timer]));
    await expect(replaying).rejects.toThrow(DeterminismViolationError);
    await expect(replaying).rejects.toThrow('event 5 of the history is TimerStarted (timerId "1")');
  });

  test('tells code that fails apart', async () => {
    const history = numbered([...startOf('nothing'), ...completed.slice(3)]);
    await expect(runReplayHistory({ workflowBundle: bundle }, history)).rejects.toThrow(ReplayError);
  });
});
