import { demote, promote, startTestRedis, type TestRedis, waitUntil } from '@tidewheel/testing';
import { Redis } from 'ioredis';

let redis: TestRedis;
let admin: Redis;
let app: Redis;

beforeEach(async () => {
  redis = await startTestRedis();
  admin = new Redis(redis.url);
  app = new Redis(redis.url);
});
afterEach(async () => {
  admin.disconnect();
  app.disconnect();
  await redis.stop();
});

it('a demoted server refuses writes and answers reads, until it is promoted', async () => {
  await app.set('key', 'before');
  await demote(admin);
  await expect(app.set('key', 'during')).rejects.toThrow(/^READONLY/);
  await expect(app.eval(`return redis.call('SET', KEYS[1], 'during')`, 1, 'key')).rejects.toThrow(/READONLY/);
  expect(await app.get('key')).toBe('before');
  await promote(admin);
  await app.set('key', 'after');
  expect(await app.get('key')).toBe('after');
});

it('demotion ends blocking reads with UNBLOCKED', async () => {
  const blocked = app.blpop('list', 0);
  const ended = expect(blocked).rejects.toThrow(/^UNBLOCKED/);
  await waitUntil(async () => /blocked_clients:1\b/.test(await admin.info('clients')), {
    what: 'the read to block',
  });
  await demote(admin);
  await ended;
});
