import { spawnProcess, startOtlpSink, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { ExportedSpan, OtlpSink, SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const ACTIVITIES = `
  import { log } from '@tidewheel/activity';
  export const work = async (step) => {
    log.info('working', { step });
    return step;
  };
`;
const TASK_QUEUE = 'traced';

let redis: TestRedis;
let sink: OtlpSink;
let folder: string;
let apiPort: string;
let api: SpawnedProcess;
const workers: SpawnedProcess[] = [];

async function startWorker(env: Record<string, string> = {}): Promise<SpawnedProcess> {
  const worker = await spawnProcess({
    command: process.execPath,
    args: [pathOf('../dist/main.js')],
    name: 'worker',
    env: {
      ...sink.env,
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_TASK_QUEUES: TASK_QUEUE,
      TIDEWHEEL_WORKER_WORKFLOWS: pathOf('./traced-workflows.fixture.ts'),
      TIDEWHEEL_WORKER_ACTIVITIES: join(folder, 'activities.mjs'),
      TIDEWHEEL_WORKER_PORT: '0',
      ...env,
    },
  });
  workers.push(worker);
  await worker.waitForLine(/"msg":"polling"/);
  return worker;
}

/** A call of the REST interface within a trace. */
async function call(traceId: string, path: string, body: object = {}): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${apiPort}/api/v1/namespaces/default/workflows/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    body: JSON.stringify(body),
  });
  expect(response.status).toBeLessThan(300);
}

function newTraceId(): string {
  return randomBytes(16).toString('hex');
}

function spansOf(traceId: string, name: string): ExportedSpan[] {
  return sink.spans.filter((span) => span.traceId === traceId && span.name === name);
}

async function spanOf(traceId: string, name: string): Promise<ExportedSpan> {
  return waitUntil(async () => spansOf(traceId, name)[0], { what: `the span ${name}`, timeoutMs: 30_000 });
}

/** Starts a workflow within a trace that waits for as many signals as it does activities. */
async function startSteps(traceId: string, workflowId: string, ...args: unknown[]): Promise<void> {
  await call(traceId, workflowId, { workflowType: 'steps', taskQueue: TASK_QUEUE, input: args });
}

async function activitiesDone(traceId: string, count: number): Promise<void> {
  await waitUntil(async () => spansOf(traceId, 'RunActivity:work').length >= count, {
    what: `${count} activities`,
    timeoutMs: 30_000,
  });
}

beforeAll(async () => {
  // In this folder, so that the activities find the packages.
  folder = await mkdtemp(join(pathOf('../'), 'tmp-traces-'));
  await writeFile(join(folder, 'activities.mjs'), ACTIVITIES);
  [redis, sink] = await Promise.all([startTestRedis(), startOtlpSink()]);
  api = await spawnProcess({
    command: process.execPath,
    args: [pathOf('../../api/dist/main.js')],
    name: 'API',
    env: { ...sink.env, REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0' },
  });
  [, apiPort = ''] = await api.waitForLine(/"port":(\d+).*"msg":"listening"/);
  await api.waitForLine(/"msg":"ready"/);
});
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.kill('SIGKILL');
    await worker.exited;
  }
});
afterAll(async () => {
  api.kill('SIGKILL');
  await api.exited;
  await Promise.all([redis.stop(), sink.stop(), rm(folder, { recursive: true })]);
});

describe('a trace', () => {
  it('goes from the REST call through workflow, activities and signals, each a child of what caused it', async () => {
    const worker = await startWorker();
    const [first, second, signalTrace] = [newTraceId(), newTraceId(), newTraceId()];
    await startSteps(second, 'second', 1);
    await startSteps(first, 'first', 1, 'second');
    await call(signalTrace, 'first/signal/goOn');
    const [run, other] = [
      await spanOf(first, 'RunWorkflow:steps'),
      await spanOf(second, 'RunWorkflow:steps'),
    ];

    const start = await spanOf(first, 'StartWorkflow:steps');
    expect(start).toMatchObject({ service: 'tidewheel-api', scope: 'tidewheel' });
    expect(run).toMatchObject({
      parentSpanId: start.spanId,
      service: 'tidewheel-worker',
      attributes: { 'tidewheel.workflow_id': 'first', 'tidewheel.task_queue': TASK_QUEUE },
    });
    const scheduled = await spanOf(first, 'StartActivity:work');
    expect(scheduled.parentSpanId).toBe(run.spanId);
    const activity = await spanOf(first, 'RunActivity:work');
    expect(activity.parentSpanId).toBe(scheduled.spanId);
    const logged = await worker.waitForLine(new RegExp(`"trace_id":"${first}".*"msg":"working"`));
    expect(JSON.parse(logged.input)).toMatchObject({ span_id: activity.spanId });

    const sent = await spanOf(signalTrace, 'SignalWorkflow:goOn');
    expect((await spanOf(signalTrace, 'HandleSignal:goOn')).parentSpanId).toBe(sent.spanId);
    const passedOn = await spanOf(first, 'SignalWorkflow:goOn');
    expect(passedOn.parentSpanId).toBe(run.spanId);
    const handled = await spanOf(first, 'HandleSignal:goOn');
    expect(handled).toMatchObject({
      parentSpanId: passedOn.spanId,
      attributes: { 'tidewheel.workflow_id': 'second' },
    });
    expect(other.attributes['tidewheel.workflow_id']).toBe('second');
  });

  it('has every span once, though every workflow task replays the workflow from its beginning', async () => {
    await startWorker({ TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS: '0' });
    const traceId = newTraceId();
    await startSteps(traceId, 'replayed', 3);
    for (const done of [1, 2, 3]) {
      await call(traceId, 'replayed/signal/goOn');
      await activitiesDone(traceId, done);
    }
    await expectEachOnce(traceId);
  });

  it('goes on at another worker when one is killed, on the same span of the run', async () => {
    const killed = await startWorker();
    const traceId = newTraceId();
    await startSteps(traceId, 'moved', 3);
    await call(traceId, 'moved/signal/goOn');
    await activitiesDone(traceId, 1);
    await waitUntil(async () => spansOf(traceId, 'StartActivity:work').length === 1, { what: 'the export' });
    killed.kill('SIGKILL');
    await killed.exited;
    await startWorker();
    for (const done of [2, 3]) {
      await call(traceId, 'moved/signal/goOn');
      await activitiesDone(traceId, done);
    }
    await expectEachOnce(traceId);
  });
});

/** How often each span is there of a run with three steps when none is doubled. */
const ONCE = {
  'StartWorkflow:steps': 1,
  'RunWorkflow:steps': 1,
  'SignalWorkflow:goOn': 3,
  'HandleSignal:goOn': 3,
  'StartActivity:work': 3,
  'RunActivity:work': 3,
};

async function expectEachOnce(traceId: string): Promise<void> {
  const run = await spanOf(traceId, 'RunWorkflow:steps');
  expect(counts(traceId)).toEqual(ONCE);
  for (const { parentSpanId } of spansOf(traceId, 'StartActivity:work'))
    expect(parentSpanId).toBe(run.spanId);
}

function counts(traceId: string): Record<string, number> {
  return Object.fromEntries(Object.keys(ONCE).map((name) => [name, spansOf(traceId, name).length]));
}
