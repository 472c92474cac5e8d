import type { ExecutionStatus } from '@tidewheel/core';

/** The attributes of an execution that a filter can name. */
export interface VisibilityValues {
  readonly ExecutionStatus: ExecutionStatus;
  readonly WorkflowType: string;
  readonly WorkflowId: string;
  readonly RunId: string;
  readonly TaskQueue: string;
  /** Milliseconds since the epoch. */
  readonly StartTime: number;
  /** Null while it runs. */
  readonly CloseTime: number | null;
}

export type VisibilityAttribute = keyof VisibilityValues;

/** A value as filters compare it: text, or a time in milliseconds since the epoch. */
export type FilterValue = string | number;

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'STARTS_WITH';

/** A condition on executions. `NOT IN`, `BETWEEN` and the like are made of these. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Filter[] }
  | { readonly kind: 'not'; readonly operand: Filter }
  | {
      readonly kind: 'comparison';
      readonly attribute: VisibilityAttribute;
      readonly operator: ComparisonOperator;
      readonly value: FilterValue;
    }
  | { readonly kind: 'in'; readonly attribute: VisibilityAttribute; readonly values: readonly FilterValue[] }
  | { readonly kind: 'isNull'; readonly attribute: VisibilityAttribute };

/**
 * What is known of a condition. `null` is the outcome of comparing what is not there, as in SQL: neither it nor its
 * opposite holds. `unknown` is that of a comparison with a value that was not looked up yet.
 */
export type Truth = true | false | 'null' | 'unknown';

/** Evaluates a condition over the values that are at hand. */
export function evaluate(filter: Filter, values: Partial<VisibilityValues>): Truth {
  switch (filter.kind) {
    case 'and':
      return foldTruth(filter.operands, values, false);
    case 'or':
      return foldTruth(filter.operands, values, true);
    case 'not': {
      const truth = evaluate(filter.operand, values);
      return typeof truth === 'boolean' ? !truth : truth;
    }
    case 'isNull': {
      const value = values[filter.attribute];
      return value === undefined ? 'unknown' : value === null;
    }
    case 'in':
      return withValue(values[filter.attribute], (value) => filter.values.includes(value));
    case 'comparison':
      return withValue(values[filter.attribute], (value) => compare(value, filter.operator, filter.value));
  }
}

/** `decisive` decides alone; after it, what is unknown may still decide, and what is null may not. */
function foldTruth(operands: readonly Filter[], values: Partial<VisibilityValues>, decisive: boolean): Truth {
  let result: Truth = !decisive;
  for (const operand of operands) {
    const truth = evaluate(operand, values);
    if (truth === decisive) return decisive;
    if (truth === 'unknown' || (truth === 'null' && result !== 'unknown')) result = truth;
  }
  return result;
}

function withValue(value: FilterValue | null | undefined, test: (value: FilterValue) => boolean): Truth {
  if (value === undefined) return 'unknown';
  return value === null ? 'null' : test(value);
}

function compare(value: FilterValue, operator: ComparisonOperator, other: FilterValue): boolean {
  switch (operator) {
    case '=':
      return value === other;
    case '!=':
      return value !== other;
    case '<':
      return value < other;
    case '<=':
      return value <= other;
    case '>':
      return value > other;
    case '>=':
      return value >= other;
    case 'STARTS_WITH':
      return String(value).startsWith(String(other));
  }
}

/**
 * The latest time that an execution can have for which the condition holds; Infinity when there is no bound. For where
 * to begin reading an index, so it may be later than need be.
 */
export function latestTime(filter: Filter, attribute: 'StartTime' | 'CloseTime'): number {
  switch (filter.kind) {
    case 'and':
      return Math.min(Infinity, ...filter.operands.map((operand) => latestTime(operand, attribute)));
    case 'or':
      return Math.max(-Infinity, ...filter.operands.map((operand) => latestTime(operand, attribute)));
    case 'in':
      return filter.attribute === attribute ? Math.max(...filter.values.map(Number)) : Infinity;
    case 'comparison':
      return filter.attribute === attribute && ['=', '<', '<='].includes(filter.operator)
        ? Number(filter.value)
        : Infinity;
    default:
      return Infinity;
  }
}

/** The same from the other side: the earliest time, -Infinity when there is no bound. */
export function earliestTime(filter: Filter, attribute: 'StartTime' | 'CloseTime'): number {
  switch (filter.kind) {
    case 'and':
      return Math.max(-Infinity, ...filter.operands.map((operand) => earliestTime(operand, attribute)));
    case 'or':
      return Math.min(Infinity, ...filter.operands.map((operand) => earliestTime(operand, attribute)));
    case 'in':
      return filter.attribute === attribute ? Math.min(...filter.values.map(Number)) : -Infinity;
    case 'comparison':
      return filter.attribute === attribute && ['=', '>', '>='].includes(filter.operator)
        ? Number(filter.value)
        : -Infinity;
    default:
      return -Infinity;
  }
}
