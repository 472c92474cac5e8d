import {
  ActivityFailure,
  ApplicationFailure,
  IllegalStateError,
  SESSION_ACTIVITIES,
  SESSION_FAILED,
  sessionCreationQueue,
  TimeoutFailure,
} from '@tidewheel/common';
import type { Duration, OpenedSession, UntypedActivities } from '@tidewheel/common';
import { executeActivity } from './activities.js';
import type { ActivityInterfaceFor } from './activities.js';
import type { ActivityOptions } from './activity-options.js';
import { CancellationScope } from './cancellation-scope.js';
import { workflowInfo } from './workflow-info.js';

/** How a session is opened. Durations are milliseconds, or text such as `10s`. */
export interface SessionOptions {
  /** How long to wait for a host that has room for a session. Default 1 minute. */
  readonly creationTimeout?: Duration;
  /** How long the session may last. Default 1 hour. */
  readonly executionTimeout?: Duration;
  /** How long the host may give no sign of life before the session has failed. Default 20 s. */
  readonly heartbeatTimeout?: Duration;
  /** The task queue whose workers open the session. Default: the workflow's own. */
  readonly taskQueue?: string;
}

/** How {@link withSession} goes about it. */
export interface WithSessionOptions extends SessionOptions {
  /** Hosts to try, one after the other, when they are lost. Default 5. */
  readonly maximumAttempts?: number;
}

/** Options of activities in a session; where they run, and whether without a detour, is decided. */
export type SessionActivityOptions = Omit<ActivityOptions, 'taskQueue'>;

/**
 * A session is over before its work was: its host was lost or shut down, it lasted for too long, or no host had room for
 * it in time (then it was never open). A workflow that does not catch it fails with it. Rejects what is done in a
 * {@link Session}, and {@link createSession}.
 */
export class SessionFailedError extends ApplicationFailure {
  constructor(message: string, cause?: Error) {
    super(message, SESSION_FAILED, false, undefined, cause);
  }
}

/** Open; closed, because it was completed; or failed. */
export type SessionState = 'open' | 'closed' | 'failed';

const DEFAULT_CREATION_TIMEOUT = '1 minute';
const DEFAULT_EXECUTION_TIMEOUT = '1 hour';
const DEFAULT_HEARTBEAT_TIMEOUT = '20s';
const DEFAULT_ATTEMPTS = 5;
/** Opening and closing are quick; a worker that takes longer is gone. */
const STEP_TIMEOUT = '10s';

/**
 * Activities that all run on one host. Made by {@link createSession}; {@link Session.complete} must be called when it is
 * not needed any more, which {@link withSession} does by itself.
 */
export class Session {
  readonly sessionId: string;
  /** The queue of the host. */
  readonly taskQueue: string;
  private currentState: SessionState = 'open';
  private failure: SessionFailedError | undefined;
  private rejectCalls: (error: SessionFailedError) => void = () => undefined;
  private readonly whenFailed: Promise<never>;
  private readonly calls = new Set<CancellationScope>();
  private readonly holding: CancellationScope;
  /** Resolves when the host holds the session no more, for whatever reason. */
  private readonly held: Promise<void>;

  /** @internal */
  constructor(
    private readonly opened: OpenedSession,
    private readonly options: Required<Omit<SessionOptions, 'taskQueue'>>,
  ) {
    this.sessionId = opened.sessionId;
    this.taskQueue = opened.taskQueue;
    this.whenFailed = new Promise((_, reject) => (this.rejectCalls = reject));
    // Nobody has to look at it.
    this.whenFailed.catch(() => undefined);
    // It outlives the cancellation of the workflow, until the session is completed.
    this.holding = new CancellationScope({ cancellable: true, parent: null });
    this.held = this.holding
      .run(() => this.hold())
      .then(
        () => this.fail('was closed by its host'),
        (error: unknown) => this.fail(reasonOf(error), error),
      );
  }

  get state(): SessionState {
    return this.currentState;
  }

  /** Functions that schedule activities on the session's host; see `proxyActivities`. */
  proxyActivities<A = UntypedActivities>(options: SessionActivityOptions): ActivityInterfaceFor<A> {
    return new Proxy({} as ActivityInterfaceFor<A>, {
      get: (_target, activityType) => {
        if (typeof activityType !== 'string' || activityType === 'then') return undefined;
        return (...args: unknown[]) => this.executeActivity(activityType, { ...options, args });
      },
    });
  }

  /**
   * Schedules one activity on the session's host, and waits for its result.
   *
   * @throws SessionFailedError when the session fails before there is one
   * @throws IllegalStateError when the session was completed
   */
  async executeActivity<R = unknown>(
    activityType: string,
    options: SessionActivityOptions & { args?: unknown[] },
  ): Promise<R> {
    const call = this.run(() => executeActivity<R>(activityType, { ...options, taskQueue: this.taskQueue }));
    return await Promise.race([call, this.whenFailed]);
  }

  /**
   * Runs `fn` in a scope that is cancelled when the session fails.
   *
   * @throws SessionFailedError when the session fails before `fn` has ended; what `fn` then throws does not matter
   * @throws IllegalStateError when the session was completed
   */
  async run<T>(fn: () => Promise<T>): Promise<T> {
    if (this.failure) throw this.failure;
    if (this.currentState === 'closed') throw new IllegalStateError('the session was completed');
    const scope = new CancellationScope({ cancellable: true });
    this.calls.add(scope);
    try {
      return await scope.run(fn);
    } catch (error) {
      throw this.reasonOr(error);
    } finally {
      this.calls.delete(scope);
    }
  }

  /** Closes the session: the host has room for another one. Does nothing the second time, and never rejects. */
  async complete(): Promise<void> {
    if (this.currentState === 'open') {
      this.currentState = 'closed';
      const closing = new CancellationScope({ cancellable: true, parent: null });
      const closed = closing.run(() => this.close()).catch(() => this.holding.cancel());
      await CancellationScope.nonCancellable(() => Promise.race([closed, this.held]));
      closing.cancel();
    }
    await CancellationScope.nonCancellable(() => this.held);
  }

  private hold(): Promise<unknown> {
    const { heartbeatTimeout, executionTimeout } = this.options;
    return executeActivity(SESSION_ACTIVITIES.hold, {
      taskQueue: this.opened.controlTaskQueue,
      args: [this.sessionId],
      scheduleToStartTimeout: heartbeatTimeout,
      startToCloseTimeout: executionTimeout,
      heartbeatTimeout,
      retry: { maximumAttempts: 1 },
    });
  }

  private close(): Promise<unknown> {
    return executeActivity(SESSION_ACTIVITIES.close, {
      taskQueue: this.opened.controlTaskQueue,
      args: [this.sessionId],
      scheduleToStartTimeout: this.options.heartbeatTimeout,
      startToCloseTimeout: STEP_TIMEOUT,
      retry: { maximumAttempts: 1 },
    });
  }

  /** Why the session failed, if it did: then the rest was cancelled for it, or failed for the same reason. */
  private reasonOr(error: unknown): unknown {
    return this.failure ?? error;
  }

  /** The host holds the session no more. That is a failure unless it was asked for. */
  private fail(reason: string, error?: unknown): void {
    if (this.currentState !== 'open') return;
    this.currentState = 'failed';
    const message = `the session on ${this.taskQueue} ${reason}`;
    this.failure = new SessionFailedError(message, error instanceof Error ? error : undefined);
    this.rejectCalls(this.failure);
    for (const call of this.calls) call.cancel();
  }
}

/**
 * Opens a session on some host that has room for one (`maxConcurrentSessionExecutionSize` of its worker), and waits for
 * that. The workers need `enableSessionWorker`. Built from ordinary activities, which the history shows.
 *
 * @throws SessionFailedError when no host had room within `creationTimeout`
 * @throws CancelledFailure when the workflow is cancelled meanwhile
 *
 * @example
 * ```ts
 * const session = await createSession({ creationTimeout: '5 minutes' });
 * try {
 *   const { download, convert } = session.proxyActivities<typeof activities>({ startToCloseTimeout: '10 minutes' });
 *   await convert(await download(url));
 * } finally {
 *   await session.complete();
 * }
 * ```
 */
export async function createSession(options: SessionOptions = {}): Promise<Session> {
  const complete = {
    creationTimeout: options.creationTimeout ?? DEFAULT_CREATION_TIMEOUT,
    executionTimeout: options.executionTimeout ?? DEFAULT_EXECUTION_TIMEOUT,
    heartbeatTimeout: options.heartbeatTimeout ?? DEFAULT_HEARTBEAT_TIMEOUT,
  };
  const taskQueue = options.taskQueue ?? workflowInfo().taskQueue;
  try {
    const opened = await executeActivity<OpenedSession>(SESSION_ACTIVITIES.open, {
      taskQueue: sessionCreationQueue(taskQueue),
      scheduleToCloseTimeout: complete.creationTimeout,
      startToCloseTimeout: STEP_TIMEOUT,
    });
    return new Session(opened, complete);
  } catch (error) {
    if (!(error instanceof ActivityFailure) || !(error.cause instanceof TimeoutFailure)) throw error;
    throw new SessionFailedError(
      `no worker of ${taskQueue} had room for a session within ${complete.creationTimeout}`,
      error,
    );
  }
}

/**
 * Opens a session, runs `fn` in it, and closes it, however `fn` ends and also when the workflow is cancelled. When the
 * host is lost meanwhile, what `fn` waits for is cancelled, and `fn` is run once more from its beginning in a session on
 * another host, so it has to undo or bear what it did before.
 *
 * @returns what `fn` gives
 * @throws SessionFailedError when `maximumAttempts` sessions failed, or none could be opened in time
 *
 * @example
 * ```ts
 * const pages = await withSession({ heartbeatTimeout: '10s' }, async (session) => {
 *   const { download, countPages } = session.proxyActivities<typeof activities>({ startToCloseTimeout: '5 minutes' });
 *   return await countPages(await download(url));
 * });
 * ```
 */
export async function withSession<T>(
  options: WithSessionOptions,
  fn: (session: Session) => Promise<T>,
): Promise<T> {
  const { maximumAttempts = DEFAULT_ATTEMPTS, ...sessionOptions } = options;
  if (!Number.isSafeInteger(maximumAttempts) || maximumAttempts < 1) {
    throw new TypeError(`maximumAttempts must be an integer, 1 or more; got ${maximumAttempts}`);
  }
  for (let attempt = 1; ; attempt++) {
    const session = await createSession(sessionOptions);
    try {
      return await session.run(() => fn(session));
    } catch (error) {
      if (!(error instanceof SessionFailedError) || session.state !== 'failed') throw error;
      if (attempt === maximumAttempts) throw error;
    } finally {
      await session.complete();
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ActivityFailure)) return 'has failed';
  const { cause } = error;
  if (!(cause instanceof TimeoutFailure)) return `has failed: ${cause?.message ?? error.message}`;
  switch (cause.timeoutType) {
    case 'START_TO_CLOSE':
    case 'SCHEDULE_TO_CLOSE':
      return 'has failed: it has lasted longer than its executionTimeout';
    default:
      return 'has lost its host, which gives no sign of life';
  }
}
