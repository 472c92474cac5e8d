import { findLeftovers, startTestRedis, type TestRedis } from '@tidewheel/testing';
import { Redis } from 'ioredis';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
});

/** Start and close time, events and bytes of a closed run, as its state holds them. */
function ended(events: number): Buffer {
  const packed = Buffer.alloc(19);
  packed.writeUIntBE(events, 12, 3);
  return packed;
}

/** What a deployment looks like in which one execution ran and is closed. */
async function closedRun(): Promise<void> {
  await redis.hset('tw:{0}:meta', 'partitions', 1);
  await redis.hset('tw:{0}:x:default:order', { r: 'run-1', s: 2, e: ended(2), ty: 'order', q: 'main' });
  await redis.rpush('tw:{0}:h:run-1', 'a', 'b');
  await redis.zadd('tw:{0}:z:default', 1, 'run-1:order');
  await redis.xgroup('CREATE', 'tw:{0}:w:default:main', 'workers', '0', 'MKSTREAM');
  await redis.xadd('tw:{0}:n', '*', 'c', 'run-1');
}

it('finds nothing when every run is closed', async () => {
  await closedRun();
  expect(await findLeftovers(redis)).toEqual([]);
});

it('wants nothing of the run once it is deleted', async () => {
  await closedRun();
  expect(await findLeftovers(redis, { deleted: true })).toEqual([
    'tw:{0}:h:run-1: a history that should be deleted',
    'tw:{0}:x:default:order: the state of a run that should be deleted',
    'tw:{0}:z:default: an index of closed runs that should be deleted',
  ]);
  await redis.del('tw:{0}:h:run-1', 'tw:{0}:x:default:order', 'tw:{0}:z:default');
  expect(await findLeftovers(redis, { deleted: true })).toEqual([]);
});

it('finds runs that are running, or say something wrong of their history', async () => {
  await closedRun();
  await redis.hset('tw:{0}:x:default:order', 'e', ended(3), 'w', 's');
  await redis.hset('tw:{0}:p:run-2', 'r', 'run-2', 's', 1);
  await redis.rpush('tw:{0}:h:run-3', 'a');
  expect(await findLeftovers(redis)).toEqual([
    'tw:{0}:p:run-2: run run-2 is still running',
    'tw:{0}:x:default:order: field w of a run that is closed',
    'tw:{0}:x:default:order: says 3 of a history of 2 events',
    'tw:{0}:h:run-3: the history of a run that has no state',
    'tw:{0}:p:run-2: run run-2 has no history',
  ]);
});

it('finds entries that wait or were read and not acknowledged', async () => {
  await closedRun();
  await redis.xadd('tw:{0}:w:default:main', '*', 'w', '2 1 run order');
  await redis.xreadgroup('GROUP', 'workers', 'me', 'COUNT', 1, 'STREAMS', 'tw:{0}:w:default:main', '>');
  expect(await findLeftovers(redis)).toEqual([
    'tw:{0}:w:default:main: 1 entries',
    'tw:{0}:w:default:main: 1 pending entries of group workers',
  ]);
});

it('finds what should have gone with the close, and keys that nobody knows', async () => {
  await redis.zadd('tw:{1}:t', 1, 'default:order');
  await redis.zadd('tw:{1}:v:default', 1, 'run-1:order');
  await redis.rpush('tw:{1}:b:run-1', 'event');
  await redis.sadd('tw:{1}:r:run-1', 'request');
  await redis.hset('tw:{1}:d:run-1', 'f5', 'failure');
  await redis.hset('tw:{1}:q:query-1', 't', 'state');
  await redis.set('tw:{1}:j', 1);
  await redis.set('other:{1}:j', 1);
  expect(await findLeftovers(redis)).toEqual([
    'tw:{1}:b:run-1: buffered events',
    'tw:{1}:d:run-1: activity details of a run that is closed',
    'tw:{1}:j: nobody knows this key',
    'tw:{1}:q:query-1: a query that never expires',
    'tw:{1}:r:run-1: request ids of a run that is closed',
    'tw:{1}:t: timers of runs that are closed',
    'tw:{1}:v:default: running executions',
  ]);
  expect(await findLeftovers(redis, { prefix: 'other' })).toEqual(['other:{1}:j: nobody knows this key']);
});
