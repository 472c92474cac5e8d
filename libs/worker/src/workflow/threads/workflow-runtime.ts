import type { Logger } from '@tidewheel/common';
import type {
  ActivationRequest,
  ActivationResult,
  WorkflowCacheLimits,
  WorkflowCacheStats,
} from '../activation-request.js';
import { bundleSdk } from '../bundle/sdk-bundle.js';
import type { ThreadSetup } from './thread-messages.js';
import type { WorkflowBundle } from '../bundle/workflow-bundle.js';
import { lost, WorkflowThreadHandle } from './workflow-thread-handle.js';

/** What a workflow runtime is made of. */
export interface WorkflowRuntimeOptions {
  readonly bundle: WorkflowBundle;
  /** Threads that run workflow code; each execution stays on one of them. */
  readonly threads: number;
  /** Executions cached by all threads together. */
  readonly maxCachedWorkflows: number;
  /** Estimated bytes cached by all threads together; see {@link WorkflowCacheLimits}. */
  readonly maxCachedBytes: number;
  /** An activation that runs longer than this is taken for an endless loop: its thread is stopped and replaced. */
  readonly isolateExecutionTimeoutMs: number;
  readonly logger?: Logger;
}

/** What happens inside of the runtime. */
export interface WorkflowRuntimeStats extends WorkflowCacheStats {
  readonly threads: number;
  /** Threads that died or were stopped and have been replaced. */
  readonly threadsReplaced: number;
}

/** How many looks at a thread fit into the time an activation may take: a deadlock is noticed that much late. */
const LOOKS_PER_TIMEOUT = 5;
/** How long to wait before replacing a thread that did not even start. */
const RESTART_DELAY_MS = 1_000;

/** Runs workflow code on threads of its own. */
export class WorkflowRuntime {
  private readonly threads: WorkflowThreadHandle[];
  private readonly watch = new Map<WorkflowThreadHandle, { number: number; looks: number }>();
  private watching: NodeJS.Timeout | undefined;
  private threadsReplaced = 0;
  private isClosed = false;

  private constructor(
    private readonly options: WorkflowRuntimeOptions,
    private readonly setup: Omit<ThreadSetup, 'heartbeat'>,
  ) {
    this.threads = Array.from({ length: options.threads }, () => this.startThread());
  }

  /** @throws Error when the threads cannot evaluate the bundle */
  static async create(options: WorkflowRuntimeOptions): Promise<WorkflowRuntime> {
    const { bundle, threads } = options;
    const limits: WorkflowCacheLimits = {
      maxCachedWorkflows: Math.floor(options.maxCachedWorkflows / threads),
      maxCachedBytes: Math.floor(options.maxCachedBytes / threads),
    };
    const code = { sdk: await bundleSdk(), workflows: bundle.code };
    const runtime = new WorkflowRuntime(options, { code, limits, sourceMap: bundle.sourceMap });
    try {
      await Promise.all(runtime.threads.map((thread) => thread.ready));
    } catch (error) {
      await runtime.close();
      throw error;
    }
    return runtime;
  }

  /** Runs one workflow task or direct query. Never rejects: what goes wrong is a result. */
  async activate(request: ActivationRequest): Promise<ActivationResult> {
    const thread = this.threadOf(request.runId);
    if (this.isClosed || !thread) return lost(request, 'the workflow runtime is closed');
    this.startWatching();
    return await thread.activate(request);
  }

  /** Drops a cached execution, for example because its workflow task was refused. */
  evict(runId: string): void {
    this.threadOf(runId)?.evict(runId);
  }

  /** The workflow types that the bundle has; undefined when they are not known, or not yet. */
  get workflowTypes(): readonly string[] | undefined {
    return this.threads[0]?.workflowTypes;
  }

  /** Resolves when {@link workflowTypes} can be asked for. */
  get typesKnown(): Promise<void> {
    return this.threads[0]?.typesKnown ?? Promise.resolve();
  }

  stats(): WorkflowRuntimeStats {
    const { threads, threadsReplaced } = this;
    const sum = (key: keyof WorkflowCacheStats) =>
      threads.reduce((total, thread) => total + thread.stats[key], 0);
    return {
      threads: threads.length,
      threadsReplaced,
      cachedWorkflows: sum('cachedWorkflows'),
      cachedBytes: sum('cachedBytes'),
      hits: sum('hits'),
      misses: sum('misses'),
      replays: sum('replays'),
      evictions: sum('evictions'),
    };
  }

  /** Stops the threads. Requests that are running are answered as failed or missed. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.watching);
    await Promise.all(
      this.threads.map((thread) =>
        thread.terminate((request) => lost(request, 'the workflow runtime was closed')),
      ),
    );
  }

  private startThread(): WorkflowThreadHandle {
    return new WorkflowThreadHandle(this.setup, (dead) => this.replace(dead, 'died'));
  }

  private replace(dead: WorkflowThreadHandle, why: string): void {
    this.watch.delete(dead);
    if (this.isClosed) return;
    this.threadsReplaced++;
    this.options.logger?.error(`A workflow thread ${why}; its cached workflows will be replayed`, {
      threadsReplaced: this.threadsReplaced,
    });
    const start = () => {
      if (!this.isClosed) this.threads[this.threads.indexOf(dead)] = this.startThread();
    };
    if (dead.wasReady) start();
    else setTimeout(start, RESTART_DELAY_MS).unref();
  }

  private threadOf(runId: string): WorkflowThreadHandle | undefined {
    if (this.threads.length === 1) return this.threads[0];
    let hash = 0;
    for (let index = 0; index < runId.length; index++)
      hash = (Math.imul(hash, 31) + runId.charCodeAt(index)) | 0;
    return this.threads[(hash >>> 0) % this.threads.length];
  }

  /** Looks at the threads now and then while there is something to wait for; costs an activation nothing. */
  private startWatching(): void {
    if (this.watching) return;
    const interval = Math.max(10, this.options.isolateExecutionTimeoutMs / LOOKS_PER_TIMEOUT);
    this.watching = setInterval(() => this.look(), interval);
    this.watching.unref();
  }

  private look(): void {
    if (!this.threads.some((thread) => thread.hasPending)) {
      clearInterval(this.watching);
      this.watching = undefined;
      this.watch.clear();
      return;
    }
    for (const thread of [...this.threads]) {
      const number = thread.runningNumber;
      const seen = this.watch.get(thread);
      if (number === 0 || seen?.number !== number) this.watch.set(thread, { number, looks: 0 });
      else if (++seen.looks >= LOOKS_PER_TIMEOUT) this.stop(thread);
    }
  }

  private stop(thread: WorkflowThreadHandle): void {
    const seconds = this.options.isolateExecutionTimeoutMs / 1_000;
    const reason =
      `the workflow task ran for more than ${seconds} s without giving way (isolateExecutionTimeout): ` +
      'does the workflow code loop without end, or compute what belongs into an activity?';
    void thread.terminate((request) => lost(request, reason));
    this.replace(thread, 'was stopped: an activation did not end');
  }
}
