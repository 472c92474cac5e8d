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
export { observeProcess } from './process-metrics.js';
export { outsideOfTraces } from './tracing/outside-of-traces.js';
