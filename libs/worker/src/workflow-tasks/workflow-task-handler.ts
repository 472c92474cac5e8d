import { packEvents } from '@tidewheel/codec';
import type { Logger } from '@tidewheel/common';
import type { CommandOf, WorkerDeploymentVersion } from '@tidewheel/core';
import { answerQuery, completeWorkflowTask, failWorkflowTask, readStoredEvents } from '@tidewheel/engine';
import type { ActivityTask, Engine, QueryTask, TaskQuery, WorkflowTask } from '@tidewheel/engine';
import type { TaskSlots } from '@tidewheel/polling';
import type { RunTraces } from '@tidewheel/telemetry/instrumentation';
import type { WorkflowSlotInfo } from '../slots/index.js';
import { failureReason } from '../metrics/worker-metrics.js';
import type { WorkerMetrics } from '../metrics/worker-metrics.js';
import type { WorkerVersioning } from '../worker-versioning.js';
import type { ActivationRequest, ActivationResult, WorkflowRuntime } from '../workflow/index.js';
import { beginSpans, signalsOf } from './task-spans.js';

/** What the handler needs of its worker. */
interface WorkflowTaskHost {
  readonly engine: Engine;
  readonly runtime: WorkflowRuntime;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  readonly identity: string;
  /** Those of the tasks that are handed in. */
  readonly slots: TaskSlots<WorkflowSlotInfo>;
  /** The worker's sticky queue; undefined when it caches nothing or is shutting down. */
  sticky(): { readonly queue: string; readonly timeoutMs: number } | undefined;
  /** Takes a slot for an activity that the worker would start at once; false when it does not. */
  takeEagerActivity(command: CommandOf<'ScheduleActivityTask'>): boolean;
  /** Gives back slots of activities that were not started after all. */
  returnEagerActivities(count: number): void;
  /** Runs an activity for which a slot was taken. */
  runActivity(task: ActivityTask): void;
  /** A workflow type that is not registered is tried again soon: a worker that has it may be on its way. */
  readonly unregisteredRetryMs: number;
  /** Activities that one workflow task may start at once on this worker. */
  readonly maxEagerActivities: number;
  /** How the worker's version takes part in the choice of workers; undefined for an unversioned one. */
  readonly versioning: WorkerVersioning | undefined;
  /** Traces of the runs; undefined when there is no tracer. */
  readonly traces: RunTraces | undefined;
}

/** Counts of what the handler did. */
interface WorkflowTaskCounts {
  completed: number;
  failed: number;
  /** Tasks whose events did not continue a cached execution. */
  cacheMisses: number;
}

/** Lets workflow code decide: a workflow task in, its commands out. */
export class WorkflowTaskHandler {
  readonly counts: WorkflowTaskCounts = { completed: 0, failed: 0, cacheMisses: 0 };

  constructor(private readonly host: WorkflowTaskHost) {}

  /** Does a workflow task for which a slot was taken, and those that it makes due at once. Never rejects. */
  async handle(task: WorkflowTask): Promise<void> {
    const slot = this.host.slots.use(slotInfo(task.run, task.firstEventId > 1));
    try {
      await this.handleChain(task);
    } finally {
      slot.release();
    }
  }

  private async handleChain(task: WorkflowTask): Promise<void> {
    let current: WorkflowTask | undefined = task;
    while (current) {
      const doing: WorkflowTask = current;
      current = await this.handleOne(doing).catch((error: unknown) => {
        this.host.runtime.evict(doing.run.runId);
        this.host.logger.warn(
          'a workflow task could not be reported; it will be tried again when it times out',
          {
            workflowId: doing.run.workflowId,
            runId: doing.run.runId,
            error: messageOf(error),
          },
        );
        return undefined;
      });
    }
  }

  /** Answers a query that came by itself, for which a slot was taken. Never rejects. */
  async handleQuery(task: QueryTask): Promise<void> {
    const { engine, runtime, logger, slots } = this.host;
    const slot = slots.use(slotInfo(task.run, task.events.length === 0));
    try {
      const request = queryRequest(task);
      let result = await runtime.activate({ ...request, packedEvents: packEvents(task.events) });
      if (
        result.kind === 'cacheMiss' ||
        (task.events.length > 0 && task.events.length < task.historyLength)
      ) {
        const events = await readStoredEvents(engine.context, task.run, 1, task.historyLength);
        result = await runtime.activate({ ...request, firstEventId: 1, packedEvents: packEvents(events) });
      }
      this.passOn(result);
      await this.answer(task.run.partition, [task.query], result);
    } catch (error) {
      logger.warn('a query could not be answered', {
        workflowId: task.run.workflowId,
        error: messageOf(error),
      });
    } finally {
      slot.release();
    }
  }

  private async handleOne(task: WorkflowTask): Promise<WorkflowTask | undefined> {
    const beganMs = performance.now();
    const result = await this.activate(task);
    this.passOn(result);
    if (result.kind === 'cacheMiss') throw new Error('the workflow runtime did not accept a whole history');
    const metrics = this.host.metrics.workflow(result.workflowType ?? '');
    let next: WorkflowTask | undefined;
    if (result.kind === 'completed') {
      if (result.replayMs !== undefined) metrics.replayed(result.replayMs);
      next = await this.complete(task, result);
    } else {
      await this.fail(task, result);
    }
    metrics.taskEnded(task, performance.now() - beganMs);
    if (task.queries.length > 0) await this.answer(task.run.partition, task.queries, result);
    return next;
  }

  private async activate(task: WorkflowTask): Promise<ActivationResult> {
    const { engine, runtime } = this.host;
    const lastSent = task.firstEventId + task.events.length - 1;
    const rest =
      lastSent < task.historyLength
        ? await readStoredEvents(engine.context, task.run, lastSent + 1, task.historyLength)
        : [];
    const events = rest.length > 0 ? [...task.events, ...rest, ...(task.virtualEvents ?? [])] : task.events;
    const version = this.host.versioning?.version;
    const result = await runtime.activate(taskRequest(task, task.firstEventId, events, version));
    if (result.kind !== 'cacheMiss') return result;
    this.counts.cacheMisses++;
    const before = await readStoredEvents(engine.context, task.run, 1, task.firstEventId - 1);
    return runtime.activate(taskRequest(task, 1, [...before, ...events], version));
  }

  private async complete(
    task: WorkflowTask,
    result: Extract<ActivationResult, { kind: 'completed' }>,
  ): Promise<WorkflowTask | undefined> {
    const { host } = this;
    const { versioning } = host;
    const behavior = result.versioningBehavior ?? versioning?.defaultBehavior;
    if (versioning && !behavior) {
      await this.fail(task, { ...undeclaredBehavior(), workflowType: result.workflowType });
      host.runtime.evict(task.run.runId);
      return undefined;
    }
    const spans = host.traces && (await beginSpans(host.traces, host.engine.context, task));
    const commands = spans?.withHeaders(result.commands) ?? result.commands;
    const sticky = host.sticky();
    let taken = 0;
    const outcome = await completeWorkflowTask(host.engine.context, task, {
      commands,
      identity: host.identity,
      worker: host.engine.context.worker,
      sticky,
      startNext: sticky !== undefined,
      ...(versioning && behavior && { versioning: { version: versioning.version, behavior } }),
      startsEagerly: (command) => {
        const wanted = command.attributes.requestEagerExecution !== false && taken < host.maxEagerActivities;
        const takes = wanted && host.takeEagerActivity(command);
        if (takes) taken++;
        return takes;
      },
    }).catch((error: unknown) => {
      host.returnEagerActivities(taken);
      throw error;
    });
    const metrics = host.metrics.workflow(result.workflowType);
    if (outcome.kind === 'completed') {
      this.counts.completed++;
      spans?.accepted(commands, signalsOf(task));
      metrics.completed(result.commands, result.runStartedMs);
      for (const activity of outcome.activities) host.runActivity(activity);
      return outcome.next;
    }
    host.returnEagerActivities(taken);
    host.runtime.evict(task.run.runId);
    this.counts.failed++;
    metrics.taskFailed(FAILURE_REASONS[outcome.kind]);
    if (outcome.kind === 'rejected') {
      host.logger.error('the commands of a workflow task were refused', {
        workflowId: task.run.workflowId,
        runId: task.run.runId,
        reason: outcome.message,
      });
    }
    return undefined;
  }

  private async fail(
    task: WorkflowTask,
    result: Extract<ActivationResult, { kind: 'failed' }>,
  ): Promise<void> {
    const { host } = this;
    this.counts.failed++;
    host.metrics.workflow(result.workflowType ?? '').taskFailed(failureReason(result.cause));
    host.logger.warn('a workflow task failed', {
      workflowId: task.run.workflowId,
      runId: task.run.runId,
      attempt: task.stamp.attempt,
      cause: result.cause,
      reason: result.failure.message,
    });
    await failWorkflowTask(host.engine.context, task.run, task.taskQueue, task.stamp, {
      cause: result.cause,
      failure: result.failure,
      identity: host.identity,
      ...(isUnregistered(result) && { retryWithinMs: host.unregisteredRetryMs }),
    });
  }

  private async answer(
    partition: number,
    queries: readonly TaskQuery[],
    result: ActivationResult,
  ): Promise<void> {
    await Promise.all(
      queries.map(({ queryId }) => {
        const given = result.kind === 'completed' ? result.queryAnswers[queryId] : undefined;
        const fault = result.kind === 'failed' ? result.failure : { message: 'the query was not answered' };
        const answer = given ?? { answered: false, errorMessage: fault.message, failure: fault };
        return answerQuery(this.host.engine.context, partition, queryId, answer);
      }),
    );
  }

  /** What the code logged and recorded. */
  private passOn(result: ActivationResult): void {
    if (result.kind === 'cacheMiss') return;
    if (result.metrics) this.host.metrics.workflow(result.workflowType ?? '').recordAll(result.metrics);
    for (const { level, message, attributes } of result.logs)
      this.host.logger.log(level, message, attributes);
  }
}

/** What the metric calls completions that did not come to pass. */
const FAILURE_REASONS = {
  rejected: 'BadCommand',
  unhandledCommand: 'UnhandledCommand',
  notFound: 'NotFound',
} as const;

/** How a workflow task fails whose workflow does not say how it goes along with other versions. */
function undeclaredBehavior(): Extract<ActivationResult, { kind: 'failed' }> {
  return {
    kind: 'failed',
    cause: 'WORKFLOW_WORKER_UNHANDLED_FAILURE',
    failure: {
      message:
        'the worker uses versioning, and neither its option defaultVersioningBehavior nor setWorkflowOptions() says how this workflow goes along with other versions',
    },
    logs: [],
  };
}

function taskRequest(
  task: WorkflowTask,
  firstEventId: number,
  events: readonly Buffer[],
  deploymentVersion: WorkerDeploymentVersion | undefined,
): ActivationRequest {
  return {
    namespace: task.run.namespace,
    workflowId: task.run.workflowId,
    runId: task.run.runId,
    taskQueue: task.taskQueue,
    attempt: task.stamp.attempt,
    startedEventId: task.stamp.startedEventId,
    previousStartedEventId: task.previousStartedEventId,
    firstEventId,
    packedEvents: packEvents(events),
    queries: task.queries,
    isQueryOnly: false,
    ...(deploymentVersion && { deploymentVersion }),
  };
}

function queryRequest(task: QueryTask): Omit<ActivationRequest, 'packedEvents'> {
  return {
    namespace: task.run.namespace,
    workflowId: task.run.workflowId,
    runId: task.run.runId,
    taskQueue: task.taskQueue,
    attempt: 1,
    startedEventId: task.previousStartedEventId,
    previousStartedEventId: task.previousStartedEventId,
    firstEventId: task.events.length > 0 ? 1 : task.historyLength + 1,
    queries: [task.query],
    isQueryOnly: true,
  };
}

function slotInfo({ workflowId, runId }: WorkflowTask['run'], isSticky: boolean): WorkflowSlotInfo {
  return { type: 'workflow', workflowId, runId, isSticky };
}

function isUnregistered(result: Extract<ActivationResult, { kind: 'failed' }>): boolean {
  return result.failure.message.includes('is not registered on this worker');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
