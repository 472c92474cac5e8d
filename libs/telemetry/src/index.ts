/**
 * Logs and metrics: the catalogue of everything emitted, over pino and the OpenTelemetry API. Where metrics go is
 * decided by whoever registers a meter provider, for example `@tidewheel/telemetry-node`.
 *
 * @example
 * ```ts
 * import { createLogger } from '@tidewheel/telemetry';
 *
 * const logger = createLogger({ service: 'tidewheel-api', level: 'info' });
 * logger.info({ port: 7243 }, 'ready');
 * ```
 */
export { observeBlockingConnections } from './connection-metrics.js';
export { engineMetrics } from './engine-metrics.js';
export type { EngineRecorder } from './engine-metrics.js';
export { httpMetrics } from './http-metrics.js';
export type { HttpAnswer, HttpMetrics } from './http-metrics.js';
export { createLogger, describeError, hidePassword, LOG_LEVELS } from './logger.js';
export type { Logger, LoggerOptions, LogThreshold } from './logger.js';
export { METRIC_KINDS } from './catalog/metric-definition.js';
export type { MetricDefinition, MetricKind, MetricSource, MetricTable } from './catalog/metric-definition.js';
export { QUARANTINE_METRICS } from './catalog/quarantine-catalog.js';
export { REDIS_METRICS } from './catalog/service-catalog.js';
export { TASK_QUEUE_METRICS } from './catalog/task-queue-catalog.js';
export { WORKER_STATUS_METRICS } from './catalog/worker-status-catalog.js';
export { observeMetrics } from './instruments.js';
export type { Observe } from './instruments.js';
export { METRICS } from './metric-catalog.js';
export { counterSeries, histogramSeries } from './series.js';
export type { CounterSeries, HistogramSeries } from './series.js';
export { serviceMetrics } from './service-metrics.js';
export { recordUserMetric } from './user-metrics.js';
