import { Engine } from '@tidewheel/engine';
import { createLogger } from '@tidewheel/telemetry';
import { spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { resolve } from 'node:path';
import { AccessRefusedError } from './authorize.js';
import type { IncomingCall } from './authorize.js';
import { readConfiguration } from './configuration.js';
import { callGrpc } from './grpc-client.fixture.js';
import { startGrpcGateway } from './grpc-gateway.js';
import { HttpClient } from './http-client.fixture.js';
import { RecordingService } from './recording-service.fixture.js';

const PROGRAM = resolve(__dirname, '../dist/main.js');
const HEALTH = '/grpc.health.v1.Health/Check';
const SYSTEM_INFO = '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo';
const OK = 0;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
/** A safety net, not an expectation: on a busy machine a process may take long to start. */
const timeoutMs = 100_000;

let redis: TestRedis;
const running: SpawnedProcess[] = [];

beforeEach(async () => {
  redis = await startTestRedis();
});
afterEach(async () => {
  for (const process of running.splice(0)) process.kill('SIGKILL');
  await redis.stop();
});

async function spawnApi(environment: Record<string, string>): Promise<SpawnedProcess> {
  const process = await spawnProcess({
    command: globalThis.process.execPath,
    args: [PROGRAM],
    env: { TIDEWHEEL_REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0', ...environment },
    name: 'api',
  });
  running.push(process);
  return process;
}

async function portOf(process: SpawnedProcess, line: RegExp): Promise<number> {
  const [, port] = await process.waitForLine(line, { timeoutMs });
  return Number(port);
}

describe('gRPC of the API process', () => {
  it('is not served unless it is configured', async () => {
    const process = await spawnApi({});
    await process.waitForLine(/"msg":"ready"/, { timeoutMs });
    expect(process.lines.join('\n')).not.toContain('serving gRPC');
  });

  it('answers while Redis does, refuses while it does not, and ends with the process', async () => {
    const process = await spawnApi({ TIDEWHEEL_GRPC_PORT: '0' });
    const grpc = await portOf(process, /"grpcPort":(\d+).*"msg":"serving gRPC"/);
    const http = new HttpClient(await portOf(process, /"port":(\d+).*"msg":"listening"/));
    expect(await callGrpc(grpc, HEALTH)).toMatchObject({ status: OK, body: Buffer.from([8, 1]) });
    expect(await callGrpc(grpc, SYSTEM_INFO)).toMatchObject({ status: OK });

    await redis.kill();
    await waitUntil(async () => (await callGrpc(grpc, SYSTEM_INFO)).status === UNAVAILABLE, {
      what: 'calls to be refused',
      timeoutMs,
    });
    expect((await callGrpc(grpc, SYSTEM_INFO)).message).toContain('check that it runs');
    expect((await http.get('/ready')).status).toBe(503);

    await redis.restart();
    await waitUntil(async () => (await callGrpc(grpc, SYSTEM_INFO)).status === OK, {
      what: 'calls to be answered again',
      timeoutMs,
    });
    process.kill('SIGTERM');
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  it('asks for permission as the HTTP interface does', async () => {
    const engine = await Engine.open({ connection: { url: redis.url } });
    const seen: IncomingCall[] = [];
    const gateway = await startGrpcGateway({
      engine,
      gate: { call: (ask) => ask(engine, new RecordingService().workers) },
      authorize: (call) => {
        seen.push(call);
        throw new AccessRefusedError('PERMISSION_DENIED', 'not you');
      },
      configuration: readConfiguration({ TIDEWHEEL_GRPC_PORT: '0' }),
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const metadata = { authorization: 'Bearer x' };
    expect(await callGrpc(gateway?.port ?? 0, SYSTEM_INFO, metadata)).toMatchObject({
      status: PERMISSION_DENIED,
      message: 'not you',
    });
    expect(seen).toMatchObject([{ operation: 'GetSystemInfo', namespace: undefined }]);
    expect(seen[0]?.header('authorization')).toBe('Bearer x');
    expect(await callGrpc(gateway?.port ?? 0, HEALTH)).toMatchObject({ status: OK });
    await gateway?.close();
    await engine.close();
  });

  it('keeps the process from running when its port is taken', async () => {
    const first = await spawnApi({ TIDEWHEEL_GRPC_PORT: '0' });
    const port = await portOf(first, /"grpcPort":(\d+).*"msg":"serving gRPC"/);
    const second = await spawnApi({ TIDEWHEEL_GRPC_PORT: String(port) });
    await second.waitForLine(/the API cannot run/, { timeoutMs });
    expect(await second.exited).toEqual({ code: 1, signal: null });
  });
});
