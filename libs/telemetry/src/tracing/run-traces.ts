import { trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { isCloseCommand } from '@tidewheel/core';
import type { Command, HistoryEventOf, PayloadMap } from '@tidewheel/core';
import { startWithRunIds } from './run-span-ids.js';
import { SPANS } from '../span-catalog.js';
import type { SpanDefinition } from '../span-catalog.js';
import { traceContextOf, withTraceContext } from './trace-header.js';
import { leadsSomewhere, markFailed, startSpan } from './tracer.js';

/** The run that something belongs to. */
export interface TracedRun {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
}

type StartedEvent = HistoryEventOf<'WorkflowExecutionStarted'>;
type SignaledEvent = HistoryEventOf<'WorkflowExecutionSignaled'>;

/** What is remembered of a run between its workflow tasks. */
interface RunTrace {
  readonly span: Span;
  /** What the run does is a child of the span in it. */
  readonly context: Context;
}

/** Runs that are remembered; the first event of another one is read again. */
const MAX_REMEMBERED = 5_000;

/**
 * Traces of the runs whose workflow tasks a worker does. Spans follow from what the engine has accepted, not from what
 * workflow code does: they end, and with that are exported, once the completion of a workflow task is stored. That
 * happens once for each of them, so replays, evictions and workers that take over make no second spans.
 */
export class RunTraces {
  private readonly runs = new Map<string, RunTrace>();

  /** Spans of a workflow task of a run that is remembered; undefined of another one. */
  ofKnown(run: TracedRun): WorkflowTaskSpans | undefined {
    const known = this.runs.get(run.runId);
    return known && this.spansOf(run, known);
  }

  /** Spans of a workflow task of any run. */
  of(run: TracedRun, started: StartedEvent): WorkflowTaskSpans {
    const runTrace = startRun(run, started);
    this.runs.set(run.runId, runTrace);
    if (this.runs.size > MAX_REMEMBERED) this.forgetOldest();
    return this.spansOf(run, runTrace);
  }

  private spansOf(run: TracedRun, runTrace: RunTrace): WorkflowTaskSpans {
    return new WorkflowTaskSpans(run, runTrace, () => this.runs.delete(run.runId));
  }

  private forgetOldest(): void {
    const [oldest] = this.runs.keys();
    if (oldest !== undefined) this.runs.delete(oldest);
  }
}

function startRun(run: TracedRun, { attributes, eventTimeMs }: StartedEvent): RunTrace {
  const parent = traceContextOf(attributes.header);
  const { span, hasRunIds } = startWithRunIds(run.runId, () =>
    startSpan(SPANS.runWorkflow, attributes.workflowType, {
      parent,
      attributes: { ...attributesOf(run), 'tidewheel.task_queue': attributes.taskQueue },
      startMs: eventTimeMs,
    }),
  );
  return { span, context: hasRunIds ? trace.setSpan(parent, span) : parent };
}

/** Spans of one workflow task, which lead nowhere unless {@link accepted} is called. */
export class WorkflowTaskSpans {
  private readonly started: Span[] = [];

  constructor(
    private readonly run: TracedRun,
    private readonly runTrace: RunTrace,
    private readonly forget: () => void,
  ) {}

  /** The commands, those that reach others with the context of their span in the header. */
  withHeaders(commands: readonly Command[]): readonly Command[] {
    return commands.map((command) => {
      if (command.commandType === 'ScheduleActivityTask') {
        const { attributes } = command;
        const more = { 'tidewheel.activity_id': attributes.activityId };
        const header = this.start(SPANS.startActivity, attributes.activityType, more, attributes.header);
        return { ...command, attributes: { ...attributes, ...header } };
      }
      if (command.commandType === 'SignalExternalWorkflowExecution') {
        const { attributes } = command;
        const header = this.start(SPANS.signalWorkflow, attributes.signalName, {}, attributes.header);
        return { ...command, attributes: { ...attributes, ...header } };
      }
      return command;
    });
  }

  /**
   * The engine has stored what the workflow decided.
   *
   * @param signals those that came with the workflow task
   */
  accepted(commands: readonly Command[], signals: readonly SignaledEvent[]): void {
    for (const span of this.started) span.end();
    for (const signal of signals) this.handled(signal);
    const close = commands.find(({ commandType }) => isCloseCommand(commandType));
    if (!close) return;
    const { span } = this.runTrace;
    if (close.commandType === 'FailWorkflowExecution') {
      const { info } = close.attributes.failure;
      markFailed(span, (info?.kind === 'application' && info.type) || 'WorkflowFailure');
    }
    span.end();
    this.forget();
  }

  private handled({ attributes, eventTimeMs }: SignaledEvent): void {
    const sender = traceContextOf(attributes.header);
    const runContext = trace.getSpanContext(this.runTrace.context);
    const isTraced = trace.getSpanContext(sender) !== undefined;
    startSpan(SPANS.handleSignal, attributes.signalName, {
      parent: isTraced ? sender : this.runTrace.context,
      attributes: attributesOf(this.run),
      startMs: eventTimeMs,
      ...(isTraced && runContext && { links: [{ context: runContext }] }),
    }).end();
  }

  private start(
    definition: SpanDefinition,
    subject: string,
    more: Attributes,
    header: PayloadMap | undefined,
  ): { readonly header?: PayloadMap } {
    const { context: parent, span: runSpan } = this.runTrace;
    // A trace is kept as a whole or not at all.
    if (!runSpan.isRecording())
      return leadsSomewhere(runSpan) ? { header: withTraceContext(header, parent, runSpan) } : {};
    const attributes = { ...attributesOf(this.run), ...more };
    const span = startSpan(definition, subject, { parent, attributes });
    this.started.push(span);
    if (!leadsSomewhere(span)) return {};
    return { header: withTraceContext(header, parent, span) };
  }
}

/** What every span within a run tells of it. */
export function attributesOf({ namespace, workflowId, runId }: TracedRun): Attributes {
  return {
    'tidewheel.namespace': namespace,
    'tidewheel.workflow_id': workflowId,
    'tidewheel.run_id': runId,
  };
}
