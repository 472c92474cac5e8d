import {
  BusyWorkflowError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import { Engine, returnWorkflowTask } from '@tidewheel/engine';
import { checkHistory } from '@tidewheel/history-checker';
import { takeOver, WORKERS_GROUP } from '@tidewheel/store';
import {
  createSeededRandom,
  findLeftovers,
  seedFromEnv,
  startFaultProxy,
  startTestStore,
  testPartitions,
  testTarget,
  waitUntil,
} from '@tidewheel/testing';
import type { FaultProxy, SeededRandom, TestStore } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { Ledger } from './simulation-ledger.fixture.js';
import { SimulatedWorker } from './simulation-worker.fixture.js';
import type { SimulationWorld } from './simulation-worker.fixture.js';

/** How long everybody misbehaves; TIDEWHEEL_SIMULATION_MS makes it longer. */
const CHAOS_MS = Number(process.env['TIDEWHEEL_SIMULATION_MS'] ?? 6_000);
const ENGINES = 2;
const WORKERS = 4;
const CLIENTS = 4;
/** Executions that may run at the same time. */
const MAX_OPEN = 60;
/** A task that was read this long ago and not started is put back on its stream. */
const ABANDONED_MS = 250;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts, signals, cancels, terminates and reads executions, often several times at once. */
class SimulatedClient {
  constructor(
    private readonly engine: Engine,
    private readonly world: SimulationWorld,
    private readonly random: SeededRandom,
    /** Runs by workflow id. */
    private readonly runs: Map<string, string>,
    /** Whether its replies are never lost. */
    private readonly reliable: boolean,
  ) {}

  async run(): Promise<void> {
    while (this.world.chaotic) {
      const roll = this.random.next();
      const step =
        roll < 0.2
          ? this.start()
          : roll < 0.3
            ? this.signalWithStart()
            : roll < 0.75
              ? this.signal()
              : roll < 0.85
                ? this.end()
                : this.read();
      await step.catch((error: unknown) => this.world.errors.push(error));
      await sleep(this.random.int(0, 20));
    }
  }

  private async start(): Promise<void> {
    const { random, world, engine } = this;
    const { executions } = await engine.listWorkflows({ namespace: world.namespace, status: 'RUNNING' });
    if (executions.length >= MAX_OPEN) return;
    const reuses = world.workflowIds.length > 0 && random.chance(0.2);
    const workflowId = reuses ? random.pick(world.workflowIds) : `execution ${world.workflowIds.length + 1}`;
    if (!reuses) world.workflowIds.push(workflowId);
    const request = {
      namespace: world.namespace,
      workflowId,
      workflowType: 'simulated',
      taskQueue: world.taskQueue,
      requestId: randomUUID(),
      workflowTaskTimeoutMs: random.int(600, 1_200),
      ...(random.chance(0.1) && { workflowRunTimeoutMs: random.int(200, 4_000) }),
      ...(reuses && random.chance(0.3) && { workflowIdConflictPolicy: 'TERMINATE_EXISTING' as const }),
    };
    const answers = await Promise.allSettled(
      Array.from({ length: random.chance(0.2) ? 3 : 1 }, () => engine.startWorkflow(request)),
    );
    const runIds = new Set<string>();
    for (const answer of answers) {
      if (answer.status === 'fulfilled') runIds.add(answer.value.runId);
      else if (!(answer.reason instanceof WorkflowExecutionAlreadyStartedError))
        world.errors.push(answer.reason);
    }
    for (const runId of runIds) {
      world.ledger.started(runId);
      this.runs.set(workflowId, runId);
    }
  }

  /**
   * Signals an execution whether it runs or not. Only where no reply is lost: what was recorded, not answered, and asked
   * again once the run was closed, may rightly start another run with the signal.
   */
  private async signalWithStart(): Promise<void> {
    const { random, world, engine } = this;
    if (!this.reliable) return this.signal();
    const workflowId = random.pick(world.workflowIds);
    const signalRequestId = `signal ${randomUUID()}`;
    try {
      const { runId, started, workflowTask } = await engine.signalWithStart({
        namespace: world.namespace,
        workflowId,
        workflowType: 'simulated',
        taskQueue: world.taskQueue,
        workflowTaskTimeoutMs: random.int(600, 1_200),
        signalName: 'go',
        signalRequestId,
        ...(random.chance(0.1) && { workflowIdConflictPolicy: 'TERMINATE_EXISTING' as const }),
        ...(random.chance(0.3) && { eagerWorker: { identity: 'eager' } }),
      });
      if (started) world.ledger.started(runId);
      world.ledger.acknowledge('signal', runId, signalRequestId);
      world.ledger.count('signalled with start');
      this.runs.set(workflowId, runId);
      // The worker that wanted it is gone, and may still be able to say so.
      if (workflowTask && random.chance(0.7)) {
        await returnWorkflowTask(engine.context, workflowTask.run, world.taskQueue, workflowTask.stamp);
      }
    } catch (error) {
      world.ledger.refuse('signal', '', signalRequestId);
      const expected =
        error instanceof BusyWorkflowError || error instanceof WorkflowExecutionAlreadyStartedError;
      if (!expected) world.errors.push(error);
    }
  }

  private async signal(): Promise<void> {
    const { random, world, engine } = this;
    const run = this.pick();
    if (!run) return;
    const requestId = `signal ${randomUUID()}`;
    const request = { namespace: world.namespace, ...run, signalName: 'go', requestId };
    const answers = await Promise.allSettled(
      Array.from({ length: random.chance(0.2) ? 3 : 1 }, () => engine.signalWorkflow(request)),
    );
    const rejected = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason as unknown] : [],
    );
    for (const error of rejected) {
      if (!(error instanceof WorkflowNotFoundError || error instanceof BusyWorkflowError))
        world.errors.push(error);
    }
    if (rejected.length < answers.length) world.ledger.acknowledge('signal', run.runId, requestId);
    else world.ledger.refuse('signal', run.runId, requestId);
  }

  private async end(): Promise<void> {
    const { random, world, engine } = this;
    const run = this.pick();
    if (!run) return;
    const address = { namespace: world.namespace, ...run };
    try {
      if (random.chance(0.7)) {
        await engine.requestCancelWorkflow(address);
        return;
      }
      await engine.terminateWorkflow(address);
      world.ledger.terminatedRun(run.runId);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  private async read(): Promise<void> {
    const { world, engine } = this;
    const run = this.pick();
    if (!run) return;
    const address = { namespace: world.namespace, ...run };
    const description = await engine.describeWorkflow(address);
    const page = await engine.getHistory({
      ...address,
      waitMs: 50,
      fromEventId: description.historyLength + 1,
    });
    await engine.getHistory({ ...address, reverse: true, pageSize: 10 });
    if (page.status !== 'RUNNING') await engine.getResult({ ...address, waitMs: 50 });
    const { events, status } = await engine.getHistory(address);
    if (events.length < 256) {
      const found = checkHistory(events, { status });
      if (found.length > 0) world.errors.push(new Error(`run ${run.runId}: ${found.join('; ')}`));
    }
  }

  private pick(): { workflowId: string; runId: string } | undefined {
    const all = [...this.runs];
    if (all.length === 0) return undefined;
    const [workflowId, runId] = this.random.pick(all.slice(-30));
    return { workflowId, runId };
  }
}

/** Puts back what was read and never started, and more often than the background duty does. */
async function sweep(
  engine: Engine,
  world: SimulationWorld,
  workers: readonly SimulatedWorker[],
): Promise<void> {
  const streams = [...new Set(workers.flatMap((worker) => worker.streams))];
  const { partitions } = engine.context.keys;
  while (!world.stopped) {
    for (let partition = 0; partition < partitions; partition++) {
      await takeOver(engine.context.run, {
        registryKey: engine.context.keys.partition(partition).streams,
        presenceKey: engine.context.keys.partition(partition).presence,
        streamKeys: streams.filter((stream) => stream.includes(`{${partition}}`)),
        group: WORKERS_GROUP,
        consumer: 'sweeper',
        idleMs: ABANDONED_MS,
        absentMs: 12_000,
        forgetMs: 600_000,
        mostDeliveries: 0,
        most: 100,
      }).catch((error: unknown) => world.errors.push(error));
    }
    await sleep(100);
  }
}

/** Breaks all connections again and again, each time in the middle of some reply. */
async function breakConnections(proxy: FaultProxy, random: SeededRandom, forMs: number): Promise<void> {
  const untilMs = Date.now() + forMs;
  while (Date.now() < untilMs) {
    await sleep(random.int(50, 400));
    proxy.dropAfterBytes(random.int(0, 2_000), 'toClient');
  }
  proxy.restore();
}

/** Every run's history, which must keep all rules. */
async function readAll(engine: Engine, world: SimulationWorld): Promise<Map<string, HistoryEvent[]>> {
  const histories = new Map<string, HistoryEvent[]>();
  const found: string[] = [];
  for (let pageToken: string | undefined; ;) {
    const page = await engine.listWorkflows({ namespace: world.namespace, pageSize: 500, pageToken });
    for (const { execution } of page.executions) {
      const events: HistoryEvent[] = [];
      let status;
      for (let fromEventId: number | undefined = 1; fromEventId !== undefined;) {
        const address = { namespace: world.namespace, ...execution, fromEventId };
        const read: Awaited<ReturnType<Engine['getHistory']>> = await engine.getHistory(address);
        events.push(...read.events);
        status = read.status;
        fromEventId = read.nextEventId;
      }
      found.push(
        ...checkHistory(events, { status }).map((violation) => `run ${execution.runId}: ${violation}`),
      );
      histories.set(execution.runId, events);
    }
    pageToken = page.nextPageToken;
    if (pageToken === undefined) break;
  }
  expect(found).toEqual([]);
  return histories;
}

/** What has to happen at least once before chaos ends. */
const WANTED = [
  'started',
  'signal',
  'workflow task completed',
  'activity complete',
  'activity retried',
  'workflow task returned',
  'signalled with start',
];

describe.each(
  testPartitions().flatMap((partitions) => [
    { partitions, lossy: false },
    ...(partitions > 1 && !['cluster', 'sentinel'].includes(testTarget() ?? '')
      ? [{ partitions, lossy: true }]
      : []),
  ]),
)('a simulation, %o', ({ partitions, lossy }) => {
  let store: TestStore;
  /** One engine has this network between itself and the server, which breaks now and then, where there is one server. */
  let proxy: FaultProxy | undefined;
  let engines: Engine[];

  beforeAll(async () => {
    store = await startTestStore();
    proxy = store.server && (await startFaultProxy({ target: store.server }));
    engines = [];
    for (let i = 0; i < ENGINES; i++) {
      const engine = await Engine.open({
        connection: { url: i === 1 ? (proxy?.url ?? store.url) : store.url },
        partitions,
        identity: `engine-${i}`,
      });
      await engine.startDuties();
      engines.push(engine);
    }
  });

  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.close()));
    await proxy?.stop();
    await store.stop();
  });

  it('keeps every promise, whatever dies and whoever says things twice, and leaves nothing behind', async () => {
    const seed = seedFromEnv();
    const world: SimulationWorld = {
      ledger: new Ledger(),
      namespace: 'default',
      taskQueue: 'simulated',
      workflowIds: ['execution 0'],
      chaotic: true,
      stopped: false,
      errors: [],
    };
    const engineOf = (index: number): Engine => engines[index % ENGINES]!;
    const randomOf = (index: number): SeededRandom => createSeededRandom((seed + index) >>> 0);
    const runs = new Map<string, string>();
    const workers = Array.from(
      { length: WORKERS },
      (_, i) => new SimulatedWorker(engineOf(i).context, world, randomOf(i), `worker-${i}`),
    );
    const clients = Array.from(
      { length: CLIENTS },
      (_, i) => new SimulatedClient(engineOf(i), world, randomOf(100 + i), runs, i % ENGINES !== 1),
    );
    const working = [...workers.map((worker) => worker.run()), sweep(engineOf(0), world, workers)];
    const asking = clients.map((client) => client.run());
    if (lossy && proxy) await breakConnections(proxy, randomOf(200), CHAOS_MS);
    else await sleep(CHAOS_MS);
    // It must have been worth the trouble, on a slow machine too.
    const missing = (): readonly string[] => WANTED.filter((what) => !world.ledger.counts[what]);
    await waitUntil(() => missing().length === 0, { what: 'all to have happened', timeoutMs: 60_000 }).catch(
      (error: unknown) => {
        throw new Error(`never happened: ${missing().join(', ')}`, { cause: error });
      },
    );

    // From here on everybody behaves, and all comes to an end.
    world.chaotic = false;
    await Promise.all(asking);
    const open = async () =>
      (await engineOf(0).listWorkflows({ namespace: world.namespace, status: 'RUNNING' })).executions;
    const left = async (): Promise<readonly string[]> => findLeftovers(engineOf(0).context.redis);
    await waitUntil(async () => (await open()).length === 0, {
      what: 'all executions to end',
      timeoutMs: 60_000,
      pollMs: 100,
    }).catch(async (error: unknown) => {
      const stuck = await Promise.all(
        (await open())
          .slice(0, 3)
          .map(({ execution }) => engineOf(0).describeWorkflow({ namespace: world.namespace, ...execution })),
      );
      throw new Error(`these did not end: ${JSON.stringify(stuck)}`, { cause: error });
    });
    await waitUntil(async () => (await left()).length === 0, {
      what: 'the streams to be empty',
      timeoutMs: 20_000,
      pollMs: 100,
    }).catch(() => undefined);
    world.stopped = true;
    await Promise.all(working);

    expect(world.errors).toEqual([]);
    const histories = await readAll(engineOf(0), world);
    expect(world.ledger.compare(histories, lossy)).toEqual([]);
    expect(await left()).toEqual([]);
    // A start whose reply was lost may be refused when it is repeated, because another has the id by then.
    expect([...world.ledger.runs].filter((runId) => !histories.has(runId))).toEqual([]);
    if (!lossy) expect(histories.size).toBe(world.ledger.runs.size);
  });
});
