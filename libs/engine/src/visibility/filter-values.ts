import type { ExecutionStatus } from '@tidewheel/core';
import { EXECUTION_STATUS_CODES, executionStatusFromCode } from '@tidewheel/core';
import { unsoundQuery } from './filter-tokens.js';
import type { FilterToken } from './filter-tokens.js';
import type { FilterValue, VisibilityAttribute } from './filter.js';

/** What kind of value an attribute has. */
export const ATTRIBUTE_KINDS: Readonly<Record<VisibilityAttribute, 'status' | 'text' | 'time'>> = {
  ExecutionStatus: 'status',
  WorkflowType: 'text',
  WorkflowId: 'text',
  RunId: 'text',
  TaskQueue: 'text',
  StartTime: 'time',
  CloseTime: 'time',
};

const STATUS_BY_NAME = new Map(
  (Object.keys(EXECUTION_STATUS_CODES) as ExecutionStatus[]).map((status) => [plain(status), status]),
);
const TIME = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const NANOS_PER_MS = 1_000_000;

/**
 * The attribute that a word names.
 *
 * @throws InvalidArgumentError
 */
export function attributeOf({ text, position }: FilterToken): VisibilityAttribute {
  if (Object.hasOwn(ATTRIBUTE_KINDS, text)) return text as VisibilityAttribute;
  const known = Object.keys(ATTRIBUTE_KINDS).join(', ');
  throw unsoundQuery(`unknown attribute ${JSON.stringify(text)}, there are ${known}`, position);
}

/**
 * A value as the attribute it is compared with has it.
 *
 * @throws InvalidArgumentError
 */
export function valueOf(attribute: VisibilityAttribute, token: FilterToken): FilterValue {
  if (token.kind !== 'text' && token.kind !== 'number') {
    throw unsoundQuery(`expected a value for ${attribute}, in quotes`, token.position);
  }
  switch (ATTRIBUTE_KINDS[attribute]) {
    case 'text':
      if (token.kind === 'text') return token.text;
      throw unsoundQuery(`${attribute} is text: put the value in quotes`, token.position);
    case 'status':
      return statusOf(token);
    case 'time':
      return timeOf(attribute, token);
  }
}

function statusOf({ kind, text, position }: FilterToken): ExecutionStatus {
  const status = kind === 'number' ? executionStatusFromCode(Number(text)) : STATUS_BY_NAME.get(plain(text));
  if (status) return status;
  const known = 'Running, Completed, Failed, Canceled, Terminated, ContinuedAsNew, TimedOut or Paused';
  throw unsoundQuery(`${JSON.stringify(text)} is no ExecutionStatus: it is ${known}`, position);
}

/** `TimedOut` and `TIMED_OUT` are the same. */
function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** RFC 3339, or nanoseconds since the epoch; to milliseconds with a fraction. */
function timeOf(attribute: VisibilityAttribute, { kind, text, position }: FilterToken): number {
  if (kind === 'number') return Number(text) / NANOS_PER_MS;
  const [, seconds, fraction = '', zone] = TIME.exec(text) ?? [];
  const ms = seconds === undefined ? Number.NaN : Date.parse(`${seconds}${zone?.toUpperCase() ?? ''}`);
  if (!Number.isNaN(ms)) return ms + Number(`0${fraction}`) * 1_000;
  throw unsoundQuery(`${attribute} is a time such as '2027-01-31T12:00:00Z' (RFC 3339)`, position);
}
