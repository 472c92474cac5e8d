import { Client, Connection } from '@tidewheel/client';
import { openRedis } from '@tidewheel/store';
import type { Redis } from '@tidewheel/store';
import { demote, promote, startFaultProxy, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { FaultProxy, TestRedis } from '@tidewheel/testing';
import { NativeConnection, Worker } from '@tidewheel/worker';
import path from 'node:path';

const TASK_QUEUE = 'watched';
const TIMEOUT_MS = 60_000;

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

let redis: TestRedis;
let proxy: FaultProxy;
/** Goes to Redis without the proxy. */
let direct: Redis;
let connection: NativeConnection;
let clientConnection: Connection;
let client: Client;
let worker: Worker;
let running: Promise<void>;
let redisArgs: string[] = [];
let workflows = 0;

async function begin(): Promise<void> {
  redis = await startTestRedis({ extraArgs: redisArgs });
  proxy = await startFaultProxy({ target: redis });
  direct = openRedis({ url: redis.url });
  direct.on('error', () => undefined);
  connection = await NativeConnection.connect({ url: proxy.url, logger: silent });
  await connection.engine.startDuties();
  clientConnection = await Connection.connect({ url: redis.url });
  client = new Client({ connection: clientConnection });
  worker = await Worker.create({
    connection,
    taskQueue: TASK_QUEUE,
    workflowsPath: path.join(__dirname, './watchdog-workflows.fixture.ts'),
    activities: { greet: async (name: string) => `Hello, ${name}` },
    shutdownTimeout: '1s',
    stickyQueueScheduleToStartTimeout: '2s',
    logger: silent,
  });
  running = worker.run();
  await untilReady();
}

/** Waits until the worker polls and the engine finds nothing wrong. */
async function untilReady(): Promise<void> {
  await waitUntil(async () => worker.getState() === 'RUNNING' && isReady(await seenFaults()), {
    what: 'the worker to poll',
    timeoutMs: TIMEOUT_MS,
  });
}

afterEach(async () => {
  proxy.restore();
  worker.shutdown();
  await running;
  await connection.close();
  await clientConnection.close();
  direct.disconnect();
  await proxy.stop();
  await redis.stop();
  redisArgs = [];
});

/** What readiness says is wrong. */
async function seenFaults(): Promise<{ readonly polls: boolean; readonly checks: readonly string[] }> {
  const { checks } = await connection.engine.health();
  return {
    polls: worker.getStatus().pollAlive,
    checks: checks.filter(({ ok }) => !ok).map(({ name }) => name),
  };
}

function isReady({ polls, checks }: Awaited<ReturnType<typeof seenFaults>>): boolean {
  return polls && checks.length === 0;
}

/** Waits until both the blocking reads and the engine's own look at Redis are known not to work. */
async function untilNotReady(): Promise<void> {
  let polls = true;
  const failed = new Set<string>();
  await waitUntil(
    async () => {
      const faults = await seenFaults();
      polls &&= faults.polls;
      for (const name of faults.checks) failed.add(name);
      return !polls && failed.has('redis');
    },
    { what: 'readiness to be red', timeoutMs: TIMEOUT_MS },
  );
}

function start(type: 'greeting' | 'patientGreeting') {
  const workflowId = `w-${++workflows}`;
  return client.workflow.start(type, { workflowId, taskQueue: TASK_QUEUE, args: ['Ada'] });
}

async function checkWorkGoesOn(patient: Awaited<ReturnType<typeof start>>): Promise<void> {
  await untilReady();
  const fresh = await start('greeting');
  await patient.signal('go');
  const results = await waitUntil(() => Promise.all([fresh.result(), patient.result()]), {
    what: 'workflows from before and after the fault to end',
    timeoutMs: TIMEOUT_MS,
  });
  expect(results).toEqual(['Hello, Ada', 'Hello, Ada']);
}

async function startPatient(): ReturnType<typeof start> {
  const patient = await start('patientGreeting');
  await waitUntil(async () => worker.getStatus().workflowTasks.completed > 0, { what: 'its first task' });
  return patient;
}

describe('a worker whose connections are dead goes on when Redis is back', () => {
  it('after Redis was stopped as by SIGSTOP', async () => {
    await begin();
    const patient = await startPatient();
    await redis.freeze();
    await untilNotReady();
    redis.thaw();
    await checkWorkGoesOn(patient);
  });

  it('after the network held everything back', async () => {
    await begin();
    const patient = await startPatient();
    proxy.freeze();
    await untilNotReady();
    proxy.thaw();
    await checkWorkGoesOn(patient);
  });

  it('after a black hole, whose connections never close and stay dead', async () => {
    await begin();
    const patient = await startPatient();
    proxy.blackhole();
    await untilNotReady();
    proxy.restore();
    await checkWorkGoesOn(patient);
    expect(worker.getStatus().pollConnectionsReplaced).toBeGreaterThan(0);
  });

  it('after a failover that answers READONLY', async () => {
    await begin();
    const patient = await startPatient();
    await demote(direct);
    await untilNotReady();
    await promote(direct);
    await checkWorkGoesOn(patient);
  });

  it('after Redis was killed and started again', async () => {
    await begin();
    const patient = await startPatient();
    await redis.kill();
    await untilNotReady();
    await redis.restart();
    await checkWorkGoesOn(patient);
  });

  it('after a server that was still loading its data', async () => {
    // Half a millisecond for each key, and a look at connections after every few bytes.
    redisArgs = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'];
    await begin();
    const patient = await startPatient();
    const pipeline = direct.pipeline();
    for (let i = 0; i < 20_000; i++) pipeline.set(`filler:${i}`, 'x'.repeat(100));
    await pipeline.exec();
    await redis.kill();
    const restarted = redis.restart();
    await untilNotReady();
    await restarted;
    await checkWorkGoesOn(patient);
  });
});
