import { Client, Connection } from '@tidewheel/client';
import { readExposition, spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { broken, failing, idle, metered, ordering } from './metered-workflows.fixture.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./metered-workflows.fixture.ts', import.meta.url));
const DOCUMENTATION = fileURLToPath(new URL('../../../docs/observability.md', import.meta.url));
const TASK_QUEUE = 'metered';
const LABELS = `namespace="default",task_queue="${TASK_QUEUE}"`;
const MONITORED = `${LABELS},activity_type="monitored"`;

let redis: TestRedis;
let connection: Connection;
let client: Client;
let folder: string;
let worker: SpawnedProcess;
/** What was exported last over OTLP, as JSON. */
let exported = '';
const collector = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    exported = Buffer.concat(parts).toString();
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});
let port: string;

/** The activity that the documentation shows. */
function documentedActivity(): string {
  const [, after = ''] = readFileSync(DOCUMENTATION, 'utf8').split('<!-- example: monitored activity -->');
  return /```js\n(.*?)```/s.exec(after)?.[1] ?? '';
}

/** All series and their values, once there is one that is asked for. */
async function scrape(awaited: string, fits = (_: number) => true): Promise<ReadonlyMap<string, number>> {
  return waitUntil(
    async () => {
      const series = readExposition(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());
      const value = series.get(awaited);
      return value !== undefined && fits(value) && series;
    },
    { what: awaited },
  );
}

const workflowSeries = (name: string, type: string, more = ''): string =>
  `${name}{${LABELS},workflow_type="${type}"${more}}`;

beforeAll(async () => {
  redis = await startTestRedis();
  connection = await Connection.connect({ url: redis.url });
  client = new Client({ connection });
  // Within the repository, so that it finds the packages that it imports.
  folder = mkdtempSync(fileURLToPath(new URL('../metered-', import.meta.url)));
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port: collectorPort } = collector.address() as AddressInfo;
  const activities = join(folder, 'activities.mjs');
  writeFileSync(activities, documentedActivity());
  worker = await spawnProcess({
    command: process.execPath,
    args: [MAIN],
    name: 'worker process',
    env: {
      REDIS_URL: redis.url,
      TIDEWHEEL_WORKER_TASK_QUEUES: TASK_QUEUE,
      TIDEWHEEL_WORKER_WORKFLOWS: WORKFLOWS,
      TIDEWHEEL_WORKER_ACTIVITIES: activities,
      TIDEWHEEL_WORKER_PORT: '0',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://127.0.0.1:${collectorPort}/v1/metrics`,
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      // Each workflow task goes through the whole history.
      TIDEWHEEL_WORKER_MAX_CACHED_WORKFLOWS: '0',
    },
  });
  [, port = ''] = await worker.waitForLine(/"port":(\d+),"msg":"listening"/);
});
afterAll(async () => {
  worker.kill('SIGKILL');
  await worker.exited;
  collector.close();
  rmSync(folder, { recursive: true });
  await connection.close();
  await redis.stop();
});

const options = (workflowId: string) => ({ workflowId, taskQueue: TASK_QUEUE });

it("shows the documentation's own metric by outcome and type of error", async () => {
  await client.workflow.execute<typeof metered>('metered', { ...options('m-1'), args: ['succeed'] });
  await expect(
    client.workflow.execute<typeof metered>('metered', { ...options('m-2'), args: ['fail'] }),
  ).rejects.toThrow();
  const count = `activity_duration_seconds_count{${MONITORED},activity_name="monitored"`;
  const failed = `${count},status="failure",error_type="ApplicationFailure"}`;
  const series = await scrape(failed);
  expect(series.get(failed)).toBe(1);
  expect(series.get(`${count},status="success"}`)).toBe(1);
});

it('counts once what a workflow records, though its history is replayed again and again', async () => {
  const handle = await client.workflow.start<typeof ordering>('ordering', { ...options('o-1'), args: [5] });
  for (let i = 0; i < 5; i++) await handle.signal('order');
  await handle.result();
  const counter = workflowSeries('orders_total', 'ordering', ',item="tea"');
  const replayed = workflowSeries('tidewheel_workflow_task_replay_latency_seconds_count', 'ordering');
  const series = await scrape(replayed);
  expect(series.get(counter)).toBe(5);
  expect(series.get(workflowSeries('basket_items_count', 'ordering'))).toBe(5);
  expect(series.get(workflowSeries('basket_items_sum', 'ordering'))).toBe(15);
  expect(series.get(workflowSeries('basket_price', 'ordering'))).toBe(2.5);
  expect(series.get(replayed)).toBeGreaterThanOrEqual(5);
});

it('exports over OTLP what users record and what workers record, under the same names', async () => {
  interface Exported {
    readonly name: string;
    readonly sum?: { readonly dataPoints: readonly { readonly asDouble?: number }[] };
  }
  const ordersIn = (metrics: readonly Exported[]): readonly { readonly asDouble?: number }[] | undefined =>
    metrics.find(({ name }) => name === 'orders')?.sum?.dataPoints;
  const metrics = await waitUntil(
    () => {
      const { resourceMetrics } = JSON.parse(exported) as {
        resourceMetrics: { scopeMetrics: { metrics: Exported[] }[] }[];
      };
      const all = resourceMetrics.flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics),
      );
      // An export may have been made while the orders came in.
      return (ordersIn(all)?.[0]?.asDouble ?? 0) >= 5 && all;
    },
    { what: 'all orders to be exported' },
  );
  expect(ordersIn(metrics)).toMatchObject([{ asDouble: 5 }]);
  const names = metrics.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'activity_duration_seconds',
      'tidewheel_activity_task_received',
      'tidewheel_workflow_endtoend_latency_seconds',
    ]),
  );
});

it('counts runs by type and end, and times them', async () => {
  const cancelled = await client.workflow.start<typeof idle>('idle', options('i-1'));
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow();
  await expect(client.workflow.execute<typeof failing>('failing', options('f-1'))).rejects.toThrow();
  const ended = workflowSeries('tidewheel_workflow_endtoend_latency_seconds_count', 'failing');
  const series = await scrape(ended);
  expect(series.get(ended)).toBe(1);
  expect(series.get(workflowSeries('tidewheel_workflow_canceled_total', 'idle'))).toBe(1);
  expect(series.get(workflowSeries('tidewheel_workflow_failed_total', 'failing'))).toBe(1);
  expect(series.get(workflowSeries('tidewheel_workflow_failed_total', 'metered'))).toBe(1);
  expect(series.get(workflowSeries('tidewheel_workflow_completed_total', 'metered'))).toBe(1);
  expect(series.get(workflowSeries('tidewheel_workflow_endtoend_latency_seconds_count', 'metered'))).toBe(2);
});

it('counts workflow tasks that fail, by type and reason', async () => {
  const handle = await client.workflow.start<typeof broken>('broken', options('b-1'));
  const failed = workflowSeries(
    'tidewheel_workflow_task_execution_failed_total',
    'broken',
    ',failure_reason="WorkflowError"',
  );
  const series = await scrape(failed);
  await handle.terminate();
  expect(series.get(failed)).toBeGreaterThanOrEqual(1);
});

it('times and counts the tasks of both kinds', async () => {
  const started = workflowSeries(
    'tidewheel_workflow_task_schedule_to_start_latency_seconds_count',
    'metered',
  );
  const series = await scrape(started);
  // Two runs with two workflow tasks each.
  expect(series.get(started)).toBe(4);
  expect(
    series.get(workflowSeries('tidewheel_workflow_task_execution_latency_seconds_count', 'metered')),
  ).toBe(4);
  expect(series.get(`tidewheel_activity_task_received_total{${MONITORED}}`)).toBe(7);
  for (const [name, count] of [
    ['schedule_to_start', 7],
    ['execution', 7],
    ['succeed_endtoend', 6],
  ] as const) {
    expect(series.get(`tidewheel_activity_${name}_latency_seconds_count{${MONITORED}}`)).toBe(count);
  }
  expect(series.get(`tidewheel_activity_execution_failed_total{${MONITORED},failure_type="NoData"}`)).toBe(1);
  expect(series.get(`tidewheel_workflow_task_queue_poll_succeed_total{${LABELS}}`)).toBeGreaterThan(0);
  expect(series.get(`tidewheel_worker_start_total{${LABELS}}`)).toBe(1);
  expect(series.get(`tidewheel_num_pollers{${LABELS},poller_type="workflow_task"}`)).toBe(1);
  expect(series.get(`tidewheel_num_pollers{${LABELS},poller_type="sticky_workflow_task"}`)).toBe(0);
});

it('counts reads that brought nothing', async () => {
  for (const name of [
    'tidewheel_workflow_task_queue_poll_empty_total',
    'tidewheel_activity_poll_no_task_total',
  ]) {
    await scrape(`${name}{${LABELS}}`, (count) => count > 0);
  }
});
