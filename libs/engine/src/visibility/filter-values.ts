import type {
  ExecutionStatus,
  SearchAttributeType,
  SearchAttributeTypes,
  SYSTEM_SEARCH_ATTRIBUTES,
} from '@tidewheel/core';
import {
  EXECUTION_STATUS_CODES,
  executionStatusFromCode,
  PREDEFINED_SEARCH_ATTRIBUTES,
} from '@tidewheel/core';
import { rfc3339Ms } from '../search-attributes/attribute-value.js';
import { unsoundQuery } from './filter-tokens.js';
import type { FilterToken } from './filter-tokens.js';
import type { FilterValue, VisibilityAttribute } from './filter.js';

/** What kind of value an attribute has; `words` are those of a text, of which a comparison names some. */
export type AttributeKind = 'status' | 'text' | 'list' | 'words' | 'time' | 'number' | 'bool';

/** The kinds of attributes by their names. */
export type AttributeKinds = Readonly<Record<VisibilityAttribute, AttributeKind>>;

const SYSTEM_KINDS: Readonly<Record<keyof typeof SYSTEM_SEARCH_ATTRIBUTES, AttributeKind>> = {
  ExecutionStatus: 'status',
  WorkflowType: 'text',
  WorkflowId: 'text',
  RunId: 'text',
  TaskQueue: 'text',
  StartTime: 'time',
  CloseTime: 'time',
};

const KIND_OF_TYPE: Readonly<Record<SearchAttributeType, AttributeKind>> = {
  Text: 'words',
  Keyword: 'text',
  Int: 'number',
  Double: 'number',
  Bool: 'bool',
  Datetime: 'time',
  KeywordList: 'list',
};

/** The kinds of what a filter can name in a namespace, by the search attributes that are registered in it. */
export function attributeKinds(custom: SearchAttributeTypes | undefined): AttributeKinds {
  const types = Object.entries({ ...PREDEFINED_SEARCH_ATTRIBUTES, ...custom });
  return {
    ...Object.fromEntries(types.map(([name, type]) => [name, KIND_OF_TYPE[type]])),
    ...SYSTEM_KINDS,
  };
}

const STATUS_BY_NAME = new Map(
  (Object.keys(EXECUTION_STATUS_CODES) as ExecutionStatus[]).map((status) => [plain(status), status]),
);
const NANOS_PER_MS = 1_000_000;

/**
 * The attribute that a word names.
 *
 * @throws InvalidArgumentError
 */
export function attributeOf({ text, position }: FilterToken, kinds: AttributeKinds): VisibilityAttribute {
  if (Object.hasOwn(kinds, text)) return text;
  const custom = Object.keys(kinds).filter(
    (name) => !Object.hasOwn(SYSTEM_KINDS, name) && !Object.hasOwn(PREDEFINED_SEARCH_ATTRIBUTES, name),
  );
  const known = [...Object.keys(SYSTEM_KINDS), ...custom].join(', ');
  throw unsoundQuery(`unknown attribute ${JSON.stringify(text)}, there are ${known}`, position);
}

/**
 * A value as the attribute it is compared with has it.
 *
 * @throws InvalidArgumentError
 */
export function valueOf(
  attribute: VisibilityAttribute,
  kind: AttributeKind,
  token: FilterToken,
): FilterValue {
  const { text, position } = token;
  if (kind === 'bool') {
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    throw unsoundQuery(`${attribute} is true or false`, position);
  }
  if (token.kind !== 'text' && token.kind !== 'number') {
    throw unsoundQuery(`expected a value for ${attribute}, in quotes`, position);
  }
  switch (kind) {
    case 'text':
    case 'list':
    case 'words':
      if (token.kind === 'text') return text;
      throw unsoundQuery(`${attribute} is text: put the value in quotes`, position);
    case 'number':
      if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
      throw unsoundQuery(`${attribute} is a number`, position);
    case 'status':
      return statusOf(token);
    case 'time':
      return timeOf(attribute, token);
  }
}

/** The words of a text, as comparisons with it know them. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
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
  const ms = rfc3339Ms(text);
  if (ms !== undefined) return ms;
  throw unsoundQuery(`${attribute} is a time such as '2027-01-31T12:00:00Z' (RFC 3339)`, position);
}
