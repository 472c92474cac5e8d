import { CompleteAsyncError, Context, runInActivityContext } from '@tidewheel/activity/runtime';
import type { ActivityInfo } from '@tidewheel/activity/runtime';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
  makeLogger,
} from '@tidewheel/common';
import type { Logger } from '@tidewheel/common';
import { ActivityTaskNotFoundError, InvalidArgumentError } from '@tidewheel/core';
import {
  cancelActivity,
  completeActivity,
  failActivity,
  handBackUnregisteredActivity,
} from '@tidewheel/engine';
import type {
  ActivityReporter,
  ActivityReportOutcome,
  ActivityTask,
  Engine,
  WorkflowTask,
} from '@tidewheel/engine';
import type { TaskSlots } from '@tidewheel/polling';
import { inActivitySpan } from '@tidewheel/telemetry/instrumentation';
import type { WorkerMetrics } from '../metrics/worker-metrics.js';
import type { ActivitySlotInfo } from '../slots/index.js';
import type { CompiledWorkerOptions } from '../worker-options.js';
import { HeartbeatSender } from './heartbeat-sender.js';
import type { StopReason } from './heartbeat-sender.js';
import { activityInfoOf } from './activity-info.js';
import { isStop, SHUTDOWN_FAILURE } from './activity-stop.js';

/** An activity, with the context that it would otherwise find by itself. */
export type BoundActivity = (context: Context, args: readonly unknown[]) => unknown;

/** Activities as people write them, which find their context by themselves. */
export function bindActivities(
  activities: CompiledWorkerOptions['activities'],
): ReadonlyMap<string, BoundActivity> {
  return new Map(
    [...activities].map(([name, fn]) => {
      const call = fn as (...args: readonly unknown[]) => unknown;
      return [name, (_context: Context, args: readonly unknown[]) => call(...args)];
    }),
  );
}

/** What an executor needs of its worker. */
export interface ActivityExecutorOptions {
  readonly engine: Engine;
  readonly options: CompiledWorkerOptions;
  readonly workerId: string;
  readonly metrics: WorkerMetrics;
  readonly activities: ReadonlyMap<string, BoundActivity>;
  readonly slots: TaskSlots<ActivitySlotInfo>;
  /** Whether attempts are spans. */
  readonly isTracing: boolean;
  /** How much of its heartbeat timeout may pass between two heartbeats of an activity; default 0.8. */
  readonly heartbeatShare?: number;
  /** Takes a slot for the workflow task that a completion may make due; gives the worker's sticky queue, if there is one. */
  takeWorkflowTask(): string | undefined;
  /** Gives that slot back when no workflow task came. */
  returnWorkflowTask(): void;
  /** Does a workflow task for which the slot was taken. */
  runWorkflowTask(task: WorkflowTask): void;
}

/** How an attempt ended. */
type Outcome =
  | { readonly kind: 'completed'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'async' };

interface RunningActivity {
  readonly task: ActivityTask;
  stop(reason: StopReason): void;
  stopReason: StopReason | undefined;
  /** Ends the attempt here, whatever its code goes on doing. */
  giveUp(): void;
}

/** Runs activities and reports what came of them. */
export class ActivityExecutor {
  readonly counts = { completed: 0, failed: 0, canceled: 0, unregistered: 0 };
  private readonly running = new Set<RunningActivity>();
  private readonly workerShutdown = new AbortController();
  private readonly logger: Logger;
  /** Whether activities have to stop, because the worker cannot wait any longer. */
  private mustStop = false;

  constructor(private readonly parts: ActivityExecutorOptions) {
    this.logger = parts.options.logger;
  }

  /** Lets running activities know that the worker is winding up. */
  announceShutdown(): void {
    this.workerShutdown.abort();
  }

  /** Asks all running activities to stop, because the worker cannot wait any longer. Those that come later do not begin. */
  cancelAll(): void {
    this.mustStop = true;
    for (const activity of this.running) activity.stop('WORKER_SHUTDOWN');
  }

  /**
   * Reports the attempts that did not stop when they were asked to as failed, so that other workers need not wait for
   * their timeouts. Their code may run on until the process ends; what comes of it is not reported.
   */
  handBackAll(): void {
    for (const activity of this.running) {
      this.logger.warn(
        'an activity did not stop in time, and is left to other workers',
        logFields(activity.task),
      );
      activity.giveUp();
    }
  }

  /** Runs one attempt, for which a slot was taken, to its reported end. Never rejects. */
  async execute(task: ActivityTask): Promise<void> {
    const slot = this.parts.slots.use({ type: 'activity', activityType: task.activityType });
    this.parts.metrics.activity(task.activityType).taskReceived(task);
    try {
      await this.executeAndReport(task);
    } catch (error) {
      const fields = { ...logFields(task), error: error instanceof Error ? error.message : String(error) };
      if (error instanceof ActivityTaskNotFoundError) {
        this.logger.info('the result of an activity is no longer expected', fields);
      } else
        this.logger.warn(
          'an activity could not be reported; it will be tried again when it times out',
          fields,
        );
    } finally {
      slot.release();
    }
  }

  private async executeAndReport(task: ActivityTask): Promise<void> {
    if (!this.parts.activities.has(task.activityType) && (await this.handBack(task))) return;
    const controller = new AbortController();
    let giveUp = (): void => undefined;
    const givenUp = new Promise<Outcome>((resolve) => {
      giveUp = () => resolve({ kind: 'failed', error: new CancelledFailure('WORKER_SHUTDOWN') });
    });
    const activity: RunningActivity = {
      task,
      giveUp,
      stopReason: undefined,
      stop(reason) {
        if (this.stopReason !== undefined) return;
        this.stopReason = reason;
        controller.abort(new CancelledFailure(reason));
      },
    };
    const { engine, options } = this.parts;
    const heartbeats = new HeartbeatSender({
      engine,
      identity: options.identity,
      task,
      maxThrottleMs: options.maxHeartbeatThrottleMs,
      timeoutShare: this.parts.heartbeatShare,
      defaultThrottleMs: options.defaultHeartbeatThrottleMs,
      logger: this.logger,
      onStop: (reason) => activity.stop(reason),
    });
    this.running.add(activity);
    // An attempt that has run out of time is told so; its report would not be expected any more.
    const timeout = setTimeout(
      () => activity.stop('TIMED_OUT'),
      Math.min(task.startToCloseTimeoutMs, MAX_TIMER_MS),
    );
    try {
      if (this.mustStop) {
        activity.stop('WORKER_SHUTDOWN');
        activity.giveUp();
      }
      const beganMs = performance.now();
      const ran = this.mustStop ? givenUp : this.run(task, heartbeats, controller.signal);
      const outcome = await Promise.race([ran, givenUp]);
      this.parts.metrics.activity(task.activityType).ran(performance.now() - beganMs);
      if (outcome.kind === 'failed') await heartbeats.flush();
      heartbeats.stop();
      await this.report(task, activity, outcome);
    } finally {
      clearTimeout(timeout);
      heartbeats.stop();
      this.running.delete(activity);
    }
  }

  /** Leaves a task to a worker that has its activity. False when it has to fail, as none has had it for long. */
  private async handBack(task: ActivityTask): Promise<boolean> {
    const { engine, options } = this.parts;
    this.counts.unregistered++;
    const error = this.unregistered(task.activityType);
    const failure = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);
    const { unregisteredActivityTimeoutMs } = options;
    const outcome = await handBackUnregisteredActivity(
      engine.context,
      task,
      failure,
      unregisteredActivityTimeoutMs,
    );
    this.logger.warn(`${error.message}; ${WHAT_BECAME_OF_IT[outcome]}`, logFields(task));
    if (outcome === 'patienceOver') return false;
    if (outcome === 'cancelRequested') {
      this.counts.canceled++;
      await cancelActivity(engine.context, task, [], { identity: options.identity });
    }
    return true;
  }

  private unregistered(activityType: string): ApplicationFailure {
    const registered = [...this.parts.activities.keys()].sort().join(', ');
    const message = `Activity type "${activityType}" is not registered on this worker; registered: ${registered}`;
    return ApplicationFailure.create({ message, type: 'NotFoundError' });
  }

  private async run(
    task: ActivityTask,
    heartbeats: HeartbeatSender,
    cancellationSignal: AbortSignal,
  ): Promise<Outcome> {
    const { activities, workerId } = this.parts;
    const activity = activities.get(task.activityType);
    if (!activity) return { kind: 'failed', error: this.unregistered(task.activityType) };
    try {
      const args = task.input.map((payload) => defaultPayloadConverter.fromPayload(payload));
      const info: ActivityInfo = activityInfoOf(task, workerId);
      const context = new Context({
        info,
        heartbeat: (details) => heartbeats.heartbeat(details),
        cancellationSignal,
        workerShutdownSignal: this.workerShutdown.signal,
        log: this.activityLogger(task),
        metricMeter: this.parts.metrics.activity(task.activityType).meter,
      });
      const call = (): Promise<Outcome> => outcomeOf(() => activity(context, args), context);
      return await (this.parts.isTracing ? inActivitySpan(task, call) : call());
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  private async report(task: ActivityTask, activity: RunningActivity, outcome: Outcome): Promise<void> {
    if (outcome.kind === 'async') return;
    const { context } = this.parts.engine;
    const stickyQueue = this.parts.takeWorkflowTask();
    const { identity, versioning } = this.parts.options;
    const { worker } = context;
    const reporter: ActivityReporter = {
      identity,
      eagerSticky: stickyQueue,
      version: versioning?.version,
      worker,
    };
    let next: WorkflowTask | undefined;
    try {
      const reported = await this.send(context, task, activity, outcome, reporter);
      next = reported.next;
    } finally {
      if (stickyQueue !== undefined && !next) this.parts.returnWorkflowTask();
    }
    if (next) this.parts.runWorkflowTask(next);
  }

  private async send(
    context: Engine['context'],
    task: ActivityTask,
    activity: RunningActivity,
    outcome: Exclude<Outcome, { kind: 'async' }>,
    reporter: ActivityReporter,
  ): Promise<ActivityReportOutcome> {
    if (outcome.kind === 'completed') {
      try {
        const result = outcome.value === undefined ? [] : [defaultPayloadConverter.toPayload(outcome.value)];
        const reported = await completeActivity(context, task, result, reporter);
        this.counts.completed++;
        this.parts.metrics.activity(task.activityType).succeeded(task);
        return reported;
      } catch (error) {
        // A result that cannot be written or is too large fails the attempt.
        if (error instanceof ActivityTaskNotFoundError || !isFaultOfResult(error)) throw error;
        return this.send(context, task, activity, { kind: 'failed', error }, reporter);
      }
    }
    const { error } = outcome;
    const stopReason = isStop(error) ? activity.stopReason : undefined;
    if (stopReason === 'CANCELLED') {
      this.counts.canceled++;
      const details = defaultFailureConverter.errorToFailure(error, defaultPayloadConverter).info;
      return cancelActivity(context, task, (details?.kind === 'canceled' && details.details) || [], reporter);
    }
    this.counts.failed++;
    const failure = defaultFailureConverter.errorToFailure(
      stopReason === 'WORKER_SHUTDOWN' ? ApplicationFailure.create(SHUTDOWN_FAILURE) : error,
      defaultPayloadConverter,
    );
    this.parts.metrics.activity(task.activityType).failed(failure);
    this.logger.debug('an activity failed', { ...logFields(task), reason: failure.message });
    return failActivity(context, task, failure, reporter);
  }

  private activityLogger(task: ActivityTask): Logger {
    return makeLogger((level, message, meta) =>
      this.logger.log(level, message, { ...logFields(task), ...meta }),
    );
  }
}

/** @throws what the activity throws, unless that says that its outcome comes later */
async function outcomeOf(activity: () => unknown, context: Context): Promise<Outcome> {
  try {
    return { kind: 'completed', value: await runInActivityContext(context, activity) };
  } catch (error) {
    if (error instanceof CompleteAsyncError) return { kind: 'async' };
    throw error;
  }
}

const WHAT_BECAME_OF_IT = {
  handedBack: 'the task was handed back for another worker',
  patienceOver: 'no other worker took it in time, so the attempt fails',
  cancelRequested: 'the activity was cancelled meanwhile',
  notFound: 'the task is no longer expected',
} as const;

/** Longest time that setTimeout can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function isFaultOfResult(error: unknown): boolean {
  return error instanceof InvalidArgumentError || (error instanceof Error && error.name === 'ValueError');
}

function logFields(task: ActivityTask): Record<string, unknown> {
  return {
    namespace: task.run.namespace,
    workflowId: task.run.workflowId,
    runId: task.run.runId,
    activityId: task.activityId,
    activityType: task.activityType,
    attempt: task.attempt,
    taskQueue: task.taskQueue,
  };
}
