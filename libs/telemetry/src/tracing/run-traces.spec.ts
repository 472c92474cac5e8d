import { propagation, ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Command, HistoryEventOf, PayloadMap } from '@tidewheel/core';
import { RunSpanIds } from './run-span-ids.js';
import { RunTraces } from './run-traces.js';
import { traceContextOf, withTraceContext } from './trace-header.js';

const RUN = { namespace: 'n', workflowId: 'w', runId: '0123e4e7-0000-4000-8000-00000000abcd' };
const STARTER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const SCHEDULE: Command = {
  commandType: 'ScheduleActivityTask',
  attributes: { activityId: '1', activityType: 'charge', startToCloseTimeoutMs: 1_000 },
};
const COMPLETE: Command = { commandType: 'CompleteWorkflowExecution', attributes: {} };
const FAIL: Command = {
  commandType: 'FailWorkflowExecution',
  attributes: {
    failure: { message: 'secret', info: { kind: 'application', type: 'NoFunds', nonRetryable: false } },
  },
};

let exporter: InMemorySpanExporter;

/** The first event of a run that was started within a trace. */
function started(traceFlags: TraceFlags): HistoryEventOf<'WorkflowExecutionStarted'> {
  const header = withTraceContext(undefined, ROOT_CONTEXT, trace.wrapSpanContext({ ...STARTER, traceFlags }));
  return {
    eventId: 1,
    eventTimeMs: 1_700_000_000_000,
    eventType: 'WorkflowExecutionStarted',
    attributes: { workflowType: 'order', taskQueue: 'q', identity: 'i', header },
  };
}

function exported(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

function contextIn(command: Command | undefined) {
  const { header } = command?.attributes as { readonly header?: PayloadMap };
  return trace.getSpanContext(traceContextOf(header));
}

beforeEach(() => {
  exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  trace.setGlobalTracerProvider(new TracerProvider({ idGenerator: new RunSpanIds(), spanProcessors }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
afterEach(() => {
  trace.disable();
  propagation.disable();
});

describe('the traces of runs', () => {
  it('hang the activity on its run, and the run on who started it', () => {
    const traces = new RunTraces();
    const first = traces.of(RUN, started(TraceFlags.SAMPLED));
    const [command] = first.withHeaders([SCHEDULE]);
    first.accepted([SCHEDULE], []);
    expect(exported('RunWorkflow:order')).toEqual([]);
    traces.ofKnown(RUN)?.accepted([COMPLETE], []);

    const [run, scheduled] = [exported('RunWorkflow:order')[0], exported('StartActivity:charge')[0]];
    expect(run?.parentSpanContext).toMatchObject(STARTER);
    expect(run?.spanContext().spanId).toBe('800000000000abcd');
    expect(run?.startTime).toEqual([1_700_000_000, 0]);
    expect(scheduled?.parentSpanContext?.spanId).toBe('800000000000abcd');
    expect(contextIn(command)).toMatchObject({
      traceId: STARTER.traceId,
      spanId: scheduled?.spanContext().spanId,
      traceFlags: TraceFlags.SAMPLED,
    });
  });

  it('have nothing of a workflow task that was not accepted, and the run once', () => {
    const traces = new RunTraces();
    traces.of(RUN, started(TraceFlags.SAMPLED)).withHeaders([SCHEDULE]);
    expect(exporter.getFinishedSpans()).toEqual([]);
    traces.ofKnown(RUN)?.accepted([FAIL], []);
    const [run, ...more] = exporter.getFinishedSpans();
    expect(more).toEqual([]);
    expect(run?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(run?.attributes['error.type']).toBe('NoFunds');
    expect(traces.ofKnown(RUN)).toBeUndefined();
  });

  it('are not kept in part: what an unkept run does has the context of the run', () => {
    const traces = new RunTraces();
    const spans = traces.of(RUN, started(TraceFlags.NONE));
    const [command] = spans.withHeaders([SCHEDULE]);
    spans.accepted([SCHEDULE, COMPLETE], []);
    expect(exporter.getFinishedSpans()).toEqual([]);
    expect(contextIn(command)).toMatchObject({
      traceId: STARTER.traceId,
      spanId: '800000000000abcd',
      traceFlags: TraceFlags.NONE,
    });
  });

  it('are forgotten of the runs that were seen longest ago', () => {
    const traces = new RunTraces();
    const event = started(TraceFlags.NONE);
    for (let run = 0; run <= 5_000; run++) traces.of({ ...RUN, runId: `run-${run}` }, event);
    expect(traces.ofKnown({ ...RUN, runId: 'run-0' })).toBeUndefined();
    expect(traces.ofKnown({ ...RUN, runId: 'run-1' })).toBeDefined();
  });
});
