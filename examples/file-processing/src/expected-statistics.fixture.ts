import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

type Value = string | number | boolean | null | undefined;

const DATA = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');

/**
 * The statistics of a data file, computed in another way than the example does: fields by pattern, rows as objects,
 * sums over all values, and sorting. Means and deviations match to nine digits.
 */
export async function expectedStatistics(name: string) {
  const text = await readFile(join(DATA, name), 'utf8');
  const rows = name.endsWith('.json') ? (JSON.parse(text) as Record<string, Value>[]) : csvObjects(text);
  const names = [...new Set(rows.flatMap(Object.keys))];
  return {
    rows: rows.length,
    columns: Object.fromEntries(
      names.map((column) => [column, describeColumn(rows.map((row) => row[column]))]),
    ),
  };
}

function csvObjects(text: string): Record<string, Value>[] {
  const [header = [], ...lines] = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(fieldOf));
  return lines.map((fields) =>
    Object.fromEntries(header.map((column, i) => [column, numberOrText(fields[i])])),
  );
}

function fieldOf([, quoted, plain]: RegExpMatchArray): string {
  return quoted?.replaceAll('""', '"') ?? plain ?? '';
}

function numberOrText(field = ''): Value {
  if (field === '') return null;
  return field.trim() === field && Number.isFinite(Number(field)) ? Number(field) : field;
}

function describeColumn(values: readonly Value[]) {
  const present = values.filter((value) => value !== null && value !== undefined);
  const missing = values.length - present.length;
  if (present.length > 0 && present.every((value) => typeof value === 'number')) {
    const sorted = [...present].sort((a, b) => a - b);
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
    const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sorted.length - 1 || 1);
    return {
      type: 'number',
      count: sorted.length,
      missing,
      min: sorted[0],
      max: sorted.at(-1),
      mean: nearly(mean),
      standardDeviation: nearly(Math.sqrt(variance)),
    };
  }
  const sorted = present.map(String).sort();
  const runs: { value: string; count: number }[] = [];
  for (const value of sorted) {
    const last = runs.at(-1);
    if (last?.value === value) last.count += 1;
    else runs.push({ value, count: 1 });
  }
  // Stable: among equals the first in order stays first.
  const [mostFrequent] = [...runs].sort((a, b) => b.count - a.count);
  return {
    type: 'text',
    count: present.length,
    missing,
    distinct: runs.length,
    ...(mostFrequent && { mostFrequent }),
  };
}

function nearly(value: number): unknown {
  const digits = Math.max(0, 9 - Math.ceil(Math.log10(Math.abs(value) + 1)));
  return expect.closeTo(value, digits);
}
