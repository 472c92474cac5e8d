import { Engine } from '@tidewheel/engine';
import { startTestRedis, waitUntil } from '@tidewheel/testing';
import type { TestRedis } from '@tidewheel/testing';

const PAUSE_MS = 1_000;

let redis: TestRedis;
let engine: Engine;

beforeAll(async () => {
  redis = await startTestRedis();
  engine = await Engine.open({ connection: { url: redis.url } });
});

afterAll(async () => {
  await engine.close();
  await redis.stop();
});

// A primary takes no writes while it hands over to a replica. Redis before 8.2 and Valkey before 9.0 end when a read that
// waits for that is unblocked; see https://github.com/redis/redis/pull/14164.
it('a server that takes no writes for a while survives that reads are unblocked', async () => {
  const { connections, redis: commands } = engine.context;
  const stream = 'a stream';
  await commands.xgroup('CREATE', stream, 'group', '0', 'MKSTREAM');
  const connection = connections.openBlocking({
    name: 'test',
    key: stream,
    silenceLimitMs: 30_000,
    onSilent: () => undefined,
  });
  const read = () =>
    connection.read((server) =>
      server.xreadgroup('GROUP', 'group', 'reader', 'BLOCK', 20_000, 'STREAMS', stream, '>'),
    );
  const isHeldBack = async () => / cmd=xreadgroup /.test(String(await commands.client('LIST')));

  try {
    await commands.call('CLIENT', 'PAUSE', PAUSE_MS, 'WRITE');
    const heldBack = read();
    await waitUntil(isHeldBack, { what: 'the read to be held back' });
    expect(await connection.unblock()).toBe(true);
    expect(await heldBack).toBeNull();
    const blocked = read();
    await waitUntil(() => connection.unblock(), { what: 'the read to be unblocked' });
    expect(await blocked).toBeNull();
  } finally {
    connection.close();
  }
});
