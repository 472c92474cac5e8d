/**
 * What workflow code imports. It runs in a sandbox without Node.js, in which time, randomness, timers and ids are the
 * same in every replay.
 *
 * @example
 * ```ts
 * import { proxyActivities, sleep } from '@tidewheel/workflow';
 * import type * as activities from './activities.js';
 *
 * const { greet } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });
 *
 * export async function example(name: string): Promise<string> {
 *   await sleep('1 day');
 *   return await greet(name);
 * }
 * ```
 */
export { ActivityCancellationType } from './activity-options.js';
export type { ActivityOptions } from './activity-options.js';
export { executeActivity, proxyActivities } from './activities.js';
export type { ActivityInterfaceFor } from './activities.js';
export { createSession, Session, SessionFailedError, withSession } from './session.js';
export type { SessionActivityOptions, SessionOptions, SessionState, WithSessionOptions } from './session.js';
export { CancellationScope } from './cancellation-scope.js';
export type { CancellationScopeOptions } from './cancellation-scope.js';
export { condition, sleep } from './timers.js';
export {
  allHandlersFinished,
  defineQuery,
  defineSignal,
  setDefaultSignalHandler,
  setHandler,
} from './messages.js';
export type { QueryHandlerOptions, SignalHandlerOptions } from './messages.js';
export type { DefaultSignalHandler, HandlerUnfinishedPolicy } from './execution/message-handlers.js';
export { getExternalWorkflowHandle } from './external-workflow.js';
export type { ExternalWorkflowHandle } from './external-workflow.js';
export { deprecatePatch, patched } from './patches.js';
export { upsertMemo, upsertSearchAttributes } from './properties.js';
export { workflowInfo } from './workflow-info.js';
export type { WorkflowInfo } from './workflow-info.js';
export { setWorkflowOptions } from './workflow-options.js';
export type { WorkflowDefinitionOptions } from './workflow-options.js';
export { uuid4 } from './randomness.js';
export { log } from './workflow-log.js';
export { metricMeter } from './metric-meter.js';
export { Trigger } from './trigger.js';
export { inWorkflowContext } from './execution/current-execution.js';
export {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  ChildWorkflowFailure,
  IllegalStateError,
  isCancellation,
  rootCause,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TidewheelFailure,
  TimeoutFailure,
  ValueError,
} from '@tidewheel/common';
export type {
  ApplicationFailureOptions,
  Duration,
  MetricCounter,
  MetricGauge,
  MetricHistogram,
  MetricMeter,
  MetricTags,
  NumericMetricValueType,
  QueryDefinition,
  RetryPolicy,
  RetryState,
  SearchAttributes,
  SearchAttributeValue,
  SignalDefinition,
  TimeoutType,
  UntypedActivities,
  Workflow,
  WorkflowResultType,
} from '@tidewheel/common';
