import { Client, isGrpcServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { createSeededRandom } from '@tidewheel/testing';
import type { SeededRandom } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import type { WriteStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CommandLine } from '../command-line.js';
import { startDeployment } from '../deployment/deployment.js';
import type { Deployment } from '../deployment/deployment.js';
import { RunningProcess } from '../deployment/running-process.js';
import { bundleOf } from '../harness/bundles.js';
import { faultsOf } from '../harness/history.js';
import type { Counts } from '../harness/run-scenarios.js';
import { connect } from '../harness/scenario-context.js';
import type { Surroundings } from '../harness/scenario-context.js';

const TASK_QUEUE = 'crash';
/** What a worker prints once it works. */
const READY = /^ready$/;
const IN_FLIGHT = 20;
/** Workflows that have not ended so long after the last kill hang. */
const SETTLE_LIMIT_MS = 120_000;
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5_000;
/** Every so many kills, the API process dies instead of a worker. */
const API_EVERY = 4;

type Tell = (line: string) => void;

/** Runs workflows while workers and the API process are killed at random, and compares what they give with what they must. */
export async function runCrash(
  commandLine: CommandLine,
  folder: string,
  log: WriteStream,
  tell: Tell,
): Promise<Counts> {
  const { seed, crashSeconds, workers, partitions } = commandLine;
  tell(`crash run: --crash ${crashSeconds} --seed ${seed} --workers ${workers} --partitions ${partitions}`);
  const redisFolder = join(folder, 'crash-redis');
  await rm(redisFolder, { recursive: true, force: true });
  const deployment = await startDeployment({ port: 0, partitions, folder: redisFolder, log });
  const crew = new Crew(deployment, await writeBundle(folder), log);
  try {
    await crew.hire(workers);
    const surroundings = await connect(deployment.address, folder, log);
    return await new CrashRun(surroundings, crew, createSeededRandom(seed), tell).run(crashSeconds * 1_000);
  } finally {
    await crew.dismiss();
    await deployment.stop();
    tell(`crash run: over; --seed ${seed}`);
  }
}

async function writeBundle(folder: string): Promise<string> {
  const file = join(folder, 'crash.bundle.js');
  await writeFile(file, (await bundleOf('main')).code);
  return file;
}

/** The worker processes, each of which is replaced when it is killed. */
class Crew {
  readonly faults: string[] = [];
  private readonly members: RunningProcess[] = [];
  private hired = 0;

  constructor(
    readonly deployment: Deployment,
    private readonly bundle: string,
    private readonly log: WriteStream,
  ) {}

  async hire(count: number): Promise<void> {
    const started = Array.from({ length: count }, () => this.start());
    this.members.push(...started);
    await Promise.all(started.map((member) => member.line(READY)));
  }

  async replace(index: number): Promise<void> {
    await this.members[index]?.kill();
    this.members[index] = this.start();
  }

  /** Replaces workers that ended by themselves, which they may only do when the API process was away at their start. */
  async mend(): Promise<void> {
    for (const [index, member] of this.members.entries()) {
      if (!member.hasExited) continue;
      if (member.hasPrinted(READY)) this.faults.push(`${member.name} ended by itself: ${member.lastLines()}`);
      await this.replace(index);
    }
  }

  get size(): number {
    return this.members.length;
  }

  async dismiss(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }

  private start(): RunningProcess {
    return new RunningProcess({
      name: `worker-${++this.hired}`,
      args: [fileURLToPath(new URL('../worker-process.js', import.meta.url))],
      env: {
        CONFORMANCE_ADDRESS: this.deployment.address,
        CONFORMANCE_TASK_QUEUE: TASK_QUEUE,
        CONFORMANCE_IDENTITY: `worker-${this.hired}`,
        CONFORMANCE_BUNDLE: this.bundle,
      },
      log: this.log,
    });
  }
}

/** One workflow with what must come of it. */
interface Expectation {
  readonly workflowId: string;
  readonly values: readonly number[];
  readonly signals: readonly number[];
  readonly result: number;
}

class CrashRun {
  private readonly client: Client;
  private isOver = false;
  private readonly faults: string[] = [];
  private passed = 0;

  constructor(
    surroundings: Surroundings,
    private readonly crew: Crew,
    private readonly random: SeededRandom,
    private readonly tell: Tell,
  ) {
    this.client = new Client({ connection: surroundings.connection });
  }

  async run(durationMs: number): Promise<Counts> {
    // Workflows draw from chances of their own, so that kills and workflows do not disturb each other's draws.
    const workflows = createSeededRandom(this.random.int(0, 2 ** 31));
    const kills = this.kill();
    const endMs = Date.now() + durationMs;
    const running = new Set<Promise<void>>();
    while (Date.now() < endMs) {
      const run = this.runOne(drawExpectation(workflows));
      running.add(run);
      void run.finally(() => running.delete(run));
      if (running.size >= IN_FLIGHT) await Promise.race([...running, sleep(endMs - Date.now())]);
    }
    this.isOver = true;
    const counts = await kills;
    await this.crew.mend();
    await Promise.all(running);
    this.faults.push(...this.crew.faults);
    for (const fault of this.faults) this.tell(`FAILED ${fault}`);
    this.tell(`${counts.workers} workers and ${counts.apis} API processes were killed`);
    return { passed: this.passed, failed: this.faults.length };
  }

  private async kill(): Promise<{ workers: number; apis: number }> {
    const counts = { workers: 0, apis: 0 };
    for (let round = 1; !this.isOver; round++) {
      await sleep(this.random.int(MIN_PAUSE_MS, MAX_PAUSE_MS));
      const victim = this.random.int(0, this.crew.size - 1);
      await this.crew.mend();
      if (round % API_EVERY === 0) {
        await this.crew.deployment.restartApi();
        counts.apis++;
      } else {
        await this.crew.replace(victim);
        counts.workers++;
      }
    }
    return counts;
  }

  private async runOne(expected: Expectation): Promise<void> {
    const { workflowId, signals, result } = expected;
    try {
      const handle = await this.start(expected);
      for (const value of signals) {
        const request = {
          namespace: 'default',
          workflowExecution: { workflowId },
          signalName: 'put',
          input: { payloads: [this.payload(value)] },
          requestId: randomUUID(),
          identity: 'crash run',
        };
        await this.persistently(
          async () =>
            await this.client.connection.workflowService
              .signalWorkflowExecution(request)
              .catch(ignoreNotFound),
        );
      }
      const given: unknown = await this.persistently<unknown>(() => handle.result());
      if (given !== result) throw new Error(`gave ${String(given)} instead of ${result}`);
      const history = await this.persistently(async () => await handle.fetchHistory());
      const faults = faultsOf(history);
      if (faults.length > 0) throw new Error(faults.join('; '));
      this.passed++;
    } catch (error) {
      this.faults.push(`${workflowId}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A start whose answer was lost may have happened. */
  private async start({ workflowId, values, signals }: Expectation): Promise<WorkflowHandle> {
    return await this.persistently(async () => {
      try {
        return await this.client.workflow.start('mixture', {
          workflowId,
          taskQueue: TASK_QUEUE,
          args: [values, signals.length],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        return this.client.workflow.getHandle(workflowId);
      }
    });
  }

  /** A value as the default converter writes it. */
  private payload(value: number): { metadata: Record<string, Uint8Array>; data: Uint8Array } {
    return { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(String(value)) };
  }

  /** Calls again while the API process is away. */
  private async persistently<T>(call: () => Promise<T>): Promise<T> {
    let endMs = Infinity;
    for (;;) {
      try {
        return await this.client.withDeadline(Date.now() + 30_000, call);
      } catch (error) {
        const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
        if (!isGrpcServiceError(cause)) throw error;
        if (this.isOver && endMs === Infinity) endMs = Date.now() + SETTLE_LIMIT_MS;
        if (Date.now() > endMs) throw error;
        await sleep(100);
      }
    }
  }
}

const NOT_FOUND = 5;

/** A signal whose answer was lost may have been the last that its workflow waited for. */
function ignoreNotFound(error: unknown): void {
  if (!isGrpcServiceError(error) || (error.code as number) !== NOT_FOUND) throw error;
}

let drawn = 0;

/** What must come of `mixture` is computed here, without running it. */
function drawExpectation(random: SeededRandom): Expectation {
  const values = Array.from({ length: random.int(3, 7) }, () => random.int(1, 30));
  const signals = Array.from({ length: random.int(1, 4) }, () => random.int(1, 1_000));
  const branches = values.map((value, index) => (index % 3 === 1 ? (value + 1) ** 2 : value + 1));
  const sum = [...branches, ...signals].reduce((total, each) => total + each, 0);
  // The last two are the square and the successor of 1.
  return { workflowId: `crash-${++drawn}`, values, signals, result: sum + 1 + 2 };
}
