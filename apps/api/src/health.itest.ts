import { openRedis } from '@tidewheel/store';
import { demote, promote, spawnProcess, startTestRedis, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { connect } from 'node:net';
import { resolve } from 'node:path';

const PROGRAM = resolve(__dirname, '../dist/main.js');

interface Report {
  readonly status: string;
  readonly checks: readonly { name: string; status: string; reason?: string }[];
}

let redis: TestRedis;
let administrator: ReturnType<typeof openRedis>;
let api: SpawnedProcess | undefined;

beforeEach(async () => {
  redis = await startTestRedis({ fsync: 'always' });
  administrator = openRedis({ url: redis.url });
});
afterEach(async () => {
  api?.kill('SIGKILL');
  await api?.exited;
  administrator.disconnect();
  await redis.stop();
});

async function start(env: Record<string, string> = {}): Promise<SpawnedProcess> {
  api = await spawnProcess({
    command: process.execPath,
    args: [PROGRAM],
    env: { REDIS_URL: redis.url, TIDEWHEEL_API_PORT: '0', ...env },
    name: 'api',
  });
  return api;
}

async function portOf(process: SpawnedProcess): Promise<number> {
  const [, port] = await process.waitForLine(/"port":(\d+).*"msg":"listening"/);
  return Number(port);
}

async function ready(port: number): Promise<{ readonly status: number; readonly report: Report }> {
  const response = await fetch(`http://127.0.0.1:${port}/ready`);
  return { status: response.status, report: (await response.json()) as Report };
}

/** Waits until a check is as it should be; gives what is wrong with it. */
function until(port: number, name: string, status: string): Promise<{ readonly reason?: string }> {
  const found = async (): Promise<false | { readonly reason?: string }> =>
    (await ready(port)).report.checks.find((check) => check.name === name && check.status === status) ??
    false;
  return waitUntil(found, { what: `${name} to be ${status}` });
}

function untilReady(port: number): Promise<unknown> {
  return waitUntil(async () => (await ready(port)).status === 200, { what: 'the API to be ready' });
}

describe('the health of the API process', () => {
  it('tells that Redis takes no writes any more, although it answers', async () => {
    const port = await portOf(await start());
    await untilReady(port);
    await demote(administrator);
    const { reason } = await until(port, 'redis', 'failing');
    expect(reason).toMatch(/READONLY|did not answer within/);
    expect((await ready(port)).report.status).toBe('not ready');
    await promote(administrator);
    await untilReady(port);
  });

  it('is draining while it ends, until what was under way is answered', async () => {
    const process = await start();
    const port = await portOf(process);
    await untilReady(port);
    const body = JSON.stringify({ workflowType: 'order', taskQueue: 'orders' });
    const socket = connect(port, '127.0.0.1');
    const answer = new Promise<string>((done) => {
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk))).on('close', () => done(text));
    });
    // The server has the head when it answers it; the body comes later.
    socket.write(
      `POST /api/v1/namespaces/default/workflows/w HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    await new Promise((begun) => socket.once('data', begun));
    process.kill('SIGTERM');
    await process.waitForLine(/stopping/);
    expect(await ready(port)).toMatchObject({ status: 503, report: { status: 'draining' } });
    socket.write(body);
    expect(await answer).toMatch(/HTTP\/1\.1 200/);
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  it('with strict durability, does not start on a Redis that may lose what was acknowledged', async () => {
    await administrator.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const process = await start({ TIDEWHEEL_STRICT_DURABILITY: 'on' });
    await process.waitForLine(/maxmemory-policy is \\?"allkeys-lru\\?": .*set maxmemory-policy noeviction/);
    expect(await process.exited).toEqual({ code: 1, signal: null });
  });

  it('with strict durability, is not ready while Redis may lose what was acknowledged', async () => {
    const port = await portOf(await start({ TIDEWHEEL_STRICT_DURABILITY: 'on' }));
    await untilReady(port);
    await administrator.config('SET', 'appendonly', 'no');
    const { reason } = await until(port, 'durability', 'failing');
    expect(reason).toContain('appendonly is "no": a restart of Redis loses what was acknowledged');
    expect((await ready(port)).status).toBe(503);
    await administrator.config('SET', 'appendonly', 'yes');
    await untilReady(port);
  });

  it('without it, starts on such a Redis and says what is wrong', async () => {
    await administrator.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const process = await start();
    await process.waitForLine(/"subject":"maxmemory-policy".*"msg":"acknowledged work may be lost"/);
    const port = await portOf(process);
    await untilReady(port);
    expect((await ready(port)).report.checks.map(({ name }) => name)).not.toContain('durability');
  });
});
