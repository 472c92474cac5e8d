import { readExposition, spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { NativeConnection, Worker } from '@tidewheel/worker';
import { resolve } from 'node:path';
import { callGrpc } from './grpc-client.fixture.js';
import { HttpClient } from './http-client.fixture.js';

const PROGRAM = resolve(__dirname, '../dist/main.js');
const NAMESPACE = '/api/v1/namespaces/default';
const WORKFLOWS = `${NAMESPACE}/workflows`;
const TASK_QUEUE = 'timed';
const SYSTEM_INFO = '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo';
const DESCRIBE = '/temporal.api.workflowservice.v1.WorkflowService/DescribeWorkflowExecution';
const IN_DEFAULT = '{namespace="default"}';

let redis: TestRedis;
let api: SpawnedProcess;
let http: HttpClient;
let grpcPort: number;
let connection: NativeConnection;
let worker: Worker;
let working: Promise<void>;

/** Waits until a series has a value, and gives all of them. */
async function scrape(awaited: string, least = 1, of = http): Promise<ReadonlyMap<string, number>> {
  return waitUntil(
    async () => {
      const series = readExposition((await of.get('/metrics')).text);
      return (series.get(awaited) ?? 0) >= least && series;
    },
    { what: `${awaited} to be ${least}`, timeoutMs: 100_000 },
  );
}

async function startApi(): Promise<[SpawnedProcess, HttpClient]> {
  const started = await spawnProcess({
    command: process.execPath,
    args: [PROGRAM],
    env: { REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0', TIDEWHEEL_GRPC_PORT: '0' },
    name: 'api',
  });
  const [, port] = await started.waitForLine(/"port":(\d+).*"msg":"listening"/);
  return [started, new HttpClient(Number(port))];
}

function createWorker(taskQueue: string): Promise<Worker> {
  return Worker.create({
    connection,
    taskQueue,
    workflowsPath: resolve(__dirname, './timed-workflows.fixture.ts'),
    activities: { hang: () => new Promise(() => undefined) },
    shutdownTimeout: 1,
    shutdownForceTime: '5s',
  });
}

beforeAll(async () => {
  redis = await startTestRedis();
  [api, http] = await startApi();
  const [, grpc] = await api.waitForLine(/"grpcPort":(\d+).*"msg":"serving gRPC"/);
  grpcPort = Number(grpc);
  await api.waitForLine(/"msg":"ready"/);
  connection = await NativeConnection.connect({ url: redis.url });
  worker = await createWorker(TASK_QUEUE);
  working = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await connection.close();
  api.kill('SIGKILL');
  await api.exited;
  await redis.stop();
});

const start = (workflowId: string, workflowType: string, more: object = {}) =>
  http.post(`${WORKFLOWS}/${workflowId}`, { workflowType, taskQueue: TASK_QUEUE, ...more });

it('counts activities that time out, by the clock that ran out', async () => {
  await start('t-1', 'timingOut');
  await http.get(`${WORKFLOWS}/t-1/result?wait=20s`);
  for (const clock of ['start_to_close', 'heartbeat', 'schedule_to_start']) {
    const series = await scrape(`tidewheel_${clock}_timeout_total${IN_DEFAULT}`);
    expect(series.get(`tidewheel_${clock}_timeout_total${IN_DEFAULT}`)).toBe(1);
  }
});

it('counts runs that end otherwise than by a worker', async () => {
  await start('i-1', 'idle', { workflowRunTimeout: '1s' });
  await start('i-2', 'idle');
  await http.post(`${WORKFLOWS}/i-2/terminate`, {});
  const timedOut = `tidewheel_server_workflow_timeout_total${IN_DEFAULT}`;
  const series = await scrape(timedOut);
  expect(series.get(timedOut)).toBe(1);
  expect(series.get(`tidewheel_server_workflow_terminate_total${IN_DEFAULT}`)).toBe(1);
});

it('counts and times requests by operation, and refusals by what they say', async () => {
  await http.get(`${WORKFLOWS}/missing`);
  await callGrpc(grpcPort, SYSTEM_INFO);
  await callGrpc(grpcPort, DESCRIBE);
  const grpcErrors =
    'tidewheel_service_errors_total{operation="DescribeWorkflowExecution",transport="grpc",error_type="INVALID_ARGUMENT"}';
  const series = await scrape(grpcErrors);
  const describe = 'operation="describeWorkflow",transport="rest"';
  expect(series.get(`tidewheel_service_errors_total{${describe},error_type="WORKFLOW_NOT_FOUND"}`)).toBe(1);
  expect(series.get(`tidewheel_service_requests_total{${describe}}`)).toBe(1);
  expect(series.get(`tidewheel_service_latency_seconds_count{${describe}}`)).toBe(1);
  const system = 'operation="GetSystemInfo",transport="grpc"';
  expect(series.get(`tidewheel_service_requests_total{${system}}`)).toBe(1);
});

it('counts polls that get a task, and polls that do not', async () => {
  const registration = { identity: 'rest', taskQueue: 'polled', workflowTypes: ['test'], activityTypes: [] };
  const { json } = await http.post(`${NAMESPACE}/workers`, registration);
  const { workerToken } = json as { workerToken: string };
  await http.post(`${WORKFLOWS}/p-1`, { workflowType: 'test', taskQueue: 'polled' });
  await http.post(`${NAMESPACE}/workflow-task-poll`, { workerToken });
  await http.post(`${NAMESPACE}/workflow-task-poll`, { workerToken, wait: '1ms' });
  const labels = '{namespace="default",task_queue="polled",kind="workflow"}';
  const series = await scrape(`tidewheel_poll_timeouts_total${labels}`);
  expect(series.get(`tidewheel_poll_success_total${labels}`)).toBe(1);
});

it('shows what Redis does and holds', async () => {
  // The first estimate is made at the start, when there may be nothing; the indexes of what there is now weigh something.
  const series = await scrape('tidewheel_redis_command_calls_total{command="evalsha"}');
  expect(series.get('tidewheel_redis_command_seconds_total{command="evalsha"}')).toBeGreaterThan(0);
  expect(series.get('tidewheel_redis_memory_bytes')).toBeGreaterThan(500_000);
  expect(series.has('tidewheel_namespace_memory_bytes{namespace="default",kind="closed"}')).toBe(true);
  const script = '{operation="startExecution"}';
  expect(series.get(`tidewheel_persistence_latency_seconds_count${script}`)).toBeGreaterThanOrEqual(4);
  const age = series.get('tidewheel_blocking_connection_age_seconds{connection="notices"}');
  expect(age).toBeGreaterThanOrEqual(0);
});

it('shows what waits in a task queue whose workers had gone before the process began', async () => {
  const left = '{namespace="default",task_queue="left",kind="workflow"}';
  const other = await createWorker('left');
  await other.runUntil(scrape(`tidewheel_task_queue_pollers${left}`));
  await http.post(`${WORKFLOWS}/l-1`, { workflowType: 'idle', taskQueue: 'left' });
  const [second, httpOfSecond] = await startApi();
  try {
    const series = await scrape(`tidewheel_approximate_backlog_count${left}`, 1, httpOfSecond);
    expect(series.get(`tidewheel_approximate_backlog_count${left}`)).toBe(1);
    expect(series.get(`tidewheel_task_queue_pollers${left}`)).toBe(0);
    expect(series.has(`tidewheel_task_queue_pollers${left.replace('workflow', 'activity')}`)).toBe(false);
  } finally {
    second.kill('SIGKILL');
    await second.exited;
  }
});
