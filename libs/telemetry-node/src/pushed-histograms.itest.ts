import { METRICS } from '@tidewheel/telemetry';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
/** Records one value in a process of its own, and pushes it when it ends. */
const PROGRAM = `
  import { histogramSeries, METRICS } from '@tidewheel/telemetry';
  import { startTelemetry } from '@tidewheel/telemetry-node';
  const telemetry = await startTelemetry({ service: 'test' });
  histogramSeries(METRICS.activityExecutionLatency, {}).record(1);
  await telemetry.stop();
`;

interface Pushed {
  readonly resourceMetrics: {
    readonly scopeMetrics: {
      readonly metrics: { readonly name: string; readonly histogram?: Record<string, unknown> }[];
    }[];
  }[];
}

/** The histogram as a collector gets it. */
async function pushedHistogram(env: Record<string, string>): Promise<unknown> {
  let body = '';
  const collector = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  try {
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], {
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
  const { resourceMetrics } = JSON.parse(body) as Pushed;
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  );
  const found = metrics.filter(({ name }) => name === METRICS.activityExecutionLatency.name);
  expect(found).toHaveLength(1);
  return found[0]?.histogram;
}

const DELTA = 1;
const CUMULATIVE = 2;

it('pushes histograms that go on from one push to the next, unless differences are wanted', async () => {
  const point = { count: 1, sum: 1, explicitBounds: METRICS.activityExecutionLatency.bounds };
  expect(await pushedHistogram({})).toMatchObject({
    aggregationTemporality: CUMULATIVE,
    dataPoints: [point],
  });
  const env = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' };
  expect(await pushedHistogram(env)).toMatchObject({ aggregationTemporality: DELTA, dataPoints: [point] });
});
