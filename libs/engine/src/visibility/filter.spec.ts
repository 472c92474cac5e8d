import { EXECUTION_STATUS_CODES, InvalidArgumentError, isClosedStatus } from '@tidewheel/core';
import type { ExecutionStatus } from '@tidewheel/core';
import * as fc from 'fast-check';
import { earliestTime, evaluate, latestTime } from './filter.js';
import type { Filter, FilterValue, Truth, VisibilityAttribute, VisibilityValues } from './filter.js';
import { attributeKinds } from './filter-values.js';
import { parseFilter } from './parse-filter.js';

const STATUSES = Object.keys(EXECUTION_STATUS_CODES) as ExecutionStatus[];
const KINDS = attributeKinds({
  City: 'Keyword',
  Tags: 'KeywordList',
  Note: 'Text',
  Count: 'Int',
  Price: 'Double',
  Paid: 'Bool',
  Due: 'Datetime',
});
const ATTRIBUTES = [
  ...['ExecutionStatus', 'WorkflowType', 'WorkflowId', 'RunId', 'TaskQueue', 'StartTime', 'CloseTime'],
  ...['City', 'Tags', 'Count', 'Paid', 'Due'],
];

const word = fc.oneof(fc.constantFrom('a', 'ab', 'b', "it's", 'say "so"', '\\', ''), fc.string());
const time = fc.integer({ min: 0, max: 20 }).map((seconds) => Date.UTC(2027, 0, 1) + seconds * 500);
const status = fc.constantFrom(...STATUSES);

/** One value, several, or none. */
const some = <T extends FilterValue>(value: fc.Arbitrary<T>): fc.Arbitrary<readonly T[] | null> =>
  fc.option(fc.array(value, { minLength: 1, maxLength: 3 }));
const count = fc.integer({ min: -3, max: 3 });

const execution: fc.Arbitrary<VisibilityValues> = fc
  .record({
    ExecutionStatus: status,
    WorkflowType: word,
    WorkflowId: word,
    RunId: word,
    TaskQueue: word,
    StartTime: time,
    CloseTime: time,
    City: some(word),
    Tags: some(word),
    Count: some(count),
    Paid: some(fc.boolean()),
    Due: some(time),
  })
  .map((values) => ({
    ...values,
    CloseTime: isClosedStatus(values.ExecutionStatus) ? values.CloseTime : null,
  }));

function valueFor(attribute: VisibilityAttribute): fc.Arbitrary<FilterValue> {
  switch (KINDS[attribute]) {
    case 'status':
      return status;
    case 'time':
      return time;
    case 'number':
      return count;
    case 'bool':
      return fc.boolean();
    default:
      return word;
  }
}

const condition: fc.Arbitrary<Filter> = fc.constantFrom(...ATTRIBUTES).chain((attribute) => {
  const value = valueFor(attribute);
  const kind = KINDS[attribute] as string;
  const operators = [
    ...(['=', '!='] as const),
    ...(['status', 'list', 'bool'].includes(kind) ? [] : (['<', '<=', '>', '>='] as const)),
    ...(kind === 'text' ? (['STARTS_WITH'] as const) : []),
  ];
  return fc.oneof(
    fc
      .record({ operator: fc.constantFrom(...operators), value })
      .map((rest): Filter => ({ kind: 'comparison', attribute, ...rest })),
    fc
      .array(value, { minLength: 1, maxLength: 3 })
      .map((values): Filter => ({ kind: 'in', attribute, values })),
    fc.constant<Filter>({ kind: 'isNull', attribute }),
  );
});

const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    condition,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
    }),
    tie('filter').map((operand): Filter => ({ kind: 'not', operand })),
  ),
})).filter;

function shownValue(attribute: VisibilityAttribute, value: FilterValue): string {
  if (typeof value === 'boolean') return String(value);
  const text = KINDS[attribute] === 'time' ? new Date(value).toISOString() : String(value);
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The text of a filter. */
function shown(value: Filter): string {
  switch (value.kind) {
    case 'and':
    case 'or':
      return value.operands.map((operand) => `(${shown(operand)})`).join(` ${value.kind} `);
    case 'not':
      return `NOT (${shown(value.operand)})`;
    case 'isNull':
      return `${value.attribute} IS NULL`;
    case 'in':
      return `${value.attribute} in (${value.values.map((each) => shownValue(value.attribute, each)).join(', ')})`;
    case 'comparison':
      return `${value.attribute} ${value.operator} ${shownValue(value.attribute, value.value)}`;
  }
}

/** Evaluates a text over an execution of which only that is said. */
function truthOf(query: string, values: VisibilityValues = {}): Truth {
  const parsed = parseFilter(query, KINDS).filter;
  return parsed ? evaluate(parsed, values) : true;
}

function refusal(query: string): InvalidArgumentError | undefined {
  try {
    parseFilter(query, KINDS);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return error;
    throw error;
  }
}

describe('the list filter', () => {
  it('means what it was written as', () => {
    fc.assert(
      fc.property(filter, execution, (value, values) => {
        const parsed = parseFilter(shown(value), KINDS).filter!;
        expect(evaluate(parsed, values)).toBe(evaluate(value, values));
      }),
    );
  });

  it('never says of part of an execution what the whole contradicts', () => {
    const part = fc.subarray(ATTRIBUTES);
    fc.assert(
      fc.property(filter, execution, part, (value, values, names) => {
        const known = Object.fromEntries(names.map((name) => [name, values[name]]));
        const truth = evaluate(value, known);
        if (truth !== 'unknown') expect(truth).toBe(evaluate(value, values));
        expect(evaluate(value, values)).not.toBe('unknown');
      }),
    );
  });

  it('finds nothing beyond the bounds that it is read with', () => {
    fc.assert(
      fc.property(filter, execution, (value, values) => {
        if (evaluate(value, values) !== true) return;
        expect(values.StartTime).toBeLessThanOrEqual(latestTime(value, 'StartTime'));
        expect(values.StartTime).toBeGreaterThanOrEqual(earliestTime(value, 'StartTime'));
        if (values.CloseTime === null) return;
        expect(values.CloseTime).toBeLessThanOrEqual(latestTime(value, 'CloseTime'));
        expect(values.CloseTime).toBeGreaterThanOrEqual(earliestTime(value, 'CloseTime'));
      }),
      { numRuns: 500 },
    );
  });

  it('is read or refused with a position, whatever it says', () => {
    const piece = fc.constantFrom(
      ...['(', ')', ',', '=', '!=', '<', ' ', 'AND ', 'OR ', 'NOT ', 'IN', 'BETWEEN ', 'IS ', 'NULL '],
      ...["'a'", '"Running"', '`', '7', 'GROUP BY ', 'ORDER BY ', 'STARTS_WITH ', ...ATTRIBUTES],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.tuple(filter, fc.nat(), fc.string({ maxLength: 3 })).map(([value, at, text]) => {
        const whole = shown(value);
        return whole.slice(0, at % whole.length) + text + whole.slice((at + 1) % whole.length);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const error = refusal(text);
        if (!error) return;
        expect(error.field).toBe('query');
        const position = Number(/at position (\d+)$/.exec(error.reason)?.[1]);
        expect(position).toBeGreaterThanOrEqual(1);
        expect(position).toBeLessThanOrEqual(text.length + 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes an empty text for everything', () => {
    expect(parseFilter('', KINDS)).toEqual({ filter: undefined, groupBy: undefined });
    expect(parseFilter('  \n', KINDS)).toEqual({ filter: undefined, groupBy: undefined });
    expect(parseFilter('GROUP BY ExecutionStatus', KINDS)).toEqual({
      filter: undefined,
      groupBy: 'ExecutionStatus',
    });
  });

  it.each<[string, VisibilityValues, Truth]>([
    ["ExecutionStatus = 'Running'", { ExecutionStatus: 'RUNNING' }, true],
    ["ExecutionStatus = 'TimedOut'", { ExecutionStatus: 'TIMED_OUT' }, true],
    ['ExecutionStatus = "CONTINUED_AS_NEW"', { ExecutionStatus: 'CONTINUED_AS_NEW' }, true],
    ['ExecutionStatus = 2', { ExecutionStatus: 'COMPLETED' }, true],
    ["ExecutionStatus IN ('Failed', 'TimedOut')", { ExecutionStatus: 'COMPLETED' }, false],
    ["ExecutionStatus not in ('Failed', 'TimedOut')", { ExecutionStatus: 'COMPLETED' }, true],
    ["`WorkflowType` != 'a'", { WorkflowType: 'b' }, true],
    ["WorkflowType <> 'a'", { WorkflowType: 'a' }, false],
    ["WorkflowId STARTS_WITH 'order-'", { WorkflowId: 'order-7' }, true],
    ["WorkflowId not starts_with 'order-'", { WorkflowId: 'order-7' }, false],
    ["WorkflowId = 'it''s' or WorkflowId = 'it\\'s'", { WorkflowId: "it's" }, true],
    ['WorkflowId = "say ""so"""', { WorkflowId: 'say "so"' }, true],
    ["StartTime > '1970-01-01T00:00:01Z'", { StartTime: 1_001 }, true],
    ["StartTime >= '1970-01-01T00:00:01.5+00:00'", { StartTime: 1_499 }, false],
    ["StartTime < '1970-01-01T00:00:00.001000001Z'", { StartTime: 1 }, true],
    ['StartTime = 1000000', { StartTime: 1 }, true],
    [
      "StartTime BETWEEN '1970-01-01T00:00:00Z' AND '1970-01-01T00:00:02Z' AND WorkflowId = 'a'",
      { StartTime: 2_000, WorkflowId: 'a' },
      true,
    ],
    ["StartTime NOT BETWEEN '1970-01-01T00:00:00Z' AND '1970-01-01T00:00:02Z'", { StartTime: 2_001 }, true],
    ['CloseTime IS NULL', { CloseTime: null }, true],
    ['CloseTime is not null', { CloseTime: 5 }, true],
    ["CloseTime > '1970-01-01T00:00:00Z'", { CloseTime: null }, 'null'],
    ["NOT CloseTime > '1970-01-01T00:00:00Z'", { CloseTime: null }, 'null'],
    ["CloseTime IS NULL OR CloseTime > '2027-01-01T00:00:00Z'", { CloseTime: null }, true],
    // AND binds more tightly than OR, NOT than both.
    [
      "WorkflowId = 'a' OR WorkflowId = 'b' AND WorkflowType = 'x'",
      { WorkflowId: 'a', WorkflowType: 'y' },
      true,
    ],
    ["NOT WorkflowId = 'a' AND WorkflowType = 'x'", { WorkflowId: 'a', WorkflowType: 'y' }, false],
    [
      "(WorkflowId = 'a' OR WorkflowId = 'b') AND WorkflowType = 'x'",
      { WorkflowId: 'a', WorkflowType: 'y' },
      false,
    ],
    ["City = 'Kiel'", { City: ['Kiel'] }, true],
    ["City != 'Kiel'", { City: ['Bonn'] }, true],
    ["City != 'Kiel'", { City: null }, 'null'],
    ["City STARTS_WITH 'K'", { City: ['Kiel'] }, true],
    ["Tags = 'a'", { Tags: ['b', 'a'] }, true],
    ["Tags != 'a'", { Tags: ['b', 'a'] }, false],
    ["Tags IN ('c', 'a')", { Tags: ['b', 'a'] }, true],
    ["Tags NOT IN ('c', 'd')", { Tags: ['b', 'a'] }, true],
    ["Note = 'Fragile glass'", { Note: ['very', 'fragile'] }, true],
    ["Note = 'glass'", { Note: ['very', 'fragile'] }, false],
    ["Note != 'glass'", { Note: ['very', 'fragile'] }, true],
    ['Count > 6', { Count: [7] }, true],
    ["Count BETWEEN '1' AND 7", { Count: [7] }, true],
    ['Price <= 1.5', { Price: [1.25] }, true],
    ['Paid = true', { Paid: [true] }, true],
    ["Paid = 'false'", { Paid: [true] }, false],
    ["Due < '1970-01-01T00:00:01Z'", { Due: [999] }, true],
    ['City IS NULL', { City: null }, true],
    ["TemporalChangeVersion = 'v1'", { TemporalChangeVersion: ['v1'] }, true],
    ["TaskQueue = 'q' AND RunId = 'r'", { TaskQueue: 'q' }, 'unknown'],
    ["TaskQueue = 'q' AND RunId = 'r'", { TaskQueue: 'p' }, false],
  ])('%s', (query, values, truth) => {
    expect(truthOf(query, values)).toBe(truth);
  });

  it.each([
    ["CustomKeyword = 'a'", 1, 'unknown attribute "CustomKeyword"'],
    ["constructor = 'a'", 1, 'unknown attribute'],
    ["Tags > 'a'", 6, 'has no order'],
    ["Note > 'a'", 6, 'has no order'],
    ["Note IN ('a')", 9, 'only = and != compare it'],
    ["Tags STARTS_WITH 'a'", 6, 'is not text'],
    ["Paid = 'maybe'", 8, 'is true or false'],
    ["Count = 'many'", 9, 'is a number'],
    ["Due = 'soon'", 7, 'is a time such as'],
    ["WorkflowId = 'a", 14, 'never closed'],
    ['WorkflowId = a', 14, 'expected a value for WorkflowId'],
    ['WorkflowId = 7', 14, 'is text'],
    ['WorkflowId', 11, 'expected a comparison such as =, found the end'],
    ["WorkflowId LIKE 'a'", 12, 'expected a comparison such as =, found "LIKE"'],
    ["WorkflowId = 'a' WorkflowId = 'b'", 18, 'expected AND, OR or the end'],
    ["(WorkflowId = 'a'", 18, 'expected ")", found the end'],
    ["WorkflowId IN 'a'", 15, 'expected "("'],
    ["WorkflowId IN ('a' 'b')", 20, 'expected ")"'],
    ["WorkflowId NOT = 'a'", 16, 'expected IN, BETWEEN or STARTS_WITH'],
    ["ExecutionStatus = 'Gone'", 19, '"Gone" is no ExecutionStatus'],
    ["ExecutionStatus > 'Running'", 17, 'has no order'],
    ["ExecutionStatus STARTS_WITH 'R'", 17, 'is not text'],
    ["StartTime > 'yesterday'", 13, 'is a time such as'],
    ["StartTime > '2027-13-01T00:00:00Z'", 13, 'is a time such as'],
    ['StartTime BETWEEN 1 , 2', 21, 'expected AND'],
    ['WorkflowId IS 7', 15, 'expected NULL'],
    ["WorkflowId = 'a' ORDER BY StartTime", 18, 'ORDER BY is not supported'],
    ['GROUP BY WorkflowType', 10, 'ExecutionStatus only'],
    ['GROUP ExecutionStatus', 7, 'expected BY'],
    ["WorkflowId = 'a'; DROP", 17, 'unexpected character ";"'],
    [`${'('.repeat(200)}WorkflowId = 'a'`, 52, 'inside one another'],
  ])('refuses %s at position %i', (query, position, reason) => {
    const error = refusal(query);
    expect(error?.reason).toContain(reason);
    expect(error?.reason).toMatch(new RegExp(`at position ${position}$`));
  });

  it('refuses what is too long', () => {
    expect(refusal(' '.repeat(10_001))?.reason).toContain('at most 10000 characters');
  });
});
