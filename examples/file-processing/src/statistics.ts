import type { Cell, Table } from './table.js';

/** What a column of numbers looks like. */
interface NumberColumn {
  readonly type: 'number';
  /** Rows with a value, and rows without. */
  readonly count: number;
  readonly missing: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the sample; 0 when there is one value. */
  readonly standardDeviation: number;
}

/** What a column of anything else looks like. */
interface TextColumn {
  readonly type: 'text';
  readonly count: number;
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
  /** The most frequent value; of several the first in the order of code units. Absent without values. */
  readonly mostFrequent?: { readonly value: string; readonly count: number };
}

/** What a table looks like. */
interface TableStatistics {
  readonly rows: number;
  readonly columns: Readonly<Record<string, NumberColumn | TextColumn>>;
}

/** Statistics of each column; one with at least one value, all of them numbers, is a column of numbers. */
export function columnStatistics({ columns, rows }: Table): TableStatistics {
  const entries = columns.map((name, index) => {
    const cells = rows.map((row) => row[index] ?? null);
    const numbers = cells.filter((cell) => typeof cell === 'number');
    const present = cells.filter((cell) => cell !== null);
    const isNumeric = numbers.length > 0 && numbers.length === present.length;
    const missing = cells.length - present.length;
    return [name, isNumeric ? numberColumn(numbers, missing) : textColumn(present, missing)] as const;
  });
  return { rows: rows.length, columns: Object.fromEntries(entries) };
}

/** One pass, after Welford, which stays exact where sums of squares would not. */
function numberColumn(values: readonly number[], missing: number): NumberColumn {
  let count = 0;
  let mean = 0;
  let squares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    count++;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const standardDeviation = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
  return { type: 'number', count, missing, min, max, mean, standardDeviation };
}

function textColumn(values: readonly Exclude<Cell, null>[], missing: number): TextColumn {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  let best: { value: string; count: number } | undefined;
  for (const [value, count] of counts) {
    if (!best || count > best.count || (count === best.count && value < best.value)) best = { value, count };
  }
  return {
    type: 'text',
    count: values.length,
    missing,
    distinct: counts.size,
    ...(best && { mostFrequent: best }),
  };
}
