import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricDefinition } from './catalog/metric-definition.js';
import { METRICS } from './metric-catalog.js';

const ROOT = join(__dirname, '../../..');
const DEFINITIONS: readonly MetricDefinition[] = Object.values(METRICS);

/** Every series that Prometheus gets of the catalogue. */
const SERIES = new Set(
  DEFINITIONS.flatMap(({ name, kind }) => {
    const plain = name.replace(/\W/g, '_');
    if (kind === 'counter') return [`${plain}_total`];
    return kind === 'histogram' ? [`${plain}_bucket`, `${plain}_count`, `${plain}_sum`] : [plain];
  }),
);

/** Words with the prefix that are no metrics: activities that sessions consist of, and a label that the chart adds. */
const NO_METRICS = [
  'tidewheel_open_session',
  'tidewheel_hold_session',
  'tidewheel_close_session',
  'tidewheel_namespace',
];

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function metricsNamedIn(file: string): string[] {
  const words = readFileSync(file, 'utf8').match(/\b(tidewheel|nodejs|process|http_server)_\w+/g) ?? [];
  return words.filter((word) => !NO_METRICS.includes(word));
}

describe('the catalogue of metrics', () => {
  it('declares each name once', () => {
    const names = DEFINITIONS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(DEFINITIONS)(
    'names $name as Prometheus wants it, the unit last',
    ({ name, kind, unit, bounds }) => {
      expect(name).toMatch(/^[a-z][a-z0-9_.]*$/);
      expect(name).not.toMatch(/total$/);
      if (unit === 's') expect(name).toMatch(/[._]seconds$/);
      if (unit === 'By') expect(name).toMatch(/[._]bytes$/);
      expect(bounds !== undefined).toBe(kind === 'histogram');
    },
  );
});

it('declares no metric that nobody records', () => {
  const sources = ['libs/telemetry/src', 'libs/worker/src', 'apps/api/src', 'apps/worker/src']
    .flatMap(filesUnder)
    .filter((file) => file.endsWith('.ts') && !/\.(spec|itest|fixture)\.ts$|\/catalog\//.test(file));
  const code = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const unused = Object.keys(METRICS).filter((key) => !new RegExp(`\\b${key}\\b`).test(code));
  expect(unused).toEqual([]);
});

describe('the chart', () => {
  const named = filesUnder('deploy/helm/tidewheel').flatMap(metricsNamedIn);

  it('has alerts, panels and scalers', () => expect(named.length).toBeGreaterThan(10));

  it('names no metric that is not in the catalogue', () => {
    expect(named.filter((name) => !SERIES.has(name))).toEqual([]);
  });
});

describe('the documentation', () => {
  it('names no metric that is not in the catalogue', () => {
    const files = [...filesUnder('docs'), join(ROOT, 'README.md')].filter(
      (file) => file.endsWith('.md') && !file.endsWith('telemetry-catalogue.md'),
    );
    const plain = DEFINITIONS.filter(({ kind }) => kind === 'histogram').map(({ name }) => name);
    const known = new Set([...SERIES, ...plain]);
    const unknown = files.flatMap(metricsNamedIn).filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  });
});
