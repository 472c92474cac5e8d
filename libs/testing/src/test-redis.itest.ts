import { once } from 'node:events';
import { access, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FaultProxy,
  startFaultProxy,
  startTestRedis,
  type TestRedis,
  type TestRedisOptions,
  waitUntil,
} from '@tidewheel/testing';
import { Redis } from 'ioredis';

const servers: TestRedis[] = [];
const proxies: FaultProxy[] = [];
const connections: Redis[] = [];

/** A proxy in front of a new server. */
async function startProxied(): Promise<{ redis: TestRedis; proxy: FaultProxy }> {
  const redis = await start();
  const proxy = await startFaultProxy({ target: redis });
  proxies.push(proxy);
  return { redis, proxy };
}

async function start(options?: TestRedisOptions): Promise<TestRedis> {
  const redis = await startTestRedis(options);
  servers.push(redis);
  return redis;
}

function connectTo(url: string): Redis {
  const connection = new Redis(url, { retryStrategy: () => 10, maxRetriesPerRequest: null });
  connection.on('error', () => undefined); // reconnecting is what these tests are about
  connections.push(connection);
  return connection;
}

const setting = async (connection: Redis, name: string): Promise<unknown> =>
  ((await connection.call('CONFIG', 'GET', name)) as string[])[1];

afterEach(async () => {
  // Disconnecting what has ended already would leave a timer of two seconds behind.
  for (const connection of connections.splice(0)) if (connection.status !== 'end') connection.disconnect();
  for (const proxy of proxies.splice(0)) await proxy.stop();
  for (const server of servers.splice(0)) await server.stop();
});

describe('startTestRedis', () => {
  it.each([
    ['none', 'no'],
    ['everysec', 'everysec'],
    ['always', 'always'],
  ] as const)('starts a server with fsync %s', async (fsync, appendfsync) => {
    const connection = connectTo((await start({ fsync })).url);
    expect(await connection.ping()).toBe('PONG');
    expect(await setting(connection, 'appendonly')).toBe('yes');
    expect(await setting(connection, 'appendfsync')).toBe(appendfsync);
    expect(await setting(connection, 'maxmemory-policy')).toBe('noeviction');
    expect(await setting(connection, 'save')).toBe('');
  });

  it('hands on further arguments, which win', async () => {
    const redis = await start({ extraArgs: ['--maxmemory', '50mb', '--appendonly', 'no'] });
    const connection = connectTo(redis.url);
    expect(await setting(connection, 'maxmemory')).toBe(String(50 * 1024 * 1024));
    expect(await setting(connection, 'appendonly')).toBe('no');
  });

  it('keeps what was acknowledged through kill and restart, on the same port', async () => {
    const redis = await start({ fsync: 'always' });
    const { port, pid } = redis;
    const connection = connectTo(redis.url);
    for (let round = 1; round <= 3; round += 1) {
      await connection.set(`round:${round}`, 'acknowledged');
      await redis.kill();
      await redis.restart();
    }
    expect(redis.port).toBe(port);
    expect(redis.pid).not.toBe(pid);
    expect(await connection.mget('round:1', 'round:2', 'round:3')).toEqual(Array(3).fill('acknowledged'));
  });

  it('refuses to restart what still runs', async () => {
    const redis = await start();
    await expect(redis.restart()).rejects.toThrow(/kill\(\) it before/);
  });

  it('answers nothing while frozen, and then everything', async () => {
    const redis = await start();
    const connection = connectTo(redis.url);
    await connection.ping();
    await redis.freeze();
    let answered = false;
    const answer = connection.set('key', 'value').then(() => (answered = true));
    // It is stopped, yet a connection can be made: the system accepts it. By then an answer would have come.
    const other = connectTo(redis.url);
    await new Promise((resolve) => other.once('connect', resolve));
    expect(answered).toBe(false);
    redis.thaw();
    await answer;
  });

  it('removes its own data, and keeps a directory that was given', async () => {
    const temporary = await start();
    await temporary.stop();
    await expect(access(temporary.dir)).rejects.toMatchObject({ code: 'ENOENT' });

    const dir = await mkdtemp(join(tmpdir(), 'kept-'));
    try {
      const first = await start({ dir });
      const connection = connectTo(first.url);
      await connection.set('key', 'kept');
      connection.disconnect();
      await first.freeze();
      await first.stop();
      await first.stop();
      expect(await readdir(dir)).not.toEqual([]);
      const second = await start({ dir });
      const reader = connectTo(second.url);
      expect(await reader.get('key')).toBe('kept');
      reader.disconnect();
      await second.stop();
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('shows the log when the server does not start', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const address = occupant.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await expect(start({ port: address.port })).rejects.toThrow(/Address already in use/);
    occupant.close();
    await expect(start({ extraArgs: ['--no-such-setting', '1'] })).rejects.toThrow(/no-such-setting/);
  });
});

describe('a fault proxy in front of Redis', () => {
  it('loses the answer to a command that was carried out', async () => {
    const { redis, proxy } = await startProxied();
    const direct = connectTo(redis.url);
    const proxied = new Redis(proxy.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
    connections.push(proxied);
    proxied.on('error', () => undefined);
    await proxied.ping();
    proxy.dropAfterBytes(0, 'toClient');
    await expect(proxied.incr('counter')).rejects.toThrow();
    expect(await direct.get('counter')).toBe('1');
  });

  it('lets a client come back after its connections were cut', async () => {
    const { proxy } = await startProxied();
    const connection = connectTo(proxy.url);
    await connection.set('key', 'value');
    const closed = new Promise((resolve) => connection.once('close', resolve));
    proxy.cutAll();
    await closed;
    expect(await connection.get('key')).toBe('value');
  });

  it('leaves a blocked consumer hanging in the black hole', async () => {
    const { redis, proxy } = await startProxied();
    const direct = connectTo(redis.url);
    const consumer = connectTo(proxy.url);
    await consumer.ping();
    let popped = false;
    void consumer.blpop('list', 0).then(
      () => (popped = true),
      () => undefined,
    );
    const blocked = async (): Promise<boolean> => /blocked_clients:1\b/.test(await direct.info('clients'));
    await waitUntil(blocked, { what: 'the consumer to block' });
    proxy.blackhole();
    await direct.rpush('list', 'task');
    // The server believes that it has delivered the task.
    expect(await direct.llen('list')).toBe(0);
    expect(popped).toBe(false);
  });
});
