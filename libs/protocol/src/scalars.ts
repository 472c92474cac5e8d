import {
  deploymentPartFault,
  durationToMs,
  formatDuration,
  identifierFault,
  InvalidDurationError,
  MAX_DURATION_MS,
  namespaceFault,
  runIdFault,
} from '@tidewheel/core';
import { z } from 'zod';
import type { ZodOpenApiOverride } from 'zod-openapi';

/** Replaces what would be derived for the OpenAPI document, where a schema reads text but means something else. */
export function shownAs(schema: Readonly<Record<string, unknown>>): ZodOpenApiOverride {
  return ({ jsonSchema }) => {
    for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
    Object.assign(jsonSchema, schema);
  };
}

function textWithout(fault: (value: unknown) => string | undefined) {
  return z.string().check((context) => {
    const message = fault(context.value);
    if (message) context.issues.push({ code: 'custom', message, input: context.value });
  });
}

/** A number in which nothing is wrong. */
export function numberWithout(fault: (value: unknown) => string | undefined) {
  return z.number({ error: (issue) => fault(issue.input) }).check((context) => {
    const message = fault(context.value);
    if (message) context.issues.push({ code: 'custom', message, input: context.value });
  });
}

/** A workflow id, type, task queue, signal, query or request id. */
export function identifier(description: string) {
  return textWithout(identifierFault).meta({ description, minLength: 1, maxLength: 1_000 });
}

/** Name of a worker deployment, or a build id. */
export function deploymentPart(description: string) {
  return textWithout(deploymentPartFault).meta({ description, minLength: 1, maxLength: 255 });
}

/** Name of a namespace. */
export const namespaceName = textWithout(namespaceFault).meta({
  description: 'Letters, digits, ".", "_" and "-", starting with a letter or digit.',
  example: 'default',
  minLength: 1,
  maxLength: 255,
});

/** Id of one run. */
export const runId = textWithout(runIdFault).meta({
  description: 'Id of one run of the execution; its current run when left out.',
  format: 'uuid',
});

const DURATION_REASON =
  'must be a duration: text such as "10s", "5 minutes" or "1.5h", or milliseconds as a number, up to ten years';

/** A duration in a body; milliseconds after parsing. */
export function duration(description: string, bounds: DurationBounds = {}) {
  return z
    .union([z.string(), z.number()], { error: DURATION_REASON })
    .transform((value, context) => toMs(value, bounds, context))
    .meta({
      override: shownAs({
        description: `${description} Text such as "10s" or "5 minutes", or milliseconds as a number.`,
        type: ['string', 'number'],
        examples: ['10s', 1500],
      }),
    });
}

/** A duration in a query string; milliseconds after parsing. */
export function queryDuration(description: string, bounds: DurationBounds = {}) {
  return z
    .string()
    .transform((value, context) => toMs(value, bounds, context))
    .meta({ override: shownAs({ description, type: 'string', examples: ['20s'] }) });
}

/** Shortest and longest duration accepted, in milliseconds. */
interface DurationBounds {
  readonly minMs?: number;
  readonly maxMs?: number;
}

function toMs(value: string | number, bounds: DurationBounds, context: z.RefinementCtx): number {
  const { minMs = 0, maxMs = MAX_DURATION_MS } = bounds;
  try {
    const ms = durationToMs(value);
    if (ms >= minMs && ms <= maxMs) return ms;
    const most = maxMs < MAX_DURATION_MS ? formatDuration(maxMs) : 'ten years';
    context.addIssue({ code: 'custom', message: `must be between ${formatDuration(minMs)} and ${most}` });
  } catch (error) {
    if (!(error instanceof InvalidDurationError)) throw error;
    context.addIssue({ code: 'custom', message: DURATION_REASON });
  }
  return z.NEVER;
}

/** A whole number in a query string. */
export function queryInteger(description: string, { min, max }: { min: number; max: number }) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .transform((text, context) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ override: shownAs({ description, type: 'integer', minimum: min, maximum: max }) });
}

/** A number in a query string, above `above` and at most `max`. */
export function queryNumber(description: string, { above, max }: { above: number; max: number }) {
  const message = `must be a number above ${above}, at most ${max}`;
  return z
    .string()
    .transform((text, context) => {
      const value = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
      if (value > above && value <= max) return value;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ override: shownAs({ description, type: 'number', exclusiveMinimum: above, maximum: max }) });
}

/** `true` or `false` in a query string. */
export function queryFlag(description: string) {
  return z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((text) => text === 'true')
    .meta({ override: shownAs({ description, type: 'boolean' }) });
}

/** A point in time in a query string, RFC 3339; milliseconds since the epoch after parsing. */
export function queryTime(description: string) {
  return z
    .string()
    .transform((text, context) => {
      const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
      if (!Number.isNaN(ms)) return ms;
      context.addIssue({
        code: 'custom',
        message: 'must be a time such as 2027-01-31T12:00:00Z (RFC 3339; write "+" as %2B)',
      });
      return z.NEVER;
    })
    .meta({ override: shownAs({ description, type: 'string', format: 'date-time' }) });
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** A point in time in an answer. */
export const timestamp = z.string().meta({ format: 'date-time' });

/** A duration in an answer: seconds with a suffix. */
export const durationText = z.string().meta({ pattern: '^[0-9]+(\\.[0-9]+)?s$', examples: ['1.5s'] });

/** Milliseconds since the epoch as RFC 3339. */
export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}
