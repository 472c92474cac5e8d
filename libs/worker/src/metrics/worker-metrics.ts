import type { Command, Failure, WorkflowTaskFailedCause } from '@tidewheel/core';
import type { ActivityTask, WorkflowTask } from '@tidewheel/engine';
import { makeMetricMeter } from '@tidewheel/common';
import type { MetricUpdate } from '@tidewheel/common';
import { counterSeries, histogramSeries, METRICS, recordUserMetric } from '@tidewheel/telemetry';
import type { CounterSeries, MetricDefinition } from '@tidewheel/telemetry';

/** Why a workflow task failed, as the metric has it; see the catalogue. */
type TaskFailureReason =
  'NonDeterminismError' | 'WorkflowError' | 'UnhandledCommand' | 'BadCommand' | 'NotFound';

/** How a run ends by a command, and what counts it. */
const CLOSING: Partial<Readonly<Record<Command['commandType'], MetricDefinition>>> = {
  CompleteWorkflowExecution: METRICS.workflowCompleted,
  FailWorkflowExecution: METRICS.workflowFailed,
  CancelWorkflowExecution: METRICS.workflowCanceled,
};

const MS_PER_SECOND = 1_000;

/**
 * What a worker records of its tasks: with namespace and task queue as attributes, and the type of the workflow or the
 * activity. Each series is looked up once; after that, counting is an addition, and timing one call of a histogram.
 */
export class WorkerMetrics {
  private readonly queue: { readonly namespace: string; readonly task_queue: string };
  private readonly workflows = new Map<string, WorkflowMetrics>();
  private readonly activities = new Map<string, ActivityMetrics>();

  constructor({ namespace, taskQueue }: { readonly namespace: string; readonly taskQueue: string }) {
    this.queue = { namespace, task_queue: taskQueue };
  }

  /** A counter that knows nothing but the task queue. */
  counter(definition: MetricDefinition): CounterSeries {
    return counterSeries(definition, this.queue);
  }

  workflow(workflowType: string): WorkflowMetrics {
    let metrics = this.workflows.get(workflowType);
    if (!metrics) {
      metrics = new WorkflowMetrics({ ...this.queue, workflow_type: workflowType });
      this.workflows.set(workflowType, metrics);
    }
    return metrics;
  }

  activity(activityType: string): ActivityMetrics {
    let metrics = this.activities.get(activityType);
    if (!metrics) {
      metrics = new ActivityMetrics({ ...this.queue, activity_type: activityType });
      this.activities.set(activityType, metrics);
    }
    return metrics;
  }
}

/** What is recorded of the tasks of one workflow type. */
class WorkflowMetrics {
  private readonly closings = new Map<MetricDefinition, CounterSeries>();
  private readonly scheduleToStart;
  private readonly execution;
  private readonly endToEnd;
  private readonly replay;

  constructor(private readonly attributes: Readonly<Record<string, string>>) {
    this.scheduleToStart = histogramSeries(METRICS.workflowTaskScheduleToStartLatency, attributes);
    this.execution = histogramSeries(METRICS.workflowTaskExecutionLatency, attributes);
    this.endToEnd = histogramSeries(METRICS.workflowEndToEndLatency, attributes);
    this.replay = histogramSeries(METRICS.workflowTaskReplayLatency, attributes);
  }

  /** @param executionMs from having the task to having reported it */
  taskEnded({ scheduledMs, startedMs }: WorkflowTask, executionMs: number): void {
    this.scheduleToStart.record(secondsBetween(scheduledMs, startedMs));
    this.execution.record(executionMs / MS_PER_SECOND);
  }

  replayed(replayMs: number): void {
    this.replay.record(replayMs / MS_PER_SECOND);
  }

  /**
   * Notes what completed tasks asked for; only commands that close the run count.
   *
   * @param runStartedMs since the epoch
   */
  completed(commands: readonly Command[], runStartedMs: number): void {
    const last = commands.at(-1);
    const closing = last && CLOSING[last.commandType];
    if (!closing) return;
    this.closingCount(closing).add();
    this.endToEnd.record(secondsBetween(runStartedMs, Date.now()));
  }

  /** Records what the workflow recorded with its meter. */
  recordAll(updates: readonly MetricUpdate[]): void {
    for (const update of updates) recordUserMetric(update, this.attributes);
  }

  taskFailed(reason: TaskFailureReason): void {
    counterSeries(METRICS.workflowTaskExecutionFailed, { ...this.attributes, failure_reason: reason }).add();
  }

  private closingCount(definition: MetricDefinition): CounterSeries {
    let count = this.closings.get(definition);
    if (!count) this.closings.set(definition, (count = counterSeries(definition, this.attributes)));
    return count;
  }
}

/** What is recorded of the attempts of one activity type. */
class ActivityMetrics {
  /** The meter that the activity's own code gets. */
  readonly meter = makeMetricMeter((update) => recordUserMetric(update, this.attributes));
  private readonly received;
  private readonly scheduleToStart;
  private readonly execution;
  private readonly endToEnd;

  constructor(private readonly attributes: Readonly<Record<string, string>>) {
    this.received = counterSeries(METRICS.activityTaskReceived, attributes);
    this.scheduleToStart = histogramSeries(METRICS.activityScheduleToStartLatency, attributes);
    this.execution = histogramSeries(METRICS.activityExecutionLatency, attributes);
    this.endToEnd = histogramSeries(METRICS.activitySucceedEndToEndLatency, attributes);
  }

  taskReceived({ attemptScheduledMs, startedMs }: ActivityTask): void {
    this.received.add();
    this.scheduleToStart.record(secondsBetween(attemptScheduledMs, startedMs));
  }

  ran(executionMs: number): void {
    this.execution.record(executionMs / MS_PER_SECOND);
  }

  succeeded({ scheduledMs }: ActivityTask): void {
    this.endToEnd.record(secondsBetween(scheduledMs, Date.now()));
  }

  failed({ info }: Failure): void {
    if (info?.kind === 'application' && info.category === 'BENIGN') return;
    const type = info?.kind === 'application' ? (info.type ?? 'ApplicationFailure') : failureName(info?.kind);
    counterSeries(METRICS.activityExecutionFailed, { ...this.attributes, failure_type: type }).add();
  }
}

/** What the metric calls the failure of a workflow task that the code of the workflow brought about. */
export function failureReason(cause: WorkflowTaskFailedCause): TaskFailureReason {
  return cause === 'NON_DETERMINISTIC_ERROR' ? 'NonDeterminismError' : 'WorkflowError';
}

/** `CancelledFailure` and the like, as the classes are called. */
function failureName(kind: Exclude<Failure['info'], undefined>['kind'] | undefined): string {
  if (kind === undefined) return 'TidewheelFailure';
  return kind === 'canceled' ? 'CancelledFailure' : `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Failure`;
}

/** Clocks of two machines may disagree a little; no time is negative. */
function secondsBetween(beginMs: number, endMs: number): number {
  return Math.max(0, endMs - beginMs) / MS_PER_SECOND;
}
