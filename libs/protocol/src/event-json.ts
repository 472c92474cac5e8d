import type {
  EventType,
  Failure,
  HistoryEvent,
  PayloadMap,
  Payloads,
  RetryPolicy,
  SdkMetadata,
  UserMetadata,
  VersioningOverride,
  WorkerVersion,
  WorkflowExecutionTarget,
} from '@tidewheel/core';
import { EVENT_TYPE_CODES, formatDuration } from '@tidewheel/core';
import { z } from 'zod';
import { EVENT_ATTRIBUTE_KINDS } from './event-attributes.js';
import type { AttributeKind } from './event-attributes.js';
import { failureJson, failureToJson } from './failure-json.js';
import { payloadJson, payloadMapToJson, payloadsToJson, payloadToJson } from './payload-json.js';
import { durationText, timestamp, toTimestamp } from './scalars.js';
import { versioningOverrideJson } from './versioning-json.js';

/** Text for people about a run or event. */
export const userMetadataJson = z
  .strictObject({ summary: payloadJson.optional(), details: payloadJson.optional() })
  .meta({ id: 'UserMetadata' });

type UserMetadataJson = z.output<typeof userMetadataJson>;

/** User metadata in the form of {@link userMetadataJson}. */
export function userMetadataToJson({ summary, details }: UserMetadata): UserMetadataJson {
  return {
    ...(summary && { summary: payloadToJson(summary) }),
    ...(details && { details: payloadToJson(details) }),
  };
}

/** An event as the REST interface writes it. */
export interface HistoryEventJson {
  readonly eventId: number;
  readonly eventTime: string;
  readonly eventType: EventType;
  /** Under their published names; durations are text such as `10s`, times RFC 3339, payloads in shorthand. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly userMetadata?: UserMetadataJson | undefined;
}

/** A retry policy as the REST interface writes it. */
export const retryPolicyJson = z
  .strictObject({
    initialInterval: durationText,
    backoffCoefficient: z.number(),
    maximumInterval: durationText,
    maximumAttempts: z.int().meta({ description: '0 means no limit.' }),
    nonRetryableErrorTypes: z.array(z.string()),
  })
  .meta({ id: 'RetryPolicy' });

/** A retry policy in the form of {@link retryPolicyJson}. */
export function retryPolicyToJson(policy: RetryPolicy): z.output<typeof retryPolicyJson> {
  return {
    initialInterval: formatDuration(policy.initialIntervalMs),
    backoffCoefficient: policy.backoffCoefficient,
    maximumInterval: formatDuration(policy.maximumIntervalMs),
    maximumAttempts: policy.maximumAttempts,
    nonRetryableErrorTypes: [...policy.nonRetryableErrorTypes],
  };
}

const targetJson = z.strictObject({ workflowId: z.string(), runId: z.string().optional() });

const sdkMetadataJson = z.strictObject({
  coreUsedFlags: z.array(z.int()).optional(),
  langUsedFlags: z.array(z.int()).optional(),
  sdkName: z.string().optional(),
  sdkVersion: z.string().optional(),
});

const workerVersionJson = z.strictObject({
  buildId: z.string().optional(),
  useVersioning: z.boolean().optional(),
  deploymentName: z.string().optional(),
  binaryChecksum: z.string().optional(),
});

interface AttributeForm<Value> {
  readonly schema: z.ZodType;
  readonly toJson: (value: Value) => unknown;
}

const asIs = (schema: z.ZodType): AttributeForm<unknown> => ({ schema, toJson: (value) => value });

/** How each kind of attribute is written; the kinds vouch for the types. */
const FORMS: { readonly [Kind in AttributeKind]: AttributeForm<never> } = {
  text: asIs(z.string()),
  integer: asIs(z.int()),
  flag: asIs(z.boolean()),
  execution: asIs(targetJson) satisfies AttributeForm<WorkflowExecutionTarget>,
  sdkMetadata: asIs(sdkMetadataJson) satisfies AttributeForm<SdkMetadata>,
  workerVersion: asIs(workerVersionJson) satisfies AttributeForm<WorkerVersion>,
  versioningOverride: asIs(versioningOverrideJson) satisfies AttributeForm<VersioningOverride>,
  duration: { schema: durationText, toJson: (ms: number) => formatDuration(ms) },
  time: { schema: timestamp, toJson: (ms: number) => toTimestamp(ms) },
  payloads: { schema: z.array(payloadJson), toJson: (value: Payloads) => payloadsToJson(value) },
  payloadMap: {
    schema: z.record(z.string(), payloadJson),
    toJson: (value: PayloadMap) => payloadMapToJson(value),
  },
  payloadLists: {
    schema: z.record(z.string(), z.array(payloadJson)),
    toJson: (value: Readonly<Record<string, Payloads>>) =>
      Object.fromEntries(Object.entries(value).map(([key, list]) => [key, payloadsToJson(list)])),
  },
  failure: { schema: failureJson, toJson: (value: Failure) => failureToJson(value) },
  retryPolicy: { schema: retryPolicyJson, toJson: (value: RetryPolicy) => retryPolicyToJson(value) },
};

interface Attribute {
  /** Its name in the domain, which says milliseconds. */
  readonly name: string;
  /** Its published name. */
  readonly jsonName: string;
  readonly isOptional: boolean;
  readonly form: AttributeForm<never>;
}

const EVENT_TYPES = Object.keys(EVENT_TYPE_CODES) as EventType[];

const ATTRIBUTES = new Map(EVENT_TYPES.map((type) => [type, attributesOf(type)]));

function attributesOf(type: EventType): readonly Attribute[] {
  const kinds: Readonly<Record<string, string>> = EVENT_ATTRIBUTE_KINDS[type];
  return Object.entries(kinds).map(([name, notation]) => {
    const isOptional = notation.endsWith('?');
    const kind = (isOptional ? notation.slice(0, -1) : notation) as AttributeKind;
    const jsonName = kind === 'duration' || kind === 'time' ? name.replace(/Ms$/, '') : name;
    return { name, jsonName, isOptional, form: FORMS[kind] };
  });
}

/**
 * An event in the form of {@link HistoryEventJson}.
 *
 * @param taskQueue the run's own, for events that leave it out because they mean that one
 */
export function eventToJson(event: HistoryEvent, taskQueue?: string): HistoryEventJson {
  const values = event.attributes as Readonly<Record<string, unknown>>;
  const attributes: Record<string, unknown> = {};
  for (const { name, jsonName, form } of ATTRIBUTES.get(event.eventType) ?? []) {
    const value = values[name];
    if (value !== undefined) attributes[jsonName] = form.toJson(value as never);
  }
  if (event.eventType === 'ActivityTaskScheduled' && taskQueue !== undefined) {
    attributes['taskQueue'] ??= taskQueue;
  }
  const { eventId, eventTimeMs, eventType, userMetadata } = event;
  return {
    eventId,
    eventTime: toTimestamp(eventTimeMs),
    eventType,
    attributes,
    ...(userMetadata && { userMetadata: userMetadataToJson(userMetadata) }),
  };
}

function eventSchema(type: EventType) {
  const attributes = (ATTRIBUTES.get(type) ?? []).map(({ jsonName, isOptional, form }) => [
    jsonName,
    isOptional ? form.schema.optional() : form.schema,
  ]);
  return z
    .strictObject({
      eventId: z.int().meta({ description: 'Position in the history, from 1.' }),
      eventTime: timestamp,
      eventType: z.literal(type),
      attributes: z.strictObject(Object.fromEntries(attributes) as Record<string, z.ZodType>),
      userMetadata: userMetadataJson.optional(),
    })
    .meta({ id: `${type}Event` });
}

/** Schema of {@link HistoryEventJson}. */
export const historyEventJson: z.ZodType<HistoryEventJson, HistoryEventJson> = z
  .union(EVENT_TYPES.map(eventSchema))
  .meta({ id: 'HistoryEvent' });
