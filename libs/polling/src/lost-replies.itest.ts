import { Engine } from '@tidewheel/engine';
import { WORKERS_GROUP } from '@tidewheel/store';
import { startFaultProxy, startTestRedis } from '@tidewheel/testing';
import type { FaultProxy, TestRedis } from '@tidewheel/testing';
import { Slots, TaskReader } from './index.js';
import type { Poller } from './index.js';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, log() {} };

let redis: TestRedis;
let proxy: FaultProxy;
let engine: Engine;
let reader: TaskReader;

beforeAll(async () => {
  redis = await startTestRedis();
  proxy = await startFaultProxy({ target: redis });
  engine = await Engine.open({ connection: { url: proxy.url } });
  reader = TaskReader.of(engine, silent);
});

afterAll(async () => {
  await engine.close();
  await proxy.stop();
  await redis.stop();
});

// What opens the streams is the first thing that is asked: each number of bytes is a point within its replies.
it('a poller is added although the connection breaks after any number of bytes of replies', async () => {
  for (let budget = 0; budget <= 60; budget++) {
    const key = engine.context.keys.taskStream(0, 'activity', 'default', `queue ${budget}`);
    const poller: Poller = { streams: [{ partition: 0, key }], slots: new Slots(1), deliver() {} };
    proxy.dropAfterBytes(budget, 'toClient');
    const added = await reader.add(poller).then(
      () => 'added',
      (error: unknown) => String(error),
    );
    proxy.restore();
    expect({ budget, added }).toEqual({ budget, added: 'added' });
    const consumers = await engine.context.redis.xinfo('CONSUMERS', key, WORKERS_GROUP);
    expect(consumers).toHaveLength(1);
    expect(await engine.context.redis.sismember(engine.context.keys.partition(0).streams, key)).toBe(1);
    await reader.remove(poller);
  }
});
