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
  (expression.match(/\b(tidewheel|http|process|nodejs)_[a-z_]+\b/g) ?? []).filter(
    (name) => name !== 'tidewheel_namespace',
  );

function assertExists(series) {
  const metric = series.replace(/_(bucket|count|sum)$/, '');
  const exists = kinds.get(metric) === 'histogram' ? metric !== series : kinds.has(series);
  assert.ok(exists, `${series} is not in docs/telemetry-catalogue.md`);
}

function assertAllExist(expressions) {
  assert.ok(expressions.length > 0);
  for (const expression of expressions) {
    const series = seriesIn(expression);
    assert.ok(series.length > 0, `${expression} reads nothing`);
    series.forEach(assertExists);
  }
}

async function readDashboard() {
  const { data } = find(await render({ ...LEAST, dashboard: { enabled: true } }), 'ConfigMap');
  const dashboard = JSON.parse(data['tidewheel.json']);
  return { ...dashboard, targets: dashboard.panels.flatMap(({ targets }) => targets) };
}

describe('metrics in', () => {
  it('the dashboard exist', async () => {
    const { targets } = await readDashboard();
    assertAllExist(targets.map(({ expr }) => expr));
  });

  it('the alerts exist', async () => {
    const { spec } = find(await render({ ...LEAST, prometheusRule: { enabled: true } }), 'PrometheusRule');
    assertAllExist(spec.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)));
  });
});

describe('the dashboard', () => {
  it('shows each namespace by itself, of Kubernetes and of Tidewheel, and lets people choose among them', async () => {
    const { targets, templating } = await readDashboard();
    const names = ['namespace', 'tidewheel_namespace'];
    for (const name of names)
      assert.ok(templating.list.find((variable) => variable.name === name)?.multi, name);
    const selector = `{${names.map((name) => `${name}=~"$${name}"`).join(', ')}}`;
    for (const { expr, legendFormat } of targets) {
      assert.equal(expr.split(selector).length - 1, seriesIn(expr).length, expr);
      for (const [, labels] of expr.matchAll(/ by \(([^)]*)\)/g)) {
        assert.deepEqual(labels.split(', ').slice(0, names.length), names);
        for (const label of labels.split(', '))
          assert.ok(legendFormat.includes(`{{${label}}}`), legendFormat);
      }
    }
  });
});
