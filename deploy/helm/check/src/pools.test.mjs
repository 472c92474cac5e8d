// What pools of workers get from values that are theirs, and from values that they share.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { find, LEAST, POOL, render, variablesOf } from './render.mjs';

describe('numbers', () => {
  it('reach the processes in full, however large they are', async () => {
    const env = { BYTES: 250_000_000, SHARE: 0.5, FLAG: true, TEXT: '1e+06' };
    const objects = await render({
      ...LEAST,
      api: { env },
      workerPools: { orders: { ...POOL, env, maxCachedWorkflows: 1_000_000 } },
    });
    const worker = variablesOf(find(objects, 'Deployment', '-orders'));
    assert.equal(worker.TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS, '1000000');
    for (const { BYTES, SHARE, FLAG, TEXT } of [worker, variablesOf(find(objects, 'Deployment', '-api'))]) {
      assert.deepEqual([BYTES, SHARE, FLAG, TEXT], ['250000000', '0.5', 'true', '1e+06']);
    }
  });
});

describe('an update', () => {
  it('has a pod more for a while, unless the pool says that there is no room for it', async () => {
    const rollingUpdate = { maxUnavailable: 1, maxSurge: 0 };
    const objects = await render({
      ...LEAST,
      workerPools: { orders: POOL, gpu: { ...POOL, rollingUpdate } },
    });
    const strategyOf = (name) => find(objects, 'Deployment', name).spec.strategy.rollingUpdate;
    assert.deepEqual(strategyOf('-orders'), { maxUnavailable: 0, maxSurge: '25%' });
    assert.deepEqual(strategyOf('-gpu'), rollingUpdate);
  });
});

describe('labels', () => {
  it('of pods go before those of all objects, and each is there once', async () => {
    const podLabels = { team: 'orders', tier: 'back' };
    const values = {
      ...LEAST,
      commonLabels: { team: 'flows', zone: 'a' },
      workerPools: { orders: { ...POOL, podLabels } },
    };
    const { metadata, spec } = find(await render(values), 'Deployment', '-orders');
    assert.equal(metadata.labels.team, 'flows');
    const { team, tier, zone } = spec.template.metadata.labels;
    assert.deepEqual([team, tier, zone], ['orders', 'back', 'a']);
  });
});

describe('a service account', () => {
  const namesOf = async (values) =>
    (await render({ ...LEAST, ...values }))
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ metadata }) => metadata.name);

  it('is one for each pool, unless they share one', async () => {
    const workerPools = { a: POOL, b: POOL };
    assert.deepEqual(await namesOf({ workerPools }), [
      'tw-tidewheel-api',
      'tw-tidewheel-worker-a',
      'tw-tidewheel-worker-b',
    ]);
    const workerDefaults = { serviceAccount: { name: 'flows' } };
    assert.deepEqual(await namesOf({ workerPools, workerDefaults }), ['tw-tidewheel-api', 'flows']);
    const api = { serviceAccount: { name: 'flows' } };
    assert.deepEqual(await namesOf({ workerPools, workerDefaults, api }), ['flows']);
  });
});
