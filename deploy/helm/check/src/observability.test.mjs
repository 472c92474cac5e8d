// Whether the dashboard and the alerts name metrics that exist.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { find, LEAST, render } from './render.mjs';
import { CHART } from './tools.mjs';

const catalogue = await readFile(path.join(CHART, '../../../docs/telemetry-catalogue.md'), 'utf8');
const kinds = new Map(
  [...catalogue.matchAll(/^\| `([a-z_]+)` +\| (counter|gauge|histogram) /gm)].map(([, name, kind]) => [
    name,
    kind,
  ]),
);

/** Series that an expression of Prometheus reads. */
const seriesIn = (expression) =>
  expression.match(/\b(tidewheel|http|process|nodejs)_[a-z_]+(?! *=)\b/g) ?? [];

function assertExists(series) {
  const metric = series.replace(/_(bucket|count|sum)$/, '');
  const exists = kinds.get(metric) === 'histogram' ? metric !== series : kinds.has(series);
  assert.ok(exists, `${series} is not in docs/telemetry-catalogue.md`);
}

function assertAllExist(expressions) {
  assert.ok(expressions.length > 0);
  for (const expression of expressions) {
    const series = seriesIn(expression).filter((name) => name !== 'tidewheel_namespace');
    assert.ok(series.length > 0, `${expression} reads nothing`);
    series.forEach(assertExists);
  }
}

describe('metrics in', () => {
  it('the dashboard exist', async () => {
    const { data } = find(await render({ ...LEAST, dashboard: { enabled: true } }), 'ConfigMap');
    const { panels } = JSON.parse(data['tidewheel.json']);
    assertAllExist(panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
  });

  it('the alerts exist', async () => {
    const { spec } = find(await render({ ...LEAST, prometheusRule: { enabled: true } }), 'PrometheusRule');
    assertAllExist(spec.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)));
  });
});
