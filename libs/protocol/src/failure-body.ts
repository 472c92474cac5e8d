import type { Failure, FailureInfo, TimeoutType } from '@tidewheel/core';
import { z } from 'zod';
import { payload, payloadList } from './payload-json.js';
import { duration, shownAs } from './scalars.js';

const MAX_TEXT = 100_000;
/** Causes of causes; deeper ones tell nobody anything. */
const MAX_DEPTH = 20;

const TIMEOUT_TYPES = [
  'UNSPECIFIED',
  'START_TO_CLOSE',
  'SCHEDULE_TO_START',
  'SCHEDULE_TO_CLOSE',
  'HEARTBEAT',
] as const satisfies readonly TimeoutType[];

const text = z.string().max(MAX_TEXT, { error: `must have at most ${MAX_TEXT} characters` });
const details = payloadList('Values for whoever handles the failure.').optional();
const eventId = z.int().min(0);

const FAILURE_SHAPE = {
  message: text,
  source: text.optional(),
  stackTrace: text.optional(),
  encodedAttributes: payload('Message and stack, encoded.').optional(),
  applicationFailureInfo: z
    .strictObject({
      type: text.optional(),
      nonRetryable: z.boolean().optional(),
      details,
      nextRetryDelay: duration('Delay before the next attempt.').optional(),
      category: z.literal('BENIGN').optional(),
    })
    .optional(),
  timeoutFailureInfo: z
    .strictObject({ timeoutType: z.enum(TIMEOUT_TYPES), lastHeartbeatDetails: details })
    .optional(),
  canceledFailureInfo: z.strictObject({ details, identity: text.optional() }).optional(),
  terminatedFailureInfo: z.strictObject({ identity: text.optional() }).optional(),
  serverFailureInfo: z.strictObject({ nonRetryable: z.boolean() }).optional(),
  resetWorkflowFailureInfo: z.strictObject({ lastHeartbeatDetails: details }).optional(),
  activityFailureInfo: z
    .strictObject({
      scheduledEventId: eventId,
      startedEventId: eventId,
      identity: text.optional(),
      activityType: text,
      activityId: text,
      retryState: text,
    })
    .optional(),
  childWorkflowExecutionFailureInfo: z
    .strictObject({
      namespace: text.optional(),
      workflowId: text,
      runId: text,
      workflowType: text,
      initiatedEventId: eventId,
      startedEventId: eventId,
      retryState: text,
    })
    .optional(),
  cause: z.unknown().optional(),
};

const layer = z.strictObject(FAILURE_SHAPE);
type Layer = z.output<typeof layer>;

/**
 * A failure in a body, in the form in which answers have it; a Failure after parsing. One that does not say its kind is an
 * application's, which may be tried again.
 */
export function failureBody(description: string) {
  return z
    .unknown()
    .transform((value, context): Failure => convert(value, context, [], 1))
    .meta({
      override: shownAs({ description, allOf: [{ $ref: '#/components/schemas/Failure' }] }),
    });
}

function convert(
  value: unknown,
  context: z.RefinementCtx,
  path: readonly PropertyKey[],
  depth: number,
): Failure {
  if (depth > MAX_DEPTH) {
    context.addIssue({ code: 'custom', message: `must have at most ${MAX_DEPTH} causes`, path: [...path] });
    return z.NEVER;
  }
  const parsed = layer.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const at = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
      context.addIssue({ code: 'custom', message: reasonOf(issue), path: [...path, ...at] });
    }
    return z.NEVER;
  }
  const { message, source, stackTrace, encodedAttributes, cause } = parsed.data;
  const infos = infosOf(parsed.data);
  if (infos.length > 1) {
    context.addIssue({ code: 'custom', message: 'must have one ...FailureInfo at most', path: [...path] });
    return z.NEVER;
  }
  return {
    message,
    ...(source !== undefined && { source }),
    ...(stackTrace !== undefined && { stackTrace }),
    ...(encodedAttributes && { encodedAttributes }),
    info: infos[0] ?? { kind: 'application', nonRetryable: false },
    ...(cause !== undefined && { cause: convert(cause, context, [...path, 'cause'], depth + 1) }),
  };
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'is not a known field';
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is required' : issue.message;
}

function infosOf(data: Layer): FailureInfo[] {
  const infos: (FailureInfo | undefined)[] = [
    data.applicationFailureInfo && applicationInfo(data.applicationFailureInfo),
    data.timeoutFailureInfo && present({ kind: 'timeout', ...data.timeoutFailureInfo }),
    data.canceledFailureInfo && present({ kind: 'canceled', ...data.canceledFailureInfo }),
    data.terminatedFailureInfo && present({ kind: 'terminated', ...data.terminatedFailureInfo }),
    data.serverFailureInfo && present({ kind: 'server', ...data.serverFailureInfo }),
    data.resetWorkflowFailureInfo && present({ kind: 'resetWorkflow', ...data.resetWorkflowFailureInfo }),
    data.activityFailureInfo && present({ kind: 'activity', ...data.activityFailureInfo }),
    data.childWorkflowExecutionFailureInfo &&
      present({ kind: 'childWorkflow', ...data.childWorkflowExecutionFailureInfo }),
  ];
  return infos.filter((info) => info !== undefined);
}

function applicationInfo(given: NonNullable<Layer['applicationFailureInfo']>): FailureInfo {
  const { nonRetryable = false, nextRetryDelay: nextRetryDelayMs, ...rest } = given;
  return present({ kind: 'application', ...rest, nonRetryable, nextRetryDelayMs });
}

/** Fields that may be undefined as fields that may be absent, which is what parsing leaves. */
function present(info: object): FailureInfo {
  return Object.fromEntries(Object.entries(info).filter(([, value]) => value !== undefined)) as FailureInfo;
}
