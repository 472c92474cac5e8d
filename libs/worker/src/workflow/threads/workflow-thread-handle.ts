import { Worker } from 'node:worker_threads';
import type { ActivationRequest, ActivationResult, WorkflowCacheStats } from '../activation-request.js';
import { readResults, writeRequests } from './thread-messages.js';
import type { ThreadCommand, ThreadReport, ThreadSetup } from './thread-messages.js';

/** A request that was not answered yet. */
interface Pending {
  readonly request: ActivationRequest;
  readonly resolve: (result: ActivationResult) => void;
}

const NO_STATS: WorkflowCacheStats = {
  cachedWorkflows: 0,
  cachedBytes: 0,
  hits: 0,
  misses: 0,
  replays: 0,
  evictions: 0,
};
const MAX_REQUEST_NUMBER = 0x7fff_ffff;

/**
 * The main thread's end of one workflow thread. Requests of one turn of the event loop travel together, and a thread
 * that has died or was stopped is answered for.
 */
export class WorkflowThreadHandle {
  private readonly worker: Worker;
  private readonly heartbeat = new Int32Array(new SharedArrayBuffer(4));
  private readonly pending = new Map<number, Pending>();
  private unsent: number[] = [];
  private nextNumber = 1;
  private latestStats = NO_STATS;
  private isDead = false;
  private isReady = false;
  private types: readonly string[] | undefined;
  private onTypes: (() => void) | undefined;
  private onReady: ((error?: Error) => void) | undefined;
  /** Resolves when the thread has said which workflows it has; never when it dies before. */
  readonly typesKnown = new Promise<void>((resolve) => (this.onTypes = resolve));
  /** Resolves when the thread has evaluated its code; rejects when it cannot. */
  readonly ready: Promise<void>;

  /** @param onDeath called once when the thread ends without being told to */
  constructor(
    setup: Omit<ThreadSetup, 'heartbeat'>,
    private readonly onDeath: (thread: WorkflowThreadHandle) => void,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.onReady = (error) => (error ? reject(error) : resolve());
    });
    // Only who creates the runtime looks at it.
    this.ready.catch(() => undefined);
    const workerData: ThreadSetup = { ...setup, heartbeat: this.heartbeat.buffer };
    // Without the flags and the environment of the process: what they load, such as telemetry, would hook into every
    // promise of workflow code.
    const options = { workerData, execArgv: [], env: {} };
    this.worker = new Worker(new URL('./workflow-thread.js', import.meta.url), options);
    this.worker.on('message', (report: ThreadReport) => this.receive(report));
    this.worker.on('error', (error: unknown) => this.lose(`the workflow thread failed: ${String(error)}`));
    this.worker.on('exit', (code) => this.lose(`the workflow thread ended with code ${code}`));
  }

  /** Whether the thread has ever been able to work. */
  get wasReady(): boolean {
    return this.isReady;
  }

  /** The workflow types that its code has; undefined until then, and when it cannot tell. */
  get workflowTypes(): readonly string[] | undefined {
    return this.types;
  }

  /** The number of the request that the thread runs at this moment; 0 for none. */
  get runningNumber(): number {
    return Atomics.load(this.heartbeat, 0);
  }

  get hasPending(): boolean {
    return this.pending.size > 0;
  }

  get stats(): WorkflowCacheStats {
    return this.latestStats;
  }

  activate(request: ActivationRequest): Promise<ActivationResult> {
    if (this.isDead) return Promise.resolve(lost(request, 'its workflow thread is dead'));
    return new Promise((resolve) => {
      const number = this.nextNumber;
      this.nextNumber = number === MAX_REQUEST_NUMBER ? 1 : number + 1;
      if (this.pending.size === 0) this.worker.ref();
      this.pending.set(number, { request, resolve });
      if (this.unsent.length === 0) setImmediate(() => this.send());
      this.unsent.push(number);
    });
  }

  evict(runId: string): void {
    const command: ThreadCommand = { kind: 'evict', runId };
    this.worker.postMessage(command);
  }

  /** Stops the thread at once, whatever it runs. */
  async terminate(offence: (request: ActivationRequest) => ActivationResult): Promise<void> {
    this.die(offence);
    await this.worker.terminate();
  }

  private send(): void {
    const numbers = this.unsent;
    this.unsent = [];
    const batch = numbers.flatMap((number) => {
      const entry = this.pending.get(number);
      return entry ? [{ number, request: entry.request }] : [];
    });
    if (this.isDead || batch.length === 0) return;
    const command = writeRequests(batch);
    this.worker.postMessage(command, [command.area]);
  }

  private receive(report: ThreadReport): void {
    if (report.kind === 'ready') {
      this.isReady = true;
      this.onReady?.();
      if (this.pending.size === 0) this.worker.unref();
      return;
    }
    if (report.kind === 'types') {
      this.types = report.workflowTypes;
      this.onTypes?.();
      return;
    }
    this.latestStats = report.stats;
    for (const { number, result } of readResults(report.results)) this.settle(number, result);
    if (this.pending.size === 0) this.worker.unref();
  }

  private settle(number: number, result: ActivationResult): void {
    const entry = this.pending.get(number);
    this.pending.delete(number);
    entry?.resolve(result);
  }

  private lose(reason: string): void {
    if (this.isDead) return;
    this.onReady?.(new Error(reason));
    this.die((request) => lost(request, reason));
    this.onDeath(this);
  }

  private die(offence: (request: ActivationRequest) => ActivationResult): void {
    if (this.isDead) return;
    this.isDead = true;
    const running = this.runningNumber;
    for (const [number, { request }] of [...this.pending]) {
      this.settle(number, number === running ? offence(request) : { kind: 'cacheMiss' });
    }
    this.latestStats = NO_STATS;
  }
}

/** The result for the request that a thread died of. */
export function lost(request: ActivationRequest, reason: string): ActivationResult {
  const message = `workflow ${request.workflowId}, run ${request.runId}: ${reason}`;
  return {
    kind: 'failed',
    cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE',
    failure: { message, source: 'TypeScriptSDK', info: { kind: 'application', nonRetryable: false } },
    logs: [],
  };
}
