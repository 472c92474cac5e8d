/**
 * What activity code imports. Activities are plain functions that may do anything; this is their connection to the
 * worker that runs them.
 *
 * @example
 * ```ts
 * import { heartbeat, info } from '@tidewheel/activity';
 *
 * export async function resize(file: string): Promise<string> {
 *   heartbeat('started');
 *   return `${file} by ${info().workerId}`;
 * }
 * ```
 */
import { trackContexts } from './activity-context.js';

export { Context, inActivityContext } from './activity-context.js';
export type { ActivityInfo, ActivityInfo as Info } from './activity-info.js';
export {
  activityInfo,
  activityInfo as info,
  cancellationSignal,
  cancelled,
  heartbeat,
  log,
  metricMeter,
  sleep,
} from './current-activity.js';
export { CompleteAsyncError } from './async-completion.js';
export {
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  IllegalStateError,
  isCancellation,
  ServerFailure,
  TidewheelFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@tidewheel/common';
export type {
  ActivityFunction,
  Duration,
  Logger,
  LogMetadata,
  MetricCounter,
  MetricGauge,
  MetricHistogram,
  MetricMeter,
  MetricTags,
  NumericMetricValueType,
  UntypedActivities,
} from '@tidewheel/common';

// Whoever imports this may ask for the current activity: see activity-context.ts.
trackContexts();
