/**
 * What running workflow code costs: microseconds and bytes per execution and per activation, in the sandbox alone and
 * with the thread it lives in.
 *
 *     node --expose-gc bench/dist/sandbox.js
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeEvents, encodeEvent, packEvents } from '@tidewheel/codec';
import type { HistoryEvent } from '@tidewheel/core';
import { bundleSdk, bundleWorkflowCode, WorkflowRuntime, WorkflowSandbox } from '@tidewheel/worker/workflow';
import type { ActivationRequest, ActivationResult, WorkflowBundle } from '@tidewheel/worker/workflow';

const WORKFLOWS = `
import { CancellationScope, condition, proxyActivities, sleep } from '@tidewheel/workflow';
const { greet } = proxyActivities({ startToCloseTimeout: '1 minute' });
export async function hello(name) { return await greet(name); }
export async function scoped(name) { return await CancellationScope.cancellable(() => greet(name)); }
export async function waits() { let ready = false; await condition(() => ready); }
`;
const LIMITS = { maxCachedWorkflows: 1_000_000, maxCachedBytes: Number.MAX_SAFE_INTEGER };
const JSON_ENCODING = { encoding: Buffer.from('json/plain') };
const NOW_MS = 1_795_000_000_000;

type Body = {
  [T in HistoryEvent['eventType']]: { eventType: T; attributes: unknown };
}[HistoryEvent['eventType']];

function pack(firstEventId: number, bodies: readonly Body[]): Uint8Array {
  return packEvents(
    bodies.map((body, index) =>
      encodeEvent({ ...body, eventId: firstEventId + index, eventTimeMs: NOW_MS } as HistoryEvent),
    ),
  );
}

const text = (value: string) => ({ metadata: JSON_ENCODING, data: Buffer.from(JSON.stringify(value)) });

function firstTask(workflowType: string): Uint8Array {
  return pack(1, [
    {
      eventType: 'WorkflowExecutionStarted',
      attributes: { workflowType, taskQueue: 'bench', input: [text('Ada')] },
    },
    { eventType: 'WorkflowTaskScheduled', attributes: {} },
    { eventType: 'WorkflowTaskStarted', attributes: { scheduledEventId: 2, historySizeBytes: 200 } },
  ]);
}

const SECOND_TASK = pack(4, [
  { eventType: 'WorkflowTaskCompleted', attributes: { scheduledEventId: 2, startedEventId: 3 } },
  {
    eventType: 'ActivityTaskScheduled',
    attributes: {
      activityId: '1',
      activityType: 'greet',
      startToCloseTimeoutMs: 60_000,
      workflowTaskCompletedEventId: 4,
      input: [text('Ada')],
    },
  },
  { eventType: 'ActivityTaskStarted', attributes: { scheduledEventId: 5, identity: 'bench' } },
  {
    eventType: 'ActivityTaskCompleted',
    attributes: { scheduledEventId: 5, startedEventId: 6, result: [text('hello, Ada')] },
  },
  { eventType: 'WorkflowTaskScheduled', attributes: {} },
  { eventType: 'WorkflowTaskStarted', attributes: { scheduledEventId: 8, historySizeBytes: 600 } },
]);

function requestsOf(runId: string, packedFirst: Uint8Array): [ActivationRequest, ActivationRequest] {
  const common = {
    namespace: 'default',
    workflowId: `workflow-${runId}`,
    runId,
    taskQueue: 'bench',
    attempt: 1,
    queries: [],
    isQueryOnly: false,
  };
  return [
    { ...common, startedEventId: 3, previousStartedEventId: 0, firstEventId: 1, packedEvents: packedFirst },
    { ...common, startedEventId: 9, previousStartedEventId: 3, firstEventId: 4, packedEvents: SECOND_TASK },
  ];
}

function expectCommand(result: ActivationResult, commandType: string): void {
  const got = result.kind === 'completed' ? result.commands[0]?.commandType : JSON.stringify(result);
  if (got !== commandType) throw new Error(`expected ${commandType}, got ${got}`);
}

async function bundleBenchWorkflows(): Promise<WorkflowBundle> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tidewheel-bench-'));
  try {
    const file = path.join(directory, 'workflows.js');
    await writeFile(file, WORKFLOWS);
    return await bundleWorkflowCode({ workflowsPath: pathToFileURL(file).href });
  } finally {
    await rm(directory, { recursive: true });
  }
}

function usedHeapBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function print(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(64)} ${value.toFixed(1).padStart(9)} ${unit}`);
}

async function benchSandbox(bundle: WorkflowBundle, workflowType: string, count: number): Promise<void> {
  const code = { sdk: await bundleSdk(), workflows: bundle.code };
  const sandbox = new WorkflowSandbox(code, LIMITS, decodeEvents);
  const first = firstTask(workflowType);
  const run = (prefix: string) => {
    const requests = Array.from({ length: count }, (_, index) => requestsOf(`${prefix}-${index}`, first));
    const heapBefore = usedHeapBytes();
    let startedAt = cpuMicroseconds();
    for (const [request] of requests) expectCommand(sandbox.activate(request), 'ScheduleActivityTask');
    const create = (cpuMicroseconds() - startedAt) / count;
    const bytes = (usedHeapBytes() - heapBefore) / count;
    startedAt = cpuMicroseconds();
    for (const [, request] of requests) expectCommand(sandbox.activate(request), 'CompleteWorkflowExecution');
    const advance = (cpuMicroseconds() - startedAt) / count;
    return { create, advance, bytes };
  };
  run('warm-up');
  const { create, advance, bytes } = run('measured');
  print(`${workflowType}: instance and first activation, sandbox alone`, create, 'us CPU');
  print(`${workflowType}: second activation, sandbox alone`, advance, 'us CPU');
  print(`${workflowType}: heap of a cached execution`, bytes, 'bytes');
}

async function benchThread(bundle: WorkflowBundle, inFlight: number, count: number): Promise<void> {
  const runtime = await WorkflowRuntime.create({
    bundle,
    threads: 1,
    isolateExecutionTimeoutMs: 5_000,
    ...LIMITS,
  });
  const first = firstTask('hello');
  const requests = Array.from({ length: 2 * count }, (_, index) => requestsOf(`thread-${index}`, first));
  let next = 0;
  const worker = async (until: number) => {
    while (next < until) {
      const pair = requests[next++];
      if (!pair) return;
      expectCommand(await runtime.activate(pair[0]), 'ScheduleActivityTask');
      expectCommand(await runtime.activate(pair[1]), 'CompleteWorkflowExecution');
    }
  };
  const run = (until: number) => Promise.all(Array.from({ length: inFlight }, () => worker(until)));
  await run(count);
  const startedAt = cpuMicroseconds();
  const startedAtMs = performance.now();
  await run(2 * count);
  const label = `hello: both activations with the thread, ${inFlight} in flight`;
  print(`${label}, CPU of both threads`, (cpuMicroseconds() - startedAt) / count, 'us CPU');
  print(`${label}, elapsed`, ((performance.now() - startedAtMs) * 1_000) / count, 'us');
  await runtime.close();
}

const bundle = await bundleBenchWorkflows();
await benchSandbox(bundle, 'hello', 20_000);
await benchSandbox(bundle, 'scoped', 5_000);
await benchThread(bundle, 200, 40_000);
await benchThread(bundle, 1, 5_000);
