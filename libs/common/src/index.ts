/**
 * What every part of the SDK shares. Users get these names from `@tidewheel/workflow`, `@tidewheel/activity` and
 * `@tidewheel/client`, which export them again.
 *
 * @example
 * ```ts
 * import { defaultFailureConverter, defaultPayloadConverter } from '@tidewheel/common';
 *
 * const payload = defaultPayloadConverter.toPayload({ to: 'Ada' });
 * const failure = defaultFailureConverter.errorToFailure(new Error('no route'), defaultPayloadConverter);
 * ```
 */
export {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  rootCause,
  ServerFailure,
  TerminatedFailure,
  TidewheelFailure,
  TidewheelFailure as TemporalFailure,
  TimeoutFailure,
} from './failures.js';
export type { ApplicationFailureOptions } from './failures.js';
export { IllegalStateError, PayloadConverterError, ValueError } from './sdk-errors.js';
export {
  defaultPayloadConverter,
  fromFirstPayload,
  fromPayloadMap,
  fromPayloads,
  toPayloadMap,
  toPayloads,
} from './payload-converter.js';
export type { PayloadConverter } from './payload-converter.js';
export {
  DefaultFailureConverter,
  defaultFailureConverter,
  ensureApplicationFailure,
  ensureTidewheelFailure,
} from './failure-converter.js';
export type { DefaultFailureConverterOptions, FailureConverter } from './failure-converter.js';
export { compileRetryPolicy } from './retry-options.js';
export type { RetryPolicy } from './retry-options.js';
export { SESSION_ACTIVITIES, SESSION_FAILED, sessionCreationQueue } from './sessions.js';
export type { OpenedSession } from './sessions.js';
export { toJson } from './json.js';
export { makeLogger } from './logger.js';
export type { Logger, LogLevel, LogMetadata } from './logger.js';
export { makeMetricMeter } from './metric-meter.js';
export type {
  MetricCounter,
  MetricGauge,
  MetricHistogram,
  MetricMeter,
  MetricTags,
  MetricUpdate,
  NumericMetricValueType,
} from './metric-meter.js';
export type {
  ActivityFunction,
  QueryDefinition,
  SearchAttributes,
  SearchAttributeValue,
  SignalDefinition,
  UntypedActivities,
  Workflow,
  WorkflowResultType,
} from './definitions.js';
export type { Duration, RetryState, TimeoutType } from '@tidewheel/core';
