import { makeMetricMeter } from './metric-meter.js';
import type { MetricUpdate } from './metric-meter.js';

function recorded(): { updates: MetricUpdate[]; meter: ReturnType<typeof makeMetricMeter> } {
  const updates: MetricUpdate[] = [];
  return { updates, meter: makeMetricMeter((update) => updates.push(update), { namespace: 'default' }) };
}

it('hands over each value with its metric and the tags of meter, metric and call, the nearest first', () => {
  const { updates, meter } = recorded();
  const counter = meter.withTags({ a: 1, b: 1, c: 1 }).createCounter('orders', '{order}', 'Orders.');
  counter.withTags({ b: 2, c: 2 }).add(3, { c: 3 });
  meter.createHistogram('took_seconds', 'float').record(0.5);
  meter.createGauge('depth').set(-2);
  expect(updates).toEqual([
    {
      kind: 'counter',
      name: 'orders',
      unit: '{order}',
      description: 'Orders.',
      valueType: 'int',
      value: 3,
      tags: { namespace: 'default', a: 1, b: 2, c: 3 },
    },
    {
      kind: 'histogram',
      name: 'took_seconds',
      valueType: 'float',
      value: 0.5,
      tags: { namespace: 'default' },
    },
    { kind: 'gauge', name: 'depth', valueType: 'int', value: -2, tags: { namespace: 'default' } },
  ]);
});

it('refuses names that nobody could collect, and names that are taken', () => {
  const { meter } = recorded();
  for (const name of ['', '1st', 'with space', 'ä', 'x'.repeat(256)]) {
    expect(() => meter.createCounter(name)).toThrow(`metric name "${name}"`);
  }
  expect(() => meter.createGauge('tidewheel_workflow_failed')).toThrow('taken');
});

it('refuses values that are no measurement', () => {
  const { updates, meter } = recorded();
  expect(() => meter.createCounter('orders').add(-1)).toThrow('must not be negative');
  expect(() => meter.createHistogram('took').record(0.5)).toThrow('needs "float"');
  expect(() => meter.createHistogram('took').record(-1)).toThrow('must not be negative');
  expect(() => meter.createGauge('depth').set(Number.NaN)).toThrow('is no number');
  const unsound = { at: Symbol('x') } as unknown as Record<string, string>;
  expect(() => meter.createCounter('orders').add(1, unsound)).toThrow('tag at must be');
  expect(updates).toEqual([]);
});
