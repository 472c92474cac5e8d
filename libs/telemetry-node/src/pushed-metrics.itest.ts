import { METRICS } from '@tidewheel/telemetry';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
/** Records one value in a process of its own, and pushes it when it ends. */
const RECORDING = `
  import { histogramSeries, METRICS } from '@tidewheel/telemetry';
  import { startTelemetry } from '@tidewheel/telemetry-node';
  const telemetry = await startTelemetry({ service: 'test' });
  histogramSeries(METRICS.activityExecutionLatency, {}).record(1);
  await telemetry.stop();
`;
/** Pushes counters three times, and a gauge that is not observed before the last one. */
const OBSERVING = `
  import { metrics } from '@opentelemetry/api';
  import { startTelemetry } from '@tidewheel/telemetry-node';
  await startTelemetry({ service: 'test' });
  const meter = metrics.getMeter('test');
  let isThere = true;
  meter.createObservableGauge('observed').addCallback((result) => isThere && result.observe(2));
  meter.createObservableCounter('counted').addCallback((result) => result.observe(5));
  const added = meter.createCounter('added');
  for (const stays of [true, true, false]) {
    isThere = stays;
    added.add(1);
    await metrics.getMeterProvider().forceFlush();
  }
  process.exit(0);
`;
const PREFERENCE = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';
const DELTA = 1;
const CUMULATIVE = 2;

interface Metric {
  readonly name: string;
  readonly histogram?: Record<string, unknown>;
  readonly gauge?: Record<string, unknown>;
  readonly sum?: Record<string, unknown>;
}
interface Push {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

/** What a collector gets from a program, by push. */
async function pushesOf(program: string, env: Record<string, string>): Promise<readonly Metric[][]> {
  const pushes: Metric[][] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { resourceMetrics } = JSON.parse(body) as Push;
      const scopes = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics);
      pushes.push(scopes.flatMap(({ metrics }) => metrics));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  try {
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: FOLDER,
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://127.0.0.1:${port}/v1/metrics`,
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
        ...env,
      },
    });
  } finally {
    collector.closeAllConnections();
    collector.close();
  }
  return pushes;
}

it('pushes histograms that go on from one push to the next, unless differences are wanted', async () => {
  const { name, bounds } = METRICS.activityExecutionLatency;
  const point = { count: 1, sum: 1, explicitBounds: bounds };
  const pushed = async (env: Record<string, string>): Promise<unknown> => {
    const found = (await pushesOf(RECORDING, env)).flat().filter((metric) => metric.name === name);
    expect(found).toHaveLength(1);
    return found[0]?.histogram;
  };
  expect(await pushed({})).toMatchObject({ aggregationTemporality: CUMULATIVE, dataPoints: [point] });
  expect(await pushed({ [PREFERENCE]: 'delta' })).toMatchObject({
    aggregationTemporality: DELTA,
    dataPoints: [point],
  });
});

it.each([
  { preference: '', ofCounted: CUMULATIVE, counted: [5, 5, 5], ofAdded: CUMULATIVE, added: [1, 2, 3] },
  { preference: 'delta', ofCounted: DELTA, counted: [5, 0, 0], ofAdded: DELTA, added: [1, 1, 1] },
  { preference: 'lowmemory', ofCounted: CUMULATIVE, counted: [5, 5, 5], ofAdded: DELTA, added: [1, 1, 1] },
])(
  'pushes gauges as long as they are observed, and counters as preferred: "$preference"',
  async ({ preference, ofCounted, counted, ofAdded, added }) => {
    const pushes = await pushesOf(OBSERVING, { [PREFERENCE]: preference });
    expect(pushes).toHaveLength(3);
    const of = (name: string) => pushes.map((metrics) => metrics.find((metric) => metric.name === name));
    const nanos = expect.stringMatching(/^\d+$/) as unknown;
    const point = { asDouble: 2, attributes: [], startTimeUnixNano: nanos, timeUnixNano: nanos };
    expect(of('observed').map((metric) => metric?.gauge)).toEqual([
      { dataPoints: [point] },
      { dataPoints: [point] },
      undefined,
    ]);
    const sums = (temporality: number, values: readonly number[]) =>
      values.map((asDouble) => ({
        sum: { aggregationTemporality: temporality, dataPoints: [{ asDouble }] },
      }));
    expect(of('counted')).toMatchObject(sums(ofCounted, counted));
    expect(of('added')).toMatchObject(sums(ofAdded, added));
  },
);
