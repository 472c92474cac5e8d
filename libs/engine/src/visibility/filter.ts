import type { ExecutionStatus } from '@tidewheel/core';

/** The attributes of an execution that it has by itself. */
interface SystemValues {
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

/** Names an attribute: one of the system's, or a search attribute. */
export type VisibilityAttribute = string;

/** A value as filters compare it: a time is milliseconds since the epoch. */
export type FilterValue = string | number | boolean;

/**
 * What is known of an execution's attributes by their names. Null is the value of one that it does not have; of search
 * attributes with several values, such as a list or the words of a text, any may match.
 */
export type VisibilityValues = Partial<SystemValues> &
  Readonly<Record<VisibilityAttribute, FilterValue | readonly FilterValue[] | null | undefined>>;

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
export function evaluate(filter: Filter, values: VisibilityValues): Truth {
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
    case 'comparison': {
      const { operator, value: other } = filter;
      // Of several values, none may be the one that is excluded.
      if (operator !== '!=') {
        return withValue(values[filter.attribute], (value) => compare(value, operator, other));
      }
      const equal = withValue(values[filter.attribute], (value) => value === other);
      return typeof equal === 'boolean' ? !equal : equal;
    }
  }
}

/** `decisive` decides alone; after it, what is unknown may still decide, and what is null may not. */
function foldTruth(operands: readonly Filter[], values: VisibilityValues, decisive: boolean): Truth {
  let result: Truth = !decisive;
  for (const operand of operands) {
    const truth = evaluate(operand, values);
    if (truth === decisive) return decisive;
    if (truth === 'unknown' || (truth === 'null' && result !== 'unknown')) result = truth;
  }
  return result;
}

function withValue(
  value: FilterValue | readonly FilterValue[] | null | undefined,
  test: (value: FilterValue) => boolean,
): Truth {
  if (value === undefined) return 'unknown';
  if (value === null) return 'null';
  return Array.isArray(value) ? value.some(test) : test(value as FilterValue);
}

function compare(
  value: FilterValue,
  operator: Exclude<ComparisonOperator, '!='>,
  other: FilterValue,
): boolean {
  switch (operator) {
    case '=':
      return value === other;
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

/** The names of the attributes that a condition compares. */
export function attributesOf(filter: Filter): readonly VisibilityAttribute[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.operands.flatMap(attributesOf);
    case 'not':
      return attributesOf(filter.operand);
    default:
      return [filter.attribute];
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
