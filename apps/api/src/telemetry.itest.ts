import { spawnProcess, startOtlpSink, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { ExportedSpan, OtlpSink, SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { fileURLToPath } from 'node:url';
import { HttpClient } from './http-client.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

let redis: TestRedis;
let sink: OtlpSink;
const processes: SpawnedProcess[] = [];

async function startApi(
  env: Record<string, string>,
): Promise<{ process: SpawnedProcess; http: HttpClient; port: number }> {
  const running = await spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'API',
    env: { REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0', TIDEWHEEL_RETENTION_INTERVAL: '1s', ...env },
  });
  processes.push(running);
  const [, port = ''] = await running.waitForLine(/"port":(\d+).*"msg":"listening"/);
  await running.waitForLine(/"msg":"ready"/);
  return { process: running, http: new HttpClient(Number(port)), port: Number(port) };
}

function childrenOf(parent: ExportedSpan): ExportedSpan[] {
  return sink.spans.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
}

beforeAll(async () => {
  [redis, sink] = await Promise.all([startTestRedis(), startOtlpSink('http/json')]);
});
afterEach(async () => {
  for (const running of processes.splice(0)) {
    running.kill('SIGKILL');
    await running.exited;
  }
});
afterAll(async () => {
  await Promise.all([redis.stop(), sink.stop()]);
});

describe('the API process that exports telemetry', () => {
  it('goes on with the trace of a request down to Redis, and names it in the log', async () => {
    const api = await startApi(sink.env);
    const response = await fetch(`http://127.0.0.1:${api.port}/api/v1/namespaces`, {
      headers: { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` },
    });
    expect(response.status).toBe(200);
    const line = await api.process.waitForLine(/"msg":"request answered"/);
    expect(JSON.parse(line.input)).toMatchObject({
      trace_id: TRACE_ID,
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });

    const request = await waitUntil(
      async () => sink.spans.find(({ parentSpanId }) => parentSpanId === '00f067aa0ba902b7'),
      { what: 'the span of the request' },
    );
    expect(request).toMatchObject({
      name: 'GET /api/v1/namespaces',
      traceId: TRACE_ID,
      service: 'tidewheel-api',
      scope: '@opentelemetry/instrumentation-http',
    });
    const traced = sink.spans.filter(({ traceId }) => traceId === TRACE_ID);
    expect(traced.map(({ scope }) => scope)).toContain('@opentelemetry/instrumentation-express');
    const commands = traced.filter(({ scope }) => scope === '@opentelemetry/instrumentation-ioredis');
    expect(commands.map(({ name }) => name)).toContain('hvals');
    expect(childrenOf(request).length).toBeGreaterThan(0);
  });

  it('makes no spans of blocking reads, though a request was what began them, nor of probes', async () => {
    // Duties would begin to read notices at the start of the process.
    const api = await startApi({ ...sink.env, TIDEWHEEL_DUTIES: 'off' });
    const workflow = `/api/v1/namespaces/default/workflows/waited-for`;
    await api.http.post(workflow, { workflowType: 'none', taskQueue: 'nobody' });
    const waiting = api.http.get(`${workflow}/result?wait=20s`);
    await fetch(`http://127.0.0.1:${api.port}/health`);
    await api.http.post(`${workflow}/terminate`, {});
    expect((await waiting).status).toBe(200);
    await waitUntil(async () => sink.spans.some(({ name }) => name.includes('/result')), {
      what: 'the span of the long poll',
    });
    const names = sink.spans.map(({ name }) => name);
    expect(names.filter((name) => /^(xread|xreadgroup|bzpopmin|blpop)$|health/i.test(name))).toEqual([]);
  });

  it('makes spans of housekeeping', async () => {
    await startApi(sink.env);
    const job = await waitUntil(async () => sink.spans.find(({ name }) => name === 'process retention'), {
      what: 'the span of a job',
    });
    expect(job.scope).toBe('tidewheel-housekeeping');
  });

  it('pushes metrics, and can be scraped as well', async () => {
    const api = await startApi(sink.env);
    await waitUntil(async () => sink.metricNames.has('process.memory.usage.bytes'), {
      what: 'metrics to be pushed',
    });
    const scraped = await fetch(`http://127.0.0.1:${api.port}/metrics`);
    expect(await scraped.text()).toContain('process_memory_usage_bytes{');
  });
});

it('ends with 1 and says why, of all variables at once, when one of telemetry says nothing sensible', async () => {
  const running = await spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'API',
    env: {
      REDIS_URL: redis.url,
      OTEL_TRACES_EXPORTER: 'otpl',
      TIDEWHEEL_DUTIES: 'x',
      TIDEWHEEL_API_PORT: 'x',
    },
  });
  await expect(running.exited).resolves.toEqual({ code: 1, signal: null });
  expect(running.lines).toEqual([
    'tidewheel-api: OTEL_TRACES_EXPORTER: got "otpl", not one of otlp, console, zipkin, none',
    expect.stringMatching(/^tidewheel-api: TIDEWHEEL_API_PORT: got "x"; allowed is /),
    'tidewheel-api: TIDEWHEEL_DUTIES: got "x"; allowed is on or off',
  ]);
});
