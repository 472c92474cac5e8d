import type { Logger } from '@tidewheel/common';
import { leaveStickyQueue, registerVersion } from '@tidewheel/engine';
import type { Engine } from '@tidewheel/engine';
import { TaskReader } from '@tidewheel/polling';
import { PollClock } from './poll-clock.js';
import { Poll } from './poll.js';
import type { PolledTask, PollerIdentity } from './poll.js';
import { queueKey } from './polled-queue.js';
import type { PolledQueue } from './polled-queue.js';
import { PollerNotes } from './poller-notes.js';
import { returnTask } from './return-task.js';
import { TaskQueuePoller } from './task-queue-poller.js';
import { WorkerNotes } from './worker-notes.js';

/** How long a poll waits at most. */
const LONG_POLL_MS = 60_000;
/** A poll ends this long before its caller's deadline: time enough for an empty answer to travel. */
const ANSWER_BUDGET_MS = 1_000;
/** How long the end of all reads may take. */
const STOP_TIMEOUT_MS = 5_000;

/** How long queues are read on that nobody polls. */
interface LingerTimes {
  /** Workers ask again at once, and find the queue as it was. */
  readonly lingerMs: number;
  /** The worker of a sticky queue that has not asked for this long counts as gone: its tasks are better off elsewhere. */
  readonly stickyLingerMs: number;
}

const LINGER_TIMES: LingerTimes = { lingerMs: 10_000, stickyLingerMs: 5_000 };
/** How often queues that nobody polls are looked for, and new pollers are noted for all processes to see. */
const SWEEP_PERIOD_MS = 1_000;

/** When a poll has to end. */
export interface PollLimits {
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; Infinity for none. */
  readonly deadlineMs: number;
}

/**
 * A queue that is read, or is about to be, or is about to be no more: polls that come while it closes wait for the end of
 * that, and open it anew.
 */
interface OpenQueue {
  readonly poller: TaskQueuePoller;
  readonly opened: Promise<void>;
  closed: Promise<void> | undefined;
  /** When it last had a poll. */
  lastPollMs: number;
  readonly notes: PollerNotes;
}

/**
 * The waiting polls of a process, and the queues that are read for them by the process' one task reader. A queue is read
 * from its first poll until some seconds after its last one.
 */
export class TaskHub {
  private readonly queues = new Map<string, OpenQueue>();
  private readonly queueOf = new Map<Poll, OpenQueue>();
  private readonly clock: PollClock;
  private readonly reader: TaskReader;
  private readonly workers: WorkerNotes;
  private nextSweepMs = 0;
  private closing = false;

  constructor(
    private readonly engine: Engine,
    private readonly logger: Logger,
    private readonly times: LingerTimes = LINGER_TIMES,
  ) {
    this.reader = TaskReader.of(engine, logger);
    this.workers = new WorkerNotes(engine.context);
    this.clock = new PollClock(
      (poll) => this.timeOut(poll),
      (nowMs) => this.sweep(nowMs),
    );
  }

  /** What is wrong with the blocking reads that serve the polls; undefined when nothing is. */
  get fault(): string | undefined {
    return this.reader.fault;
  }

  /** How many polls wait. */
  get waiting(): number {
    return this.queueOf.size;
  }

  /** Whether polls of a queue wait for tasks, so that no task waits for a poll. */
  hasWaiting(queue: PolledQueue): boolean {
    return (this.queues.get(queueKey(queue))?.poller.slots.size ?? 0) > 0;
  }

  /** Whether a queue is read. */
  reads(kind: PolledQueue['kind'], namespace: string, name: string): boolean {
    return this.queues.has(queueKey({ kind, namespace, name }));
  }

  /** Waits for a task of a queue; undefined when none came in time, the caller has gone or the process is closing. */
  async poll(
    queue: PolledQueue,
    poller: PollerIdentity,
    limits: PollLimits,
  ): Promise<PolledTask | undefined> {
    const untilMs = Math.min(Date.now() + LONG_POLL_MS, limits.deadlineMs - ANSWER_BUDGET_MS);
    const open = await this.open(queue);
    if (!open || open.closed || limits.signal.aborted) return undefined;
    const poll = new Poll(poller, untilMs);
    const onAbort = (): void => {
      open.poller.slots.remove(poll);
      poll.end();
    };
    limits.signal.addEventListener('abort', onAbort, { once: true });
    open.notes.polled(poller.identity);
    this.workers.polled(queue, poller, Date.now());
    this.queueOf.set(poll, open);
    this.clock.add(poll);
    open.poller.slots.add(poll);
    try {
      const task = await poll.result;
      this.note(queue, limits.signal, task !== undefined);
      return task;
    } finally {
      limits.signal.removeEventListener('abort', onAbort);
      this.queueOf.delete(poll);
      this.clock.remove(poll);
      open.lastPollMs = Date.now();
    }
  }

  /**
   * Waits for a task and makes an answer of it; undefined when there is none. A task whose caller went away meanwhile, or
   * of which no answer can be made, goes back.
   */
  async deliver<Answer>(
    queue: PolledQueue,
    poller: PollerIdentity,
    limits: PollLimits,
    answer: (task: PolledTask) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const task = await this.poll(queue, poller, limits);
    if (!task) return undefined;
    const { context } = this.engine;
    try {
      const made = await answer(task);
      if (!limits.signal.aborted) return made;
    } catch (error) {
      await returnTask(context, task, this.logger);
      throw error;
    }
    await returnTask(context, task, this.logger);
    return undefined;
  }

  /** A worker is there, though it has not polled yet. */
  noteWorker(queue: PolledQueue, poller: PollerIdentity): void {
    if (this.closing) return;
    this.workers.polled(queue, poller, Date.now());
    this.clock.start();
  }

  /** Ends all polls of one worker for a task queue, with nothing: it has gone. */
  endPolls(namespace: string, taskQueue: string, workerInstanceKey: string): void {
    this.workers.forget(namespace, taskQueue, workerInstanceKey);
    for (const { poller } of this.queues.values()) {
      const { queue, slots } = poller;
      if (queue.kind === 'sticky' || queue.namespace !== namespace || queue.name !== taskQueue) continue;
      slots.end((poll) => poll.poller.workerInstanceKey === workerInstanceKey);
    }
  }

  /** The worker of a sticky queue has gone: its polls end, and its tasks go back to the normal queues. */
  async dropSticky(namespace: string, stickyQueue: string): Promise<void> {
    const open = [...this.queues.values()].find(
      ({ poller: { queue } }) =>
        queue.kind === 'sticky' && queue.namespace === namespace && queue.name === stickyQueue,
    );
    if (open) await this.close(open, { force: true });
    else await leaveStickyQueue(this.engine.context, { namespace, stickyQueue, taskQueue: '', force: true });
  }

  /** Ends all polls with nothing, and reads no more. New polls get nothing at once. Does not wait long for Redis. */
  async stop(): Promise<void> {
    this.closing = true;
    this.clock.stop();
    const left = Promise.all([...this.queues.values()].map((open) => this.close(open)));
    let late: NodeJS.Timeout | undefined;
    const given = new Promise<void>((resolve) => (late = setTimeout(resolve, STOP_TIMEOUT_MS)));
    // What is not left in order is taken over, like that of a process that died.
    await Promise.race([left, given]);
    clearTimeout(late);
  }

  private async open(queue: PolledQueue): Promise<OpenQueue | undefined> {
    const key = queueKey(queue);
    for (;;) {
      if (this.closing) return undefined;
      let open = this.queues.get(key);
      if (open?.closed) {
        await open.closed;
        continue;
      }
      if (!open) {
        const poller = new TaskQueuePoller(this.engine, this.logger, queue);
        open = {
          poller,
          opened: this.read(poller),
          closed: undefined,
          lastPollMs: Date.now(),
          notes: new PollerNotes(this.engine.context, queue),
        };
        this.queues.set(key, open);
        this.clock.start();
      }
      open.lastPollMs = Date.now();
      try {
        await open.opened;
      } catch (error) {
        this.queues.delete(key);
        throw error;
      }
      if (!open.closed) return open;
    }
  }

  /** Begins to read a queue; a version is known before it is polled for. */
  private async read(poller: TaskQueuePoller): Promise<void> {
    const { kind, namespace, name: taskQueue, version } = poller.queue;
    if (version && kind !== 'sticky') {
      await registerVersion(this.engine.context, namespace, version, [{ taskQueue, kind }]);
    }
    await this.reader.add(poller);
  }

  /** Counts a poll that has ended; one whose caller went away says nothing. */
  private note(queue: PolledQueue, { aborted }: AbortSignal, gotTask: boolean): void {
    if (aborted) return;
    const kind = queue.kind === 'activity' ? 'activity' : 'workflow';
    this.engine.context.metrics.pollEnded(queue.namespace, queue.normalName, kind, gotTask);
  }

  /** Ends a poll that still waits; one for which a task is being started gets it. */
  private timeOut(poll: Poll): void {
    if (this.queueOf.get(poll)?.poller.slots.remove(poll)) poll.end();
  }

  /** Closes queues that nobody has polled for some time. Says whether there are queues left to look after. */
  private sweep(nowMs: number): boolean {
    if (nowMs < this.nextSweepMs) return true;
    this.nextSweepMs = nowMs + SWEEP_PERIOD_MS;
    for (const open of this.queues.values()) {
      const { poller, closed, lastPollMs } = open;
      const lingerMs = poller.queue.kind === 'sticky' ? this.times.stickyLingerMs : this.times.lingerMs;
      if (!poller.idle) open.lastPollMs = nowMs;
      else if (!closed && nowMs - lastPollMs > lingerMs) void this.close(open);
      open.notes.turn(nowMs);
    }
    this.workers.turn(nowMs, () => this.waitingPolls());
    return this.queues.size > 0 || this.workers.pending;
  }

  private *waitingPolls(): Iterable<readonly [PolledQueue, PollerIdentity]> {
    for (const [{ poller }, open] of this.queueOf) yield [open.poller.queue, poller];
  }

  private close(open: OpenQueue, options: { readonly force?: boolean } = {}): Promise<void> {
    open.closed ??= this.windUp(open, options);
    return open.closed;
  }

  private async windUp({ poller, opened }: OpenQueue, options: { readonly force?: boolean }): Promise<void> {
    const { queue, slots } = poller;
    slots.end(() => true);
    try {
      await opened;
      await this.reader.remove(poller);
      if (queue.kind === 'sticky') {
        await leaveStickyQueue(this.engine.context, {
          namespace: queue.namespace,
          stickyQueue: queue.name,
          taskQueue: queue.normalName,
          ...options,
        });
      }
    } catch (error) {
      // Whatever is left of a sticky queue is removed when its readers have been away for long.
      this.logger.warn('a task queue could not be left', { taskQueue: queue.name, error: String(error) });
    } finally {
      this.queues.delete(queueKey(queue));
    }
  }
}
