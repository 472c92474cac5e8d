/**
 * What libraries make metrics and spans with. It loads no logger, so that it can be there before loggers are
 * instrumented.
 *
 * @example
 * ```ts
 * import { outsideOfTraces } from '@tidewheel/telemetry/instrumentation';
 *
 * const reading = outsideOfTraces(() => readForever());
 * ```
 */
export { METER_NAME } from './instruments.js';
export { keepHistograms } from './kept-histograms.js';
export type { HistogramFamily, HistogramState } from './kept-histograms.js';
export { observeProcess } from './process-metrics.js';
export { inActivitySpan } from './tracing/activity-span.js';
export { outsideOfTraces } from './tracing/outside-of-traces.js';
export { RunSpanIds, startWithIds } from './tracing/run-span-ids.js';
export { RunTraces } from './tracing/run-traces.js';
export type { WorkflowTaskSpans } from './tracing/run-traces.js';
export { SPANS } from './span-catalog.js';
export { withTraceContextOf } from './tracing/trace-header.js';
export { tracedCall } from './tracing/traced-call.js';
export { isTracingOn, traceWith } from './tracing/tracer.js';
