interface Family {
  readonly type: string;
  readonly series: Map<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"`;
const SAMPLE = new RegExp(
  `^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (-?[0-9.]+(?:e[+-]?\\d+)?|NaN|[+-]Inf)$`,
);
const SUFFIXES = { histogram: ['_bucket', '_count', '_sum'], counter: [''], gauge: [''] } as const;

/**
 * Reads Prometheus' text format, version 0.0.4, and checks what the format asks for: one HELP and one TYPE before the
 * samples of a family, the samples of a family together, no series twice, and buckets that add up to the count.
 *
 * @returns the values of all series, by name and labels as they are written
 */
export function readExposition(text: string): ReadonlyMap<string, number> {
  const families = new Map<string, Family>();
  let current: { readonly name: string; readonly family: Family } | undefined;
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|UNIT) /.test(line)) continue;
    const [, name, type] = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line) ?? [];
    if (name !== undefined && type !== undefined) {
      if (families.has(name)) throw new Error(`the family ${name} comes twice`);
      if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name} lacks _total`);
      current = { name, family: { type, series: new Map() } };
      families.set(name, current.family);
      continue;
    }
    readSample(line, current);
  }
  for (const { type, series } of families.values()) if (type === 'histogram') checkBuckets(series);
  return new Map([...families.values()].flatMap(({ series }) => [...series]));
}

function readSample(
  line: string,
  current: { readonly name: string; readonly family: Family } | undefined,
): void {
  const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const suffixes = SUFFIXES[current?.family.type as keyof typeof SUFFIXES];
  if (!current || !suffixes.some((suffix) => name === current.name + suffix)) {
    throw new Error(`outside of its family: ${line}`);
  }
  const key = `${name}${labels}`;
  if (current.family.series.has(key)) throw new Error(`twice: ${key}`);
  current.family.series.set(key, Number(value.replace('Inf', 'Infinity')));
}

/** The buckets of each series grow, and the last one, of everything, is the count. */
function checkBuckets(series: ReadonlyMap<string, number>): void {
  const highest = new Map<string, number>();
  for (const [key, value] of series) {
    const [, name, labels = '', bound] = /^(.*)_bucket\{(.*?),?le="(.*)"\}$/.exec(key) ?? [];
    if (name === undefined) continue;
    const of = labels === '' ? `${name}_count` : `${name}_count{${labels}}`;
    if (value < (highest.get(of) ?? 0)) throw new Error(`fewer than in the bucket before: ${key}`);
    highest.set(of, value);
    if (bound === '+Inf' && series.get(of) !== value) throw new Error(`not the count: ${key}`);
  }
}
