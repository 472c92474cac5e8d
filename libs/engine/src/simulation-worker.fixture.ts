import { decodeEvents, packEvents } from '@tidewheel/codec';
import { ActivityTaskNotFoundError } from '@tidewheel/core';
import type { Command, HistoryEvent, Payload } from '@tidewheel/core';
import {
  cancelActivity,
  completeActivity,
  completeWorkflowTask,
  failActivity,
  failWorkflowTask,
  handBackUnregisteredActivity,
  heartbeatActivity,
  readStoredEvents,
  returnActivity,
  returnWorkflowTask,
  startActivityTasks,
  startWorkflowTasks,
} from '@tidewheel/engine';
import type {
  ActivityReportOutcome,
  ActivityTask,
  EngineContext,
  WorkflowTask,
  WorkflowTaskCompletion,
} from '@tidewheel/engine';
import { parseTaskEntry, WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry, TaskEntry } from '@tidewheel/store';
import type { SeededRandom } from '@tidewheel/testing';
import type { Ledger } from './simulation-ledger.fixture.js';

/** What all actors of a simulation share. */
export interface SimulationWorld {
  readonly ledger: Ledger;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Ids of executions that exist, or did, for workflows that ask something of others. */
  readonly workflowIds: string[];
  /** False once everybody behaves, so that all ends. */
  chaotic: boolean;
  stopped: boolean;
  /** What went wrong in a way that must not happen. */
  readonly errors: unknown[];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const payload = (text: string): Payload => ({ metadata: {}, data: Buffer.from(text) });
let lastToken = 0;
const newToken = (kind: string): string => `${kind}-${++lastToken}`;

/** Workflow tasks of one run after which its workflow closes it. */
const TASKS_PER_RUN = 12;
const MAX_PENDING = 6;

/**
 * A worker that mostly works: it may die after reading or claiming, be slow, report twice, fail, and cache executions.
 * What its workflows decide is chance, but it follows from the history, as it does for real ones.
 */
export class SimulatedWorker {
  private readonly stickyQueue: string;

  constructor(
    private readonly context: EngineContext,
    private readonly world: SimulationWorld,
    private readonly random: SeededRandom,
    readonly identity: string,
  ) {
    this.stickyQueue = `sticky-${identity}`;
  }

  /** Polls until the world is stopped. */
  async run(): Promise<void> {
    while (!this.world.stopped) {
      const found = await this.turn().catch((error: unknown) => {
        this.world.errors.push(error);
        return 0;
      });
      if (found === 0) await sleep(5);
    }
  }

  /** All streams of the worker's queues. */
  get streams(): readonly string[] {
    return this.partitions.flatMap((partition) => [
      this.stream(partition, 'workflow'),
      this.stream(partition, 'sticky'),
      this.stream(partition, 'activity'),
    ]);
  }

  /** Reads every stream once, and handles what it finds; returns how much that was. */
  private async turn(): Promise<number> {
    let found = 0;
    for (const partition of this.partitions) {
      for (const kind of ['sticky', 'workflow', 'activity'] as const) {
        const streamKey = this.stream(partition, kind);
        const entries = await this.read(streamKey, this.random.int(1, 4));
        if (entries.length === 0) continue;
        found += entries.length;
        if (this.happens(0.04)) this.world.ledger.count('died after reading');
        else if (kind === 'activity') await this.startActivities(partition, streamKey, entries);
        else await this.startWorkflows(partition, streamKey, entries, kind === 'sticky');
      }
    }
    return found;
  }

  private async startWorkflows(
    partition: number,
    streamKey: string,
    entries: readonly TaskEntry[],
    sticky: boolean,
  ): Promise<void> {
    const tasks = await startWorkflowTasks(
      this.context,
      { partition, streamKey, taskQueue: this.world.taskQueue, identity: this.identity, sticky },
      entries.filter((entry) => entry.kind === 'workflowTask'),
    );
    for (const task of tasks) if (task) this.inBackground(() => this.decide(task));
  }

  private async startActivities(
    partition: number,
    streamKey: string,
    entries: readonly TaskEntry[],
  ): Promise<void> {
    const tasks = await startActivityTasks(
      this.context,
      { partition, streamKey },
      entries.filter((entry) => entry.kind === 'activityTask'),
    );
    for (const task of tasks) if (task) this.inBackground(() => this.perform(task));
  }

  /** Does a workflow task, and those that follow at once. */
  private async decide(first: WorkflowTask): Promise<void> {
    for (let task: WorkflowTask | undefined = first; task;) {
      const behaves = task.stamp.attempt >= 3 || !this.world.chaotic;
      if (!behaves && this.happens(0.05)) {
        this.world.ledger.count('died with a workflow task');
        return;
      }
      if (!behaves && this.happens(0.05)) {
        await returnWorkflowTask(this.context, task.run, task.taskQueue, task.stamp);
        this.world.ledger.count('workflow task returned');
        return;
      }
      if (!behaves && this.happens(0.04)) await sleep(task.taskTimeoutMs + 100);
      else await sleep(this.random.int(0, 10));
      if (!behaves && this.happens(0.05)) {
        await failWorkflowTask(this.context, task.run, task.taskQueue, task.stamp, {
          cause: 'NON_DETERMINISTIC_ERROR',
        });
        this.world.ledger.count('workflow task failed');
        return;
      }
      task = await this.complete(task, await this.historyOf(task));
    }
  }

  private async complete(
    task: WorkflowTask,
    history: readonly HistoryEvent[],
  ): Promise<WorkflowTask | undefined> {
    const token = newToken('completion');
    const caches = this.random.chance(0.6);
    const completion: WorkflowTaskCompletion = {
      commands: [
        { commandType: 'RecordMarker', attributes: { markerName: token } },
        ...this.decisions(history),
      ],
      identity: this.identity,
      ...(caches && { sticky: { queue: this.stickyQueue, timeoutMs: 400 } }),
      startNext: caches && this.random.chance(0.5),
      forceNext: this.world.chaotic && this.random.chance(0.03),
      startsEagerly: () => this.random.chance(0.3),
    };
    const repetitions = this.happens(0.1) ? 2 : 1;
    const outcomes = await Promise.all(
      Array.from({ length: repetitions }, () => completeWorkflowTask(this.context, task, completion)),
    );
    const completed = outcomes.filter((outcome) => outcome.kind === 'completed');
    if (completed.length > 0) this.world.ledger.acknowledge('workflow task', task.run.runId, token);
    else this.world.ledger.refuse('workflow task', task.run.runId, token);
    for (const { kind } of outcomes) this.world.ledger.count(`workflow task ${kind}`);
    for (const activity of completed[0]?.activities ?? []) this.inBackground(() => this.perform(activity));
    return completed.find(({ next }) => next)?.next;
  }

  /** The whole history, as a worker that has it cached would know it. */
  private async historyOf(task: WorkflowTask): Promise<HistoryEvent[]> {
    const complete = task.firstEventId === 1 && task.events.length === task.historyLength;
    const events = complete
      ? task.events
      : await readStoredEvents(this.context, task.run, 1, task.stamp.startedEventId);
    return decodeEvents(packEvents(events), 1);
  }

  /** What the workflow does now: it never leaves itself with nothing to wait for. */
  private decisions(history: readonly HistoryEvent[]): Command[] {
    const { random, world } = this;
    const pending = pendingOf(history);
    const next = history.length;
    const commands: Command[] = [];
    const wants = (probability: number): boolean => world.chaotic && random.chance(probability);
    const tasks = history.filter(({ eventType }) => eventType === 'WorkflowTaskCompleted').length;
    const cancelled = history.some(({ eventType }) => eventType === 'WorkflowExecutionCancelRequested');
    for (const id of pending.timers) {
      if (wants(0.2)) commands.push({ commandType: 'CancelTimer', attributes: { timerId: id } });
    }
    for (const scheduledEventId of pending.activities) {
      if (wants(0.2))
        commands.push({ commandType: 'RequestCancelActivityTask', attributes: { scheduledEventId } });
    }
    const room = MAX_PENDING - pending.timers.length - pending.activities.length;
    for (let i = 0; i < room && wants(0.5); i++) commands.push(this.newWait(`${next}-${i}`));
    if (wants(0.15)) commands.push(this.messageToOther());
    if (wants(0.02)) commands.push({ commandType: 'CancelTimer', attributes: { timerId: 'never started' } });
    if (!world.chaotic || tasks >= TASKS_PER_RUN || cancelled || wants(0.05)) {
      commands.push(
        random.pick<Command>([
          { commandType: 'CompleteWorkflowExecution', attributes: { result: [payload('done')] } },
          {
            commandType: 'FailWorkflowExecution',
            attributes: { failure: { message: 'the workflow failed' } },
          },
          { commandType: 'CancelWorkflowExecution', attributes: {} },
        ]),
      );
    } else {
      commands.push(timer(`${next}-last`, random.int(1, 250)));
    }
    return commands;
  }

  private newWait(id: string): Command {
    const { random } = this;
    if (random.chance(0.4)) return timer(id, random.int(1, 300));
    return {
      commandType: 'ScheduleActivityTask',
      attributes: {
        activityId: id,
        activityType: 'step',
        startToCloseTimeoutMs: random.int(300, 900),
        ...(random.chance(0.3) && { heartbeatTimeoutMs: random.int(100, 400) }),
        ...(random.chance(0.2) && { scheduleToStartTimeoutMs: random.int(50, 800) }),
        ...(random.chance(0.2) && { scheduleToCloseTimeoutMs: random.int(100, 1_500) }),
        retryPolicy: {
          initialIntervalMs: random.int(1, 150),
          backoffCoefficient: 1,
          maximumAttempts: random.int(1, 3),
          nonRetryableErrorTypes: ['Fatal'],
        },
      },
    };
  }

  private messageToOther(): Command {
    const { random, world } = this;
    const workflowId = random.chance(0.1) ? 'nobody' : random.pick(world.workflowIds);
    const workflowExecution = { workflowId };
    if (random.chance(0.2)) {
      return { commandType: 'RequestCancelExternalWorkflowExecution', attributes: { workflowExecution } };
    }
    return {
      commandType: 'SignalExternalWorkflowExecution',
      attributes: { workflowExecution, signalName: 'hello' },
    };
  }

  /** Runs an attempt of an activity, and does the workflow task that its end may make due at once. */
  private async perform(task: ActivityTask): Promise<void> {
    const { random, world } = this;
    if (this.happens(0.06)) {
      world.ledger.count('died with an activity');
      return;
    }
    if (this.happens(0.05)) {
      await returnActivity(this.context, task);
      world.ledger.count('activity returned');
      return;
    }
    if (this.happens(0.05)) {
      const failure = { message: `${task.activityType} is not registered` };
      const outcome = await handBackUnregisteredActivity(this.context, task, failure, random.int(0, 2_000));
      world.ledger.count(`activity missing: ${outcome}`);
      if (outcome === 'handedBack' || outcome === 'notFound') return;
    }
    let cancelRequested = false;
    const beats = random.int(0, 3);
    try {
      for (let beat = 0; beat < beats; beat++) {
        await sleep(random.int(0, world.chaotic ? 60 : 5));
        ({ cancelRequested } = await heartbeatActivity(this.context, task, [payload(`beat ${beat}`)]));
      }
    } catch (error) {
      if (!(error instanceof ActivityTaskNotFoundError)) throw error;
    }
    if (this.happens(0.05)) await sleep(task.startToCloseTimeoutMs + 50);
    const report = this.reportOf(task, cancelRequested);
    const repetitions = this.happens(0.1) ? 2 : 1;
    const outcomes = await Promise.allSettled(Array.from({ length: repetitions }, () => report()));
    const next = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.next : undefined));
    const started = next.find((candidate) => candidate !== undefined);
    if (started) await this.decide(started);
  }

  /** A report with a token, which the ledger hears of. */
  private reportOf(task: ActivityTask, cancelRequested: boolean): () => Promise<ActivityReportOutcome> {
    const { context, random } = this;
    const reporter = {
      identity: this.identity,
      ...(random.chance(0.5) && { eagerSticky: this.stickyQueue }),
    };
    const kind = cancelRequested && random.chance(0.7) ? 'cancel' : this.happens(0.3) ? 'fail' : 'complete';
    const token = newToken(`activity ${kind}`);
    const fatal = random.chance(0.3);
    const send = async (): Promise<ActivityReportOutcome & { readonly retries?: boolean }> => {
      switch (kind) {
        case 'cancel':
          return cancelActivity(context, task, [payload(token)], reporter);
        case 'complete':
          return completeActivity(context, task, [payload(token)], reporter);
        case 'fail': {
          const info = { kind: 'application', nonRetryable: false, ...(fatal && { type: 'Fatal' }) } as const;
          return failActivity(context, task, { message: token, info }, reporter);
        }
      }
    };
    return async () => {
      try {
        const outcome = await send();
        // A failure that is followed by another attempt stands in no history of its own.
        if (outcome.retries) this.world.ledger.count('activity retried');
        else this.world.ledger.acknowledge(`activity ${kind}`, task.run.runId, token);
        return outcome;
      } catch (error) {
        if (!(error instanceof ActivityTaskNotFoundError)) this.world.errors.push(error);
        this.world.ledger.refuse(`activity ${kind}`, task.run.runId, token);
        throw error;
      }
    };
  }

  /** Chance that goes away once everybody behaves. */
  private happens(probability: number): boolean {
    return this.world.chaotic && this.random.chance(probability);
  }

  private inBackground(work: () => Promise<void>): void {
    void work().catch((error: unknown) => this.world.errors.push(error));
  }

  private get partitions(): readonly number[] {
    return Array.from({ length: this.context.keys.partitions }, (_, partition) => partition);
  }

  private stream(partition: number, kind: 'workflow' | 'sticky' | 'activity'): string {
    const { keys } = this.context;
    const { namespace, taskQueue } = this.world;
    return kind === 'sticky'
      ? keys.stickyStream(partition, namespace, this.stickyQueue)
      : keys.taskStream(partition, kind, namespace, taskQueue);
  }

  private readonly grouped = new Set<string>();

  private async read(stream: string, count: number): Promise<TaskEntry[]> {
    const { redis } = this.context;
    if (!this.grouped.has(stream)) {
      await redis.xgroup('CREATE', stream, WORKERS_GROUP, '0', 'MKSTREAM').catch(() => undefined);
      this.grouped.add(stream);
    }
    const reply = await redis.xreadgroup(
      ...(['GROUP', WORKERS_GROUP, this.identity, 'COUNT', count, 'STREAMS', stream, '>'] as const),
    );
    const entries = (reply as [string, RawStreamEntry[]][] | null)?.[0]?.[1] ?? [];
    return entries.map(parseTaskEntry).filter((entry) => entry !== undefined);
  }
}

function timer(timerId: string, startToFireTimeoutMs: number): Command {
  return { commandType: 'StartTimer', attributes: { timerId, startToFireTimeoutMs } };
}

/** The timers and activities that a workflow which has seen this history waits for. */
function pendingOf(history: readonly HistoryEvent[]): {
  readonly timers: readonly string[];
  readonly activities: readonly number[];
} {
  const timers = new Set<string>();
  const activities = new Set<number>();
  for (const event of history) {
    switch (event.eventType) {
      case 'TimerStarted':
        timers.add(event.attributes.timerId);
        break;
      case 'TimerFired':
      case 'TimerCanceled':
        timers.delete(event.attributes.timerId);
        break;
      case 'ActivityTaskScheduled':
        activities.add(event.eventId);
        break;
      // Cancelling is asked for once.
      case 'ActivityTaskCancelRequested':
      case 'ActivityTaskCompleted':
      case 'ActivityTaskFailed':
      case 'ActivityTaskTimedOut':
      case 'ActivityTaskCanceled':
        activities.delete(event.attributes.scheduledEventId);
        break;
      default:
    }
  }
  return { timers: [...timers], activities: [...activities] };
}
