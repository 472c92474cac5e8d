import type { Payload, Payloads } from './payload.js';

/** Which of an activity's or workflow's clocks ran out. The engine always says; failures made elsewhere may not. */
export type TimeoutType =
  'UNSPECIFIED' | 'START_TO_CLOSE' | 'SCHEDULE_TO_START' | 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT';

/** Why something that could be retried is, or is no longer, retried. The engine always says; failures made elsewhere may not. */
export type RetryState =
  | 'UNSPECIFIED'
  | 'IN_PROGRESS'
  | 'NON_RETRYABLE_FAILURE'
  | 'TIMEOUT'
  | 'MAXIMUM_ATTEMPTS_REACHED'
  | 'RETRY_POLICY_NOT_SET'
  | 'INTERNAL_SERVER_ERROR'
  | 'CANCEL_REQUESTED';

/** What kind of failure a {@link Failure} is, with the data of that kind. */
export type FailureInfo =
  | {
      readonly kind: 'application';
      /** The class or category that retry policies match against `nonRetryableErrorTypes`. */
      readonly type?: string;
      readonly nonRetryable: boolean;
      readonly details?: Payloads;
      /** Overrides the delay that the retry policy would give for the next attempt. */
      readonly nextRetryDelayMs?: number;
      /** `BENIGN` failures are expected: they are neither logged as errors nor counted. */
      readonly category?: 'BENIGN';
    }
  | { readonly kind: 'timeout'; readonly timeoutType: TimeoutType; readonly lastHeartbeatDetails?: Payloads }
  | { readonly kind: 'canceled'; readonly details?: Payloads; readonly identity?: string }
  | { readonly kind: 'terminated'; readonly identity?: string }
  | { readonly kind: 'server'; readonly nonRetryable: boolean }
  | { readonly kind: 'resetWorkflow'; readonly lastHeartbeatDetails?: Payloads }
  | {
      readonly kind: 'activity';
      readonly scheduledEventId: number;
      readonly startedEventId: number;
      readonly identity?: string;
      readonly activityType: string;
      readonly activityId: string;
      readonly retryState: RetryState;
    }
  | {
      readonly kind: 'childWorkflow';
      readonly namespace?: string;
      readonly workflowId: string;
      readonly runId: string;
      readonly workflowType: string;
      readonly initiatedEventId: number;
      readonly startedEventId: number;
      readonly retryState: RetryState;
    };

/** A failure as data: a tree that survives process and language boundaries. */
export interface Failure {
  readonly message: string;
  /** The SDK that produced it, for example `TypeScriptSDK`. */
  readonly source?: string;
  readonly stackTrace?: string;
  readonly cause?: Failure;
  /** Message and stack of failures whose author chose to have them encoded by the payload codec. */
  readonly encodedAttributes?: Payloads[number];
  readonly info?: FailureInfo;
}

/** All payloads that a failure and its causes carry. */
export function failurePayloads(failure: Failure): Payloads {
  const payloads: Payload[] = [];
  for (let inner: Failure | undefined = failure; inner; inner = inner.cause) {
    const { info, encodedAttributes } = inner;
    if (info?.kind === 'application' || info?.kind === 'canceled') payloads.push(...(info.details ?? []));
    if (info?.kind === 'timeout' || info?.kind === 'resetWorkflow')
      payloads.push(...(info.lastHeartbeatDetails ?? []));
    if (encodedAttributes) payloads.push(encodedAttributes);
  }
  return payloads;
}

/** The failure recorded when a clock of an activity or workflow ran out. */
export function timeoutFailure(
  timeoutType: TimeoutType,
  lastHeartbeatDetails?: Payloads,
  cause?: Failure,
): Failure {
  return {
    message: `activity ${TIMEOUT_NAMES[timeoutType]} timeout`,
    source: 'Server',
    info: { kind: 'timeout', timeoutType, ...(lastHeartbeatDetails && { lastHeartbeatDetails }) },
    ...(cause && { cause }),
  };
}

const TIMEOUT_NAMES: Readonly<Record<TimeoutType, string>> = {
  UNSPECIFIED: 'Unspecified',
  START_TO_CLOSE: 'StartToClose',
  SCHEDULE_TO_START: 'ScheduleToStart',
  SCHEDULE_TO_CLOSE: 'ScheduleToClose',
  HEARTBEAT: 'Heartbeat',
};
