import type { Failure, FailureInfo } from '@tidewheel/core';
import { formatDuration } from '@tidewheel/core';
import { z } from 'zod';
import { payloadJson, payloadsToJson, payloadToJson } from './payload-json.js';
import { durationText } from './scalars.js';

/** What is particular to a failure of one kind, under the published name of that kind. */
type FailureInfoJson = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A failure as the REST interface writes it: a tree in the shape of Temporal's, with exactly one `...FailureInfo`. */
export type FailureJson = {
  readonly message: string;
  readonly source?: string | undefined;
  readonly stackTrace?: string | undefined;
  readonly encodedAttributes?: unknown;
  readonly cause?: FailureJson | undefined;
};

const payloadListJson = z.array(payloadJson);

const activityInfo = z.strictObject({
  scheduledEventId: z.int(),
  startedEventId: z.int(),
  identity: z.string().optional(),
  activityType: z.string(),
  activityId: z.string(),
  retryState: z.string(),
});

const childWorkflowInfo = z.strictObject({
  namespace: z.string().optional(),
  workflowId: z.string(),
  runId: z.string(),
  workflowType: z.string(),
  initiatedEventId: z.int(),
  startedEventId: z.int(),
  retryState: z.string(),
});

/** Schema of {@link FailureJson}. */
export const failureJson: z.ZodType<FailureJson, FailureJson> = z
  .strictObject({
    message: z.string(),
    source: z.string().optional().meta({ description: 'The SDK that made it.' }),
    stackTrace: z.string().optional(),
    encodedAttributes: payloadJson.optional(),
    applicationFailureInfo: z
      .strictObject({
        type: z.string().optional(),
        nonRetryable: z.boolean(),
        details: payloadListJson.optional(),
        nextRetryDelay: durationText.optional(),
        category: z.literal('BENIGN').optional(),
      })
      .optional(),
    timeoutFailureInfo: z
      .strictObject({ timeoutType: z.string(), lastHeartbeatDetails: payloadListJson.optional() })
      .optional(),
    canceledFailureInfo: z
      .strictObject({ details: payloadListJson.optional(), identity: z.string().optional() })
      .optional(),
    terminatedFailureInfo: z.strictObject({ identity: z.string().optional() }).optional(),
    serverFailureInfo: z.strictObject({ nonRetryable: z.boolean() }).optional(),
    resetWorkflowFailureInfo: z.strictObject({ lastHeartbeatDetails: payloadListJson.optional() }).optional(),
    activityFailureInfo: activityInfo.optional(),
    childWorkflowExecutionFailureInfo: childWorkflowInfo.optional(),
    get cause() {
      return failureJson.optional();
    },
  })
  .meta({
    id: 'Failure',
    description: 'A failure with its causes; exactly one `...FailureInfo` says its kind.',
  });

/** A failure and its causes in the form of {@link FailureJson}. */
export function failureToJson(failure: Failure): FailureJson {
  const { message, source, stackTrace, encodedAttributes, info, cause } = failure;
  return {
    message,
    ...(source !== undefined && { source }),
    ...(stackTrace !== undefined && { stackTrace }),
    ...(encodedAttributes && { encodedAttributes: payloadToJson(encodedAttributes) }),
    ...(info && infoToJson(info)),
    ...(cause && { cause: failureToJson(cause) }),
  };
}

function infoToJson(info: FailureInfo): FailureInfoJson {
  switch (info.kind) {
    case 'application': {
      const { type, nonRetryable, details, nextRetryDelayMs, category } = info;
      return {
        applicationFailureInfo: {
          ...(type !== undefined && { type }),
          nonRetryable,
          ...(details && { details: payloadsToJson(details) }),
          ...(nextRetryDelayMs !== undefined && { nextRetryDelay: formatDuration(nextRetryDelayMs) }),
          ...(category && { category }),
        },
      };
    }
    case 'timeout':
      return { timeoutFailureInfo: { timeoutType: info.timeoutType, ...heartbeatDetails(info) } };
    case 'canceled':
      return {
        canceledFailureInfo: {
          ...(info.details && { details: payloadsToJson(info.details) }),
          ...identityOf(info),
        },
      };
    case 'terminated':
      return { terminatedFailureInfo: identityOf(info) };
    case 'server':
      return { serverFailureInfo: { nonRetryable: info.nonRetryable } };
    case 'resetWorkflow':
      return { resetWorkflowFailureInfo: heartbeatDetails(info) };
    case 'activity': {
      const { kind: _kind, ...rest } = info;
      return { activityFailureInfo: rest };
    }
    case 'childWorkflow': {
      const { kind: _kind, ...rest } = info;
      return { childWorkflowExecutionFailureInfo: rest };
    }
  }
}

function heartbeatDetails(info: Extract<FailureInfo, { kind: 'timeout' | 'resetWorkflow' }>) {
  const { lastHeartbeatDetails } = info;
  return lastHeartbeatDetails ? { lastHeartbeatDetails: payloadsToJson(lastHeartbeatDetails) } : {};
}

function identityOf({ identity }: Extract<FailureInfo, { kind: 'canceled' | 'terminated' }>) {
  return identity === undefined ? {} : { identity };
}
