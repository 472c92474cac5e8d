// What comes of settings that are set to null, which takes away their default.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { POOL, render, renderText } from './render.mjs';
import { CHART } from './tools.mjs';

const defaults = parse(await readFile(path.join(CHART, 'values.yaml'), 'utf8'));
const schema = JSON.parse(await readFile(path.join(CHART, 'values.schema.json'), 'utf8'));

/** All settings that have a default, as the names on the way to them. */
function settingsIn(values, way = []) {
  return Object.entries(values)
    .filter(([, value]) => value !== null)
    .flatMap(([name, value]) => {
      const here = [...way, name];
      return [here, ...(value?.constructor === Object ? settingsIn(value, here) : [])];
    });
}

const schemaOf = (way) => way.reduce((node, name) => node?.properties?.[name], schema);
/** Whether a setting is one of several that the chart reads one by one. Lists, maps and resources may be empty. */
const hasParts = (way) => way.at(-1) !== 'resources' && Boolean(schemaOf(way)?.properties);
/** Replicas are left to whoever scales. */
const isNeeded = (way) =>
  way.at(-1) !== 'replicas' && (hasParts(way) || ['boolean', 'integer'].includes(schemaOf(way)?.type));

function withNull(values, ways) {
  const changed = structuredClone(values);
  for (const way of ways) {
    const parent = way.slice(0, -1).reduce((value, name) => (value[name] ??= {}), changed);
    parent[way.at(-1)] = null;
  }
  return changed;
}

/** Settings that helm says are missing. */
async function missingIn(values) {
  const { stderr } = await renderText(values).then(
    () => assert.fail('it was rendered'),
    (reason) => reason,
  );
  return [...stderr.matchAll(/at '([^']*)': missing propert\w+ (.*)/g)].flatMap(([, where, names]) =>
    [...names.matchAll(/'([^']+)'/g)].map(([, name]) => `${where}/${name}`),
  );
}

describe('a setting that is set to null', () => {
  const settings = settingsIn(defaults);

  for (const depth of [1, 2, 3]) {
    it(`is named when the chart cannot do without it, at depth ${depth}`, async () => {
      const ways = settings.filter((way) => way.length === depth && isNeeded(way));
      assert.ok(ways.length > 0);
      const missing = new Set(await missingIn(withNull({}, ways)));
      for (const way of ways) assert.ok(missing.has(`/${way.join('/')}`), way.join('.'));
    });
  }

  it('is left out when the chart can do without it', async () => {
    const everything = {
      redis: { url: 'redis://redis.data:6379' },
      api: { autoscaling: { enabled: true }, ingress: { enabled: true, hosts: [{ host: 'flows.example' }] } },
      workerPools: { orders: { ...POOL, autoscaling: { type: 'hpa' } }, more: POOL },
      serviceMonitor: { enabled: true },
      prometheusRule: { enabled: true },
      dashboard: { enabled: true },
      networkPolicy: { enabled: true, restrictEgress: true },
    };
    const leaves = settings.filter((way) => way.length > 1 && !hasParts(way));
    const missing = await missingIn(withNull({}, leaves));
    const given = ['redis.url', 'api.image.repository', 'api.ingress.hosts'];
    const free = leaves.filter(
      (way) =>
        !missing.includes(`/${way.join('/')}`) &&
        !given.includes(way.join('.')) &&
        !schemaOf(way)?.type?.includes('null'),
    );
    assert.ok(free.length > 50);
    assert.ok((await render(withNull(everything, free))).length > 10);
  });
});
